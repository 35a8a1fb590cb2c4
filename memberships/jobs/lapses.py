"""The night that ends cards which nobody paid for."""

from collections.abc import Iterable, Sequence
from datetime import datetime

from django.conf import settings
from django.utils.translation import gettext_lazy as _

from memberships.jobs.renewals import card_links, keys_of
from memberships.services import lapses
from memberships.services.ranges import count_left_out, ranges_of_items
from operations.models import JobChunk, JobRun, RunItem
from operations.services.jobs import ChunkPlan, ChunkResult, Job


class EnterGraceAndLapse(Job):
    """Tells of cards that entered their days of grace and ends those beyond them; chunks are ranges of cards."""

    name = "enter_grace_and_lapse"
    label = _("days of grace and lapses")
    is_nightly = True
    after = ("retry_payments",)
    kinds = {
        "grace": _("enters its days of grace"), "lapse": _("lapses"),
        "abandon": _("its declined payment is put away"),
    }

    def plan(self, run: JobRun) -> Iterable[ChunkPlan]:
        if run.approved is not None:
            ranges = ranges_of_items(run.approved, size=settings.LAPSE_CHUNK_CARDS)
        else:
            ranges = lapses.ending_ranges(on=run.business_date, size=settings.LAPSE_CHUNK_CARDS)
        return [ChunkPlan(*found) for found in ranges]

    def foresee(self, run: JobRun, chunk: JobChunk, *, at: datetime) -> int:
        return lapses.foresee_endings(run, keys_of(chunk))

    def work(self, run: JobRun, chunk: JobChunk, *, at: datetime) -> ChunkResult:
        ended = lapses.end_cards(
            keys_of(chunk), on=run.business_date, at=at, actor=run.requested_by, approved=run.approved
        )
        return ChunkResult(done=len(ended), failed=count_left_out(run.approved, keys_of(chunk)))

    def item_links(self, items: Sequence[RunItem]) -> dict[int, tuple[str, str]]:
        return card_links(items)
