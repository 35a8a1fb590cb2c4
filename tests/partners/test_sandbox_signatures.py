"""Calls, answers and events are signed after Standard Webhooks; nothing else is believed, either way."""

import json
import time
from collections.abc import Callable
from datetime import UTC, datetime

import pytest

from operations.webhooks import sign
from partners.sandbox.address import PartnerSecrets, fresh_secrets
from partners.sandbox.client import PartnerClient
from partners.sandbox.wire import content_of, headers_of, is_answer_signed
from tests.partner import Listener, PartnerForTests, PartnersForTests

BODY = json.dumps({
    "order": "F1", "command": "provision", "sku": "vip-year", "member": "M100", "starts_on": "2027-01-01",
    "ends_on": None,
}).encode()  # fmt: skip


@pytest.fixture
def iqiyi(partners: PartnersForTests) -> PartnerForTests:
    return partners.partner("iqiyi")


def test_what_our_own_webhooks_sign_is_taken(iqiyi: PartnerForTests) -> None:
    headers = sign(iqiyi.client.secrets.orders_secret, id="1", at=datetime.now(UTC), body=BODY)
    headers = {name.replace("-", "_"): value for name, value in headers.items()}
    assert iqiyi.client.send("POST", "/orders", id="1", body=BODY, **headers).status == 200


@pytest.mark.parametrize(
    "spoil",
    [
        lambda headers: {"webhook_signature": "v1,AAAA"},
        lambda headers: {"webhook_signature": ""},
        lambda headers: {"webhook_signature": headers["webhook-signature"].replace("v1,", "v2,")},
        lambda headers: {"webhook_id": "2"},
        lambda headers: {"webhook_timestamp": str(int(headers["webhook-timestamp"]) + 1)},
        lambda headers: {"Idempotency_Key": "2"},
    ],
)
def test_an_order_with_anything_changed_is_refused(
    iqiyi: PartnerForTests, spoil: Callable[[dict[str, str]], dict[str, str]]
) -> None:
    headers = headers_of(iqiyi.client.secrets.orders_secret, id="1", timestamp=int(time.time()), body=BODY)
    sent = {name.replace("-", "_"): value for name, value in headers.items()} | spoil(headers)
    answer = iqiyi.client.send("POST", "/orders", id="1", body=BODY, **sent)
    assert (answer.status, answer.data["code"]) == (401, "bad_signature")
    assert iqiyi.fulfilments() == []


def test_one_right_signature_of_several_is_enough(iqiyi: PartnerForTests) -> None:
    now, new = int(time.time()), fresh_secrets().orders_secret
    both = [headers_of(key, id="1", timestamp=now, body=BODY)["webhook-signature"]
            for key in (new, iqiyi.client.secrets.orders_secret)]  # fmt: skip
    answer = iqiyi.client.send(
        "POST", "/orders", id="1", body=BODY, webhook_timestamp=str(now), webhook_signature=" ".join(both)
    )
    assert answer.status == 200


def test_a_question_is_signed_for_its_own_path(iqiyi: PartnerForTests) -> None:
    iqiyi.order("1")
    content = content_of(method="GET", path="/iqiyi/orders/2", body=b"")
    headers = headers_of(iqiyi.client.secrets.orders_secret, id="q", timestamp=int(time.time()), body=content)
    sent = {name.replace("-", "_"): value for name, value in headers.items()}
    assert iqiyi.client.send("GET", "/orders/1", id="q", **sent).status == 401
    assert iqiyi.client.send("GET", "/orders/2", id="q", **sent).status == 404


def test_the_key_of_another_partner_opens_nothing(partners: PartnersForTests) -> None:
    secrets = partners.server.address.partners["kugou"]
    answer = PartnerClient(partners.url, "iqiyi", secrets).get("/orders/1")
    assert (answer.status, answer.is_genuine) == (401, False)
    mixed = PartnerSecrets(secrets.events_secret, secrets.orders_secret)
    assert PartnerClient(partners.url, "kugou", mixed).get("/orders/1").status == 401


@pytest.mark.parametrize("seconds", [-3600, 3600])
def test_an_order_of_another_time_is_refused_and_told_the_time(iqiyi: PartnerForTests, seconds: int) -> None:
    at = int(time.time()) + seconds
    headers = headers_of(iqiyi.client.secrets.orders_secret, id="1", timestamp=at, body=BODY)
    sent = {name.replace("-", "_"): value for name, value in headers.items()}
    answer = iqiyi.client.send("POST", "/orders", id="1", body=BODY, **sent)
    assert (answer.status, answer.data["code"], answer.is_genuine) == (401, "clock_skew", True)
    assert abs(answer.data["now"] - time.time()) < 5
    assert iqiyi.fulfilments() == []


def test_an_answer_is_the_partners_own_to_that_call_and_with_that_status(iqiyi: PartnerForTests) -> None:
    answer, secret = iqiyi.order("1"), iqiyi.client.secrets.events_secret
    assert answer.is_genuine
    for status, id, body in [(409, "1", answer.body), (200, "2", answer.body), (200, "1", answer.body + b" ")]:
        assert not is_answer_signed(secret, status=status, id=id, headers=answer.headers, body=body)
    assert not is_answer_signed(
        iqiyi.client.secrets.orders_secret, status=200, id="1", headers=answer.headers, body=answer.body
    )


def test_other_keys_take_over_and_stay(partners: PartnersForTests, listener: Listener) -> None:
    kugou, former = partners.partner("kugou"), partners.server.address.partners["kugou"]
    fresh = fresh_secrets()
    kugou.change_secrets(orders_secret=fresh.orders_secret, events_secret=fresh.events_secret)
    assert PartnerClient(partners.url, "kugou", former).get("/orders/1").status == 401
    partners.server.kill()
    partners.server.start()
    assert kugou.order("1").is_genuine
    partners.wait_until_sent()
    assert [delivery["is_signed"] for delivery in listener.deliveries] == [True]
    kugou.change_secrets(orders_secret=former.orders_secret, events_secret=former.events_secret)
