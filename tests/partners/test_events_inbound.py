"""What partners tell us: taken once, whoever repeats it; refused without an effect, and counted."""

import json
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.utils import timezone

from operations.dates import business_date
from partners.models import Fulfilment, FulfilmentEvent, InboundEvent, Partner, PartnerKey, RefusedCalls
from partners.services.keys import make_key, revoke_key
from tests.partners.partner_stories import (
    LONG_AGO,
    a_fulfilment,
    a_partner,
    an_event,
    secret_of,
    send_event,
    told_of,
)

pytestmark = pytest.mark.django_db

State = Fulfilment.State


def refused() -> dict[tuple[str, str], int]:
    """How many calls were refused, by partner and reason."""
    return {(row.code, row.reason): row.count for row in RefusedCalls.objects.all()}


def state_of(fulfilment: Fulfilment) -> tuple[str, int, str]:
    fulfilment.refresh_from_db()
    return fulfilment.state, fulfilment.sequence, fulfilment.reference


def test_partner_confirms_an_order() -> None:
    fulfilment = a_fulfilment(a_partner())
    body = told_of(fulfilment, "active", sequence=1)
    answer = send_event("iqiyi", body, id="evt_1")
    assert (answer.status_code, answer.json()) == (200, {"id": "evt_1", "state": "done"})
    assert state_of(fulfilment) == (State.ACTIVE, 1, "IQ0000000001")
    event = InboundEvent.objects.get()
    assert (event.type, bytes(event.body), event.state) == ("fulfilment.active", body, "done")
    assert (event.fulfilment, event.member) == (fulfilment, fulfilment.member)
    assert event.headers["webhook-id"] == "evt_1" and event.headers["webhook-signature"].startswith("v1,")
    assert not refused()


def test_repeat_gets_the_first_answer_and_does_nothing() -> None:
    fulfilment = a_fulfilment(a_partner())
    body = told_of(fulfilment, "active", sequence=1)
    first = send_event("iqiyi", body, id="evt_1")
    send_event("iqiyi", told_of(fulfilment, "suspended", sequence=2), id="evt_2")
    again = send_event("iqiyi", body, id="evt_1")
    assert (again.status_code, again.json()) == (first.status_code, first.json())
    assert state_of(fulfilment)[:2] == (State.SUSPENDED, 2)
    assert InboundEvent.objects.count() == 2


def test_same_id_with_another_body_is_a_conflict() -> None:
    fulfilment = a_fulfilment(a_partner())
    send_event("iqiyi", told_of(fulfilment, "active", sequence=1), id="evt_1")
    answer = send_event("iqiyi", told_of(fulfilment, "revoked", sequence=2), id="evt_1")
    assert (answer.status_code, answer.json()["type"]) == (409, "urn:plusdesk:problem:key-conflict")
    assert state_of(fulfilment)[0] == State.ACTIVE
    assert refused() == {("iqiyi", "key-conflict"): 1}


def test_ids_of_two_partners_do_not_meet() -> None:
    for code in ("iqiyi", "kugou"):
        fulfilment = a_fulfilment(a_partner(code))
        assert send_event(code, told_of(fulfilment, "active", sequence=1), id="evt_1").status_code == 200
    assert InboundEvent.objects.filter(event_id="evt_1", state="done").count() == 2


def test_order_of_another_partner_is_not_touched() -> None:
    a_partner("kugou")
    fulfilment = a_fulfilment(a_partner())
    answer = send_event("kugou", told_of(fulfilment, "active", sequence=1))
    assert (answer.status_code, answer.json()["reason"]) == (202, "unknown-order")
    assert state_of(fulfilment) == (State.REQUESTED, 0, "")


@pytest.mark.parametrize("order", [(1, 2, 3), (3, 2, 1), (2, 3, 1), (3, 1, 3, 2, 1, 2)])
def test_shuffled_and_repeated_news_come_to_the_same_state(order: tuple[int, ...]) -> None:
    fulfilment = a_fulfilment(a_partner())
    states = {1: "active", 2: "suspended", 3: "active"}
    for place, sequence in enumerate(order):
        body = told_of(fulfilment, states[sequence], sequence=sequence)
        assert send_event("iqiyi", body, id=f"evt_{place}").status_code == 200
    assert state_of(fulfilment)[:2] == (State.ACTIVE, 3)
    assert InboundEvent.objects.filter(state="old").count() == len(order) - len(
        [s for place, s in enumerate(order) if s > max(order[:place], default=0)]
    )


