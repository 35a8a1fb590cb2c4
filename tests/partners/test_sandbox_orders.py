"""Orders at a sandbox partner: what each command makes of each state, once, whoever asks and however often."""

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from tests.partner import PartnerForTests, PartnersForTests


@pytest.fixture
def iqiyi(partners: PartnersForTests) -> PartnerForTests:
    return partners.partner("iqiyi")


def test_a_card_is_provisioned_suspended_resumed_and_revoked(iqiyi: PartnerForTests) -> None:
    answers = [
        iqiyi.order(str(number), command=command).data
        for number, command in enumerate(["provision", "suspend", "resume", "revoke"], start=1)
    ]
    assert [answer["state"] for answer in answers] == ["active", "suspended", "active", "revoked"]
    assert [answer["sequence"] for answer in answers] == [1, 2, 3, 4]
    assert [answer["command"] for answer in answers] == ["1", "2", "3", "4"]
    assert len({answer["reference"] for answer in answers}) == 1 and answers[0]["reference"].startswith("IQ")
    assert iqiyi.client.get("/fulfilments/F1").data == answers[-1]
    assert iqiyi.client.get("/orders/2").data == answers[1]


def test_who_asks_for_what_never_came_is_told_so(iqiyi: PartnerForTests) -> None:
    for path in ("/orders/1", "/fulfilments/F1"):
        answer = iqiyi.client.get(path)
        assert (answer.status, answer.data["code"], answer.is_genuine) == (404, "absent", True)


def test_a_command_sent_again_gets_the_first_answer(iqiyi: PartnerForTests) -> None:
    first = iqiyi.order("1")
    iqiyi.order("2", command="suspend")
    assert iqiyi.order("1").body == first.body
    assert iqiyi.states() == {"F1": "suspended"}
    assert [fulfilment["provisioned"] for fulfilment in iqiyi.fulfilments()] == [1]


def test_another_command_under_the_same_id_is_refused(iqiyi: PartnerForTests) -> None:
    iqiyi.order("1")
    answer = iqiyi.order("1", command="revoke")
    assert (answer.status, answer.data["code"]) == (409, "key_conflict")
    assert iqiyi.states() == {"F1": "active"}


def test_the_same_command_64_times_at_once_is_done_once(iqiyi: PartnerForTests) -> None:
    with ThreadPoolExecutor(64) as pool:
        answers = list(pool.map(lambda _number: iqiyi.order("1"), range(64)))
    assert {answer.status for answer in answers} == {200}
    assert len({answer.body for answer in answers}) == 1
    (fulfilment,) = iqiyi.fulfilments()
    assert (fulfilment["provisioned"], fulfilment["sequence"]) == (1, 1)


def test_a_second_provision_is_counted_and_a_later_last_day_is_none(iqiyi: PartnerForTests) -> None:
    iqiyi.order("1")
    iqiyi.order("2", ends_on="2028-12-31")
    (extended,) = iqiyi.fulfilments()
    assert (extended["provisioned"], extended["extended"], extended["ends_on"]) == (1, 1, "2028-12-31")
    iqiyi.order("3", ends_on="2028-12-31")
    assert iqiyi.fulfilments()[0]["provisioned"] == 2


#: How an order gets into each state, for partners that confirm and that do not.
PATHS = {
    "absent": [], "accepted": ["provision"], "active": ["provision"], "suspended": ["provision", "suspend"],
    "revoked": ["revoke"], "failed": ["provision"],
}  # fmt: skip
#: As in the table of partners/sandbox/server.py: the state that is answered, or the reason.
TABLE = {
    "provision": {
        "absent": "active", "accepted": "accepted", "active": "active", "suspended": "active", "revoked": "!revoked",
        "failed": "active",
    },
    "suspend": {
        "absent": "!not_provisioned", "accepted": "suspended", "active": "suspended", "suspended": "suspended",
        "revoked": "!revoked", "failed": "!not_provisioned",
    },
    "resume": {
        "absent": "!not_provisioned", "accepted": "accepted", "active": "active", "suspended": "active",
        "revoked": "!revoked", "failed": "!not_provisioned",
    },
    "revoke": dict.fromkeys(PATHS, "revoked"),
}  # fmt: skip


