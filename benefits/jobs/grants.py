"""The nights of what members hold: what follows a right is given and ended, and what is over runs out."""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta

from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from benefits.services import followed, grants
from memberships.dates import business_date
from memberships.jobs.renewals import keys_of
from memberships.models import Member
from memberships.services.ranges import count_left_out, ranges_of_items
from operations.models import JobChunk, JobRun, RunItem
from operations.services.holds import holding
from operations.services.jobs import ChunkPlan, ChunkResult, Job

#: As many ids of members are compared at a time: what PostgreSQL joins in memory.
FOLLOW_CHUNK_MEMBERS = 50_000
#: As many grants run out in a transaction.
EXPIRE_CHUNK_GRANTS = 10_000


class GrantJob(Job):
    """A night over members: its items are members, their amounts grants."""

    is_nightly = True
    unit = _("grants")
    decimals = 0

    def item_links(self, items: Sequence[RunItem]) -> dict[int, tuple[str, str]]:
        """The member's number and page."""
        return {
            item.key: (Member(pk=item.key).number, reverse("admin:memberships_member_change", args=[item.key]))
            for item in items
        }


class FollowRights(GrantJob):
    """Gives and ends what follows members' rights, after the night's cards and tiers; chunks are ranges of members.

    By day it looks every few seconds at members whose cards began or went on without a signal: payments that were
    settled by asking the gateway. A run counts changes; one that executes a dry run, as failed the members that it left
    since they were others by then.
    """

    name = "follow_rights"
    label = _("give and end what follows rights")
    after = ("renew_subscriptions", "retry_payments", "enter_grace_and_lapse", "evaluate_tiers")
    kinds = {
        "give": _("is given"), "rest": _("rests in the days of grace"), "resume": _("goes on after the days of grace"),
        "end": _("ends with its right"), "close": _("its right is over, it was before"),
        "several": _("several of these"),
    }
    every = timedelta(seconds=10)

    def plan(self, run: JobRun) -> Iterable[ChunkPlan]:
        if run.approved is not None:
            ranges = ranges_of_items(run.approved, size=FOLLOW_CHUNK_MEMBERS)
        else:
            ranges = grants.following_ranges(size=FOLLOW_CHUNK_MEMBERS)
        return [ChunkPlan(*found) for found in ranges]

    def foresee(self, run: JobRun, chunk: JobChunk, *, at: datetime) -> int:
        return grants.foresee_following(run, keys_of(chunk))

    def work(self, run: JobRun, chunk: JobChunk, *, at: datetime) -> ChunkResult:
        done = grants.follow_range(keys_of(chunk), on=run.business_date, at=at, approved=run.approved)
        return ChunkResult(done=len(done), failed=count_left_out(run.approved, keys_of(chunk)))

    def tick(self, *, at: datetime) -> None:
        with holding("follow_rights:tick") as is_mine:
            if is_mine:
                followed.follow_told(on=business_date(at), at=at)


class ExpireGrants(GrantJob):
    """Ends coupons and gifts after their last day; chunks are ranges of members.

    A run counts grants; one that executes a dry run, as failed the members that it left since they were others by then.
    """

    name = "expire_grants"
    label = _("end coupons and gifts that ran out")
    after = ("follow_rights",)
    kinds = {"run_out": _("runs out")}

    def plan(self, run: JobRun) -> Iterable[ChunkPlan]:
        if run.approved is not None:
            ranges = ranges_of_items(run.approved, size=EXPIRE_CHUNK_GRANTS)
        else:
            ranges = grants.expiring_ranges(on=run.business_date, size=EXPIRE_CHUNK_GRANTS)
        return [ChunkPlan(*found) for found in ranges]

    def foresee(self, run: JobRun, chunk: JobChunk, *, at: datetime) -> int:
        return grants.foresee_expiry(run, keys_of(chunk))

    def work(self, run: JobRun, chunk: JobChunk, *, at: datetime) -> ChunkResult:
        done = grants.expire_range(keys_of(chunk), on=run.business_date, at=at, approved=run.approved)
        return ChunkResult(done=done.total(), failed=count_left_out(run.approved, keys_of(chunk)))
