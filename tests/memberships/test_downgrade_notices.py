"""A dry run names who would hear that a tier is about to be lost; approved, they and nobody else are told."""

from datetime import date

import pytest

from memberships.models import Enrolment, TierGroup
from memberships.services.tier_evaluation import wallet_of_item
from operations.models import JobRun, OutboxMessage, RunItem
from operations.services.dry_runs import execute_dry_run, start_dry_run
from tests.memberships.night_stories import at_night, run_job, worked
from tests.memberships.tier_stories import a_climber, a_ladder, by_hand, qualify

pytestmark = pytest.mark.django_db
SPRING, A_WEEK_BEFORE = date(2027, 4, 1), date(2028, 12, 24)


@pytest.fixture
def members() -> list[Enrolment]:
    """Three silver members, whose tier holds to the end of 2028, and that of a fourth, by hand, for a month longer."""
    group = a_ladder({"normal": 0, "silver": 1_000})
    wallets = [a_climber(group) for _number in range(4)]
    for wallet in wallets[:3]:
        qualify(wallet, 1_000, on=SPRING)
    run_job("evaluate_tiers", on=SPRING)
    by_hand(wallets[3], "silver", on=SPRING, until=date(2029, 1, 23))
    return wallets


def foreseen(on: date = A_WEEK_BEFORE) -> JobRun:
    return worked(start_dry_run("foresee_downgrades", business_date=on, actor=None, at=at_night(on)))


def executed(dry_run: JobRun) -> JobRun:
    return worked(execute_dry_run(dry_run, actor=None, at=at_night(dry_run.business_date)))


def items(dry_run: JobRun) -> list[tuple[int, str, str]]:
    """Wallet, kind and outcome of each item."""
    found = RunItem.objects.filter(run=dry_run).order_by("key")
    return [(wallet_of_item(item.key), item.kind, item.outcome) for item in found]


def told() -> list[int]:
    """The wallets whose members were told."""
    found = OutboxMessage.objects.filter(topic="tier.will_change").order_by("pk")
    return [message.payload["enrolment"] for message in found]


def test_the_dry_run_names_who_would_be_told_and_how_long_before_and_tells_nobody(members: list[Enrolment]) -> None:
    dry_run = foreseen()
    assert items(dry_run) == [
        *((wallet.pk, "7", "foreseen") for wallet in members[:3]), (members[3].pk, "30", "foreseen")
    ]
    assert (dry_run.done, told()) == (4, [])


def test_they_and_nobody_else_are_told_and_who_has_reached_the_tier_again_is_named(members: list[Enrolment]) -> None:
    dry_run = foreseen()
    qualify(members[0], 1_000, on=A_WEEK_BEFORE)
    latecomer = a_climber(TierGroup.objects.get())
    by_hand(latecomer, "silver", on=SPRING, until=date(2028, 12, 31))
    run = executed(dry_run)
    assert [outcome for *_item, outcome in items(dry_run)] == ["left_out", "done", "done", "done"]
    assert (run.done, run.failed) == (3, 1)
    assert sorted(told()) == [wallet.pk for wallet in members[1:]]


def test_who_earned_a_point_meanwhile_still_loses_the_tier_and_is_told_what_is_missing_now(
    members: list[Enrolment],
) -> None:
    dry_run = foreseen()
    qualify(members[0], 1, on=A_WEEK_BEFORE)
    run = executed(dry_run)
    assert (run.done, run.failed) == (4, 0)
    message = OutboxMessage.objects.get(topic="tier.will_change", payload__enrolment=members[0].pk)
    assert (message.payload["points"], message.payload["missing"]) == (1, 999)


def test_who_stands_on_another_tier_meanwhile_is_left_out(members: list[Enrolment]) -> None:
    dry_run = foreseen()
    by_hand(members[0], "normal", on=A_WEEK_BEFORE, until=date(2028, 12, 31))
    assert (executed(dry_run).failed, told().count(members[0].pk)) == (1, 0)


def test_who_was_told_by_the_night_meanwhile_is_not_told_again(members: list[Enrolment]) -> None:
    dry_run = foreseen()
    run_job("foresee_downgrades", on=A_WEEK_BEFORE, scope="again@1")
    run = executed(dry_run)
    assert (run.done, run.failed, len(told())) == (0, 4, 4)
    assert items(foreseen()) == []
