"""Runs of jobs: made once, worked on in chunks, cancelled, resumed, and found again when nobody is at them."""

import threading
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from operations import registry
from operations.errors import RunStateError
from operations.models import JobChunk, JobRun, User
from operations.services import jobs
from operations.services.jobs import cancel_run, end_run_if_done, resume_run, take_chunk, work_chunk
from operations.tasks import dispatch_runs, work_on_run, work_through
from tests.memberships.factories import an_operator
from tests.operations.job_stories import DAY, CountSheep, a_run, forget_pauses, fresh, together

pytestmark = pytest.mark.django_db
State = JobRun.State


@pytest.fixture
def sheep() -> Iterator[CountSheep]:
    job = CountSheep()
    registry.jobs.register(job)
    yield job
    del registry.jobs._entries[job.name]




def test_a_run_is_done_chunk_by_chunk_and_says_how_far_it_is(sheep: CountSheep) -> None:
    run = a_run(sheep)
    assert (run.state, run.total, run.done) == (State.QUEUED, 30, 0)
    chunk = take_chunk(run, at=timezone.now())
    assert chunk is not None
    work_chunk(run, chunk, clock=timezone.now)
    assert fresh(run).done == 10 and fresh(run).heartbeat_at is not None
    work_on_run(run.pk)
    run = fresh(run)
    assert (run.state, run.done, run.failed) == (State.SUCCEEDED, 30, 0)
    assert run.started_at is not None and run.finished_at is not None
    assert sheep.worked == [1, 2, 3] and sheep.finished == [State.SUCCEEDED]


def test_a_run_without_chunks_has_succeeded(sheep: CountSheep) -> None:
    sheep.chunks = 0
    run = a_run(sheep)
    work_on_run(run.pk)
    assert fresh(run).state == State.SUCCEEDED


def test_a_job_runs_once_for_a_date_and_a_scope(sheep: CountSheep) -> None:
    runs = [a_run(sheep), a_run(sheep), a_run(sheep, scope="north"), a_run(sheep, on=DAY + timedelta(days=1))]
    assert runs[0] == runs[1] and len({run.pk for run in runs}) == 3
    assert runs[0].chunks.count() == 3


@pytest.mark.django_db(transaction=True)
def test_ten_that_start_the_same_run_at_once_start_one(sheep: CountSheep) -> None:
    runs = together(*[lambda: a_run(sheep)] * 10)
    assert len({run.pk for run in runs}) == 1
    assert runs[0].chunks.count() == 3


def test_a_plan_that_fails_leaves_no_run(sheep: CountSheep) -> None:
    sheep.plan = lambda run: 1 / 0  # type: ignore[assignment,method-assign,return-value]
    with pytest.raises(ZeroDivisionError):
        a_run(sheep)
    assert not JobRun.objects.filter(job=sheep.name).exists()


def test_the_same_task_delivered_again_does_nothing(sheep: CountSheep) -> None:
    run = a_run(sheep)
    chunk = take_chunk(run, at=timezone.now())
    assert chunk is not None
    for _delivery in range(3):
        work_chunk(run, chunk, clock=timezone.now)
        work_on_run(run.pk)
    assert sorted(sheep.worked) == [1, 2, 3] and fresh(run).done == 30
    assert sheep.finished == [State.SUCCEEDED]


def test_a_chunk_that_was_just_taken_is_left_alone(sheep: CountSheep) -> None:
    sheep.chunks = 1
    run, at = a_run(sheep), timezone.now()
    assert take_chunk(run, at=at) is not None
    assert take_chunk(run, at=at + jobs.RETRY_PAUSE / 2) is None
    again = take_chunk(run, at=at + jobs.RETRY_PAUSE * 2)
    assert again is not None and again.attempts == 2


@pytest.mark.django_db(transaction=True)
def test_many_workers_share_the_chunks_and_do_none_twice(sheep: CountSheep) -> None:
    sheep.chunks = 24
    run = a_run(sheep)
    together(*[lambda: work_through(run.pk)] * 6)
    assert sorted(sheep.worked) == list(range(1, 25))
    assert (fresh(run).state, fresh(run).done) == (State.SUCCEEDED, 240)
    assert sheep.finished == [State.SUCCEEDED]


@pytest.mark.django_db(transaction=True)
def test_the_work_of_a_chunk_and_its_row_are_one_transaction(sheep: CountSheep) -> None:
    def break_on_second(chunk: JobChunk) -> None:
        User.objects.create(username=f"half-{chunk.number}")
        if chunk.number == 2:
            raise ValueError("a sheep is missing")

    sheep.before = break_on_second
    run = a_run(sheep)
    work_on_run(run.pk)
    assert set(User.objects.values_list("username", flat=True)) == {
        "half-1", "half-3", f"sheep-{run.pk}-1", f"sheep-{run.pk}-3",
    }
    assert fresh(run).done == 20 and fresh(run).state == State.RUNNING
    forget_pauses(run)
    sheep.before = lambda chunk: None
    work_on_run(run.pk)
    assert (fresh(run).state, fresh(run).done) == (State.SUCCEEDED, 30)
    assert run.chunks.get(number=2).error == ""


