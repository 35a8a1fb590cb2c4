"""What the gateway answers to charges, by token and key; asked through the adapter, over HTTP."""

import asyncio
from decimal import Decimal

import pytest

from memberships.gateways import Answer, Charge, Gateway, Outcome
from memberships.gateways.sandbox import calls
from operations.outbound import Limits, answers_of
from tests.gateway import GatewayForTests


def test_a_charge_is_paid_and_found_again(gateway: GatewayForTests) -> None:
    answer = gateway.charge("7-1")
    assert (answer.outcome, answer.code) == (Outcome.SUCCEEDED, "paid")
    assert gateway.talk(lambda opened: opened.find_charge("7-1")) == answer
    assert [(line["amount"], line["reference"]) for line in gateway.paid()] == [("99.00", answer.reference)]


@pytest.mark.parametrize(
    ("token", "outcome", "code"),
    [("tok_soft_broke", Outcome.SOFT_DECLINE, "insufficient_funds"),
     ("tok_hard_gone", Outcome.HARD_DECLINE, "agreement_ended"), ("anything", Outcome.SUCCEEDED, "paid")],
)  # fmt: skip
def test_a_charge_ends_as_its_token_says(gateway: GatewayForTests, token: str, outcome: Outcome, code: str) -> None:
    answer = gateway.charge("7-1", token=token)
    assert (answer.outcome, answer.code) == (outcome, code)
    assert gateway.talk(lambda opened: opened.find_charge("7-1")) == answer
    assert len(gateway.paid()) == (outcome is Outcome.SUCCEEDED)


def test_a_token_that_is_short_of_funds_at_first_pays_at_the_third_attempt(gateway: GatewayForTests) -> None:
    answers = [gateway.charge(f"7-{attempt}", token="tok_soft_2_li") for attempt in (1, 1, 2, 3)]
    assert [answer.outcome for answer in answers] == [Outcome.SOFT_DECLINE] * 3 + [Outcome.SUCCEEDED]
    assert gateway.attempts_per_token() == {"tok_soft_2_li": 3}  # the one that was repeated counts once
    assert gateway.charge("8-1", token="tok_soft_2_wang").outcome is Outcome.SOFT_DECLINE


def test_a_charge_that_is_sent_again_gives_the_first_answer_and_takes_no_more_money(gateway: GatewayForTests) -> None:
    first = gateway.charge("7-1")
    assert gateway.charge("7-1") == first
    assert gateway.paid_per_token() == {"tok_ok_1": 1}


def test_a_decline_that_is_sent_again_stays_a_decline(gateway: GatewayForTests) -> None:
    first = gateway.charge("7-1", token="tok_soft_1_li")
    assert gateway.charge("7-1", token="tok_soft_1_li") == first


def test_twenty_of_the_same_charge_at_once_take_the_money_once(gateway: GatewayForTests) -> None:
    gateway.order_faults(latency_ms=50)

    async def charge_twenty_times(opened: Gateway) -> list[Answer]:
        charge = Charge("7-1", "tok_ok_1", Decimal("99.00"))
        return await asyncio.gather(*(opened.charge(charge) for _ in range(20)))

    answers = gateway.talk(charge_twenty_times)
    assert len(set(answers)) == 1 and answers[0].outcome is Outcome.SUCCEEDED
    assert gateway.paid_per_token() == {"tok_ok_1": 1}
    assert gateway.most_in_flight() == 20


@pytest.mark.parametrize("other", [{"amount": "98.00"}, {"token": "tok_ok_2"}])
def test_the_key_of_another_charge_is_a_conflict_to_be_looked_into(
    gateway: GatewayForTests, other: dict[str, str]
) -> None:
    gateway.charge("7-1")
    answer = gateway.charge("7-1", **other)
    assert (answer.outcome, answer.code) == (Outcome.UNKNOWN, "key_conflict")
    assert [line["amount"] for line in gateway.paid()] == ["99.00"]


def test_of_two_different_charges_under_one_key_at_once_one_wins(gateway: GatewayForTests) -> None:
    async def charge_both(opened: Gateway) -> list[Answer]:
        charges = [Charge("7-1", "tok_ok_1", Decimal(amount)) for amount in ("99.00", "98.00")]
        return await asyncio.gather(*map(opened.charge, charges))

    codes = sorted(answer.code for answer in gateway.talk(charge_both))
    assert codes == ["key_conflict", "paid"]
    assert len(gateway.paid()) == 1