@pytest.mark.parametrize(
    ("what", "status", "reason"),
    [
        ({"secret": "whsec_c29tZWJvZHkgZWxzZSdzIGtleQ=="}, 401, "bad-signature"),
        ({"secret": secret_of("iqiyi", PartnerKey.Direction.OURS)}, 401, "bad-signature"),
        ({"late": timedelta(minutes=5, seconds=2)}, 401, "too-old"),
        ({"late": timedelta(minutes=-5, seconds=-2)}, 401, "too-new"),
        ({"id": "x" * 129}, 401, "bad-id"),
        ({"id": "with blanks"}, 401, "bad-id"),
        ({"webhook-timestamp": "yesterday"}, 401, "bad-timestamp"),
    ],
)
def test_call_that_anybody_could_have_made_has_no_effect(what: dict[str, Any], status: int, reason: str) -> None:
    fulfilment = a_fulfilment(a_partner())
    answer = send_event("iqiyi", told_of(fulfilment, "active", sequence=1), **what)
    assert (answer.status_code, answer.json()["type"]) == (status, f"urn:plusdesk:problem:{reason}")
    assert answer["content-type"] == "application/problem+json"
    assert refused() == {("iqiyi", reason): 1}
    assert state_of(fulfilment) == (State.REQUESTED, 0, "")
    assert not InboundEvent.objects.exists()


@pytest.mark.parametrize("missing", ["webhook-id", "webhook-timestamp", "webhook-signature"])
def test_unsigned_call_has_no_effect(missing: str) -> None:
    a_partner()
    assert send_event("iqiyi", an_event("x"), **{missing: ""}).status_code == 401
    assert refused() == {("iqiyi", "missing-header"): 1}


def test_body_that_was_changed_on_its_way_is_refused() -> None:
    a_partner()
    signed = {"webhook-id": "e", "webhook-timestamp": "1", "webhook-signature": "v1,AAAA"}
    answer = send_event("iqiyi", an_event("x"), **{**signed, "webhook-timestamp": ""})
    assert answer.status_code == 401


def test_partner_without_a_valid_key_is_not_heard() -> None:
    partner = a_partner()
    (key,) = partner.keys.filter(direction=PartnerKey.Direction.THEIRS)
    revoke_key(key, at=LONG_AGO, actor=None, reason="leaked")
    assert send_event("iqiyi", an_event("x")).status_code == 401


def test_either_of_two_keys_will_do() -> None:
    partner = a_partner()
    new = make_key(partner, PartnerKey.Direction.THEIRS, at=LONG_AGO, actor=None)
    for place, secret in enumerate((secret_of("iqiyi"), new.secret)):
        assert send_event("iqiyi", an_event("x"), id=f"e{place}", secret=secret).status_code == 202


def test_unknown_partners_are_counted_together() -> None:
    """Codes are for anybody to invent: they must not fill the table."""
    for code in ("nobody", "another", "x" * 300, "京东", "a%00b"):
        assert send_event(code, an_event("x"), secret=secret_of("iqiyi")).status_code in (400, 404)
    assert set(refused()) <= {("-", "unknown-partner"), ("-", "malformed")}
    assert sum(refused().values()) == 5


@pytest.mark.parametrize("spaces", [64 * 1024, 70_000_000])
def test_oversized_body_is_refused_unread(spaces: int) -> None:
    a_partner()
    answer = Client().post(
        "/partners/iqiyi/events", b"", content_type="application/json", headers={"content-length": str(spaces + 1)}
    )
    assert (answer.status_code, refused()) == (413, {("iqiyi", "too-large"): 1})


def test_body_in_chunks_is_refused_unread() -> None:
    a_partner()
    answer = Client().post(
        "/partners/iqiyi/events", an_event("x"), content_type="application/json",
        headers={"transfer-encoding": "chunked"},
    )
    assert (answer.status_code, refused()) == (411, {("iqiyi", "length-required"): 1})


