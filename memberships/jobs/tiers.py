"""The night that evaluates tiers, and tells of those that are about to be lost."""

from collections.abc import Iterable, Sequence
from datetime import date, datetime, timedelta

from django.conf import settings
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from memberships.models import Member, TierChange, TierGroup
from memberships.services import tier_evaluation
from memberships.services.ranges import KeyRange, count_left_out, mark_items
from memberships.services.tier_evaluation import GRACE, Ladder, LadderRange, ladder_of, wallet_of_item
from operations.models import JobChunk, JobRun, RunItem
from operations.services.jobs import ChunkPlan, ChunkResult, Job

#: So many days before the end of its period a member hears that the tier would be lost; in words.
NOTICE_DAYS: dict[int, str | Promise] = {30: _("is told 30 days before the tier ends"), 7: _("is told 7 days before")}


class LadderJob(Job):
    """Chunks are ranges of wallets on one ladder, which is their subject; so are the items of a dry run."""

    def plan(self, run: JobRun) -> Iterable[ChunkPlan]:
        size = settings.TIER_CHUNK_WALLETS
        ranges = (
            self.ranges(run, size=size) if run.approved is None
            else tier_evaluation.ladder_ranges_of_items(run.approved, size=size)
        )
        return [ChunkPlan(found.first, found.last, found.size, subject=str(found.group)) for found in ranges]

    def ranges(self, run: JobRun, *, size: int) -> list[LadderRange]:
        """The wallets to look at: all there are."""
        return tier_evaluation.ladder_ranges(size=size)

    def item_links(self, items: Sequence[RunItem]) -> dict[int, tuple[str, str]]:
        """The member's number, and the page of the wallet."""
        return {
            item.key: (
                Member(pk=item.owner).number,
                reverse("admin:memberships_enrolment_change", args=[wallet_of_item(item.key)]),
            )
            for item in items
        }

    def subject_label(self, subject: str) -> str:
        group = TierGroup.objects.filter(pk=int(subject)).first() if subject.isdecimal() else None
        return str(group or subject)


class EvaluateTiers(LadderJob):
    """Evaluates every wallet on every ladder of its programme, after the night's points.

    A run counts wallets that it looked at; one that executes a dry run those that it changed, and as failed those that
    it left since they were another by then.
    """

    name = "evaluate_tiers"
    label = _("evaluate tiers")
    is_nightly = True
    after = ("apply_programme_revisions", "enter_grace_and_lapse", "post_pending_points", "expire_points")
    kinds = {**dict(TierChange.Kind.choices), GRACE: _("days of grace begin")}

    def work(self, run: JobRun, chunk: JobChunk, *, at: datetime) -> ChunkResult:
        ladder, keys = _ladder(run, chunk), _keys(chunk)
        changed = tier_evaluation.evaluate_range(
            ladder, keys, on=run.business_date, at=at, actor=run.requested_by, approved=run.approved
        )
        if run.approved is None:
            return ChunkResult(done=chunk.size)
        return ChunkResult(done=len(changed), failed=count_left_out(run.approved, ladder.items(keys)))

    def foresee(self, run: JobRun, chunk: JobChunk, *, at: datetime) -> int:
        return tier_evaluation.foresee_range(run, _ladder(run, chunk), _keys(chunk))


class ForeseeDowngrades(LadderJob):
    """Tells members, 30 and 7 days before the last day of a tier, that they would lose it, and what is missing.

    A run counts wallets that it looked at; one that executes a dry run those whose members it told, and as failed those
    that it left since they were another by then. The items of a dry run are of the kind of how many days before it is.
    """

    name = "foresee_downgrades"
    label = _("foresee downgrades")
    is_nightly = True
    after = ("evaluate_tiers",)
    kinds = {str(days): told for days, told in NOTICE_DAYS.items()}

    def ranges(self, run: JobRun, *, size: int) -> list[LadderRange]:
        """Those whose tier ends on one of the days."""
        return tier_evaluation.ranges_of_ends([_last_day(run, days) for days in NOTICE_DAYS], size=size)

    def work(self, run: JobRun, chunk: JobChunk, *, at: datetime) -> ChunkResult:
        ladder, keys = _ladder(run, chunk), _keys(chunk)
        told = [
            ladder.first_item + wallet
            for days in NOTICE_DAYS
            for wallet in tier_evaluation.tell_of_ends(
                ladder, keys, ends_on=_last_day(run, days), days=days, at=at, approved=run.approved
            )
        ]
        if run.approved is None:
            return ChunkResult(done=chunk.size)
        mark_items(run.approved, ladder.items(keys), done=told)
        return ChunkResult(done=len(told), failed=count_left_out(run.approved, ladder.items(keys)))

    def foresee(self, run: JobRun, chunk: JobChunk, *, at: datetime) -> int:
        ladder, keys = _ladder(run, chunk), _keys(chunk)
        return sum(
            tier_evaluation.foresee_ends(run, ladder, keys, ends_on=_last_day(run, days), days=days)
            for days in NOTICE_DAYS
        )


def _last_day(run: JobRun, days: int) -> date:
    """The last day of the tiers that are told of so many days before."""
    return run.business_date + timedelta(days=days)


def _ladder(run: JobRun, chunk: JobChunk) -> Ladder:
    return ladder_of(TierGroup.objects.get(pk=int(chunk.subject)), on=run.business_date)


def _keys(chunk: JobChunk) -> KeyRange:
    return KeyRange(chunk.first_key, chunk.last_key)
