"""The night that brings programme files into effect, and moves cards to newer versions of their plans."""

from collections.abc import Iterable, Sequence
from datetime import datetime

from django.conf import settings
from django.db.models import Count, Max, Min
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from memberships.jobs.renewals import card_links, keys_of
from memberships.models import ProgrammeRevision
from memberships.services import plan_moves, revision_nights
from memberships.services.ranges import count_left_out, ranges_of_items
from operations.models import JobChunk, JobRun, RunItem
from operations.services.jobs import ChunkPlan, ChunkResult, Job


class ApplyProgrammeRevisions(Job):
    """Brings the approved revisions into effect whose day has come; a chunk is a programme.

    Before what reads plans, tiers and rules. A revision that its programme cannot become any more, or that was compared
    with another state of it, is left out with a note and counts as failed; those before it stay in effect. The items of
    a dry run are revisions, their amounts changes.
    """

    name = "apply_programme_revisions"
    label = _("bring programme files into effect")
    is_nightly = True
    unit = _("changes")
    decimals = 0
    kinds = {
        revision_nights.APPLY: _("takes effect"),
        revision_nights.LEAVE_OUT: _("is left out: it was compared with another state"),
        revision_nights.REFUSE: _("cannot take effect: its programme stays as it is"),
    }

    def plan(self, run: JobRun) -> Iterable[ChunkPlan]:
        due = ProgrammeRevision.objects.to_apply(on=run.business_date)
        if run.approved is not None:
            due = ProgrammeRevision.objects.filter(pk__in=run.approved.items.values("key"))
        found = due.order_by("code").values("code").annotate(first=Min("pk"), last=Max("pk"), count=Count("pk"))
        return [ChunkPlan(each["first"], each["last"], each["count"], subject=each["code"]) for each in found]

    def foresee(self, run: JobRun, chunk: JobChunk, *, at: datetime) -> int:
        return revision_nights.foresee_night(run, chunk.subject)

    def work(self, run: JobRun, chunk: JobChunk, *, at: datetime) -> ChunkResult:
        on, actor = run.business_date, run.requested_by
        if run.approved is None:
            done = revision_nights.apply_due(chunk.subject, on=on, at=at, actor=actor)
        else:
            done = revision_nights.apply_foreseen(run.approved, chunk.subject, on=on, at=at, actor=actor)
        return ChunkResult(done=done.applied, failed=done.left)

    def item_links(self, items: Sequence[RunItem]) -> dict[int, tuple[str, str]]:
        """The revision, and its page."""
        found = ProgrammeRevision.objects.without_files().in_bulk([item.key for item in items])
        return {
            key: (str(revision), reverse("admin:memberships_programmerevision_change", args=[key]))
            for key, revision in found.items()
        }


class MoveCards(Job):
    """Moves cards to the newer version of their plan on the day that the programme file names; chunks: ranges of cards.

    A run counts cards that moved; as failed those that the execution of a dry run left, since they had changed.
    """

    name = "move_cards"
    label = _("move cards to newer versions of their plans")
    is_nightly = True
    after = ("apply_programme_revisions",)
    kinds = {"move": _("moves to a newer version of its plan")}

    def plan(self, run: JobRun) -> Iterable[ChunkPlan]:
        size = settings.LAPSE_CHUNK_CARDS
        if run.approved is not None:
            ranges = ranges_of_items(run.approved, size=size)
        else:
            ranges = plan_moves.moving_ranges(on=run.business_date, size=size)
        return [ChunkPlan(*found) for found in ranges]

    def foresee(self, run: JobRun, chunk: JobChunk, *, at: datetime) -> int:
        return plan_moves.foresee_moves(run, keys_of(chunk))

    def work(self, run: JobRun, chunk: JobChunk, *, at: datetime) -> ChunkResult:
        moved = plan_moves.move_cards(keys_of(chunk), on=run.business_date, approved=run.approved)
        return ChunkResult(done=moved, failed=count_left_out(run.approved, keys_of(chunk)))

    def item_links(self, items: Sequence[RunItem]) -> dict[int, tuple[str, str]]:
        return card_links(items)