@pytest.mark.parametrize("amount", ["0", "-1.00", "9.999", "1E+3", "NaN", "1234567890123"])
def test_what_is_no_amount_is_declined_for_good(gateway: GatewayForTests, amount: str) -> None:
    answer = gateway.charge("7-1", amount=amount)
    assert (answer.outcome, answer.code) == (Outcome.HARD_DECLINE, "invalid_request")
    assert gateway.charge("7-1").outcome is Outcome.SUCCEEDED, "its key was not used up"


@pytest.mark.parametrize(
    "body",
    [None, [], "99", {}, {"token": "", "amount": "1"}, {"token": "t", "amount": 1}, {"token": "t\ud800", "amount": "1"},
     {"token": "t", "amount": "1", "currency": "USD"}, {"token": "t", "amount": "１"}],
)  # fmt: skip
def test_a_body_that_is_no_charge_is_refused(gateway: GatewayForTests, body: object) -> None:
    signer = calls.Signer(gateway.server.address.secret)
    with pytest.raises(calls.CallError) as refused:
        calls.call(gateway.url, signer, "POST", "/charges", data=body, timeout=5)
    assert (refused.value.status, refused.value.data["code"]) == (400, "invalid_request")
    assert gateway.charges() == []


@pytest.mark.parametrize("key", ["7/1", "7-1?a=b", "7%2F1", "a#b", "..", "x" * 128])
def test_a_key_may_have_any_signs(gateway: GatewayForTests, key: str) -> None:
    assert gateway.charge(key).outcome is Outcome.SUCCEEDED
    found = gateway.talk(lambda opened: opened.find_charge(key))
    assert (found.key, found.outcome) == (key, Outcome.SUCCEEDED)


@pytest.mark.parametrize("key", ["", "x" * 129, "seven one", "七"])
def test_a_key_that_cannot_be_one_charges_nothing(gateway: GatewayForTests, key: str) -> None:
    assert gateway.charge(key).outcome in (Outcome.UNKNOWN, Outcome.HARD_DECLINE)
    assert gateway.charges() == []


def test_a_key_that_the_gateway_never_got_is_absent(gateway: GatewayForTests) -> None:
    assert gateway.talk(lambda opened: opened.find_charge("7-1")) == Answer("7-1", Outcome.ABSENT, "absent")


def test_a_charge_under_way_is_not_absent_and_is_made_though_its_sender_is_gone(gateway: GatewayForTests) -> None:
    gateway.order_faults(latency_ms=3000)

    async def leave_and_ask(opened: Gateway) -> Answer:
        charging = asyncio.ensure_future(opened.charge(Charge("7-1", "tok_ok_1", Decimal("99.00"))))
        await asyncio.sleep(0.5)
        charging.cancel()
        gateway.clear_faults()  # asking is not slow
        return await opened.find_charge("7-1")

    answer = gateway.talk(leave_and_ask)
    assert (answer.outcome, answer.code) == (Outcome.UNKNOWN, "under_way")
    gateway.wait_for_orders()
    assert gateway.talk(lambda opened: opened.find_charge("7-1")).outcome is Outcome.SUCCEEDED


def test_a_thousand_charges_keep_to_the_calls_that_may_be_under_way(gateway: GatewayForTests) -> None:
    gateway.order_faults(latency_ms=40)
    charges = [Charge(f"{number}-1", f"tok_ok_{number}", Decimal("9.90")) for number in range(1000)]
    answers = [
        answer
        for batch in answers_of(
            charges, lambda opened, charge: opened.charge(charge), opened=lambda: gateway.adapter, limits=Limits(32)
        )
        for answer in batch
    ]
    assert {answer.outcome for answer in answers} == {Outcome.SUCCEEDED}
    assert {answer.key: answer.reference for answer in answers} == {
        line["key"]: line["reference"] for line in gateway.paid()
    }
    assert set(gateway.paid_per_token().values()) == {1} and len(gateway.paid()) == 1000
    assert 16 < gateway.most_in_flight() <= 32
