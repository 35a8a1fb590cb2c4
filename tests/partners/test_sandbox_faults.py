"""Faults to order of one partner: what we see of each, and what the partner has done all the same."""

import http.client
import time
from typing import Any

import pytest

from config.embedded import processes
from memberships.gateways.sandbox.calls import CallError
from partners.sandbox.client import Answer, PartnerClient
from partners.sandbox.faults import FAULTS
from tests.partner import PartnerForTests, PartnersForTests

#: What whoever calls sees, and whether the command was carried out.
SEEN: dict[str, tuple[int | str, bool]] = {
    "timeout_before": ("TimeoutError", False), "timeout_after": ("TimeoutError", True),
    "error_before": (500, False), "error_after": (500, True),
    "reset_before": ("ConnectionResetError", False), "reset_after": ("ConnectionResetError", True),
    "unavailable": (503, False), "rate_limited": (429, False), "forged": ("forged", True), "slow": (200, True),
}  # fmt: skip


@pytest.fixture
def iqiyi(partners: PartnersForTests) -> PartnerForTests:
    return partners.partner("iqiyi")


def seen(partner: PartnerForTests, id: str, *, timeout: float = 10.0) -> int | str:
    """What a caller of little patience sees: the status, or what went wrong."""
    client = PartnerClient(partner.control.url, partner.code, partner.client.secrets, timeout=timeout)
    data = {"order": "F1", "command": "provision", "sku": "x", "member": "M", "starts_on": "2027-01-01"}
    try:
        answer = client.post("/orders", data, id=id)
    except (OSError, http.client.HTTPException) as error:
        return type(error).__name__
    return answer.status if answer.is_genuine else "forged"


def test_every_fault_has_its_story() -> None:
    assert set(SEEN) == set(FAULTS)


@pytest.mark.parametrize("fault", FAULTS)
def test_a_fault_is_seen_and_asking_tells_what_was_done(iqiyi: PartnerForTests, fault: str) -> None:
    what, is_done = SEEN[fault]
    iqiyi.order_faults(orders={fault: 1}, slow_ms=50)
    assert seen(iqiyi, "1", timeout=0.3 if fault.startswith("timeout") else 10) == what
    assert processes.wait_until(lambda: iqiyi.client.get("/orders/1").status == (200 if is_done else 404), seconds=5)
    iqiyi.clear_faults()
    assert seen(iqiyi, "1") == 200
    assert [fulfilment["provisioned"] for fulfilment in iqiyi.fulfilments()] == [1]


def test_a_question_goes_wrong_as_well(iqiyi: PartnerForTests) -> None:
    iqiyi.order("1")
    iqiyi.order_faults(queries={"error_before": 1})
    assert iqiyi.client.get("/orders/1").status == 500
    iqiyi.order_faults(queries={"forged": 1})
    assert not iqiyi.client.get("/orders/1").is_genuine
    iqiyi.order_faults(queries={"reset_before": 1})
    with pytest.raises(ConnectionError):
        iqiyi.client.get("/orders/1")


def test_too_many_calls_are_told_when_to_come_back(iqiyi: PartnerForTests) -> None:
    iqiyi.order_faults(orders={"rate_limited": 1}, retry_after_s=7)
    answer = iqiyi.order("1")
    assert (answer.status, answer.headers["retry-after"], answer.is_genuine) == (429, "7", True)
    assert iqiyi.fulfilments() == []


def test_a_slow_partner_answers_in_the_end_and_knows_meanwhile_that_it_is_at_it(iqiyi: PartnerForTests) -> None:
    iqiyi.order_faults(latency_ms=2400)
    assert seen(iqiyi, "1", timeout=0.1) == "TimeoutError"
    iqiyi.order_faults(latency_ms=0)
    asked = iqiyi.client.get("/orders/1")
    assert (asked.status, asked.data["code"]) == (202, "under_way")
    assert processes.wait_until(lambda: iqiyi.client.get("/orders/1").status == 200, seconds=5)


def test_a_partner_that_is_down_leaves_the_others_up(partners: PartnersForTests, iqiyi: PartnerForTests) -> None:
    iqiyi.order_faults(is_down=True)
    assert seen(iqiyi, "1") == "ConnectionResetError"
    with pytest.raises(ConnectionError):
        iqiyi.client.get("/orders/1")
    assert partners.partner("kugou").order("1").status == 202
    iqiyi.clear_faults()
    assert iqiyi.client.get("/orders/1").status == 404


def test_a_partner_is_down_for_a_while(iqiyi: PartnerForTests) -> None:
    iqiyi.order_faults(is_down=True, down_ms=1000)
    began = time.monotonic()
    assert seen(iqiyi, "1") == "ConnectionResetError"
    assert processes.wait_until(lambda: seen(iqiyi, "1") == 200, seconds=5)
    assert time.monotonic() - began >= 0.9


def test_a_share_of_the_orders_goes_wrong_the_same_ones_in_each_repeat(iqiyi: PartnerForTests) -> None:
    def statuses(seed: int) -> list[int]:
        iqiyi.order_faults(seed=seed, orders={"error_before": 0.2, "unavailable": 0.2})
        return [iqiyi.order(str(number)).status for number in range(40)]

    first = statuses(5)
    assert 5 < first.count(500) + first.count(503) < 30
    assert statuses(5) == first
    assert statuses(6) != first


def test_two_hundred_orders_through_a_third_of_faults_are_each_provisioned_once(iqiyi: PartnerForTests) -> None:
    shares = {fault: 0.04 for fault in FAULTS if not fault.startswith("timeout")}
    iqiyi.order_faults(seed=9, orders=shares, queries={"unavailable": 0.3}, slow_ms=5)
    for number in range(200):
        assert insist(iqiyi, number).status == 200
    assert set(iqiyi.states().values()) == {"active"} and len(iqiyi.states()) == 200
    assert {fulfilment["provisioned"] for fulfilment in iqiyi.fulfilments()} == {1}


def insist(partner: PartnerForTests, number: int) -> Answer:
    """As a connector does: the same command under the same id until there is an answer to be believed."""
    while True:
        try:
            answer = partner.order(f"{number}-1", order=f"F{number}")
        except OSError:
            continue
        if answer.is_genuine and answer.status < 429:
            return answer


def test_what_is_ordered_is_shown_and_cleared(iqiyi: PartnerForTests) -> None:
    nothing = iqiyi.faults()
    iqiyi.order_faults(latency_ms=20, seed=3, orders={"forged": 0.25}, events={"stale": 0.5}, copies=3)
    assert iqiyi.faults() == nothing | {
        "latency_ms": 20, "seed": 3, "orders": {"forged": 0.25}, "events": {"stale": 0.5}, "copies": 3,
    }  # fmt: skip
    iqiyi.clear_faults()
    assert iqiyi.faults() == nothing


@pytest.mark.parametrize(
    "faults",
    [{"latency_ms": -1}, {"orders": {"fire": 0.1}}, {"orders": {"stale": 0.1}}, {"events": {"reset_before": 0.1}},
     {"orders": {"forged": 0.6, "slow": 0.6}}, {"copies": 0}, {"copies": 6}, {"copies": True}, {"shuffle_ms": 0.5},
     {"is_down": 1}, {"down_ms": -1}, {"speed": 1}],
)  # fmt: skip
def test_what_cannot_be_ordered_is_refused_and_changes_nothing(
    iqiyi: PartnerForTests, faults: dict[str, Any]
) -> None:
    iqiyi.order_faults(latency_ms=1)
    with pytest.raises(CallError, match="400"):
        iqiyi.order_faults(**faults)
    assert iqiyi.faults()["latency_ms"] == 1
