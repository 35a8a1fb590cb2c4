"""The night of status matches: they end, are renewed while the tier lasts, or revoked where it was lost."""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta

from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from memberships.jobs.renewals import keys_of
from memberships.models import Member
from memberships.services.ranges import count_left_out, mark_items, ranges_of_items
from operations.audit import attach_context
from operations.models import JobChunk, JobRun, RunItem
from operations.services.holds import holding
from operations.services.jobs import ChunkPlan, ChunkResult, Job
from partners.services import statements, status_calls

#: As many matches are looked at in a transaction.
CHUNK_MATCHES = 10_000
#: A match is renewed so many days ahead of its end, so that the partner has answered by then.
LEAD_DAYS = 7


class FollowStatusMatches(Job):
    """Chunks are ranges of matches; by day it tells partners of what was asked for."""

    name = "follow_status_matches"
    label = _("end and renew status matches")
    is_nightly = True
    after = ("evaluate_tiers",)
    unit = _("matches")
    decimals = 0
    kinds = {
        "end": _("its last day is over"), "revoke": _("its tier was lost"), "renew": _("is renewed"),
    }
    every = timedelta(seconds=10)

    def plan(self, run: JobRun) -> Iterable[ChunkPlan]:
        if run.approved is not None:
            return [ChunkPlan(*found) for found in ranges_of_items(run.approved, size=CHUNK_MATCHES)]
        return [ChunkPlan(*found) for found in statements.rows("status_matches/ranges", size=CHUNK_MATCHES)]

    def foresee(self, run: JobRun, chunk: JobChunk, *, at: datetime) -> int:
        return statements.run(
            "status_matches/foresee", run=run.pk, on=run.business_date, lead=LEAD_DAYS, **keys_of(chunk)._asdict()
        )

    def work(self, run: JobRun, chunk: JobChunk, *, at: datetime) -> ChunkResult:
        attach_context()
        done = statements.rows(
            "status_matches/apply", on=run.business_date, at=at, lead=LEAD_DAYS,
            approved=run.approved and run.approved.pk, **keys_of(chunk)._asdict(),
        )
        mark_items(run.approved, keys_of(chunk), done=[match for match, _kind in done])
        return ChunkResult(done=len(done), failed=count_left_out(run.approved, keys_of(chunk)))

    def tick(self, *, at: datetime) -> None:
        with holding("follow_status_matches:tick") as is_mine:
            if is_mine:
                status_calls.send_due(clock=timezone.now)

    def item_links(self, items: Sequence[RunItem]) -> dict[int, tuple[str, str]]:
        """The member's number; the match stands in the admin's list."""
        return {item.key: (Member(pk=item.owner).number, "") for item in items}