DEEP = b'{"type":"x","timestamp":"2027-01-15T00:00:00Z","data":{"a":' + b"[" * 20_000 + b"]" * 20_000 + b"}}"


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (b"", 422), (b"{", 400), (b"\xff\xfe", 400), (b'{"a": NaN}', 400), (b'{"type":"x","type":"y"}', 400),
        (DEEP, 400),
        (b'{"type":"x","timestamp":"2027-01-15T00:00:00Z","data":{"a":"\\u0000"}}', 400),
        (b'{"type":"x","timestamp":"2027-01-15T00:00:00Z","data":{"a":"\\ud800"}}', 400),
        (b'{"type":"x","timestamp":"2027-01-15T00:00:00Z","data":{"a":1' + b"0" * 5000 + b"}}", 400),
        (b'{"type":"x","timestamp":"2027-01-15T00:00:00Z","data":{"a":1e999}}', 400),
        (b"[]", 422), (b"null", 422), (b'"x"', 422), (b"{}", 422),
        (b'{"type":"x","timestamp":"2027-01-15T00:00:00Z","data":[]}', 422),
        (b'{"type":"x","timestamp":1800000000,"data":{}}', 422),
        (b'{"type":"x","timestamp":"2027-01-15T00:00:00","data":{}}', 422),
        (b'{"type":"x","timestamp":"9999-12-31T23:59:59-23:59","data":{}}', 422),
        (b'{"type":"X y","timestamp":"2027-01-15T00:00:00Z","data":{}}', 422),
        (b'{"type":"fulfilment.active","timestamp":"2027-01-15T00:00:00Z","data":{}}', 422),
    ],
)
def test_signed_nonsense_is_refused_and_said_why(body: bytes, status: int) -> None:
    a_partner()
    answer = send_event("iqiyi", body)
    assert answer.status_code == status, answer.content
    assert answer.json()["detail"]
    assert refused() == {("iqiyi", "malformed" if status == 400 else "invalid-request"): 1}
    assert not InboundEvent.objects.exists()


@pytest.mark.parametrize(
    "data",
    [
        {"state": "revoked"}, {"sequence": 0}, {"sequence": "1"}, {"sequence": True},
        {"order": ""}, {"order": "x" * 65}, {"reference": "x" * 129}, {"reference": "a b"}, {"reason": "x" * 201},
    ],
)
def test_known_event_in_the_wrong_form_is_refused_with_its_place(data: dict[str, Any]) -> None:
    """The id is not spent: the partner mends the event and sends it again."""
    fulfilment = a_fulfilment(a_partner())
    answer = send_event("iqiyi", told_of(fulfilment, "active", **{"sequence": 1, **data}), id="evt_1")
    assert (answer.status_code, answer.json()["errors"][0]["place"][:10]) == (422, "body/data/")
    assert send_event("iqiyi", told_of(fulfilment, "active", sequence=1), id="evt_1").status_code == 200


def test_event_of_the_future_is_refused_and_said_where_and_clocks_may_differ_by_a_day() -> None:
    """It cannot have happened yet, and would stand as what is newest until then."""
    fulfilment = a_fulfilment(a_partner())
    ahead = timezone.now() + timedelta(days=1, minutes=1)
    answer = send_event("iqiyi", told_of(fulfilment, "active", sequence=1, at=ahead.isoformat()), id="evt_1")
    assert (answer.status_code, answer.json()["errors"][0]["place"]) == (422, "body/data/at")
    dated = json.dumps({"type": "x", "timestamp": ahead.isoformat(), "data": {}}).encode()
    assert send_event("iqiyi", dated, id="evt_2").json()["errors"][0]["place"] == "body/timestamp"
    registered = an_event("member.registered", member="M1", registered_on="2198-01-01")
    assert send_event("iqiyi", registered).json()["errors"][0]["place"] == "body/data/registered_on"
    assert refused() == {("iqiyi", "future-event"): 3}
    assert not InboundEvent.objects.exists()
    soon = (timezone.now() + timedelta(hours=23)).isoformat()
    assert send_event("iqiyi", told_of(fulfilment, "active", sequence=1, at=soon), id="evt_1").status_code == 200
    fulfilment.refresh_from_db()
    assert fulfilment.activated_on == max(business_date(timezone.now()), fulfilment.requested_on)


def test_wrong_type_of_content_is_refused() -> None:
    a_partner()
    answer = send_event("iqiyi", an_event("x"), **{"content-type": "text/plain"})
    assert answer.status_code == 415


@pytest.mark.django_db(transaction=True)
def test_64_deliveries_of_one_event_at_a_time_are_one_effect() -> None:
    fulfilment = a_fulfilment(a_partner())
    body = told_of(fulfilment, "active", sequence=1)

    def deliver(_number: int) -> tuple[int, Any]:
        try:
            answer = send_event("iqiyi", body, id="evt_1")
            return answer.status_code, answer.json()
        finally:
            connection.close()

    with ThreadPoolExecutor(16) as threads:
        answers = list(threads.map(deliver, range(64)))
    assert {json.dumps(answer) for answer in answers} == {json.dumps([200, {"id": "evt_1", "state": "done"}])}
    assert FulfilmentEvent.objects.filter(kind=FulfilmentEvent.Kind.TOLD).count() == 1
    assert InboundEvent.objects.count() == Partner.objects.count() == 1
