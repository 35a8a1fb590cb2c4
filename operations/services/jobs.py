"""Runs of jobs: start, work, cancel, resume.

A job plans its chunks once; workers take queued chunks with SKIP LOCKED, any number of workers at a time.
The chunk's effect, its row and the run's counts are one transaction. A crash leaves the chunk queued, and
`silent` finds the run again. All functions may be called again at any time.

The chunk of a job that calls the outside world is held meanwhile for the database session (services/holds.py), which
PostgreSQL lets go of when the worker dies.
"""

from collections.abc import Callable, Generator, Iterator
from contextlib import contextmanager
from datetime import date, datetime, timedelta
from functools import partial
from traceback import format_tb
from typing import Any

import psycopg
import structlog
from django.conf import settings
from django.db import connection, transaction
from django.db.models import F, Sum
from django.utils.translation import gettext as _
from kombu.exceptions import OperationalError

from operations import registry
from operations.audit import because
from operations.errors import RunStateError
from operations.metrics import CHUNKS, ITEMS
from operations.models import JobChunk, JobRun, RunItem, User
from operations.models.jobs import WORKER_DIED
from operations.services.holds import holding as holding
from operations.services.holds import is_free
from operations.services.job_kinds import CallingJob as CallingJob
from operations.services.job_kinds import ChunkPlan as ChunkPlan
from operations.services.job_kinds import ChunkResult as ChunkResult
from operations.services.job_kinds import Job as Job
from operations.services.summaries import count_items

log = structlog.get_logger(__name__)
Clock = Callable[[], datetime]
#: A chunk that was taken is left alone this long, even if it is not locked (yet, or any more).
RETRY_PAUSE = timedelta(seconds=2)


def start_run(
    job_name: str, *, business_date: date, scope: str = "", actor: User | None, at: datetime,
    is_dry_run: bool = False, approved: JobRun | None = None,
) -> JobRun:
    """Make the run of a job for a date and scope and plan its chunks, once; a repeat returns the first run.

    A nightly run or a dry run that finds nothing to do has succeeded at once.
    """
    job = registry.jobs.get(job_name)
    with transaction.atomic():
        run, is_made = JobRun.objects.get_or_create(
            job=job.name, business_date=business_date, scope=scope,
            defaults={
                "requested_by": actor, "requested_at": at, "is_dry_run": is_dry_run, "approved": approved,
                "request_id": str(structlog.contextvars.get_contextvars().get("request_id", ""))[:64],
            },
        )
        if is_made:
            _plan(job, run, at=at)
    return run


def _plan(job: Job, run: JobRun, *, at: datetime) -> None:
    """Write the chunks of a new run, and see that somebody takes them."""
    transaction.on_commit(partial(log.info, "run_made", job=run.job, run=run.pk))
    plans = list(job.plan(run))
    JobChunk.objects.bulk_create(
        (JobChunk(run=run, number=number, **plan._asdict()) for number, plan in enumerate(plans, start=1)),
        batch_size=5000,
    )
    run.total = sum(plan.size for plan in plans)
    run.save(update_fields=["total"])
    if not plans and (job.is_nightly or run.is_dry_run):
        JobRun.objects.filter(pk=run.pk).update(started_at=at, heartbeat_at=at)
        run.started_at = run.heartbeat_at = at
        _end(run, at=at)
        return
    transaction.on_commit(lambda: nudge(run))


def nudge(run: JobRun, *, workers: int | None = None, seconds: float | None = None) -> None:
    """Tell workers that there is something to do. Losing the nudge costs seconds: beat finds the run.

    `seconds`: nobody needs to hear of it later than that.
    """
    from operations.tasks import work_on_run

    try:
        for _worker in range(workers or settings.JOB_PARALLEL_TASKS):
            work_on_run.apply_async([run.pk], retry=False, expires=seconds)
    except (ConnectionError, OperationalError):
        log.warning("run_not_nudged", run=run.pk, exc_info=True)


def nudge_nights() -> None:
    """Tell a worker that a run has ended which others may have waited for. Lost, beat does it in seconds."""
    from operations.tasks import start_nights

    try:
        start_nights.apply_async(retry=False, expires=60)
    except (ConnectionError, OperationalError):
        log.warning("nights_not_nudged", exc_info=True)


def _calls(job: Job, run: JobRun) -> bool:
    """Whether the run's chunks call the outside world."""
    return isinstance(job, CallingJob) and not run.is_dry_run


