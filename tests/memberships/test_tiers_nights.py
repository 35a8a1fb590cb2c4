"""The night evaluates all wallets on all ladders, tells of tiers about to be lost, and does what was foreseen."""

from datetime import date, timedelta
from typing import Any
from unittest.mock import patch

import pytest

from memberships.models import Enrolment, Member, TierChange, TierStanding
from memberships.services.ranges import KeyRange
from memberships.services.tier_evaluation import evaluate_range, ladder_of, wallet_of_item
from memberships.services.tiers import set_tier
from operations import registry
from operations.models import JobRun, OutboxMessage, RunItem
from operations.services.dry_runs import execute_dry_run, start_dry_run
from operations.services.jobs import start_run
from operations.services.nights import run_again, start_missing_runs
from operations.tasks import work_through
from tests.memberships.factories import an_operator
from tests.memberships.night_stories import run_job, told, worked
from tests.memberships.points_stories import at_once, morning
from tests.memberships.tier_stories import (
    a_climber,
    a_ladder,
    by_hand,
    evaluate,
    newest,
    qualify,
    stars,
    steps,
    tier_of,
)

pytestmark = pytest.mark.django_db

DAY = timedelta(days=1)
SPRING = date(2027, 4, 1)
Outcome = RunItem.Outcome


def night(on: date) -> JobRun:
    return run_job("evaluate_tiers", on=on)


def foreseen(on: date) -> JobRun:
    operator = an_operator()
    return worked(start_dry_run("evaluate_tiers", business_date=on, actor=operator, at=morning(on)))


def executed(dry_run: JobRun) -> JobRun:
    at = morning(dry_run.business_date)
    return worked(execute_dry_run(dry_run, actor=dry_run.requested_by, at=at, reason="seen"))


def outcomes(dry_run: JobRun) -> dict[int, tuple[str, str]]:
    items = RunItem.objects.filter(run=dry_run).values_list("key", "kind", "outcome")
    return {wallet_of_item(key): (kind, outcome) for key, kind, outcome in items}


def members_with(*points: int, on: date = SPRING, **ladder: Any) -> list[Enrolment]:
    """Members of one ladder who have so many points each."""
    group = a_ladder(**ladder)
    members = [a_climber(group) for _points in points]
    for member, earned in zip(members, points, strict=True):
        if earned:
            qualify(member, earned, on=on)
    return members


def test_night_evaluates_all_wallets_on_all_ladders_in_ranges(settings: Any) -> None:
    settings.TIER_CHUNK_WALLETS = 2
    members = members_with(0, 1_000, 3_000, 6_000, 12_000)
    store = a_climber(stars(programme=members[0].programme))  # beside the levels, a second ladder
    qualify(store, 35_000, on=SPRING)
    run = night(SPRING)
    levels = TierStanding.objects.filter(group__code="levels").order_by("enrolment")
    assert [found.tier.code for found in levels] == [
        "normal", "silver", "gold", "platinum", "black-gold", "black-diamond"
    ]
    assert TierStanding.objects.get(enrolment=store, group__code="stars").tier.code == "two-stars"
    assert (run.total, run.done, run.failed) == (12, 12, 0)
    assert run.chunks.count() >= 6


def test_every_change_is_told_once_with_where_it_led() -> None:
    (member,) = members_with(3_000)
    night(SPRING)
    message = OutboxMessage.objects.filter(topic="tier.changed").latest("pk")
    assert message.owner == member.member_id
    assert message.payload == {
        "member": member.member_id, "enrolment": member.pk, "group": "levels", "kind": "up", "cause": "points",
        "from": "normal", "to": "gold", "on": "2027-04-01", "held_until": "2028-12-31",
    }


def test_night_that_is_run_again_changes_nothing() -> None:
    (member,) = members_with(3_000)
    run = night(SPRING)
    again = worked(run_again(run, actor=an_operator(), at=morning(SPRING)))
    assert again != run
    assert len(steps(member)) == 2
    assert len(told("tier.changed")) == 2


def test_nights_that_are_three_days_late_have_the_result_of_each_date() -> None:
    first, last = date(2028, 12, 30), date(2029, 1, 2)
    (member,) = members_with(3_000)
    # By hand, long after its date: the nights that are made up for begin with the next one.
    worked(start_run("evaluate_tiers", business_date=SPRING, actor=None, at=morning(first - DAY)))
    night(first - DAY)
    qualify(member, 6_000, on=last)
    at = morning(last)
    while made := [run for run in start_missing_runs(at) if run.job == "evaluate_tiers"]:
        for run in made:
            work_through(run.pk)
    made_runs = JobRun.objects.filter(job="evaluate_tiers", business_date__gte=first).order_by("pk")
    assert [run.business_date for run in made_runs] == [first + DAY * number for number in range(4)]
    assert steps(member)[2:] == [("down", "normal", date(2029, 1, 1)), ("up", "platinum", last)]


