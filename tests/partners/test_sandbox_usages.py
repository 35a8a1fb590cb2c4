"""JD Health at the sandbox: members use benefits there, we are told, and the partner keeps what we answered."""

from datetime import UTC, datetime
from typing import Any

import pytest

from memberships.gateways.sandbox.calls import CallError
from tests.partner import Listener, PartnerForTests, PartnersForTests


@pytest.fixture
def health(partners: PartnersForTests) -> PartnerForTests:
    return partners.partner("jd-health")


def usages(health: PartnerForTests) -> list[dict[str, Any]]:
    listed: list[dict[str, Any]] = health.client.get("/usages").data["usages"]
    return listed


def test_twelve_consultations_are_redeemed_and_the_thirteenth_is_refused_with_the_next_day(
    partners: PartnersForTests, health: PartnerForTests, listener: Listener
) -> None:
    seen: set[str] = set()

    def answer(event: dict[str, Any]) -> tuple[int, dict[str, Any]]:
        seen.add(event["data"]["usage"])
        if len(seen) <= 12:
            return 200, {"outcome": "redeemed", "reason": "", "next_on": None}
        return 200, {"outcome": "refused", "reason": "quota", "next_on": "2028-01-01"}

    listener.answer = answer
    at = datetime(2027, 3, 1, 2, tzinfo=UTC)
    used = health.use_benefit("M100", "consultation", category="dental", times=13, at=at)
    partners.wait_until_sent()
    assert sorted(usage["usage"] for usage in usages(health)) == sorted(used)
    outcomes = [usage["answer"]["outcome"] for usage in usages(health)]
    assert (outcomes.count("redeemed"), outcomes.count("refused")) == (12, 1)
    told = listener.taken()[0]["event"]
    assert told["type"] == "benefit.used"
    assert told["data"] == {
        "usage": told["data"]["usage"], "member": "M100", "benefit": "consultation", "category": "dental",
        "quantity": 1, "at": at.isoformat(),
    }  # fmt: skip


def test_a_usage_that_was_not_answered_has_no_answer(health: PartnerForTests) -> None:
    health.use_benefit("M100", "consultation", quantity=2)
    (usage,) = usages(health)
    assert (usage["quantity"], usage["answer"]) == (2, None)


def test_a_usage_may_be_told_again_by_another_event_and_keeps_its_first_answer(
    partners: PartnersForTests, health: PartnerForTests, listener: Listener
) -> None:
    answers = iter([{"outcome": "redeemed"}, {"outcome": "refused"}])
    listener.answer = lambda event: (200, next(answers))
    health.use_benefit("M100", "consultation", usage="U1")
    partners.wait_until_sent()
    health.use_benefit("M100", "consultation", usage="U1")
    partners.wait_until_sent()
    assert len({delivery["id"] for delivery in listener.taken()}) == 2
    assert [usage["answer"] for usage in usages(health)] == [{"outcome": "redeemed"}]


@pytest.mark.parametrize(
    "wrong", [{"times": 0}, {"times": 10_001}, {"quantity": 0}, {"member": ""}, {"usage": "U", "times": 2}]
)
def test_what_cannot_be_used_is_refused(health: PartnerForTests, wrong: dict[str, Any]) -> None:
    with pytest.raises(CallError, match="400"):
        health.use_benefit(**{"member": "M100", "benefit": "consultation"} | wrong)
    assert usages(health) == []
