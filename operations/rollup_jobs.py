"""The night that measures what pages show, and by day the tick that measures some of it anew."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any

from django.utils.translation import gettext_lazy as _

from operations import registry
from operations.models import JobChunk, JobRun
from operations.services.jobs import ChunkPlan, ChunkResult, Job
from operations.services.rollups import keep, keep_what_is_due


class RollUpFigures(Job):
    """Measures every registered roll-up, one a chunk, so that one that fails leaves the others their figures.

    A night that is made up for keeps what is true by then under its date; `as_of` says when that was.
    """

    name = "roll_up_figures"
    label = _("roll up figures")
    is_nightly = True
    every = timedelta(minutes=1)

    @property
    def after(self) -> tuple[str, ...]:  # type: ignore[override]
        """Whatever a roll-up tells of."""
        return tuple(dict.fromkeys(job for each in registry.roll_ups for job in each.after))

    def plan(self, run: JobRun) -> Iterable[ChunkPlan]:
        return [ChunkPlan(0, 0, 1, each.name) for each in registry.roll_ups]

    def work(self, run: JobRun, chunk: JobChunk, *, at: datetime) -> ChunkResult:
        if registry.roll_ups.find(chunk.subject) is None:
            return ChunkResult(done=0, failed=1)
        keep(chunk.subject, on=run.business_date, at=at)
        return ChunkResult(done=1)

    def tick(self, *, at: datetime) -> None:
        keep_what_is_due(at=at)

    def subject_label(self, subject: str) -> Any:
        found = registry.roll_ups.find(subject)
        return found.label if found else subject
