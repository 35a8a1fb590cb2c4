"""Jobs that exist in tests only, and the runs of them."""

import os
import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import date, datetime, time
from decimal import Decimal
from typing import Any

from django.db import connection
from django.utils import timezone

from operations import registry
from operations.dates import BUSINESS_ZONE
from operations.models import JobChunk, JobRun, RunItem, User
from operations.services.jobs import CallingJob, ChunkPlan, ChunkResult, Job, start_run

DAY = date(2027, 1, 15)


def at_night(day: date, clock: str = "03:00") -> datetime:
    """An instant by the clock of Shanghai."""
    return datetime.combine(day, time.fromisoformat(clock), BUSINESS_ZONE)


@contextmanager
def registered(*jobs: Job) -> Iterator[None]:
    """Jobs that the house knows for the length of a test; meanwhile its own have no nights."""
    entries = registry.jobs._entries
    registry.jobs._entries = {name: job for name, job in entries.items() if not job.is_nightly or is_of_tests(job)}
    for job in jobs:
        registry.jobs.register(job)
    try:
        yield
    finally:
        registry.jobs._entries = entries


def is_of_tests(job: Job) -> bool:
    return type(job).__module__.startswith("tests.")


def together(*acts: Callable[[], Any]) -> list[Any]:
    """The results of what several threads do at the same time, each with a connection of its own."""
    start = threading.Barrier(len(acts))

    def one(act: Callable[[], Any]) -> Any:
        start.wait()
        try:
            return act()
        finally:
            connection.close()

    with ThreadPoolExecutor(len(acts)) as pool:
        return list(pool.map(one, acts))


class CountSheep(Job):
    """Counts ten sheep a chunk, and notes in the database which chunk was done by whom."""

    name = "count_sheep_again"
    label = "count sheep"

    def __init__(self, chunks: int = 3, name: str = "") -> None:
        self.name = name or self.name
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


class NightlySheep(CountSheep):
    """Counts sheep each night, perhaps after others have counted theirs."""

    is_nightly = True

    def __init__(self, name: str = "count_sheep_at_night", *, chunks: int = 1, after: Sequence[str] = ()) -> None:
        super().__init__(chunks, name)
        self.after = tuple(after)


class ShearSheep(Job):
    """Shears the sheep that have wool, two a chunk; has dry runs. A sheep's colour is what a dry run rests on."""

    name = "shear_sheep"
    label = "shear sheep"
    unit = "kg"
    kinds = {"white": "white wool"}
    is_nightly = True

    def plan(self, run: JobRun) -> Iterable[ChunkPlan]:
        if run.approved_id:
            keys = list(RunItem.objects.filter(run=run.approved_id).order_by("key").values_list("key", flat=True))
        else:
            keys = list(woolly().values_list("pk", flat=True))
        pairs = [keys[place : place + 2] for place in range(0, len(keys), 2)]
        return [ChunkPlan(pair[0], pair[-1], len(pair)) for pair in pairs]

    def foresee(self, run: JobRun, chunk: JobChunk, *, at: datetime) -> int:
        sheep = woolly().filter(pk__range=(chunk.first_key, chunk.last_key))
        made = RunItem.objects.bulk_create(
            RunItem(
                run=run, key=one.pk, owner=one.pk, kind=one.first_name, amount=Decimal("1.50"),
                seen=len(one.first_name),
            )
            for one in sheep
        )
        return len(made)

    def work(self, run: JobRun, chunk: JobChunk, *, at: datetime) -> ChunkResult:
        sheep = {one.pk: one for one in woolly().filter(pk__range=(chunk.first_key, chunk.last_key))}
        left_out = self._leave_out(run, chunk, sheep) if run.approved_id else 0
        User.objects.filter(pk__in=sheep).update(last_name="shorn")
        return ChunkResult(done=len(sheep), failed=left_out)

    def _leave_out(self, run: JobRun, chunk: JobChunk, sheep: dict[int, User]) -> int:
        """Keep the sheep that are as they were foreseen, and note of each what becomes of it."""
        items = RunItem.objects.filter(run=run.approved_id, key__range=(chunk.first_key, chunk.last_key))
        same = {item.key for item in items if item.key in sheep and len(sheep[item.key].first_name) == item.seen}
        for key in set(sheep) - same:
            del sheep[key]
        items.filter(key__in=same).update(outcome=RunItem.Outcome.DONE)
        return items.exclude(key__in=same).update(outcome=RunItem.Outcome.LEFT_OUT)

    def item_links(self, items: Sequence[RunItem]) -> dict[int, tuple[str, str]]:
        names = dict(User.objects.filter(pk__in=[item.key for item in items]).values_list("pk", "username"))
        return {item.key: (names[item.key], f"/admin/operations/user/{item.key}/change/") for item in items}


