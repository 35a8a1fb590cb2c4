"""Cards that move to a newer version of their plan: whom the dry run names, and that nobody else moves."""

from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

import pytest

from memberships.models import Plan, Subscription
from memberships.services.subscriptions import cancel_subscription, join
from operations.models import JobRun, RunItem
from operations.services.dry_runs import execute_dry_run, start_dry_run
from tests.memberships.factories import TODAY, a_person, an_operator
from tests.memberships.night_stories import at_night, run_job, worked
from tests.memberships.programme_stories import club, with_plan
from tests.programmes.stories import approved, in_effect, submitted

pytestmark = pytest.mark.django_db
MOVES_ON = date(2027, 3, 1)


@pytest.fixture(autouse=True)
def _small_chunks(settings: Any) -> None:
    settings.LAPSE_CHUNK_CARDS = 2


@pytest.fixture
def cards() -> list[Subscription]:
    """Three cards of the first version; a second one takes them over in March."""
    plan = in_effect(club()).plans.get()
    sold = [join(a_person(), plan, on=TODAY, actor=None) for _number in range(3)]
    dearer = with_plan(price="129", existing_subscriptions={"move_on": MOVES_ON.isoformat()})
    approved(submitted(dearer, effective_on=TODAY + timedelta(days=7)))
    run_job("apply_programme_revisions", on=TODAY + timedelta(days=7))
    return sold


def foreseen() -> JobRun:
    return worked(start_dry_run("move_cards", business_date=MOVES_ON, actor=None, at=at_night(MOVES_ON)))


def executed(dry_run: JobRun) -> JobRun:
    return worked(execute_dry_run(dry_run, actor=an_operator("approver"), at=at_night(MOVES_ON)))


def items(dry_run: JobRun) -> list[tuple[int, int | None, str, str]]:
    """Card, member, kind and outcome of each item."""
    return list(RunItem.objects.filter(run=dry_run).order_by("key").values_list("key", "owner", "kind", "outcome"))


def versions() -> list[int]:
    """Of the plan of each card."""
    return list(Subscription.objects.order_by("pk").values_list("plan__version", flat=True))


def test_the_dry_run_names_the_cards_that_would_move_and_moves_none(cards: list[Subscription]) -> None:
    dry_run = foreseen()
    assert items(dry_run) == [(card.pk, card.member_id, "move", "foreseen") for card in cards]
    assert (dry_run.total, dry_run.done, dry_run.chunks.count()) == (3, 3, 2)
    assert versions() == [1, 1, 1]


def test_exactly_those_move_when_it_is_approved(cards: list[Subscription]) -> None:
    dry_run = foreseen()
    latecomer = join(a_person(), cards[0].plan, on=TODAY, actor=None)
    run = executed(dry_run)
    assert (run.done, run.failed) == (3, 0)
    assert [outcome for *_item, outcome in items(dry_run)] == ["done"] * 3
    assert versions() == [2, 2, 2, 1]
    assert run_job("move_cards", on=MOVES_ON, scope="again@1").done == 1
    latecomer.refresh_from_db()
    assert latecomer.plan.version == 2


def cancelled_for_good(card: Subscription) -> None:
    cancel_subscription(card, on=TODAY, reason="enough", actor=None)
    Subscription.objects.filter(pk=card.pk).update(ended_on=card.terms.get().ends_on)


def moved_by_the_night(card: Subscription) -> None:
    Subscription.objects.filter(pk=card.pk).update(plan=Plan.objects.get(version=2))


@pytest.mark.parametrize("changed", [cancelled_for_good, moved_by_the_night])
def test_a_card_that_changed_since_is_named_and_left_out_and_the_others_move(
    cards: list[Subscription], changed: Callable[[Subscription], None]
) -> None:
    dry_run = foreseen()
    changed(cards[1])
    before = versions()[1]
    run = executed(dry_run)
    assert (run.done, run.failed) == (2, 1)
    assert [outcome for *_item, outcome in items(dry_run)] == ["done", "left_out", "done"]
    assert versions() == [2, before, 2]


def test_nobody_moves_to_a_version_that_is_another_since(cards: list[Subscription]) -> None:
    dry_run = foreseen()
    Plan.objects.filter(version=2).update(grace_days=30)
    run = executed(dry_run)
    assert (run.done, run.failed, versions()) == (0, 3, [1, 1, 1])


def test_a_repeat_of_the_execution_moves_nobody_twice(cards: list[Subscription]) -> None:
    dry_run = foreseen()
    run = executed(dry_run)
    assert execute_dry_run(dry_run, actor=None, at=at_night(MOVES_ON)) == run
    assert versions() == [2, 2, 2]
