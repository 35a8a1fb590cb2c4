"""The night: one run of each nightly job for each date, oldest first, whatever beat and the clocks do."""

from collections.abc import Iterator
from datetime import date, timedelta
from typing import Any

import pytest
from django.utils import timezone

from operations.errors import RunStateError
from operations.models import JobChunk, JobRun
from operations.services import nights
from operations.services.jobs import cancel_run, start_run
from operations.services.nights import (
    last_night,
    missing_dates,
    run_again,
    start_by_hand,
    start_missing_runs,
    waits_for,
)
from operations.tasks import start_nights, work_on_run, work_through
from tests.operations.job_stories import (
    DAY,
    CountSheep,
    NightlySheep,
    at_night,
    forget_pauses,
    fresh,
    registered,
    together,
)

pytestmark = pytest.mark.django_db
State = JobRun.State
ONE_DAY = timedelta(days=1)


@pytest.fixture
def sheep() -> Iterator[NightlySheep]:
    job = NightlySheep()
    with registered(job):
        yield job


def dates_of(job: CountSheep) -> list[date]:
    """The dates that the job has a run for, in the order in which they were made."""
    runs = JobRun.objects.of_the_night().filter(job=job.name).order_by("pk")
    return list(runs.values_list("business_date", flat=True))


def a_night(job: CountSheep, day: date) -> JobRun:
    """The job ran on that date, and ended."""
    run = start_run(job.name, business_date=day, actor=None, at=at_night(day))
    work_on_run(run.pk)
    return fresh(run)


def test_a_job_that_never_ran_begins_with_today(sheep: NightlySheep) -> None:
    assert [run.business_date for run in start_missing_runs(at_night(DAY))] == [DAY]
    assert start_missing_runs(at_night(DAY)) == []


def test_the_night_begins_ten_past_midnight_in_shanghai(sheep: NightlySheep) -> None:
    assert start_missing_runs(at_night(DAY, "00:09")) == []
    a_night(sheep, DAY - ONE_DAY)
    assert start_missing_runs(at_night(DAY, "00:09:59")) == []
    assert last_night(at_night(DAY, "00:09:59")) == DAY - ONE_DAY
    assert [run.business_date for run in start_missing_runs(at_night(DAY, "00:10"))] == [DAY]


def test_beat_off_for_three_days_gives_three_runs_one_after_the_other(sheep: NightlySheep) -> None:
    a_night(sheep, DAY - 3 * ONE_DAY)
    made = []
    for _tick in range(3):
        (run,) = start_missing_runs(at_night(DAY))
        assert start_missing_runs(at_night(DAY)) == [], "the next date waits for the end of this one"
        work_on_run(run.pk)
        made.append(run.business_date)
    assert made == [DAY - 2 * ONE_DAY, DAY - ONE_DAY, DAY]
    assert start_missing_runs(at_night(DAY)) == []


def test_dates_with_nothing_to_do_are_over_at_once(sheep: NightlySheep) -> None:
    a_night(sheep, DAY - 30 * ONE_DAY)
    sheep.chunks = 0
    made = start_missing_runs(at_night(DAY))
    assert [run.business_date for run in made] == [DAY - ONE_DAY * ago for ago in range(29, -1, -1)]
    assert {fresh(run).state for run in made} == {State.SUCCEEDED}


@pytest.mark.django_db(transaction=True)
def test_two_beats_at_once_make_one_run_a_date(sheep: NightlySheep) -> None:
    a_night(sheep, DAY - 5 * ONE_DAY)
    sheep.chunks = 0
    together(*[lambda: start_missing_runs(at_night(DAY))] * 4)
    start_missing_runs(at_night(DAY))
    assert dates_of(sheep) == [DAY - ONE_DAY * ago for ago in range(5, -1, -1)]
    assert len(sheep.finished) == 6


@pytest.mark.django_db(transaction=True)
def test_two_beats_and_two_workers_leave_no_date_out_and_do_none_twice(sheep: NightlySheep) -> None:
    a_night(sheep, DAY - 4 * ONE_DAY)

    def tick_and_work() -> None:
        while len(dates_of(sheep)) < 5 or JobRun.objects.unfinished().exists():
            for run in start_missing_runs(at_night(DAY)):
                work_through(run.pk)

    together(tick_and_work, tick_and_work)
    runs = JobRun.objects.of_the_night().filter(job=sheep.name).order_by("business_date")
    assert [run.business_date for run in runs] == [DAY - ONE_DAY * ago for ago in range(4, -1, -1)]
    assert {run.state for run in runs} == {State.SUCCEEDED} and len(sheep.worked) == 5
    assert dates_of(sheep) == sorted(dates_of(sheep))


def test_a_date_that_failed_or_was_cancelled_lets_the_next_begin(sheep: NightlySheep) -> None:
    def fail(chunk: JobChunk) -> None:
        raise ValueError("a sheep is missing")

    sheep.before = fail
    (first,) = start_missing_runs(at_night(DAY))
    for _attempt in range(4):
        work_on_run(first.pk)
        forget_pauses(first)
    assert fresh(first).state == State.FAILED
    (second,) = start_missing_runs(at_night(DAY + ONE_DAY))
    cancel_run(second, actor=None, at=timezone.now())
    (third,) = start_missing_runs(at_night(DAY + 2 * ONE_DAY))
    assert third.business_date == DAY + 2 * ONE_DAY