def test_dry_run_names_who_would_change_and_does_nothing() -> None:
    normal, gold = members_with(0, 3_000)
    dry_run = foreseen(SPRING)
    assert outcomes(dry_run) == {gold.pk: ("up", Outcome.FORESEEN)}
    assert [tier_of(member) for member in (normal, gold)] == ["normal", "normal"]
    items = list(RunItem.objects.filter(run=dry_run))
    number, address = registry.jobs.get("evaluate_tiers").item_links(items)[items[0].key]
    assert number == gold.member.number
    assert address.endswith(f"/{gold.pk}/change/")


def test_approved_dry_run_is_done_exactly(settings: Any) -> None:
    settings.TIER_CHUNK_WALLETS = 2
    members = members_with(1_000, 3_000, 6_000, 0)
    a_climber(stars(programme=members[0].programme))
    dry_run = foreseen(SPRING)
    run = executed(dry_run)
    changes = TierChange.objects.filter(on=SPRING)
    items = RunItem.objects.filter(run=dry_run)
    assert sorted(changes.values_list("enrolment", "kind")) == sorted(
        (wallet_of_item(item.key), item.kind) for item in items
    )
    assert {item.outcome for item in items} == {Outcome.DONE}
    assert (run.done, run.failed) == (changes.count(), 0) == (dry_run.done, 0)


def test_members_who_changed_since_the_dry_run_are_named_left_out_and_the_next_nights() -> None:
    same, richer, returned, unseen, by_operator = members_with(3_000, 3_000, 3_000, 0, 3_000)
    dry_run = foreseen(SPRING)
    qualify(richer, 3_000, on=SPRING)
    qualify(returned, -1, on=SPRING)
    qualify(unseen, 3_000, on=SPRING)
    by_hand(by_operator, "platinum", on=SPRING)
    run = executed(dry_run)
    left = ("up", Outcome.LEFT_OUT)
    assert outcomes(dry_run) == {
        same.pk: ("up", Outcome.DONE), richer.pk: left, returned.pk: left, by_operator.pk: left
    }
    assert (run.done, run.failed) == (1, 3)
    assert [tier_of(member) for member in (same, richer, returned, unseen)] == ["gold", "normal", "normal", "normal"]
    night(SPRING + DAY)
    assert [tier_of(member) for member in (richer, returned, unseen)] == ["platinum", "silver", "gold"]


@pytest.mark.django_db(transaction=True)
def test_two_workers_at_the_same_range_change_each_member_once() -> None:
    members = members_with(*[3_000] * 10)
    ladder = ladder_of(TierStanding.objects.all()[0].group, on=SPRING)
    keys = KeyRange(members[0].pk, members[-1].pk)

    def work() -> int:
        return len(evaluate_range(ladder, keys, on=SPRING, at=morning(SPRING), actor=None))

    assert sum(at_once(work, work, work)) == 10
    assert [len(steps(member)) for member in members] == [2] * 10
    assert len(told("tier.changed")) == 20


@pytest.mark.django_db(transaction=True)
def test_hand_and_night_at_the_same_moment_take_turns() -> None:
    (member,) = members_with(3_000)
    silver = TierStanding.objects.get(enrolment=member).group.tiers.get(code="silver")
    at = morning(SPRING)
    at_once(
        lambda: set_tier(member, silver, held_until=None, reason="kind", key="k", on=SPRING, at=at, actor=None),
        lambda: evaluate(member, on=SPRING),
    )
    change = newest(member)
    standing = TierStanding.objects.get(enrolment=member)
    assert (standing.tier_id, standing.cause, standing.held_until) == (
        change.to_tier_id, change.cause, change.held_until
    )
    froms = list(TierChange.objects.filter(enrolment=member).order_by("pk").values_list("from_tier__code", flat=True))
    tos = list(TierChange.objects.filter(enrolment=member).order_by("pk").values_list("to_tier__code", flat=True))
    assert froms[1:] == tos[:-1]


