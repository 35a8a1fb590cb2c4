"""Faults to order: what the caller sees of each, and what the gateway has done all the same."""

import asyncio
from decimal import Decimal
from typing import Any

import pytest

from memberships.gateways import Answer, Charge, Gateway, Outcome
from memberships.gateways.sandbox.calls import CallError
from memberships.gateways.sandbox.client import SandboxGateway
from memberships.gateways.sandbox.faults import FAULTS
from operations.outbound import Limits, answers_of
from tests.gateway import GatewayForTests

SEEN = {
    "timeout_before": ("timeout", False), "timeout_after": ("timeout", True),
    "error_before": ("internal_error", False), "error_after": ("internal_error", True),
    "reset_before": ("unreachable", False), "reset_after": ("unreachable", True),
    "unavailable": ("unavailable", False), "forged": ("bad_signature", True),
}  # fmt: skip


def find(gateway: GatewayForTests, key: str) -> Answer:
    return gateway.talk(lambda opened: opened.find_charge(key))


def test_every_fault_has_its_story() -> None:
    assert set(SEEN) == set(FAULTS)


@pytest.mark.parametrize("fault", FAULTS)
def test_a_fault_leaves_the_charge_unknown_until_the_gateway_is_asked(gateway: GatewayForTests, fault: str) -> None:
    code, is_charged = SEEN[fault]
    gateway.be_patient(0.3)
    gateway.order_faults(orders={fault: 1})
    answer = gateway.charge("7-1")
    assert (answer.outcome, answer.code) == (Outcome.UNKNOWN, code)
    gateway.be_patient(5)
    assert find(gateway, "7-1").outcome is (Outcome.SUCCEEDED if is_charged else Outcome.ABSENT)
    gateway.clear_faults()
    assert gateway.charge("7-1").outcome is Outcome.SUCCEEDED
    assert gateway.paid_per_token() == {"tok_ok_1": 1}


@pytest.mark.parametrize("fault", FAULTS)
def test_a_question_that_goes_wrong_says_nothing_about_the_charge(gateway: GatewayForTests, fault: str) -> None:
    gateway.be_patient(0.3)
    gateway.charge("7-1")
    gateway.order_faults(queries={fault: 1})
    assert {find(gateway, key).outcome for key in ("7-1", "8-1")} == {Outcome.UNKNOWN}


def test_a_gateway_that_is_down_answers_nothing_and_is_back_when_it_is_told(gateway: GatewayForTests) -> None:
    gateway.order_faults(is_down=True)
    assert gateway.charge("7-1").code == "unreachable"
    assert find(gateway, "7-1").code == "unreachable"
    gateway.clear_faults()
    assert find(gateway, "7-1").outcome is Outcome.ABSENT


def test_a_gateway_whose_process_has_ended_is_unknown_not_absent(gateway: GatewayForTests) -> None:
    gateway.server.stop()
    assert gateway.charge("7-1").code == "unreachable"
    assert find(gateway, "7-1").outcome is Outcome.UNKNOWN


def test_where_no_gateway_was_ever_started_every_answer_is_unknown() -> None:
    async def ask() -> Answer:
        async with SandboxGateway(name="sandbox") as opened:
            return await opened.find_charge("7-1")

    answer = asyncio.run(ask())
    assert (answer.outcome, answer.code) == (Outcome.UNKNOWN, "unreachable")


def outcomes(gateway: GatewayForTests, keys: range) -> list[str]:
    return [gateway.charge(f"{key}-1").code for key in keys]


def test_a_share_of_the_charges_goes_wrong_the_same_ones_in_each_repeat(gateway: GatewayForTests) -> None:
    faults: dict[str, Any] = {"seed": 5, "orders": {"error_before": 0.3, "error_after": 0.2}}
    gateway.order_faults(**faults)
    first = outcomes(gateway, range(60))
    assert 15 < first.count("internal_error") < 45
    assert 0 < len(gateway.paid()) - first.count("paid") < first.count("internal_error")
    gateway.order_faults(**faults)
    assert outcomes(gateway, range(60)) == first
    gateway.order_faults(**faults | {"seed": 6})
    assert outcomes(gateway, range(60)) != first


def test_a_charge_that_is_sent_again_gets_a_fault_of_its_own(gateway: GatewayForTests) -> None:
    gateway.order_faults(seed=1, orders={"error_before": 0.5})
    assert {gateway.charge("7-1").code for _attempt in range(20)} == {"paid", "internal_error"}


def test_two_hundred_charges_through_a_third_of_faults_are_each_paid_once(gateway: GatewayForTests) -> None:
    gateway.be_patient(0.5)
    gateway.order_faults(latency_ms=10, seed=9, orders=dict.fromkeys(FAULTS, 0.04), queries={"unavailable": 0.3})
    charges = [Charge(f"{number}-1", f"tok_ok_{number}", Decimal("9.90")) for number in range(200)]

    async def insist(opened: Gateway, charge: Charge) -> Answer:
        """As the jobs do: unknown is asked about; absent is sent again under the same key."""
        answer = await opened.charge(charge)
        while answer.outcome is not Outcome.SUCCEEDED:
            again = answer.outcome is Outcome.ABSENT
            answer = await (opened.charge(charge) if again else opened.find_charge(charge.key))
        return answer

    batches = answers_of(charges, insist, opened=lambda: gateway.adapter, limits=Limits(32))
    references = {answer.key: answer.reference for batch in batches for answer in batch}
    assert references == {line["key"]: line["reference"] for line in gateway.paid()}
    assert len(gateway.paid()) == len(charges) and set(gateway.paid_per_token().values()) == {1}


def test_what_is_ordered_is_shown_and_cleared(gateway: GatewayForTests) -> None:
    nothing = gateway.faults()
    gateway.order_faults(latency_ms=20, seed=3, orders={"forged": 0.25})
    assert gateway.faults() == nothing | {"latency_ms": 20, "seed": 3, "orders": {"forged": 0.25}}
    gateway.clear_faults()
    assert gateway.faults() == nothing


@pytest.mark.parametrize(
    "faults",
    [{"latency_ms": -1}, {"latency_ms": "slow"}, {"orders": {"fire": 0.1}}, {"orders": {"forged": 1.1}},
     {"orders": {"forged": 0.6, "unavailable": 0.6}}, {"queries": {"forged": True}}, {"orders": [1]}, {"speed": 1},
     {"is_down": 1}, {"seed": "x"}],
)  # fmt: skip
def test_what_cannot_be_ordered_is_refused_and_changes_nothing(
    gateway: GatewayForTests, faults: dict[str, Any]
) -> None:
    gateway.order_faults(latency_ms=1)
    with pytest.raises(CallError, match="400"):
        gateway.order_faults(**faults)
    assert gateway.faults()["latency_ms"] == 1
