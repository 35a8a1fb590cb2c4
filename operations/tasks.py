"""Celery's side: find runs, open them, loop over their chunks. The rules are in services/jobs.py."""

import time
from datetime import timedelta

from celery import shared_task
from django.conf import settings
from django.utils import timezone

from operations.models import JobRun
from operations.services import imports, jobs


@shared_task
def work_on_run(run_id: int) -> None:
    """Work on a run until no chunk is left to take, or it was cancelled, or the shift is over."""
    run = jobs.begin_run(run_id, at=timezone.now())
    if run is None:
        return
    with jobs.lane_of(run) as is_free:
        if is_free:
            _work_a_shift(run)


def _work_a_shift(run: JobRun) -> None:
    """Chunk after chunk."""
    run_id = run.pk
    shift_ends = timezone.now() + timedelta(seconds=settings.CELERY_TASK_TIME_LIMIT // 2)
    while timezone.now() < shift_ends and not JobRun.objects.get(pk=run_id).is_finished:
        chunk = jobs.take_chunk(run, at=timezone.now())
        if chunk is None:
            jobs.end_run_if_done(run_id, at=timezone.now())
            return
        jobs.work_chunk(run, chunk, clock=timezone.now)


@shared_task
def dispatch_runs() -> None:
    """Hand runs that nobody seems to work on to the workers (again). Harmless when somebody does."""
    silent = timezone.now() - timedelta(seconds=settings.JOB_SILENCE_SECONDS)
    for run in JobRun.objects.silent_since(silent):
        jobs.nudge(run)


@shared_task
def sweep_staging() -> None:
    """Drop the staging tables that nobody needs any more."""
    imports.sweep_staging()


def work_through(run_id: int) -> None:
    """Work on a run in this process, beside any workers there are, until it has ended."""
    while True:
        work_on_run(run_id)
        if JobRun.objects.get(pk=run_id).is_finished:
            return
        time.sleep(0.2)