def test_chunk_that_fails_is_parked_and_the_rest_is_done(settings: Any) -> None:
    settings.TIER_CHUNK_WALLETS, settings.JOB_CHUNK_ATTEMPTS = 1, 1
    members = members_with(3_000, 3_000)
    good = evaluate_range

    def fails_once(ladder: Any, keys: KeyRange, **facts: Any) -> dict[int, str]:
        if keys.first == members[0].pk:
            raise RuntimeError("the disk is full")
        return good(ladder, keys, **facts)

    with patch("memberships.services.tier_evaluation.evaluate_range", fails_once), \
            patch("operations.services.jobs.RETRY_PAUSE", timedelta()):
        with pytest.raises(AssertionError, match="disk"):
            night(SPRING)
        run = JobRun.objects.get(job="evaluate_tiers")
        work_through(run.pk)
    run.refresh_from_db()
    assert run.state == JobRun.State.FAILED
    assert [tier_of(member) for member in members] == ["normal", "gold"]
    night(SPRING + DAY)
    assert tier_of(members[0]) == "gold"


def test_member_hears_30_and_7_days_before_that_the_tier_would_be_lost_and_what_is_missing() -> None:
    gold, safe = members_with(3_000, 3_000)
    night(SPRING)
    qualify(gold, 400, on=date(2028, 3, 1))
    qualify(safe, 3_000, on=date(2028, 3, 1))
    night(date(2028, 3, 1))
    for on in (date(2028, 11, 30), date(2028, 12, 1), date(2028, 12, 2), date(2028, 12, 24), date(2028, 12, 31)):
        run_job("foresee_downgrades", on=on)
    assert [key.rpartition(":")[2] for key in told("tier.will_change")] == ["30", "7"]
    first = OutboxMessage.objects.filter(topic="tier.will_change").earliest("pk")
    assert first.owner == gold.member_id
    assert first.payload == {
        "member": gold.member_id, "enrolment": gold.pk, "group": "levels", "tier": "gold", "ends_on": "2028-12-31",
        "lost_on": "2029-01-01", "to": "normal", "days": 30, "points": 400, "threshold": 3_000, "missing": 2_600,
    }


def test_member_who_makes_up_for_it_after_the_first_notice_hears_nothing_more() -> None:
    (gold,) = members_with(3_000)
    night(SPRING)
    run_job("foresee_downgrades", on=date(2028, 12, 1))
    qualify(gold, 3_000, on=date(2028, 12, 10))
    night(date(2028, 12, 10))
    run_job("foresee_downgrades", on=date(2028, 12, 24))
    assert len(told("tier.will_change")) == 1


def test_notice_names_the_day_after_the_grace() -> None:
    members_with(3_000, grace_days=14)
    night(SPRING)
    run_job("foresee_downgrades", on=date(2028, 12, 24))
    (message,) = OutboxMessage.objects.filter(topic="tier.will_change")
    assert (message.payload["ends_on"], message.payload["lost_on"]) == ("2028-12-31", "2029-01-15")
    assert message.payload["to"] is None


def test_member_who_has_closed_the_membership_is_told_no_more() -> None:
    closed, there = members_with(3_000, 3_000)
    night(SPRING)
    Member.objects.filter(pk=closed.member_id).update(closed_on=date(2028, 11, 1))
    run_job("foresee_downgrades", on=date(2028, 12, 24))
    night(date(2029, 1, 1))
    assert [steps(member)[-1] for member in (closed, there)] == [("down", "normal", date(2029, 1, 1))] * 2
    messages = OutboxMessage.objects.filter(topic__startswith="tier.", created_at__gt=morning(SPRING + DAY))
    assert sorted(messages.values_list("owner", "topic")) == [
        (there.member_id, "tier.changed"), (there.member_id, "tier.will_change")
    ]


def test_notice_is_sent_once_however_often_the_night_is_run() -> None:
    members_with(3_000)
    night(SPRING)
    run = run_job("foresee_downgrades", on=date(2028, 12, 24))
    worked(run_again(run, actor=an_operator(), at=morning(date(2028, 12, 24))))
    assert len(told("tier.will_change")) == 1


def test_end_of_a_tier_set_by_hand_is_told_too() -> None:
    (member,) = members_with(0)
    by_hand(member, "gold", on=SPRING, until=date(2027, 6, 30))
    run_job("foresee_downgrades", on=date(2027, 6, 23))
    (message,) = OutboxMessage.objects.filter(topic="tier.will_change")
    assert (message.payload["tier"], message.payload["to"], message.payload["missing"]) == ("gold", "normal", None)


def test_chunks_name_their_ladder() -> None:
    members_with(3_000)
    chunk = night(SPRING).chunks.get()
    assert str(chunk.subject_label) in ("等级", "Levels")
