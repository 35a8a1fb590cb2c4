"""Jobs that call the outside world: workers die, sessions end, runs are cancelled in the middle of their calls."""

import os
import signal
import threading
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.conf import settings as project
from django.db import connection
from django.utils import timezone

from operations.models import JobChunk, JobRun
from operations.services.holds import is_free
from operations.services.jobs import RETRY_PAUSE, cancel_run, lane_of, resume_run, start_run, take_chunk, work_chunk
from operations.tasks import work_on_run, work_through
from tests.operations.job_stories import (
    DAY,
    CallSheep,
    CountSheep,
    a_run,
    answers,
    at_night,
    forget_pauses,
    fresh,
    registered,
    together,
)

pytestmark = pytest.mark.django_db(transaction=True)
State = JobRun.State


class Killed(BaseException):
    """What ends a worker without a word."""


@pytest.fixture
def sheep(settings: Any) -> Iterator[CallSheep]:
    settings.JOB_LANES = {"field": 1}
    job = CallSheep()
    with registered(job):
        yield job


def at(number: int, act: Callable[[], Any]) -> Callable[[int], None]:
    """Do something once, when it is this number's turn."""
    done: list[int] = []

    def check(turn: int) -> None:
        if turn == number and not done:
            done.append(turn)
            act()

    return check