@pytest.mark.parametrize("state", PATHS)
@pytest.mark.parametrize("command", TABLE)
def test_every_command_does_to_every_state_what_the_table_says(
    iqiyi: PartnerForTests, command: str, state: str
) -> None:
    iqiyi.change(is_async=state == "accepted", confirm_after_ms=None)
    for number, step in enumerate(PATHS[state]):
        iqiyi.order(f"before-{number}", command=step, sku="refused-sku" if state == "failed" else "vip-year")
    assert iqiyi.states().get("F1", "absent") == state
    sequence = iqiyi.fulfilments()[0]["sequence"] if state != "absent" else 0
    answer = iqiyi.order("1", command=command)
    expected = TABLE[command][state]
    if expected.startswith("!"):
        assert (answer.status, answer.data["state"], answer.data["reason"]) == (409, "failed", expected[1:])
        assert answer.data["sequence"] == sequence and iqiyi.states().get("F1", "absent") == state
    else:
        assert (answer.status, answer.data["state"]) == (202 if expected == "accepted" else 200, expected)
        assert iqiyi.states() == {"F1": expected}


def test_a_refused_sku_fails_and_a_right_one_succeeds_later(iqiyi: PartnerForTests) -> None:
    answer = iqiyi.order("1", sku="refused-in-this-town")
    assert (answer.status, answer.data["state"], answer.data["reason"]) == (409, "failed", "sku_refused")
    assert iqiyi.order("1", sku="refused-in-this-town").body == answer.body
    assert iqiyi.order("2").data["state"] == "active"
    assert iqiyi.fulfilments()[0]["provisioned"] == 1


@pytest.mark.parametrize(
    "wrong",
    [{"command": "destroy"}, {"order": ""}, {"order": "a b"}, {"order": "单"}, {"order": 7}, {"order": "x" * 129},
     {"sku": None}, {"member": ["M"]}, {"starts_on": "tomorrow"}, {"starts_on": None}, {"ends_on": "2026-12-31"},
     {"ends_on": "2027-13-01"}],
)  # fmt: skip
def test_what_cannot_be_meant_so_is_refused_and_its_id_stays_free(
    iqiyi: PartnerForTests, wrong: dict[str, Any]
) -> None:
    answer = iqiyi.client.post("/orders", {
        "order": "F1", "command": "provision", "sku": "vip-year", "member": "M100", "starts_on": "2027-01-01",
        "ends_on": None, **wrong,
    }, id="1")  # fmt: skip
    assert (answer.status, answer.data["code"], answer.is_genuine) == (400, "invalid_request", True)
    assert iqiyi.order("1").status == 200


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b"\xff", b"null"])
def test_a_body_that_is_no_object_is_refused(iqiyi: PartnerForTests, body: bytes) -> None:
    assert iqiyi.client.send("POST", "/orders", id="1", body=body).status == 400
    assert iqiyi.fulfilments() == []


def test_partners_know_nothing_of_each_other(partners: PartnersForTests) -> None:
    iqiyi, kugou = partners.partner("iqiyi"), partners.partner("kugou")
    iqiyi.order("1")
    assert kugou.client.get("/orders/1").status == 404
    assert kugou.order("1", order="F9").status == 202
    assert list(iqiyi.states()) == ["F1"] and list(kugou.states()) == ["F9"]


def test_a_partner_is_asked_only_for_what_it_offers(partners: PartnersForTests) -> None:
    answer = partners.partner("jd-read").order("1")
    assert (answer.status, answer.data["code"]) == (404, "not_offered")
    iqiyi = partners.partner("iqiyi")
    nobody = type(iqiyi.client)(partners.url, "nobody", iqiyi.client.secrets)
    answer = nobody.get("/orders/1")
    assert (answer.status, answer.data["code"]) == (404, "no_such_partner")


def test_a_new_partner_is_there_at_once_with_keys_of_its_own(partners: PartnersForTests) -> None:
    made = partners.make_partner("zhihu", modes=["orders"], is_async=True, confirm_after_ms=None)
    zhihu = partners.partner("zhihu")
    assert zhihu.client.secrets.orders_secret == made["orders_secret"]
    assert zhihu.order("1").data["state"] == "accepted"
