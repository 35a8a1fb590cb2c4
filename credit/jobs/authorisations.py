"""The night that lets go of what was authorised and never captured."""

from collections.abc import Iterable
from datetime import datetime

from django.conf import settings
from django.utils.translation import gettext_lazy as _

from credit.jobs.ageing import LineJob
from credit.services import draws
from memberships.jobs.renewals import keys_of
from memberships.services.ranges import count_left_out, ranges_of_items
from operations.models import JobChunk, JobRun
from operations.services.jobs import ChunkPlan, ChunkResult


class ExpireAuthorisations(LineJob):
    """Releases what lines hold past its days; chunks are ranges of lines, and lines are what a run counts."""

    name = "expire_authorisations"
    label = _("authorisations that are over")
    kinds = {"expire": _("held no longer")}

    def plan(self, run: JobRun) -> Iterable[ChunkPlan]:
        if run.approved is not None:
            ranges = ranges_of_items(run.approved, size=settings.AUTHORISATION_CHUNK_LINES)
        else:
            ranges = draws.expiring_ranges(on=run.business_date, size=settings.AUTHORISATION_CHUNK_LINES)
        return [ChunkPlan(*found) for found in ranges]

    def foresee(self, run: JobRun, chunk: JobChunk, *, at: datetime) -> int:
        return draws.foresee_expiry(run, keys_of(chunk))

    def work(self, run: JobRun, chunk: JobChunk, *, at: datetime) -> ChunkResult:
        expired = draws.expire_authorisations(
            keys_of(chunk), on=run.business_date, at=at, actor=run.requested_by, approved=run.approved
        )
        return ChunkResult(done=len(expired), failed=count_left_out(run.approved, keys_of(chunk)))
