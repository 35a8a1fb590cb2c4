"""Events of a sandbox partner: a sender that tries until it is heard, and tells twice, late and mixed up to order."""

import time
from datetime import UTC, datetime

import pytest

from config.embedded import processes
from tests.partner import Listener, PartnerForTests, PartnersForTests


@pytest.fixture
def kugou(partners: PartnersForTests) -> PartnerForTests:
    return partners.partner("kugou")


def test_an_order_is_accepted_and_an_event_says_that_it_is_active(
    partners: PartnersForTests, kugou: PartnerForTests, listener: Listener
) -> None:
    answer = kugou.order("1")
    assert (answer.status, answer.data["state"], answer.data["sequence"]) == (202, "accepted", 1)
    assert processes.wait_until(lambda: bool(listener.taken()), seconds=10)
    (told,) = listener.taken()
    assert told["partner"] == "kugou" and told["is_signed"] and told["event"]["type"] == "fulfilment.active"
    data = told["event"]["data"]
    assert (data["order"], data["command"], data["state"], data["sequence"]) == ("F1", "1", "active", 2)
    assert data["reference"] == answer.data["reference"]
    assert kugou.client.get("/fulfilments/F1").data == data
    assert kugou.client.get("/orders/1").data == answer.data


def test_the_confirmation_comes_after_the_set_delay_or_when_it_is_told_to(
    kugou: PartnerForTests, listener: Listener
) -> None:
    kugou.change(confirm_after_ms=1500)
    began = time.monotonic()
    kugou.order("1")
    assert kugou.states() == {"F1": "accepted"}
    assert processes.wait_until(lambda: kugou.states() == {"F1": "active"}, seconds=10)
    assert time.monotonic() - began >= 1.5
    kugou.change(confirm_after_ms=None)
    kugou.order("2", order="F2")
    kugou.order("3", order="F3")
    assert kugou.confirm("F3") == 1
    assert kugou.states() == {"F1": "active", "F2": "accepted", "F3": "active"}
    assert kugou.confirm() == 1 and kugou.confirm() == 0
    assert kugou.states()["F2"] == "active"


@pytest.mark.parametrize(("command", "state"), [("revoke", "revoked"), ("suspend", "suspended")])
def test_what_is_revoked_or_suspended_before_is_not_confirmed_any_more(
    kugou: PartnerForTests, command: str, state: str
) -> None:
    kugou.change(confirm_after_ms=None)
    kugou.order("1")
    assert kugou.order("2", command=command).status == 200
    assert kugou.confirm() == 0
    assert kugou.states() == {"F1": state}


def test_a_sku_that_turns_out_not_to_be_there_fails_later(
    partners: PartnersForTests, kugou: PartnerForTests, listener: Listener
) -> None:
    assert kugou.order("1", sku="later-refused").status == 202
    assert processes.wait_until(lambda: listener.types() == ["fulfilment.failed"], seconds=10)
    assert listener.taken()[0]["event"]["data"]["reason"] == "sku_refused"
    assert partners.partner("iqiyi").order("1", sku="later-refused").status == 202


def test_every_change_is_told_in_its_order(
    partners: PartnersForTests, kugou: PartnerForTests, listener: Listener
) -> None:
    kugou.order("1")
    assert processes.wait_until(lambda: kugou.states() == {"F1": "active"}, seconds=10)
    for number, command in enumerate(["suspend", "resume", "revoke"], start=2):
        kugou.order(str(number), command=command)
    partners.wait_until_sent()
    assert listener.types() == [
        "fulfilment.active", "fulfilment.suspended", "fulfilment.active", "fulfilment.revoked",
    ]  # fmt: skip
    assert [delivery["event"]["data"]["sequence"] for delivery in listener.taken()] == [2, 3, 4, 5]


def test_a_partner_that_answers_at_once_tells_only_what_it_does_by_itself(
    partners: PartnersForTests, listener: Listener
) -> None:
    iqiyi = partners.partner("iqiyi")
    iqiyi.order("1")
    changed = iqiyi.change_order("F1", "revoked", reason="account_closed")
    assert (changed["state"], changed["sequence"], changed["command"]) == ("revoked", 2, None)
    partners.wait_until_sent()
    assert [delivery["event"]["data"] for delivery in listener.taken()] == [changed]
    assert iqiyi.order("2", command="resume").data["reason"] == "revoked"


def test_events_wait_until_there_is_somebody_to_hear_them(
    partners: PartnersForTests, kugou: PartnerForTests, listener: Listener
) -> None:
    partners.send_events_to("")
    kugou.change(confirm_after_ms=None)
    kugou.order("1")
    kugou.confirm()
    assert [event["deliveries"][0]["attempts"] for event in kugou.events()] == [0]
    partners.send_events_to(listener.url)
    partners.wait_until_sent()
    assert listener.types() == ["fulfilment.active"]


