"""Money given back: in parts, never more than was taken, each part once."""

import asyncio
from decimal import Decimal

import pytest

from memberships.gateways import Answer, Gateway, Outcome, RefundOrder
from tests.gateway import GatewayForTests


def test_a_charge_is_given_back_in_parts_and_not_a_fen_more(gateway: GatewayForTests) -> None:
    paid = gateway.charge("7-1", amount="99.00")
    first = gateway.refund("7-refund-1", of="7-1", amount="60.00", reference=paid.reference)
    assert (first.outcome, first.code) == (Outcome.SUCCEEDED, "refunded")
    too_much = gateway.refund("7-refund-2", of="7-1", amount="39.01")
    assert (too_much.outcome, too_much.code) == (Outcome.HARD_DECLINE, "exceeds_charge")
    assert gateway.refund("7-refund-3", of="7-1", amount="39.00").outcome is Outcome.SUCCEEDED
    assert gateway.refund("7-refund-4", of="7-1", amount="0.01").code == "exceeds_charge"


def test_a_refund_that_is_sent_again_is_given_once_and_found(gateway: GatewayForTests) -> None:
    gateway.charge("7-1")
    first = gateway.refund("7-refund-1", of="7-1", amount="60.00")
    assert gateway.refund("7-refund-1", of="7-1", amount="60.00") == first
    assert gateway.talk(lambda opened: opened.find_refund("7-refund-1")) == first
    assert gateway.refund("7-refund-1", of="7-1", amount="61.00").code == "key_conflict"
    assert gateway.talk(lambda opened: opened.find_refund("7-refund-2")).outcome is Outcome.ABSENT


def test_refunds_at_once_never_give_back_more_than_was_taken(gateway: GatewayForTests) -> None:
    gateway.charge("7-1", amount="100.00")

    async def refund_all(opened: Gateway) -> list[Answer]:
        orders = [RefundOrder(f"7-refund-{number}", "7-1", "", Decimal("30.00")) for number in range(10)]
        return await asyncio.gather(*map(opened.refund, orders))

    outcomes = sorted(answer.outcome for answer in gateway.talk(refund_all))
    assert outcomes == [Outcome.HARD_DECLINE] * 7 + [Outcome.SUCCEEDED] * 3


@pytest.mark.parametrize("token", ["tok_hard_gone", "tok_soft_broke"])
def test_a_charge_that_was_declined_has_nothing_to_give_back(gateway: GatewayForTests, token: str) -> None:
    gateway.charge("7-1", token=token)
    assert gateway.refund("7-refund-1", of="7-1", amount="1.00").code == "charge_not_found"


def test_a_refund_of_nothing_stays_declined_also_when_the_charge_comes_later(gateway: GatewayForTests) -> None:
    first = gateway.refund("7-refund-1", of="7-1", amount="1.00")
    gateway.charge("7-1")
    assert (first.outcome, first.code) == (Outcome.HARD_DECLINE, "charge_not_found")
    assert gateway.refund("7-refund-1", of="7-1", amount="1.00") == first


def test_a_refund_by_the_reference_of_another_charge_is_declined(gateway: GatewayForTests) -> None:
    gateway.charge("7-1")
    other = gateway.charge("8-1")
    assert gateway.refund("7-refund-1", of="7-1", amount="1.00", reference=other.reference).code == "wrong_reference"


def test_a_payer_whose_bank_takes_no_refunds(gateway: GatewayForTests) -> None:
    assert gateway.charge("7-1", token="tok_norefund_1").outcome is Outcome.SUCCEEDED
    answer = gateway.refund("7-refund-1", of="7-1", amount="1.00")
    assert (answer.outcome, answer.code) == (Outcome.HARD_DECLINE, "refund_refused")


def test_a_refund_whose_answer_never_came_is_asked_about(gateway: GatewayForTests) -> None:
    gateway.charge("7-1")
    gateway.order_faults(orders={"reset_after": 1})
    assert gateway.refund("7-refund-1", of="7-1", amount="5.00").outcome is Outcome.UNKNOWN
    assert gateway.talk(lambda opened: opened.find_refund("7-refund-1")).outcome is Outcome.SUCCEEDED
