"""The nights of points: what was pending is posted, what is over expires, and what is owed is measured."""

from collections.abc import Iterable, Sequence
from datetime import datetime

from django.conf import settings
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from memberships.jobs.renewals import keys_of
from memberships.models import Member, Programme
from memberships.services import liabilities, points_expiry, points_posting
from memberships.services.points_expiry import DueRange
from memberships.services.ranges import EVERYTHING, count_left_out
from operations.models import JobChunk, JobRun, RunItem
from operations.services.jobs import ChunkPlan, ChunkResult, Job


class WalletJob(Job):
    """A night over wallets: its items are wallets, their amounts points."""

    is_nightly = True
    unit = _("points")
    decimals = 0

    def item_links(self, items: Sequence[RunItem]) -> dict[int, tuple[str, str]]:
        """The member's number, and the page of the wallet."""
        return {
            item.key: (Member(pk=item.owner).number, reverse("admin:memberships_enrolment_change", args=[item.key]))
            for item in items
        }


class PostPendingPoints(WalletJob):
    """Posts every pending lot whose return window is over before the business date; chunks are ranges of wallets.

    A run counts wallets: those posted as done, as failed those that the execution of a dry run left (they changed, or
    it had not seen them). What was left out or parked is a later night's.
    """

    name = points_posting.POST_PENDING_POINTS
    label = _("post pending points")
    kinds = {"post": _("post")}

    def plan(self, run: JobRun) -> Iterable[ChunkPlan]:
        ranges = points_posting.plan_posting(
            on=run.business_date, chunk_lots=settings.POST_CHUNK_LOTS, approved=run.approved
        )
        return [ChunkPlan(*found) for found in ranges]

    def work(self, run: JobRun, chunk: JobChunk, *, at: datetime) -> ChunkResult:
        keys, on, actor = keys_of(chunk), run.business_date, run.requested_by
        if run.approved is None:
            return ChunkResult(done=points_posting.post_range(keys, on=on, at=at, actor=actor).wallets)
        posted = points_posting.post_foreseen(run.approved, keys, on=on, at=at, actor=actor)
        return ChunkResult(done=posted.wallets, failed=points_posting.count_unposted(run.approved, keys, on=on))

    def foresee(self, run: JobRun, chunk: JobChunk, *, at: datetime) -> int:
        return points_posting.foresee_posting(run, keys_of(chunk), on=run.business_date)


class ExpirePoints(WalletJob):
    """Expires every lot that is due by the business date, on its own date; chunks are ranges of wallets.

    All posted lots of a wallet that is idle by then expire, too, on the wallet's date.

    An expired lot stays in the index by which due ones are found, so a night does not take up days that an earlier
    one settled: it succeeded and left nothing. What was left out or parked is a later night's, and so is a lot of the
    last week that was committed after its night had looked. A run counts wallets:
    those expired as done, as failed those that the execution of a dry run left (they changed, or it had not seen them).
    """

    name = points_expiry.EXPIRE_POINTS
    label = _("expire points")
    after = (points_posting.POST_PENDING_POINTS,)
    kinds = {"expire": _("expire"), "idle": _("expire by inactivity")}

    def plan(self, run: JobRun) -> Iterable[ChunkPlan]:
        settled = points_expiry.settled_through(before=run.business_date)
        ranges = points_expiry.plan_expiry(
            points_expiry.due_days(on=run.business_date, after=settled), idle_by=run.business_date,
            settled=settled, chunk_lots=settings.EXPIRE_CHUNK_LOTS, approved=run.approved,
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


class MeasureLiability(Job):
    """Keeps what the programmes owe their members under the business date, when points were posted and expired.

    One chunk, so that all figures are of one moment. A run counts programmes; one that executes a dry run, as failed
    those that owe something else by then. A night that is made up for keeps what is owed by then: `measured_at` says
    when.
    """

    name = liabilities.MEASURE_LIABILITY
    label = _("measure the points liability")
    is_nightly = True
    after = (points_expiry.EXPIRE_POINTS,)
    unit = _("CNY")
    kinds = {liabilities.MEASURE: _("is measured")}

    def plan(self, run: JobRun) -> Iterable[ChunkPlan]:
        programmes = (run.approved.items if run.approved is not None else liabilities.measured_programmes()).count()
        return [ChunkPlan(0, 0, programmes)] if programmes else []

    def work(self, run: JobRun, chunk: JobChunk, *, at: datetime) -> ChunkResult:
        done = liabilities.measure_liability(on=run.business_date, at=at, approved=run.approved)
        return ChunkResult(done=done, failed=count_left_out(run.approved, EVERYTHING))

    def foresee(self, run: JobRun, chunk: JobChunk, *, at: datetime) -> int:
        return liabilities.foresee_liability(run)

    def item_links(self, items: Sequence[RunItem]) -> dict[int, tuple[str, str]]:
        """The programme, and its page."""
        found = Programme.objects.in_bulk([item.key for item in items])
        return {
            key: (str(programme), reverse("admin:memberships_programme_change", args=[key]))
            for key, programme in found.items()
        }


def _due(run: JobRun, chunk: JobChunk) -> DueRange:
    """What a chunk is about. Nights that were settled since the plan make it less by what they did."""
    settled = points_expiry.settled_through(before=run.business_date)
    late = points_expiry.late_days(chunk.first_key, chunk.last_key, settled=settled)
    days = late + points_expiry.due_days(on=run.business_date, after=settled)
    return DueRange(chunk.first_key, chunk.last_key, days, idle_by=run.business_date)