def test_an_event_that_is_not_taken_is_sent_again_under_its_id(
    partners: PartnersForTests, kugou: PartnerForTests, listener: Listener
) -> None:
    kugou.order_faults(retry_ms=10)
    answers = iter([500, 503, 429, 400, 302, 200])
    listener.answer = lambda event: (next(answers), {"heard": "so"})
    kugou.order("1")
    assert processes.wait_until(lambda: len(listener.deliveries) == 6, seconds=10)
    partners.wait_until_sent()
    assert len({delivery["id"] for delivery in listener.deliveries}) == 1
    (event,) = kugou.events()
    assert (event["deliveries"][0]["attempts"], event["deliveries"][0]["status"]) == (6, "200")
    assert event["answer"] == '{"heard": "so"}'


def test_pauses_grow_and_can_be_cut_short(
    partners: PartnersForTests, kugou: PartnerForTests, listener: Listener
) -> None:
    kugou.order_faults(retry_ms=20_000)
    answers = iter([500, 200])
    listener.answer = lambda event: (next(answers), {})
    kugou.order("1")
    assert processes.wait_until(lambda: len(listener.deliveries) == 1, seconds=10)
    assert partners.load()["to_send"] == 1
    kugou.send_events()
    partners.wait_until_sent(seconds=5)


def test_each_event_is_sent_three_times_in_another_order(
    partners: PartnersForTests, kugou: PartnerForTests, listener: Listener
) -> None:
    kugou.change(confirm_after_ms=None)
    kugou.order_faults(copies=3, shuffle_ms=1000, seed=4)
    for number in range(20):
        kugou.order(f"{number}-1", order=f"F{number}")
        kugou.confirm(f"F{number}")
        kugou.order(f"{number}-2", order=f"F{number}", command="revoke")
    partners.wait_until_sent()
    heard = [(taken["event"]["data"]["order"], taken["event"]["data"]["sequence"]) for taken in listener.taken()]
    assert sorted(heard) == sorted([(f"F{number}", sequence) for number in range(20) for sequence in (2, 3)] * 3)
    assert len({taken["id"] for taken in listener.taken()}) == 40
    by_order = [[sequence for order, sequence in heard if order == f"F{number}"] for number in range(20)]
    assert any(sequences != sorted(sequences) for sequences in by_order)


def test_wrong_signatures_and_old_times_are_followed_by_right_ones(
    partners: PartnersForTests, kugou: PartnerForTests, listener: Listener
) -> None:
    kugou.order_faults(events={"forged": 0.4, "stale": 0.3}, retry_ms=5, seed=2)
    for number in range(20):
        kugou.order(f"{number}-1", order=f"F{number}")
    assert processes.wait_until(lambda: set(kugou.states().values()) == {"active"}, seconds=10)
    partners.wait_until_sent()
    signed = [delivery["is_signed"] for delivery in listener.deliveries]
    assert signed.count(False) > 3 and len({taken["id"] for taken in listener.taken()}) == 20
    assert any(delivery["timestamp"] < time.time() - 3000 for delivery in listener.deliveries)
    assert any(delivery["timestamp"] > time.time() - 300 for delivery in listener.deliveries)


def test_a_partner_that_is_down_sends_nothing_until_it_is_up(
    partners: PartnersForTests, kugou: PartnerForTests, listener: Listener
) -> None:
    kugou.change(confirm_after_ms=None)
    kugou.order("1")
    kugou.order_faults(is_down=True)
    kugou.confirm()
    time.sleep(0.2)
    assert listener.deliveries == []
    kugou.clear_faults()
    partners.wait_until_sent()
    assert listener.types() == ["fulfilment.active"]


def test_books_and_where_it_is_told_signatures_bear_the_time_of_the_story(
    partners: PartnersForTests, kugou: PartnerForTests, listener: Listener
) -> None:
    told = datetime(2028, 2, 28, 16, 10, tzinfo=UTC)
    partners.set_clock(told)
    kugou.order("1")
    partners.wait_until_sent()
    partners.set_clock(told, is_stamped=True)
    answer = kugou.order("2", command="revoke")
    partners.wait_until_sent()
    first, second = (delivery["timestamp"] for delivery in listener.taken())
    assert abs(first - time.time()) < 30 and abs(second - told.timestamp()) < 30
    assert abs(int(answer.headers["webhook-timestamp"]) - told.timestamp()) < 30
    assert listener.taken()[0]["event"]["timestamp"].startswith("2028-02-28T16:1")
    assert kugou.fulfilments()[0]["revoked_on"] == "2028-02-29"
