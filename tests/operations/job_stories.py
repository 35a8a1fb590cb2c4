"""Jobs that exist in tests only, and the runs of them."""

import os
from collections.abc import Callable, Iterable
from datetime import date, datetime

from django.utils import timezone

from operations.models import JobChunk, JobRun, User
from operations.services.jobs import ChunkPlan, ChunkResult, Job, start_run

DAY = date(2027, 1, 15)


class CountSheep(Job):
    """Counts ten sheep a chunk, and notes in the database which chunk was done by whom."""

    name = "count_sheep_again"
    label = "count sheep"

    def __init__(self, chunks: int = 3) -> None:
        self.chunks = chunks
        self.worked: list[int] = []
        self.finished: list[str] = []
        self.before: Callable[[JobChunk], None] = lambda chunk: None

    def plan(self, run: JobRun) -> Iterable[ChunkPlan]:
        return [ChunkPlan(number * 10, number * 10 + 9, 10) for number in range(self.chunks)]

    def work(self, run: JobRun, chunk: JobChunk, *, at: datetime) -> ChunkResult:
        self.before(chunk)
        User.objects.create(username=f"sheep-{run.pk}-{chunk.number}", first_name=str(os.getpid()))
        self.worked.append(chunk.number)
        return ChunkResult(done=10)

    def finish(self, run: JobRun, *, at: datetime) -> None:
        self.finished.append(run.state)


def a_run(job: CountSheep, *, on: date = DAY, scope: str = "") -> JobRun:
    return start_run(job.name, business_date=on, scope=scope, actor=None, at=timezone.now())


def fresh(run: JobRun) -> JobRun:
    return JobRun.objects.get(pk=run.pk)


def forget_pauses(run: JobRun) -> None:
    """Nobody waits for the pause before a chunk is tried again."""
    run.chunks.update(attempted_at=None)
