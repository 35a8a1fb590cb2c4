"""Celery's side: find runs, open them, loop over their chunks; tick. The rules are in services/."""

import time
from collections.abc import Callable
from datetime import timedelta
from importlib import import_module

import structlog
from celery import shared_task
from django.conf import settings
from django.core.cache import cache
from django.utils import timezone
from redis.exceptions import RedisError

from operations import registry
from operations.models import JobRun
from operations.services import dry_runs, imports, jobs, nights, uploads

log = structlog.get_logger(__name__)


@shared_task
def work_on_run(run_id: int) -> None:
    """Work on a run until no chunk is left to take, or it was cancelled; then, after a shift, others get their turn."""
    if _work_a_shift(run_id):
        jobs.nudge(JobRun.objects.get(pk=run_id), workers=1)


def work_through(run_id: int, report: Callable[[JobRun], None] = lambda run: None) -> JobRun:
    """Work on a run in this process, beside any workers there are, until it has ended; `report` hears of each chunk.

    Waits while others have the places where the run's job may call.
    """
    while True:
        _work_a_shift(run_id, report)
        run = JobRun.objects.get(pk=run_id)
        if run.is_finished:
            return run
        report(run)
        time.sleep(0.2)


def _work_a_shift(run_id: int, report: Callable[[JobRun], None] = lambda run: None) -> bool:
    """Chunk after chunk; True when the shift ended before the chunks did."""
    run = JobRun.objects.unfinished().filter(pk=run_id).first()
    if run is None:
        return False
    caused = {"request_id": run.request_id} if run.request_id else {}
    with structlog.contextvars.bound_contextvars(job=run.job, run=run.pk, **caused), jobs.lane_of(run) as has_place:
        if not has_place():
            return False
        run = jobs.begin_run(run_id, at=timezone.now())
        shift_ends = time.monotonic() + settings.JOB_SHIFT_SECONDS
        while run is not None and not run.is_finished and has_place():
            chunk = jobs.take_chunk(run, at=timezone.now())
            if chunk is None:
                jobs.end_run_if_done(run_id, at=timezone.now())
                return False
            jobs.work_chunk(run, chunk, clock=timezone.now)
            run = JobRun.objects.select_related("requested_by").get(pk=run_id)
            report(run)
            if time.monotonic() >= shift_ends:
                return not run.is_finished
    return False


@shared_task
def dispatch_runs() -> None:
    """Hand runs that nobody seems to work on to the workers (again). Harmless when somebody does."""
    known = [job.name for job in registry.jobs]
    patience = timedelta(seconds=settings.JOB_SILENCE_SECONDS)
    for run in JobRun.objects.silent(at=timezone.now(), patience=patience).filter(job__in=known):
        # While all workers are busy the nudges of every few seconds must not pile up before the ticks.
        jobs.nudge(run, seconds=settings.JOB_SILENCE_SECONDS / 2)


@shared_task
def start_nights() -> None:
    """Make the missing runs of the nightly jobs, as far as it is their turn."""
    nights.start_missing_runs(timezone.now())


@shared_task
def tick_jobs() -> None:
    """Tick the jobs whose interval has passed."""
    for job in registry.jobs:
        if job.every is not None and _has_passed(f"tick:{job.name}", job.every):
            try:
                job.tick(at=timezone.now())
            except Exception:
                log.exception("tick_failed", job=job.name)


def _has_passed(name: str, interval: timedelta) -> bool:
    """Whether nobody was told so for as long; a second less, since beat is not punctual. Yes, without the cache."""
    try:
        return cache.add(name, 1, timeout=max(1, int(interval.total_seconds()) - 1))
    except (RedisError, OSError):
        return True


@shared_task
def sweep_outbox() -> None:
    """Send what was just put into the outbox; what a lost nudge leaves there is for the next tick."""
    registry.jobs.get("sweep_outbox").tick(at=timezone.now())


@shared_task
def sweep_staging() -> None:
    """Drop the staging tables that nobody needs any more."""
    imports.sweep_staging()


@shared_task
def sweep_uploads() -> None:
    """Erase uploaded files that nobody needs any more."""
    uploads.sweep_uploads(at=timezone.now())


@shared_task
def sweep_sessions() -> None:
    """Remove sessions that are over: they would say for ever who signed in when."""
    import_module(settings.SESSION_ENGINE).SessionStore.clear_expired()


@shared_task
def sweep_dry_runs() -> None:
    """Remove what dry runs foresaw long ago, item by item."""
    dry_runs.sweep_items(timezone.now())
