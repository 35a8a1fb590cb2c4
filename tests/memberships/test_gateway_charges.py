"""What the gateway answers to charges, by token and key; asked through the adapter, over HTTP."""

import asyncio
from collections.abc import Awaitable, Callable
from decimal import Decimal
from typing import TypeVar

import pytest

from memberships.gateways import Answer, Charge, Gateway, Outcome
from tests.gateway import GatewayForTests

T = TypeVar("T")


def with_gateway(gateway: GatewayForTests, talk: Callable[[Gateway], Awaitable[T]]) -> T:
    """What a conversation with the gateway comes to."""

    async def open_and_talk() -> T:
        async with gateway.adapter as opened:
            return await talk(opened)

    return asyncio.run(open_and_talk())


def charge(gateway: GatewayForTests, key: str, *, token: str = "tok_ok_1", amount: str = "99.00") -> Answer:
    return with_gateway(gateway, lambda opened: opened.charge(Charge(key, token, Decimal(amount))))


def test_a_charge_is_paid_and_found_again(gateway: GatewayForTests) -> None:
    answer = charge(gateway, "7-1")
    assert (answer.outcome, answer.code) == (Outcome.SUCCEEDED, "paid")
    assert with_gateway(gateway, lambda opened: opened.find_charge("7-1")) == answer
    assert [(line["amount"], line["reference"]) for line in gateway.paid()] == [("99.00", answer.reference)]


@pytest.mark.parametrize(
    ("token", "outcome", "code"),
    [("tok_soft_broke", Outcome.SOFT_DECLINE, "insufficient_funds"),
     ("tok_hard_gone", Outcome.HARD_DECLINE, "agreement_ended"), ("anything", Outcome.SUCCEEDED, "paid")],
)  # fmt: skip
def test_a_charge_ends_as_its_token_says(gateway: GatewayForTests, token: str, outcome: Outcome, code: str) -> None:
    answer = charge(gateway, "7-1", token=token)
    assert (answer.outcome, answer.code) == (outcome, code)