def end_session() -> None:
    """The database ends the worker's session."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        backend = cursor.fetchone()[0]
    other = connection.copy()
    with other.cursor() as cursor:
        cursor.execute("SELECT pg_terminate_backend(%s)", [backend])
    other.close()


def raise_error(error: BaseException) -> Callable[[], None]:
    def act() -> None:
        raise error

    return act


def is_free_to_others(name: str) -> bool:
    """Whether another session could hold it."""
    (answer,) = together(lambda: is_free(name))
    return bool(answer)


def test_a_chunk_asks_calls_and_writes_down_batch_by_batch(sheep: CallSheep) -> None:
    run = a_run(sheep)
    work_on_run(run.pk)
    run = fresh(run)
    assert (run.state, run.done, run.failed) == (State.SUCCEEDED, 4, 0)
    assert sheep.called == answers() == [0, 1, 2, 3] and sheep.finished == [State.SUCCEEDED]


def test_calls_are_made_outside_any_transaction(sheep: CallSheep) -> None:
    seen: list[bool] = []
    sheep.before_call = lambda number: seen.append(connection.in_atomic_block)
    work_on_run(a_run(sheep).pk)
    assert seen == [False] * 4


def test_a_session_that_ends_in_the_middle_of_the_calls_leaves_the_chunk_to_the_next(sheep: CallSheep) -> None:
    run = a_run(sheep)
    sheep.before_call = at(2, end_session)
    work_on_run(run.pk)
    chunk = run.chunks.get()
    assert (chunk.state, chunk.attempts) == (JobChunk.State.QUEUED, 1) and "OperationalError" in chunk.error
    assert answers() == [0, 1] and sheep.closed
    forget_pauses(run)
    work_on_run(run.pk)
    assert sheep.called == [0, 1, 2, 3, 2, 3] and answers() == [0, 1, 2, 3]
    assert (fresh(run).state, fresh(run).done) == (State.SUCCEEDED, 4)


def test_a_worker_killed_in_the_middle_of_the_calls_lets_go_of_the_chunk(sheep: CallSheep) -> None:
    run = a_run(sheep)
    listening, speaking = os.pipe()

    def wait_to_be_killed() -> None:
        os.write(speaking, b".")
        threading.Event().wait()

    child = os.fork()
    if not child:
        inherited, connection.connection = connection.connection, None  # the parent's session stays the parent's
        sheep.before_call = at(2, wait_to_be_killed)
        work_on_run(run.pk)
        os._exit(bool(inherited))
    os.read(listening, 1)
    assert take_chunk(run, at=timezone.now() + RETRY_PAUSE) is None, "a living worker holds it"
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)
    work_through(run.pk)
    run = fresh(run)
    assert (run.state, run.done, run.failed) == (State.SUCCEEDED, 4, 0)
    assert sheep.called == [2, 3] and answers() == [0, 1, 2, 3]


def test_a_run_cancelled_in_the_middle_of_the_calls_still_writes_down_what_is_answered(sheep: CallSheep) -> None:
    sheep.chunks = 2
    run = a_run(sheep)
    sheep.before_call = at(1, lambda: cancel_run(run, actor=None, at=timezone.now()))
    work_on_run(run.pk)
    run = fresh(run)
    assert answers() == [0, 1, 2, 3], "the chunk is done to its end, the next is not begun"
    assert (run.state, run.done) == (State.CANCELLED, 4)
    assert sheep.finished == [State.CANCELLED, State.CANCELLED]
    resume_run(run, actor=None, at=timezone.now())
    work_through(run.pk)
    assert (fresh(run).state, fresh(run).done) == (State.SUCCEEDED, 8)


def test_a_run_cancelled_and_resumed_during_the_calls_makes_none_twice(sheep: CallSheep) -> None:
    run = a_run(sheep)

    def cancel_and_resume() -> None:
        cancel_run(run, actor=None, at=timezone.now())
        resume_run(run, actor=None, at=timezone.now())
        together(lambda: work_on_run(run.pk))

    sheep.before_call = at(1, cancel_and_resume)
    work_on_run(run.pk)
    assert sheep.called == [0, 1, 2, 3]
    assert (fresh(run).state, fresh(run).done) == (State.SUCCEEDED, 4)


def test_a_chunk_that_another_session_holds_is_neither_counted_nor_parked_nor_worked_on(sheep: CallSheep) -> None:
    run = a_run(sheep)

    def look_from_aside() -> None:
        chunk = run.chunks.get()
        run.chunks.update(attempts=sheep.attempts, attempted_at=None)
        assert take_chunk(run, at=timezone.now()) is None
        work_chunk(run, chunk, clock=timezone.now)
        assert run.chunks.get().attempts == sheep.attempts

    sheep.before_call = at(2, lambda: together(look_from_aside))
    work_on_run(run.pk)
    assert sheep.called == [0, 1, 2, 3] and fresh(run).state == State.SUCCEEDED


def test_progress_makes_up_for_workers_that_died(sheep: CallSheep) -> None:
    sheep.size, sheep.attempts = 20, 2
    run = a_run(sheep)
    for number in range(3, 20, 2):
        sheep.before_call = at(number, raise_error(Killed()))
        with pytest.raises(Killed):
            work_on_run(run.pk)
        forget_pauses(run)
    sheep.before_call = lambda number: None
    work_on_run(run.pk)
    assert (fresh(run).state, fresh(run).done) == (State.SUCCEEDED, 20)


def test_workers_that_die_without_any_progress_park_the_chunk(sheep: CallSheep) -> None:
    sheep.attempts = 2
    run = a_run(sheep)
    for _death in range(2):
        sheep.before_call = at(0, raise_error(Killed()))
        with pytest.raises(Killed):
            work_on_run(run.pk)
        forget_pauses(run)
    work_on_run(run.pk)
    assert (fresh(run).state, fresh(run).failed, sheep.called) == (State.FAILED, 4, [])


def test_a_chunk_with_an_error_of_its_own_is_parked_even_if_it_gets_a_little_further_each_time(
    sheep: CallSheep,
) -> None:
    sheep.chunks, sheep.size, sheep.attempts = 2, 20, 3

    turns = [0]

    def fail_after_the_first_batch(number: int) -> None:
        if number < 20:
            turns[0] = turns[0] % 3 + 1
            if turns[0] == 3:
                raise ValueError("a sheep barks")

    sheep.before_call = fail_after_the_first_batch
    run = a_run(sheep)
    for _attempt in range(5):
        work_on_run(run.pk)
        forget_pauses(run)
    run, parked = fresh(run), run.chunks.get(state=JobChunk.State.PARKED)
    assert (run.state, run.done, run.failed) == (State.FAILED, 20, 20) and answers()[:7] == [0, 1, 2, 3, 4, 5, 20]
    assert (parked.number, parked.attempts, parked.error) == (1, 3, "ValueError: a sheep barks")
    sheep.before_call = lambda number: None
    work_through(resume_run(run, actor=None, at=timezone.now()).pk)
    assert (fresh(run).state, fresh(run).done, fresh(run).failed) == (State.SUCCEEDED, 40, 0)


def test_calls_have_ended_before_the_chunk_is_anybody_elses(sheep: CallSheep) -> None:
    run = a_run(sheep)
    held: list[bool] = []

    class Watched(list[int]):
        def append(self, one: int) -> None:
            held.append(not is_free_to_others(f"jobchunk:{run.chunks.get().pk}"))

    sheep.closed = Watched()
    sheep.before_record = raise_error_for(1)
    work_on_run(run.pk)
    assert held == [True] and sheep.called == [0, 1]
    assert is_free_to_others(f"jobchunk:{run.chunks.get().pk}")


def raise_error_for(number: int) -> Callable[[int], None]:
    return at(number, raise_error(ValueError("a sheep barks")))


def test_a_dry_run_of_a_calling_job_calls_nobody(settings: Any) -> None:
    class Looking(CallSheep):
        def foresee(self, run: JobRun, chunk: JobChunk, *, at: datetime) -> int:
            return chunk.size

    job = Looking(name="look_at_sheep")
    with registered(job):
        run = start_run(job.name, business_date=DAY, scope="dry-run@1", actor=None, at=at_night(DAY), is_dry_run=True)
        with lane_of(run) as has_place:
            assert has_place()
        run.chunks.update(attempts=project.JOB_CHUNK_ATTEMPTS)
        assert take_chunk(run, at=timezone.now()) is None, "it is tried as often as any chunk that calls nobody"
        resumed = resume_run(finished(run), actor=None, at=timezone.now())
        work_on_run(resumed.pk)
    assert (fresh(run).state, fresh(run).done, job.called, job.finished) == (State.SUCCEEDED, 4, [], [])


def finished(run: JobRun) -> JobRun:
    work_on_run(run.pk)
    assert fresh(run).is_finished
    return fresh(run)


# --- lanes

def test_one_lane_lets_one_run_call_at_a_time(sheep: CallSheep) -> None:
    others = CallSheep(name="call_lambs")
    with registered(others):
        first, second = a_run(sheep), a_run(others)
        sheep.before_call = at(2, lambda: together(lambda: work_on_run(second.pk)))
        work_on_run(first.pk)
        assert (fresh(first).state, fresh(second).state) == (State.SUCCEEDED, State.QUEUED)
        assert others.called == [] and fresh(second).heartbeat_at is None, "beat will look for it soon"
        work_through(second.pk)
    assert fresh(second).state == State.SUCCEEDED


def test_two_lanes_let_two_runs_call_at_a_time(sheep: CallSheep, settings: Any) -> None:
    settings.JOB_LANES = {"field": 2}
    others = CallSheep(name="call_lambs")
    with registered(others):
        first, second = a_run(sheep), a_run(others)
        sheep.before_call = at(2, lambda: together(lambda: work_on_run(second.pk)))
        work_on_run(first.pk)
    assert fresh(second).state == State.SUCCEEDED


def test_a_worker_loses_its_place_with_its_session(sheep: CallSheep) -> None:
    sheep.chunks = 2
    run = a_run(sheep)
    with lane_of(run) as has_place:
        assert has_place()
        connection.close()
        run.refresh_from_db()
        assert not has_place()
    sheep.before_call = at(0, end_session)
    work_on_run(run.pk)
    assert sheep.called == [0, 1], "the second chunk is not begun without a place"
    assert is_free_to_others("lane:field:0")


def test_an_error_does_not_cost_the_place(sheep: CallSheep) -> None:
    sheep.chunks = 2
    run = a_run(sheep)
    sheep.before_record = raise_error_for(0)
    work_on_run(run.pk)
    assert answers() == [4, 5, 6, 7], "the second chunk is done all the same"


# --- shifts and clocks

def test_after_a_shift_the_run_goes_to_the_end_of_the_queue(
    settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.JOB_SHIFT_SECONDS = 0
    nudged: list[Any] = []
    monkeypatch.setattr(work_on_run, "apply_async", lambda arguments, **options: nudged.append(arguments))
    job = CountSheep(chunks=2)
    with registered(job):
        run = a_run(job)
        nudged.clear()
        work_on_run(run.pk)
        assert (job.worked, nudged) == ([1], [[run.pk]])
        work_through(run.pk)
    assert job.worked == [1, 2] and nudged == [[run.pk]]


def test_a_clock_that_is_put_back_does_not_keep_a_chunk_from_everybody() -> None:
    job = CountSheep(chunks=1)
    with registered(job):
        run, now = a_run(job), timezone.now()
        assert take_chunk(run, at=now) is not None
        assert take_chunk(run, at=now - timedelta(hours=2)) is not None
