"""Dry runs: foreseen, approved, and done exactly so, but for what has changed since, which is named."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.utils import timezone, translation
from pghistory.models import Events

from operations.errors import RunStateError
from operations.models import JobRun, RunItem, User
from operations.services import dry_runs
from operations.services.dry_runs import execute_dry_run, left_out, start_dry_run, summary, sweep_items
from operations.services.jobs import cancel_run, start_run
from operations.services.nights import start_by_hand, start_missing_runs
from operations.services.summaries import Figures
from operations.tasks import sweep_dry_runs, work_on_run
from tests.memberships.factories import an_operator
from tests.operations.job_stories import (
    DAY,
    NightlySheep,
    ShearSheep,
    a_flock,
    at_night,
    fresh,
    registered,
    together,
    woolly,
)

pytestmark = pytest.mark.django_db
State, Outcome = JobRun.State, RunItem.Outcome
AT = at_night(DAY)
ONE_DAY = timedelta(days=1)


@pytest.fixture(autouse=True)
def shear() -> Iterator[ShearSheep]:
    job = ShearSheep()
    with registered(job):
        yield job


def foreseen(**options: Any) -> JobRun:
    """A dry run that has ended."""
    run = start_dry_run("shear_sheep", business_date=DAY, actor=None, at=AT, **options)
    work_on_run(run.pk)
    return fresh(run)


def executed(dry_run: JobRun, *, at: Any = AT) -> JobRun:
    run = execute_dry_run(dry_run, actor=None, at=at)
    work_on_run(run.pk)
    return fresh(run)


def outcomes(run: JobRun) -> dict[int, str]:
    return dict(RunItem.objects.filter(run=run).values_list("key", "outcome"))


def test_a_dry_run_says_who_and_how_much_and_does_nothing() -> None:
    white, black, _other = a_flock("white", "black", "white")
    run = foreseen()
    assert (run.state, run.is_dry_run, run.scope, run.done) == (State.SUCCEEDED, True, "dry-run@1", 3)
    assert woolly().count() == 3
    found = summary(run)
    assert (found.items, found.owners, found.amount) == (3, 3, Decimal("4.50"))
    assert found.kinds == {"white": Figures(2, Decimal("3.00")), "black": Figures(1, Decimal("1.50"))}
    assert outcomes(run)[white.pk] == outcomes(run)[black.pk] == Outcome.FORESEEN


def test_the_figures_are_said_in_words() -> None:
    a_flock("white", "black", "white")
    run = foreseen()
    with translation.override("en"):
        assert dry_runs.in_words(run, summary(run)) == "3 records of 3 members, 4.50 kg"


def test_what_comes_in_whole_ones_is_said_without_decimals(shear: ShearSheep) -> None:
    a_flock("white", "black")
    run = foreseen()
    shear.decimals = 0
    found = replace(summary(run), amount=Decimal("1234567.00"))
    with translation.override("en"):
        assert dry_runs.in_words(run, found) == "2 records of 2 members, 1,234,567 kg"
    assert dry_runs.summary_as_json(run, found)["amount"] == "1234567"


def test_while_a_dry_run_is_at_work_its_figures_are_those_so_far() -> None:
    a_flock("white")
    run = start_dry_run("shear_sheep", business_date=DAY, actor=None, at=AT)
    assert summary(run).items == 0 and summary(run).amount is None
    with translation.override("en"):
        assert dry_runs.in_words(run, summary(run)) == "0 records"


def test_a_night_with_nothing_to_do_is_foreseen_at_once() -> None:
    run = start_dry_run("shear_sheep", business_date=DAY, actor=None, at=AT)
    assert fresh(run).state == State.SUCCEEDED and summary(fresh(run)).items == 0


def test_each_dry_run_is_another_and_none_is_the_nights_own() -> None:
    assert [foreseen().scope, foreseen().scope] == ["dry-run@1", "dry-run@2"]
    assert [run.scope for run in start_missing_runs(AT)] == [""]


@pytest.mark.django_db(transaction=True)
def test_two_who_ask_at_once_have_a_dry_run_each() -> None:
    runs = together(*[lambda: start_dry_run("shear_sheep", business_date=DAY, actor=None, at=AT)] * 4)
    assert sorted(run.scope for run in runs) == [f"dry-run@{number}" for number in range(1, 5)]


def test_the_coming_night_is_foreseen_and_none_after_it() -> None:
    start_dry_run("shear_sheep", business_date=DAY + ONE_DAY, actor=None, at=AT)
    with pytest.raises(RunStateError):
        start_dry_run("shear_sheep", business_date=DAY + 2 * ONE_DAY, actor=None, at=AT)


def test_a_job_that_foresees_nothing_has_no_dry_run() -> None:
    with registered(NightlySheep()), pytest.raises(RunStateError):
        start_dry_run("count_sheep_at_night", business_date=DAY, actor=None, at=AT)


# --- executing

def test_what_was_approved_is_done_and_nothing_else() -> None:
    flock = a_flock("white", "black", "white")
    dry_run = foreseen()
    (late,) = a_flock("white")
    run = executed(dry_run)
    assert (run.scope, run.is_dry_run, run.approved_id) == ("", False, dry_run.pk)
    assert (run.state, run.total, run.done, run.failed) == (State.SUCCEEDED, 3, 3, 0)
    assert set(outcomes(dry_run)) == {sheep.pk for sheep in flock}
    assert set(outcomes(dry_run).values()) == {Outcome.DONE}
    assert list(woolly()) == [late]


def test_what_has_changed_since_is_left_out_and_named() -> None:
    white, black, other = a_flock("white", "black", "white")
    dry_run = foreseen()
    User.objects.filter(pk=black.pk).update(first_name="dyed")
    User.objects.filter(pk=white.pk).update(last_name="lost")
    run = executed(dry_run)
    assert (run.done, run.failed) == (1, 2)
    assert [item.key for item in left_out(run)] == [white.pk, black.pk]
    assert outcomes(dry_run)[other.pk] == Outcome.DONE
    assert not left_out(dry_run)


def test_executed_once_however_often_it_is_pressed() -> None:
    a_flock("white")
    dry_run = foreseen()
    run = executed(dry_run)
    assert execute_dry_run(dry_run, actor=None, at=AT) == run
    assert JobRun.objects.filter(is_dry_run=False).count() == 1


@pytest.mark.django_db(transaction=True)
def test_executed_once_when_two_press_at_the_same_time() -> None:
    a_flock("white")
    dry_run = foreseen()
    runs = together(*[lambda: execute_dry_run(dry_run, actor=None, at=AT)] * 4)
    assert len({run.pk for run in runs}) == 1


def test_the_night_does_not_run_again_what_was_executed_for_its_date() -> None:
    a_flock("white")
    run = executed(foreseen())
    assert run.scope == "" and start_missing_runs(AT) == []


def test_when_the_night_was_quicker_the_execution_stands_beside_it() -> None:
    a_flock("white")
    dry_run = foreseen()
    (night,) = start_missing_runs(AT)
    with pytest.raises(RunStateError):
        execute_dry_run(dry_run, actor=None, at=AT)
    work_on_run(night.pk)
    run = executed(dry_run)
    assert (run.scope, run.done, run.failed) == (f"approved@{dry_run.pk}", 0, 1)


def test_the_trail_says_who_approved_and_why() -> None:
    a_flock("white")
    dry_run, xiaomei = foreseen(), an_operator()
    run = execute_dry_run(dry_run, actor=xiaomei, at=AT, reason="figures compared with the invoice")
    assert run.requested_by == xiaomei
    known = Events.objects.tracks(run).get(pgh_label="insert").pgh_context
    assert known["user"] == xiaomei.pk and known["reason"] == "figures compared with the invoice"
    assert known["dry_run"] == dry_run.pk


def test_only_the_newest_dry_run_is_executed() -> None:
    a_flock("white")
    old, new = foreseen(), foreseen()
    with pytest.raises(RunStateError):
        execute_dry_run(old, actor=None, at=AT)
    assert executed(new).done == 1


def test_a_dry_run_that_has_not_seen_everything_is_not_executed() -> None:
    a_flock("white")
    unfinished = start_dry_run("shear_sheep", business_date=DAY, actor=None, at=AT)
    with pytest.raises(RunStateError):
        execute_dry_run(unfinished, actor=None, at=AT)
    with pytest.raises(RunStateError):
        execute_dry_run(cancel_run(unfinished, actor=None, at=AT), actor=None, at=AT)
    assert not JobRun.objects.filter(is_dry_run=False).exists()


def test_a_real_run_is_no_dry_run() -> None:
    night = start_by_hand("shear_sheep", business_date=DAY, actor=None, at=AT)
    with pytest.raises(RunStateError):
        execute_dry_run(night, actor=None, at=AT)


def test_a_dry_run_of_the_coming_night_is_not_executed_before_it() -> None:
    a_flock("white")
    run = start_dry_run("shear_sheep", business_date=DAY + ONE_DAY, actor=None, at=AT)
    work_on_run(run.pk)
    with pytest.raises(RunStateError):
        execute_dry_run(run, actor=None, at=AT)
    assert executed(run, at=AT + ONE_DAY).done == 1


def test_the_job_is_not_told_that_a_dry_run_ends(shear: ShearSheep, monkeypatch: pytest.MonkeyPatch) -> None:
    ends: list[JobRun] = []
    monkeypatch.setattr(shear, "finish", lambda run, at: ends.append(run))
    a_flock("white")
    dry_run = foreseen()
    assert ends == []
    assert ends == [executed(dry_run)]


# --- old ones

def aged(run: JobRun, days: int) -> JobRun:
    JobRun.objects.filter(pk=run.pk).update(requested_at=timezone.now() - timedelta(days=days))
    return fresh(run)


def test_after_thirty_days_the_items_go_and_the_figures_stay(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(dry_runs, "SWEPT_AT_ONCE", 2)
    a_flock("white", "black", "white", "white", "white")
    old, young = aged(foreseen(), 31), aged(foreseen(), 29)
    sweep_dry_runs()
    assert not old.items.exists() and young.items.count() == 5
    assert summary(old).items == 5 and summary(old).amount == Decimal("7.50")
    sweep_dry_runs()


def test_a_dry_run_whose_items_go_is_not_executed_any_more() -> None:
    a_flock("white")
    run = aged(foreseen(), 31)
    with pytest.raises(RunStateError):
        execute_dry_run(run, actor=None, at=timezone.now() + timedelta(days=100))


def test_the_items_of_a_dry_run_that_is_being_executed_stay_until_it_was() -> None:
    a_flock("white")
    dry_run = foreseen()
    run = execute_dry_run(dry_run, actor=None, at=AT)
    much_later = AT + timedelta(days=60)
    assert sweep_items(much_later) == 0
    work_on_run(run.pk)
    assert (fresh(run).done, sweep_items(much_later)) == (1, 1)


def test_a_run_for_the_same_date_that_was_started_by_hand_is_not_mistaken_for_the_execution() -> None:
    a_flock("white")
    night = start_run("shear_sheep", business_date=DAY, actor=None, at=AT)
    work_on_run(night.pk)
    a_flock("white")
    run = executed(foreseen())
    assert run.pk != night.pk and run.done == 1