def test_a_cancelled_run_stops_at_the_end_of_its_chunk_and_goes_on_later(sheep: CountSheep) -> None:
    xiaomei = an_operator()
    run = a_run(sheep)

    def cancel_in_second(chunk: JobChunk) -> None:
        if chunk.number == 2:
            cancel_run(run, actor=xiaomei, at=timezone.now())

    sheep.before = cancel_in_second
    work_on_run(run.pk)
    run = fresh(run)
    assert (run.state, run.done, run.cancelled_by) == (State.CANCELLED, 20, xiaomei)
    assert sheep.worked == [1, 2]
    work_on_run(run.pk)
    assert sheep.worked == [1, 2]
    sheep.before = lambda chunk: None
    run = resume_run(run, actor=xiaomei, at=timezone.now())
    assert (run.state, run.cancelled_by, run.finished_at) == (State.QUEUED, None, None)
    work_on_run(run.pk)
    assert (fresh(run).state, fresh(run).done, sheep.worked) == (State.SUCCEEDED, 30, [1, 2, 3])


def test_a_run_cancelled_in_its_last_chunk_has_succeeded(sheep: CountSheep) -> None:
    sheep.chunks = 1
    run = a_run(sheep)
    sheep.before = lambda chunk: cancel_run(run, actor=None, at=timezone.now()) and None  # type: ignore[func-returns-value]
    work_on_run(run.pk)
    assert (fresh(run).state, fresh(run).done) == (State.SUCCEEDED, 10)
    assert sheep.finished == [State.CANCELLED, State.SUCCEEDED]


def test_a_chunk_taken_before_the_cancellation_is_not_begun_after_it(sheep: CountSheep) -> None:
    run = a_run(sheep)
    chunk = take_chunk(run, at=timezone.now())
    assert chunk is not None
    cancel_run(run, actor=None, at=timezone.now())
    work_chunk(run, chunk, clock=timezone.now)
    assert sheep.worked == [] and fresh(run).state == State.CANCELLED


@pytest.mark.django_db(transaction=True)
def test_cancelled_and_resumed_under_a_worker_nothing_is_lost_or_locked_for_ever(sheep: CountSheep) -> None:
    run = a_run(sheep)
    is_working, may_end = threading.Event(), threading.Event()

    def wait(chunk: JobChunk) -> None:
        is_working.set()
        may_end.wait(10)

    def cancel_and_resume() -> None:
        is_working.wait(10)
        cancel_run(run, actor=None, at=timezone.now())
        threading.Timer(0.5, may_end.set).start()
        resume_run(run, actor=None, at=timezone.now())

    sheep.before = wait
    together(lambda: work_on_run(run.pk), cancel_and_resume)
    work_through(run.pk)
    assert sorted(sheep.worked) == [1, 2, 3]
    assert (fresh(run).state, fresh(run).done) == (State.SUCCEEDED, 30)
    assert not run.chunks.exclude(error="").exists()


def test_cancelling_twice_is_cancelling_once_and_an_ended_run_stays_as_it_is(sheep: CountSheep) -> None:
    run = a_run(sheep)
    cancel_run(run, actor=None, at=timezone.now())
    assert cancel_run(run, actor=None, at=timezone.now()).state == State.CANCELLED
    assert sheep.finished == [State.CANCELLED]
    other = a_run(sheep, scope="north")
    work_on_run(other.pk)
    with pytest.raises(RunStateError):
        cancel_run(other, actor=None, at=timezone.now())
    with pytest.raises(RunStateError):
        resume_run(other, actor=None, at=timezone.now())
    assert not end_run_if_done(other.pk, at=timezone.now())


def test_resuming_a_run_that_goes_on_changes_nothing(sheep: CountSheep) -> None:
    run = a_run(sheep)
    assert resume_run(run, actor=None, at=timezone.now()).state == State.QUEUED


def test_a_silent_run_is_handed_out_again_and_a_lively_one_is_not(
    sheep: CountSheep, monkeypatch: pytest.MonkeyPatch, settings: Any
) -> None:
    settings.JOB_SILENCE_SECONDS = 20
    nudged: list[JobRun] = []
    monkeypatch.setattr(jobs, "nudge", lambda run, **options: nudged.append(run))
    new, silent, put_back, lively, ended = (
        a_run(sheep, scope=scope) for scope in ("new", "silent", "clock put back", "lively", "ended")
    )
    at = timezone.now()
    JobRun.objects.filter(pk=silent.pk).update(state=State.RUNNING, heartbeat_at=at - timedelta(seconds=21))
    JobRun.objects.filter(pk=put_back.pk).update(state=State.RUNNING, heartbeat_at=at + timedelta(hours=2))
    JobRun.objects.filter(pk=lively.pk).update(state=State.RUNNING, heartbeat_at=at - timedelta(seconds=5))
    work_on_run(ended.pk)
    dispatch_runs()
    assert {run.pk for run in nudged} == {new.pk, silent.pk, put_back.pk}