def test_a_job_waits_for_those_it_comes_after(sheep: NightlySheep) -> None:
    shear = NightlySheep("shear_after_counting", after=[sheep.name, "a_job_that_is_gone", "check_import"])
    with registered(shear):
        (counting,) = start_missing_runs(at_night(DAY))
        assert counting.job == sheep.name
        wait = waits_for(shear, DAY, missing_dates(at_night(DAY)))
        assert wait is not None and (wait.job.name, wait.date) == (sheep.name, DAY)
        work_on_run(counting.pk)
        (shearing,) = start_missing_runs(at_night(DAY))
        assert (shearing.job, shearing.business_date) == (shear.name, DAY)


def test_whoever_comes_first_in_the_register_the_order_is_that_of_the_jobs() -> None:
    late, early = NightlySheep("late", chunks=0, after=["early"]), NightlySheep("early", chunks=0)
    with registered(late, early):
        assert [run.job for run in start_missing_runs(at_night(DAY))] == ["early", "late"]


def test_a_job_waits_for_every_date_of_those_it_comes_after(sheep: NightlySheep) -> None:
    shear = NightlySheep("shear_after_counting", chunks=0, after=[sheep.name])
    with registered(shear):
        for job in (sheep, shear):
            a_night(job, DAY - 2 * ONE_DAY)
        order = []
        for _tick in range(6):
            for run in start_missing_runs(at_night(DAY)):
                order.append((run.job, run.business_date))
                work_on_run(run.pk)
    for day in (DAY - ONE_DAY, DAY):
        assert order.index((sheep.name, day)) < order.index((shear.name, day))
    assert dates_of(sheep) == dates_of(shear) == [DAY - 2 * ONE_DAY, DAY - ONE_DAY, DAY]


def test_a_job_that_is_new_holds_nobody_up_for_dates_it_never_ran_for(sheep: NightlySheep) -> None:
    a_night(sheep, DAY - 2 * ONE_DAY)
    new = NightlySheep("new", chunks=0)
    sheep.after, sheep.chunks = ("new",), 0
    with registered(new):
        made = [(run.job, run.business_date) for run in start_missing_runs(at_night(DAY))]
    assert made == [(sheep.name, DAY - ONE_DAY), ("new", DAY), (sheep.name, DAY)]


def test_a_clock_that_is_put_back_makes_nothing_twice(sheep: NightlySheep) -> None:
    sheep.chunks = 0
    for clock in ("23:59", "00:30", "21:30", "00:30"):
        day = DAY if clock == "00:30" else DAY - ONE_DAY
        start_missing_runs(at_night(day, clock))
    assert dates_of(sheep) == [DAY - ONE_DAY, DAY]


def test_a_clock_that_runs_a_day_ahead_makes_that_day_once(sheep: NightlySheep) -> None:
    sheep.chunks = 0
    at = at_night(DAY)
    for instant in (at, at + timedelta(hours=25), at, at + timedelta(hours=25), at + ONE_DAY, at - timedelta(hours=2)):
        for run in start_missing_runs(instant):
            assert run.business_date <= last_night(instant)
    assert dates_of(sheep) == [DAY, DAY + ONE_DAY]


def test_a_job_whose_first_run_is_of_a_day_that_the_clock_took_back_waits_for_it(sheep: NightlySheep) -> None:
    sheep.chunks = 0
    start_missing_runs(at_night(DAY) + timedelta(hours=25))
    assert start_missing_runs(at_night(DAY)) == []
    start_missing_runs(at_night(DAY + 2 * ONE_DAY))
    assert dates_of(sheep) == [DAY + ONE_DAY, DAY + 2 * ONE_DAY]


def test_a_date_that_was_started_by_hand_too_early_leaves_no_gap_before_it(sheep: NightlySheep) -> None:
    sheep.chunks = 0
    a_night(sheep, DAY - 3 * ONE_DAY)
    start_by_hand(sheep.name, business_date=DAY, actor=None, at=at_night(DAY))
    start_missing_runs(at_night(DAY))
    assert sorted(dates_of(sheep)) == [DAY - ONE_DAY * ago for ago in (3, 2, 1, 0)]


def test_a_date_of_long_ago_that_was_started_by_hand_makes_no_other_date_missing(sheep: NightlySheep) -> None:
    sheep.chunks = 0
    start_by_hand(sheep.name, business_date=DAY - 300 * ONE_DAY, actor=None, at=at_night(DAY - ONE_DAY))
    assert missing_dates(at_night(DAY)) == {sheep.name: [DAY]}, "a job whose nights have not begun begins with today"
    a_night(sheep, DAY - 2 * ONE_DAY)
    assert missing_dates(at_night(DAY)) == {sheep.name: [DAY - ONE_DAY, DAY]}
    start_missing_runs(at_night(DAY))
    assert missing_dates(at_night(DAY)) == {sheep.name: []}