def _attempts(job: Job, run: JobRun) -> int:
    """How often a chunk of the run is tried. A dry run calls nobody: it is tried as any other."""
    own = None if isinstance(job, CallingJob) and run.is_dry_run else job.attempts
    return own or settings.JOB_CHUNK_ATTEMPTS


def _hold_name(chunk: JobChunk) -> str:
    return f"jobchunk:{chunk.pk}"


def take_chunk(run: JobRun, *, at: datetime) -> JobChunk | None:
    """Count an attempt on the next queued chunk that nobody works on, and park chunks that failed too often.

    Committed before the work, so that a chunk that kills its worker is counted too.
    """
    job = registry.jobs.get(run.job)
    busy: list[int] = []
    while True:
        with transaction.atomic():
            chunk = (
                run.chunks.select_for_update(skip_locked=True)
                .filter(state=JobChunk.State.QUEUED)
                # Both ways, or a clock that was put back would keep the chunk from everybody.
                .exclude(attempted_at__gt=at - RETRY_PAUSE, attempted_at__lt=at + RETRY_PAUSE)
                .exclude(pk__in=busy)
                .order_by("attempts", "number")
                .first()
            )
            if chunk is None:
                return None
            if _calls(job, run) and not is_free(_hold_name(chunk)):
                busy.append(chunk.pk)
            elif chunk.attempts < _attempts(job, run):
                chunk.attempts, chunk.attempted_at = chunk.attempts + 1, at
                chunk.save(update_fields=["attempts", "attempted_at"])
                return chunk
            else:
                _park(run, chunk, at=at)


def _park(run: JobRun, chunk: JobChunk, *, at: datetime) -> None:
    """Leave a chunk aside with its error, so that the others go on."""
    chunk.state, chunk.finished_at = JobChunk.State.PARKED, at
    chunk.error = chunk.error or WORKER_DIED
    chunk.save(update_fields=["state", "finished_at", "error"])
    JobRun.objects.filter(pk=run.pk).update(failed=F("failed") + chunk.size, heartbeat_at=at)


def work_chunk(run: JobRun, chunk: JobChunk, *, clock: Clock) -> None:
    """Do a chunk: its effect, its row and the run's counts in one transaction.

    Nothing if it is done already, if somebody is at it, or if the run has ended meanwhile.
    """
    job = registry.jobs.get(run.job)
    try:
        if isinstance(job, CallingJob) and _calls(job, run):
            _work_with_calls(job, run, chunk, clock=clock)
        else:
            _work_at_once(job, run, chunk, clock=clock)
    except Exception as error:
        _note_failure(run, chunk, error, clock=clock)


@contextmanager
def _in_its_name(job: Job, run: JobRun, chunk: JobChunk) -> Iterator[None]:
    """A transaction whose changes the audit trail knows to be the run's."""
    facts = {"job": run.job, "run": run.pk, "chunk": chunk.number, **job.facts(run)}
    with transaction.atomic(), because(actor=run.requested_by, **facts):
        yield


def _work_at_once(job: Job, run: JobRun, chunk: JobChunk, *, clock: Clock) -> None:
    with _in_its_name(job, run, chunk):
        if not _hold(run, chunk):
            return
        if run.is_dry_run:
            result = ChunkResult(done=job.foresee(run, chunk, at=clock()))
        else:
            result = job.work(run, chunk, at=clock())
        _close(run, chunk, result, at=clock())


def _work_with_calls(job: CallingJob, run: JobRun, chunk: JobChunk, *, clock: Clock) -> None:
    """Intent, calls, answers. Answers are written down even if the run was cancelled meanwhile: they are facts."""
    with holding(_hold_name(chunk)) as is_held:
        if not is_held:
            return
        with _in_its_name(job, run, chunk):
            if not _hold(run, chunk):
                return
            intended = job.intend(run, chunk, at=clock())
        with _calling(job, intended) as answered:
            for answers in answered:
                with _in_its_name(job, run, chunk):
                    job.record(run, chunk, answers, at=clock())
                    # Last, since others wait for the run's row.
                    _show_progress(run, chunk, at=clock())
        with _in_its_name(job, run, chunk):
            JobChunk.objects.select_for_update().get(pk=chunk.pk)
            _close(run, chunk, job.result(run, chunk), at=clock())


@contextmanager
def _calling(job: CallingJob, intended: Any) -> Iterator[Iterator[Any]]:
    """The batches of answers. The calls have ended when this is left: before the chunk is anybody else's."""
    answers = iter(job.call(intended))
    try:
        yield answers
    finally:
        if isinstance(answers, Generator):
            answers.close()


