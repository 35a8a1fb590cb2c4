"""What a job is: how its work is planned, done, foreseen and called for. `services/jobs.py` runs them.

A job that calls the outside world (CallingJob) cannot do a chunk in one transaction: it commits what it is going to
ask, calls outside of any, and commits the answers as they come.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from django.utils.functional import Promise

from operations.models import JobChunk, JobRun, RunItem


class ChunkPlan(NamedTuple):
    """A range of keys, both ends included, and how many things are in it; of what, where a job has several kinds."""

    first_key: int
    last_key: int
    size: int
    subject: str = ""


@dataclass(frozen=True)
class ChunkResult:
    """How many things of a chunk were done, and how many were not."""

    done: int
    failed: int = 0


class Job:
    """A kind of work over many. Subclasses are registered by name with `operations.registry.jobs`."""

    name: str
    label: str | Promise
    #: Belongs to each business date: beat makes the missing runs, oldest first (services/nights.py).
    is_nightly = False
    #: People may start it for a date; nightly jobs may be started anyway.
    is_startable = False
    #: Jobs whose run for the same business date has to have ended before this one's begins.
    after: tuple[str, ...] = ()
    #: What RunItem.amount counts, in words: CNY, points.
    unit: str | Promise = ""
    #: With how many decimals it is written; points come in whole ones.
    decimals = 2
    #: RunItem.kind in words.
    kinds: Mapping[str, str | Promise] = {}
    #: How often a chunk may fail before it is parked; None: as often as the settings say.
    attempts: int | None = None
    #: Besides its runs the job has something to do about so often (`tick`).
    every: timedelta | None = None

    def plan(self, run: JobRun) -> Iterable[ChunkPlan]:
        """The chunks of a run. Called once, in the transaction that starts the run."""
        raise NotImplementedError

    def work(self, run: JobRun, chunk: JobChunk, *, at: datetime) -> ChunkResult:
        """Do one chunk, in one transaction that is already open."""
        raise NotImplementedError

    def foresee(self, run: JobRun, chunk: JobChunk, *, at: datetime) -> int:
        """In a dry run, instead of `work`: write a RunItem for each thing it would do, and nothing else; how many."""
        raise NotImplementedError

    @property
    def can_foresee(self) -> bool:
        """Whether the job has dry runs."""
        return type(self).foresee is not Job.foresee

    def facts(self, run: JobRun) -> dict[str, Any]:
        """What the audit trail says of the run's work, besides job, run, chunk and who asked for it."""
        return {}

    def resume(self, run: JobRun) -> None:
        """In the transaction that takes a stopped run up again; RunStateError when that must not be."""

    def finish(self, run: JobRun, *, at: datetime) -> None:
        """In the transaction that ends the run (succeeded, failed or cancelled); not for dry runs.

        Once more when a chunk that was being worked on at the cancellation has come to its end.
        """

    def error_of(self, run: JobRun) -> str:
        """Why a run failed that kept an error, in the reader's language where facts say it."""
        return run.error

    def tick(self, *, at: datetime) -> None:
        """What is to be done every `every`, outside any run. Two may tick at once, and a tick may be missed."""
        raise NotImplementedError

    def subject_label(self, subject: str) -> str | Promise:
        """ChunkPlan.subject in words."""
        return subject

    def item_links(self, items: Sequence[RunItem]) -> dict[int, tuple[str, str]]:
        """By RunItem.key: the record in words, and the address of its page ("" for none)."""
        return {item.key: (str(item.key), "") for item in items}


class CallingJob(Job):
    """A job whose chunks call the outside world. Each step may be repeated: after a crash the chunk begins anew."""

    #: The worker's death is hardly ever the chunk's fault here, and every batch of answers counts as progress.
    attempts = 25
    #: Workers that may call at a time, by the lane they share; "": as many as there are.
    lane = ""

    def intend(self, run: JobRun, chunk: JobChunk, *, at: datetime) -> Any:
        """Write down what is going to be asked, in a transaction of its own; returns what `call` needs."""
        raise NotImplementedError

    def call(self, intended: Any) -> Iterable[Any]:
        """Make the calls, outside any transaction; yields answers in batches, as they come.

        A generator is closed when an answer cannot be written down: it ends the calls that are under way.
        """
        raise NotImplementedError

    def record(self, run: JobRun, chunk: JobChunk, answers: Any, *, at: datetime) -> None:
        """Write down a batch of answers, in a transaction of its own; also when the run was cancelled meanwhile."""
        raise NotImplementedError

    def result(self, run: JobRun, chunk: JobChunk) -> ChunkResult:
        """What came of the chunk, from the facts: in the transaction that closes it."""
        raise NotImplementedError
