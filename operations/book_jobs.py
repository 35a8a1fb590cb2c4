"""The audit of the books as a job: nightly, after all others; it fails when it finds a difference."""

from collections.abc import Iterable, Iterator
from datetime import datetime
from itertools import islice
from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from operations import registry
from operations.models import BookDifference, JobChunk, JobRun
from operations.services.books import Difference, KeyRange, period_until
from operations.services.job_kinds import CallingJob, ChunkPlan, ChunkResult

#: Differences that are written down at a time.
PAGE = 1_000


class AuditBooks(CallingJob):
    """A chunk is a range of one check. It calls a gateway, or only reads; what it finds is kept with the run."""

    name = "audit_books"
    label = _("audit the books")
    is_nightly = True
    attempts = 5

    @property
    def after(self) -> tuple[str, ...]:  # type: ignore[override]
        """All other jobs of the night, whichever floor they are of."""
        return tuple(job.name for job in registry.jobs if job.is_nightly and job.name != self.name)

    def plan(self, run: JobRun) -> Iterable[ChunkPlan]:
        period = period_until(run.business_date, at=run.requested_at)
        return [
            ChunkPlan(keys.first, keys.last, keys.size, check.name)
            for check in registry.book_checks
            for keys in check.ranges(period)
        ]

    def subject_label(self, subject: str) -> str | Promise:
        check = registry.book_checks.find(subject)
        return check.label if check else subject

    def intend(self, run: JobRun, chunk: JobChunk, *, at: datetime) -> Any:
        """Forget what an attempt before this one found."""
        self._found(run, chunk).delete()
        keys = KeyRange(chunk.first_key, chunk.last_key, chunk.size)
        return registry.book_checks.get(chunk.subject), keys, period_until(run.business_date, at=at)

    def call(self, intended: Any) -> Iterator[list[Difference]]:
        check, keys, period = intended
        differences = iter(check.differences(keys, period))
        while page := list(islice(differences, PAGE)):
            yield page

    def record(self, run: JobRun, chunk: JobChunk, answers: list[Difference], *, at: datetime) -> None:
        BookDifference.objects.bulk_create(
            (
                BookDifference(
                    run=run, chunk=chunk.number, check_name=found.check, fault=found.fault, key=found.key[:128],
                    owner=found.owner, expected=found.expected[:100], found=found.found[:100],
                    is_pending=found.is_pending,
                )
                for found in answers
            ),
            ignore_conflicts=True,
        )

    def result(self, run: JobRun, chunk: JobChunk) -> ChunkResult:
        """What was looked at; where there is more wrong than was looked at, that is how much."""
        failed = self._found(run, chunk).filter(is_pending=False).count()
        return ChunkResult(done=max(0, chunk.size - failed), failed=failed)

    def finish(self, run: JobRun, *, at: datetime) -> None:
        """Books that do not agree are a night that failed."""
        count = self._count(run)
        run.error = _in_words(count) if count else ""
        if count and run.state == JobRun.State.SUCCEEDED:
            run.state = JobRun.State.FAILED
        run.save(update_fields=["state", "error"])

    def error_of(self, run: JobRun) -> str:
        """Said anew: what was kept is in the worker's language. Kept as it is where no difference is the reason."""
        count = self._count(run)
        return _in_words(count) if count else run.error

    @staticmethod
    def _count(run: JobRun) -> int:
        return run.differences.filter(is_pending=False).count()

    @staticmethod
    def _found(run: JobRun, chunk: JobChunk) -> Any:
        return BookDifference.objects.filter(run=run, chunk=chunk.number)


def _in_words(count: int) -> str:
    return ngettext(
        "The books do not agree: %(count)s difference.", "The books do not agree: %(count)s differences.", count
    ) % {"count": f"{count:,}"}