def test_after_years_only_the_last_dates_are_made_up_for(sheep: NightlySheep, monkeypatch: Any) -> None:
    monkeypatch.setattr(nights, "DATES_AT_ONCE", 5)
    sheep.chunks = 0
    a_night(sheep, DAY - 1000 * ONE_DAY)
    start_missing_runs(at_night(DAY))
    assert dates_of(sheep)[1:] == [DAY - ONE_DAY * ago for ago in (4, 3, 2, 1, 0)]
    assert start_missing_runs(at_night(DAY)) == []


def test_over_a_leap_year_there_is_no_gap_and_no_overlap(sheep: NightlySheep) -> None:
    sheep.chunks = 0
    begin = date(2027, 12, 20)
    for number in range(0, 400, 14):  # beat is on every other week
        start_missing_runs(at_night(begin + number * ONE_DAY))
    assert dates_of(sheep) == [begin + number * ONE_DAY for number in range(393)]


def test_a_plan_that_fails_holds_up_its_own_job_only(sheep: NightlySheep) -> None:
    broken = NightlySheep("broken")
    broken.plan = lambda run: 1 / 0  # type: ignore[assignment,method-assign,return-value]
    with registered(broken):
        assert [run.job for run in start_missing_runs(at_night(DAY))] == [sheep.name]
        del broken.plan  # type: ignore[method-assign]
        assert [run.job for run in start_missing_runs(at_night(DAY))] == ["broken"]


def test_jobs_that_are_not_nightly_have_no_night() -> None:
    with registered(CountSheep()):
        assert start_missing_runs(at_night(DAY)) == []


def test_dry_runs_and_runs_again_are_not_the_nights_own(sheep: NightlySheep) -> None:
    start_run(sheep.name, business_date=DAY, scope="again@1", actor=None, at=at_night(DAY))
    start_run(sheep.name, business_date=DAY, scope="dry-run@1", actor=None, at=at_night(DAY), is_dry_run=True)
    assert [run.scope for run in start_missing_runs(at_night(DAY))] == [""]


@pytest.mark.django_db(transaction=True)
def test_beats_task_makes_the_night_and_the_end_of_a_run_calls_for_the_next(
    sheep: NightlySheep, monkeypatch: pytest.MonkeyPatch
) -> None:
    calls: list[Any] = []
    monkeypatch.setattr(start_nights, "apply_async", lambda *args, **options: calls.append(options))
    JobRun.objects.create(
        job=sheep.name, business_date=timezone.localdate() - ONE_DAY, requested_at=timezone.now(),
        state=State.SUCCEEDED,
    )
    start_nights()
    for run in JobRun.objects.unfinished():
        work_through(run.pk)
    assert JobRun.objects.filter(job=sheep.name, business_date=last_night(timezone.now())).exists()
    assert JobRun.objects.unfinished().count() == 0 and len(calls) == len(sheep.finished) == 1


def test_a_day_that_has_not_come_is_not_run_by_hand(sheep: NightlySheep) -> None:
    with pytest.raises(RunStateError):
        start_by_hand(sheep.name, business_date=DAY + ONE_DAY, actor=None, at=at_night(DAY, "23:59:59"))
    with pytest.raises(RunStateError):
        start_by_hand("check_import", business_date=DAY, actor=None, at=at_night(DAY))
    assert not JobRun.objects.exists()


# --- again

def test_an_ended_night_is_run_again_under_the_next_number(sheep: NightlySheep) -> None:
    night = a_night(sheep, DAY)
    first = run_again(night, actor=None, at=at_night(DAY))
    assert (first.scope, first.business_date, first.job) == ("again@1", DAY, sheep.name)
    assert run_again(night, actor=None, at=at_night(DAY)) == first, "it is at work"
    with pytest.raises(RunStateError):
        run_again(first, actor=None, at=at_night(DAY))
    work_on_run(first.pk)
    assert run_again(first, actor=None, at=at_night(DAY)).scope == "again@2"
    assert sheep.worked == [1, 1]


def test_what_is_not_a_dates_own_is_not_run_again(sheep: NightlySheep) -> None:
    unfinished = start_run(sheep.name, business_date=DAY, actor=None, at=at_night(DAY))
    batch = start_run(sheep.name, business_date=DAY - ONE_DAY, scope="12", actor=None, at=at_night(DAY))
    dry = start_run(
        sheep.name, business_date=DAY - ONE_DAY, scope="dry-run@1", actor=None, at=at_night(DAY), is_dry_run=True
    )
    for run in (unfinished, batch, dry):
        with pytest.raises(RunStateError):
            run_again(run, actor=None, at=at_night(DAY))


@pytest.mark.django_db(transaction=True)
def test_two_who_press_run_again_at_once_start_one_run(sheep: NightlySheep) -> None:
    night = a_night(sheep, DAY)
    runs = together(*[lambda: run_again(night, actor=None, at=at_night(DAY))] * 5)
    assert {run.scope for run in runs} == {"again@1"}
