"""The night that expires points."""

from collections.abc import Iterable, Sequence
from datetime import datetime

from django.conf import settings
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from memberships.models import Member
from memberships.services import points_expiry
from memberships.services.points_expiry import DueRange
from operations.models import JobChunk, JobRun, RunItem
from operations.services.jobs import ChunkPlan, ChunkResult, Job


class ExpirePoints(Job):
    """Expires every lot that is due by the business date, on its own date; chunks are ranges of wallets.

    An expired lot stays in the index by which due ones are found, so a night does not take up days that an earlier
    one settled: it succeeded and left nothing. What was left out or parked is a later night's, and so is a lot of the
    last week that was committed after its night had looked. A run counts wallets:
    those expired as done, as failed those that the execution of a dry run left (they changed, or it had not seen them).
    """

    name = points_expiry.EXPIRE_POINTS
    label = _("expire points")
    is_nightly = True
    unit = _("points")
    decimals = 0
    kinds = {"expire": _("expire")}

    def plan(self, run: JobRun) -> Iterable[ChunkPlan]:
        settled = points_expiry.settled_through(before=run.business_date)
        ranges = points_expiry.plan_expiry(
            points_expiry.due_days(on=run.business_date, after=settled), settled=settled,
            chunk_lots=settings.EXPIRE_CHUNK_LOTS, approved=run.approved,
        )
        return [ChunkPlan(*found) for found in ranges]

    def work(self, run: JobRun, chunk: JobChunk, *, at: datetime) -> ChunkResult:
        due = _due(run, chunk)
        if run.approved is None:
            expired = points_expiry.expire_range(due, at=at, actor=run.requested_by)
            return ChunkResult(done=expired.wallets)
        expired = points_expiry.expire_foreseen(run.approved, due, at=at, actor=run.requested_by)
        return ChunkResult(done=expired.wallets, failed=points_expiry.count_left(run.approved, due))

    def foresee(self, run: JobRun, chunk: JobChunk, *, at: datetime) -> int:
        return points_expiry.foresee_expiry(run, _due(run, chunk))

    def item_links(self, items: Sequence[RunItem]) -> dict[int, tuple[str, str]]:
        """The member's number, and the page of the wallet."""
        return {
            item.key: (Member(pk=item.owner).number, reverse("admin:memberships_enrolment_change", args=[item.key]))
            for item in items
        }


def _due(run: JobRun, chunk: JobChunk) -> DueRange:
    """What a chunk is about. Nights that were settled since the plan make it less by what they did."""
    settled = points_expiry.settled_through(before=run.business_date)
    late = points_expiry.late_days(chunk.first_key, chunk.last_key, settled=settled)
    return DueRange(
        chunk.first_key, chunk.last_key, late + points_expiry.due_days(on=run.business_date, after=settled)
    )
