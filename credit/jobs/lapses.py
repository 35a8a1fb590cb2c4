"""The night in which credit lines follow their cards."""

from collections.abc import Iterable
from datetime import datetime

from django.conf import settings
from django.utils.translation import gettext_lazy as _

from credit.jobs.ageing import LineJob
from credit.services import lapses
from memberships.jobs.renewals import keys_of
from memberships.services.ranges import count_left_out, ranges_of_items
from operations.models import JobChunk, JobRun
from operations.services.jobs import ChunkPlan, ChunkResult


class FollowCards(LineJob):
    """Lapses, restores and closes lines as their cards stand; chunks are ranges of lines."""

    name = "follow_cards"
    label = _("credit lines follow their cards")
    unit = ""
    after = ("enter_grace_and_lapse",)
    kinds = {
        "lapse": _("its card is over: no new draws"), "restore": _("is taken up again"),
        "move": _("another card carries it"), "close": _("closes"),
    }

    def plan(self, run: JobRun) -> Iterable[ChunkPlan]:
        if run.approved is not None:
            ranges = ranges_of_items(run.approved, size=settings.FOLLOW_CHUNK_LINES)
        else:
            ranges = lapses.lines_to_follow(on=run.business_date, size=settings.FOLLOW_CHUNK_LINES)
        return [ChunkPlan(*found) for found in ranges]

    def foresee(self, run: JobRun, chunk: JobChunk, *, at: datetime) -> int:
        return lapses.foresee_follow(run, keys_of(chunk))

    def work(self, run: JobRun, chunk: JobChunk, *, at: datetime) -> ChunkResult:
        followed = lapses.follow_cards(
            keys_of(chunk), on=run.business_date, at=at, actor=run.requested_by, approved=run.approved
        )
        return ChunkResult(done=len(followed), failed=count_left_out(run.approved, keys_of(chunk)))