def woolly() -> Any:
    return User.objects.filter(last_name="wool").order_by("pk")


def a_flock(*colours: str) -> list[User]:
    """Sheep with wool, a name each."""
    start = User.objects.filter(username__startswith="sheep-").count()
    return [
        User.objects.create(username=f"sheep-{number}", first_name=colour, last_name="wool")
        for number, colour in enumerate(colours, start=start + 1)
    ]


class CallSheep(CallingJob):
    """Calls each sheep by its number, two a batch; the sheep that answered are users.

    The field has a lane. `before_call` and `before_record` are told the number.
    """

    name = "call_sheep"
    label = "call sheep"
    is_nightly = True
    lane = "field"

    def __init__(self, chunks: int = 1, size: int = 4, *, name: str = "", attempts: int = 25) -> None:
        self.name = name or self.name
        self.attempts = attempts
        self.chunks, self.size = chunks, size
        self.called: list[int] = []
        self.closed: list[int] = []
        self.finished: list[str] = []
        self.before_call: Callable[[int], None] = lambda number: None
        self.before_record: Callable[[int], None] = lambda number: None

    def plan(self, run: JobRun) -> Iterable[ChunkPlan]:
        return [ChunkPlan(n * self.size, (n + 1) * self.size - 1, self.size) for n in range(self.chunks)]

    def intend(self, run: JobRun, chunk: JobChunk, *, at: datetime) -> list[int]:
        answered = set(answers())
        return [number for number in range(chunk.first_key, chunk.last_key + 1) if number not in answered]

    def call(self, intended: list[int]) -> Iterator[list[int]]:
        try:
            for place in range(0, len(intended), 2):
                batch = intended[place : place + 2]
                for number in batch:
                    self.before_call(number)
                    self.called.append(number)
                yield batch
        finally:
            self.closed.append(1)

    def record(self, run: JobRun, chunk: JobChunk, answers: list[int], *, at: datetime) -> None:
        for number in answers:
            self.before_record(number)
        User.objects.bulk_create([User(username=f"answer-{number}") for number in answers], ignore_conflicts=True)

    def result(self, run: JobRun, chunk: JobChunk) -> ChunkResult:
        done = sum(chunk.first_key <= number <= chunk.last_key for number in answers())
        return ChunkResult(done=done, failed=chunk.size - done)

    def finish(self, run: JobRun, *, at: datetime) -> None:
        self.finished.append(run.state)


def answers() -> list[int]:
    """The numbers of the sheep whose answer was written down."""
    names = User.objects.filter(username__startswith="answer-").values_list("username", flat=True)
    return sorted(int(name.removeprefix("answer-")) for name in names)


def a_run(job: Job, *, on: date = DAY, scope: str = "") -> JobRun:
    return start_run(job.name, business_date=on, scope=scope, actor=None, at=timezone.now())


def fresh(run: JobRun) -> JobRun:
    return JobRun.objects.get(pk=run.pk)


def forget_pauses(run: JobRun) -> None:
    """Nobody waits for the pause before a chunk is tried again."""
    run.chunks.update(attempted_at=None)
