"""The job that does bulk actions, record by record: each by the service of its own page, which may call outside."""

from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from typing import Any

from django.utils.translation import gettext_lazy as _
from django.utils.translation import override

from operations.dates import business_date
from operations.models import BulkChange, BulkRow, JobChunk, JobRun
from operations.services.bulk_changes import JOB, do_row, finish, note_rows, sweep_drafts
from operations.services.job_kinds import CallingJob, ChunkPlan, ChunkResult

#: Rows of a chunk: as many are lost to sight when a worker dies, none is done twice.
CHUNK = 50


class DoBulkChange(CallingJob):
    """A chunk is some rows of a change, in their order; each is written down before the next is begun."""

    name = JOB
    label = _("bulk action")
    every = timedelta(hours=1)

    def plan(self, run: JobRun) -> Iterable[ChunkPlan]:
        rows = self._change(run).rows.count()
        firsts = range(1, rows + 1, CHUNK)
        return [ChunkPlan(first, min(first + CHUNK - 1, rows), min(CHUNK, rows - first + 1)) for first in firsts]

    def facts(self, run: JobRun) -> dict[str, Any]:
        return {"reason": self._change(run).reason}

    def intend(self, run: JobRun, chunk: JobChunk, *, at: datetime) -> Any:
        change = self._change(run)
        rows = change.rows.filter(place__range=(chunk.first_key, chunk.last_key), outcome=BulkRow.Outcome.CHOSEN)
        return change, list(rows.order_by("place")), at

    def call(self, intended: Any) -> Iterator[list[BulkRow]]:
        change, rows, at = intended
        for row in rows:
            with override(change.language):
                done = do_row(change, row, on=business_date(at), at=at)
            yield [done]

    def record(self, run: JobRun, chunk: JobChunk, answers: list[BulkRow], *, at: datetime) -> None:
        note_rows(answers)

    def result(self, run: JobRun, chunk: JobChunk) -> ChunkResult:
        rows = self._change(run).rows.filter(place__range=(chunk.first_key, chunk.last_key))
        done = rows.filter(outcome=BulkRow.Outcome.DONE).count()
        return ChunkResult(done=done, failed=chunk.size - done)

    def finish(self, run: JobRun, *, at: datetime) -> None:
        finish(self._change(run))

    def tick(self, *, at: datetime) -> None:
        sweep_drafts(at=at)

    @staticmethod
    def _change(run: JobRun) -> BulkChange:
        return BulkChange.objects.select_related("made_by", "checker").get(pk=int(run.scope.partition("@")[0]))