def _show_progress(run: JobRun, chunk: JobChunk, *, at: datetime) -> None:
    """A batch of answers stands. Whatever killed workers before is forgotten, but no error of the chunk's own:
    or one that fails after its first batch would be tried for ever."""
    JobChunk.objects.filter(pk=chunk.pk, error="").update(attempts=1)
    JobRun.objects.filter(pk=run.pk).update(heartbeat_at=at)


@contextmanager
def lane_of(run: JobRun) -> Iterator[Callable[[], bool]]:
    """A place among the workers that may call at a time, where the run's job has a lane.

    Yields the question whether the worker has a place, to be asked before each chunk: with its database session it
    loses the place, too.
    """
    job = registry.jobs.get(run.job)
    if not (isinstance(job, CallingJob) and _calls(job, run) and job.lane):
        yield lambda: True
        return
    for number in range(settings.JOB_LANES.get(job.lane, 1)):
        with holding(f"lane:{job.lane}:{number}") as is_held:
            if is_held:
                yield partial(_is_in_session, connection.connection)
                return
    yield lambda: False


def _is_in_session(session: Any) -> bool:
    return connection.connection is session


def _hold(run: JobRun, chunk: JobChunk) -> bool:
    """Lock a queued chunk of an unfinished run for the rest of the transaction; False when there is none.

    The run is looked at under the chunk's lock: whoever ended it and then locks its queued chunks
    (`wait_for_chunks`) knows that no work is under way.
    """
    held = JobChunk.objects.select_for_update(skip_locked=True).filter(pk=chunk.pk, state=JobChunk.State.QUEUED)
    return bool(held) and JobRun.objects.filter(pk=run.pk).unfinished().exists()


def _close(run: JobRun, chunk: JobChunk, result: ChunkResult, *, at: datetime) -> None:
    """Note what a chunk did. A run that was cancelled meanwhile is ended anew, this chunk included."""
    JobChunk.objects.filter(pk=chunk.pk).update(state=JobChunk.State.DONE, error="", finished_at=at)
    transaction.on_commit(lambda: _count_done(run, result))
    # Last, since parallel chunks queue for this row.
    JobRun.objects.filter(pk=run.pk).update(
        done=F("done") + result.done, failed=F("failed") + result.failed, heartbeat_at=at
    )
    now = JobRun.objects.get(pk=run.pk)
    if now.is_finished:
        _end(now, at=at)


def _count_done(run: JobRun, result: ChunkResult) -> None:
    CHUNKS.labels(run.job, "done").inc()
    ITEMS.labels(run.job, "done").inc(result.done)
    ITEMS.labels(run.job, "failed").inc(result.failed)


def _note_failure(run: JobRun, chunk: JobChunk, error: Exception, *, clock: Clock) -> None:
    text = describe_error(error)
    trace = "".join(format_tb(error.__traceback__))
    CHUNKS.labels(run.job, "failed").inc()
    log.error("chunk_failed", run=run.pk, chunk=chunk.number, attempt=chunk.attempts, error=text, trace=trace)
    # A broken connection would fail the note about the failure too. A sound one is kept: it may hold a lane.
    if not connection.in_atomic_block and not connection.is_usable():
        connection.close()
    JobChunk.objects.filter(pk=chunk.pk, state=JobChunk.State.QUEUED).update(error=text)
    JobRun.objects.filter(pk=run.pk).update(heartbeat_at=clock())


def describe_error(error: Exception) -> str:
    """An error in a line. PostgreSQL's own details are left out: they quote rows, personal data included."""
    message = str(error)
    if isinstance(error.__cause__, psycopg.Error):
        message = error.__cause__.diag.message_primary or message.partition("\n")[0]
    return f"{type(error).__name__}: {message}"


def begin_run(run_id: int, *, at: datetime) -> JobRun | None:
    """Set a queued run running and show a sign of life; None when there is nothing to do."""
    run = JobRun.objects.filter(pk=run_id).unfinished().select_related("requested_by").first()
    if run is None:
        return None
    JobRun.objects.filter(pk=run_id, state=JobRun.State.QUEUED).update(state=JobRun.State.RUNNING, started_at=at)
    JobRun.objects.filter(pk=run_id).update(heartbeat_at=at)
    run.refresh_from_db()
    return run


def end_run_if_done(run_id: int, *, at: datetime) -> bool:
    """End a running run that has no queued chunk left; True when this call ended it."""
    with transaction.atomic():
        run = JobRun.objects.select_for_update().get(pk=run_id)
        if run.is_finished or run.chunks.filter(state=JobChunk.State.QUEUED).exists():
            return False
        _end(run, at=at)
    return True


