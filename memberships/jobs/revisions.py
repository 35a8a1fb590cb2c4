"""The night that brings programme files into effect, and moves cards to newer versions of their plans."""

from collections.abc import Iterable
from datetime import date, datetime

from django.conf import settings
from django.db.models import Count, Max, Min
from django.utils.translation import gettext_lazy as _

from memberships.errors import RevisionBaseError
from memberships.models import ProgrammeRevision
from memberships.services import plan_moves, revisions
from memberships.services.ranges import KeyRange
from operations.models import JobChunk, JobRun, User
from operations.services.jobs import ChunkPlan, ChunkResult, Job


class ApplyProgrammeRevisions(Job):
    """Brings the approved revisions into effect whose day has come; a chunk is a programme.

    Before what reads plans, tiers and rules. A revision that cannot take effect leaves its programme as it was: its
    chunk is parked and says why. One that was compared with another state of the programme is left out with a note, and
    counts as failed.
    """

    name = "apply_programme_revisions"
    label = _("bring programme files into effect")
    is_nightly = True

    def plan(self, run: JobRun) -> Iterable[ChunkPlan]:
        due = ProgrammeRevision.objects.to_apply(on=run.business_date).order_by("code").values("code")
        found = due.annotate(first=Min("pk"), last=Max("pk"), count=Count("pk"))
        return [ChunkPlan(each["first"], each["last"], each["count"], subject=each["code"]) for each in found]

    def work(self, run: JobRun, chunk: JobChunk, *, at: datetime) -> ChunkResult:
        due = ProgrammeRevision.objects.to_apply(on=run.business_date).filter(code=chunk.subject)
        applied = [
            self._take_effect(revision, on=run.business_date, at=at, actor=run.requested_by or revision.made_by)
            for revision in due.select_related("made_by")
        ]
        return ChunkResult(done=sum(applied), failed=len(applied) - sum(applied))

    def _take_effect(self, revision: ProgrammeRevision, *, on: date, at: datetime, actor: User | None) -> bool:
        """Whether it did."""
        try:
            revisions.take_effect(revision, on=on, at=at, actor=actor)
        except RevisionBaseError as error:
            revisions.leave_out(revision, why=str(error), actor=actor)
            return False
        return True


class MoveCards(Job):
    """Moves cards to the newer version of their plan on the day that the programme file names."""

    name = "move_cards"
    label = _("move cards to newer versions of their plans")
    is_nightly = True
    after = ("apply_programme_revisions",)

    def plan(self, run: JobRun) -> Iterable[ChunkPlan]:
        ranges = plan_moves.moving_ranges(on=run.business_date, size=settings.LAPSE_CHUNK_CARDS)
        return [ChunkPlan(*found) for found in ranges]

    def work(self, run: JobRun, chunk: JobChunk, *, at: datetime) -> ChunkResult:
        keys = KeyRange(chunk.first_key, chunk.last_key)
        return ChunkResult(done=plan_moves.move_cards(keys, on=run.business_date))
