"""The night that looks at what is overdue."""

from collections.abc import Iterable, Sequence
from datetime import datetime

from django.conf import settings
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from credit.models import OverdueState
from credit.services import overdue
from memberships.jobs.renewals import keys_of
from memberships.models import Member
from memberships.services.ranges import count_left_out, ranges_of_items
from operations.models import JobChunk, JobRun, RunItem
from operations.services.jobs import ChunkPlan, ChunkResult, Job


class LineJob(Job):
    """A night over credit lines: its items are lines, their amounts CNY."""

    is_nightly = True
    unit: str | Promise = _("CNY")

    def item_links(self, items: Sequence[RunItem]) -> dict[int, tuple[str, str]]:
        """The member's number and page."""
        return {
            item.key: (Member(pk=item.owner).number, reverse("admin:memberships_member_change", args=[item.owner]))
            for item in items
        }


class AgeInvoices(LineJob):
    """Brings overdue states of invoices and lines to the business date; chunks are ranges of lines.

    A run counts the lines that it wrote; one that executes a dry run, as failed those that it left since they were
    others by then. States follow the facts of now: a night that is made up for after a later one has succeeded would
    only put them back, so it does nothing.
    """

    name = "age_invoices"
    label = _("overdue states")
    kinds = {**dict(OverdueState.choices), overdue.AMOUNT: _("overdue amount")}

    def plan(self, run: JobRun) -> Iterable[ChunkPlan]:
        if _was_overtaken(run):
            return []
        if run.approved is not None:
            ranges = ranges_of_items(run.approved, size=settings.AGE_CHUNK_LINES)
        else:
            ranges = overdue.overdue_ranges(size=settings.AGE_CHUNK_LINES)
        return [ChunkPlan(*found) for found in ranges]

    def foresee(self, run: JobRun, chunk: JobChunk, *, at: datetime) -> int:
        return overdue.foresee_overdue(run, keys_of(chunk))

    def work(self, run: JobRun, chunk: JobChunk, *, at: datetime) -> ChunkResult:
        aged = overdue.age_lines(keys_of(chunk), on=run.business_date, at=at, approved=run.approved)
        return ChunkResult(done=len(aged), failed=count_left_out(run.approved, keys_of(chunk)))


def _was_overtaken(run: JobRun) -> bool:
    """Whether a later night has brought the states to its date."""
    later = JobRun.objects.of_the_night().filter(job=run.job, business_date__gt=run.business_date)
    return later.filter(state=JobRun.State.SUCCEEDED).exists()