def _end(run: JobRun, *, at: datetime) -> None:
    """Give a locked run the end its chunks say: cancelled only while some are left to do."""
    if not run.chunks.filter(state=JobChunk.State.QUEUED).exists():
        has_parked = run.chunks.filter(state=JobChunk.State.PARKED).exists()
        run.state = JobRun.State.FAILED if has_parked else JobRun.State.SUCCEEDED
        run.cancelled_by = None
    run.finished_at = at
    if run.is_dry_run:
        run.summary = count_items(run).as_json()
    run.save(update_fields=["state", "finished_at", "cancelled_by", "summary"])
    said = {"job": run.job, "run": run.pk, "state": run.state, "done": run.done, "failed": run.failed}
    transaction.on_commit(partial(log.info, "run_ended", **said))
    job = registry.jobs.get(run.job)
    if not run.is_dry_run:
        job.finish(run, at=at)
        if job.is_nightly:
            transaction.on_commit(nudge_nights)


def cancel_run(run: JobRun, *, actor: User | None, at: datetime) -> JobRun:
    """Stop a run at the end of the chunks being worked on; chunks that are done stay done.

    A run whose last chunk gets done all the same has succeeded. Raises RunStateError when it has ended
    another way; a repeat returns the cancelled run.
    """
    with transaction.atomic():
        run = JobRun.objects.select_for_update().get(pk=run.pk)
        if run.state == JobRun.State.CANCELLED:
            return run
        if run.is_finished:
            raise RunStateError(_("The run has ended already: %(state)s.") % {"state": run.get_state_display()})
        run.state, run.cancelled_by = JobRun.State.CANCELLED, actor
        _end(run, at=at)
    return run


def wait_for_chunks(run: JobRun) -> None:
    """Wait for the chunks being worked on; inside the transaction, none of an ended run begins any more.

    Chunks are locked in order and before their run, as `work_chunk` does. A chunk in the middle of its calls is not
    waited for: no lock of a row could be held so long. Nobody else takes it, and its end is noted all the same.
    """
    list(run.chunks.select_for_update().exclude(state=JobChunk.State.DONE).order_by("number").values_list("pk"))


def resume_run(run: JobRun, *, actor: User | None, at: datetime) -> JobRun:
    """Take up the chunks that are not done, the parked ones too; RunStateError when there are none, or no items.

    The work stays that of whoever asked for the run; the audit trail names `actor` as who resumed it.
    """
    if not JobRun.objects.get(pk=run.pk).is_finished:
        return run
    with transaction.atomic():
        wait_for_chunks(run)
        run = JobRun.objects.select_for_update().get(pk=run.pk)
        if not run.is_finished:
            return run
        parked = run.chunks.filter(state=JobChunk.State.PARKED)
        run.failed -= parked.aggregate(size=Sum("size"))["size"] or 0
        parked.update(state=JobChunk.State.QUEUED, error="", finished_at=None)
        run.chunks.filter(state=JobChunk.State.QUEUED).update(attempts=0, attempted_at=None, error="")
        if are_items_swept(run.approved):
            raise RunStateError(_("What the dry run foresaw has been cleared away; make another dry run."))
        if not run.chunks.filter(state=JobChunk.State.QUEUED).exists():
            raise RunStateError(_("Every chunk of this run is done: there is nothing to resume."))
        run.state, run.finished_at, run.heartbeat_at, run.cancelled_by = JobRun.State.QUEUED, None, None, None
        with because(_("resumed"), actor=actor):
            run.save()
            if not run.is_dry_run:
                registry.jobs.get(run.job).resume(run)
        transaction.on_commit(lambda: nudge(run))
    return run


def are_items_swept(dry_run: JobRun | None) -> bool:
    """Whether the items of a dry run are gone: there were some, as its figures say."""
    return bool(
        dry_run and dry_run.summary and dry_run.summary["items"]
        and not RunItem.objects.filter(run=dry_run).exists()
    )


def pace(run: JobRun, *, at: datetime) -> float | None:
    """Things done a second since the run was started or resumed, by the chunks that ended; None before the first."""
    if run.started_at is None:
        return None
    ended = run.chunks.filter(finished_at__gte=run.started_at).aggregate(size=Sum("size"))["size"]
    seconds = ((run.finished_at or at) - run.started_at).total_seconds()
    return ended / seconds if ended and seconds > 0 else None
