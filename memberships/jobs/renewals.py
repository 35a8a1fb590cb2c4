"""The night that renews cards."""

from collections.abc import Iterable, Iterator, Sequence
from datetime import date, datetime

from django.conf import settings
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from memberships.dates import business_date
from memberships.gateways import Answer
from memberships.models import Member
from memberships.services import renewals
from memberships.services.charges import LANE, WantedCharge, charge_all
from memberships.services.payments import record_answers
from memberships.services.ranges import KeyRange, count_left_out, ranges_of_items
from operations.models import JobChunk, JobRun, RunItem
from operations.services.jobs import CallingJob, ChunkPlan, ChunkResult


class RenewSubscriptions(CallingJob):
    """Charges the due cards for their next term; chunks are ranges of cards.

    A card counts as done when the gateway has answered, whatever it answered, or when it is not due any more; one
    without an answer is asked about until there is one (resolve_unknown_payments).
    """

    name = "renew_subscriptions"
    label = _("renew cards")
    is_nightly = True
    after = ("move_cards", "resolve_unknown_payments")
    unit = _("CNY")
    kinds = {"renewal": _("renewal")}
    lane = LANE

    def plan(self, run: JobRun) -> Iterable[ChunkPlan]:
        if run.approved is not None:
            ranges = ranges_of_items(run.approved, size=settings.CHARGE_CHUNK_CARDS)
        else:
            ranges = renewals.due_ranges(on=run.business_date, size=settings.CHARGE_CHUNK_CARDS)
        return [ChunkPlan(*found) for found in ranges]

    def foresee(self, run: JobRun, chunk: JobChunk, *, at: datetime) -> int:
        return renewals.foresee_renewals(run, keys_of(chunk))

    def intend(self, run: JobRun, chunk: JobChunk, *, at: datetime) -> list[WantedCharge]:
        return renewals.request_renewals(
            keys_of(chunk), on=run.business_date, at=at, actor=run.requested_by, approved=run.approved
        )

    def call(self, intended: list[WantedCharge]) -> Iterator[list[Answer]]:
        return charge_all(intended, in_lane=True)

    def record(self, run: JobRun, chunk: JobChunk, answers: Sequence[Answer], *, at: datetime) -> None:
        record_answers(answers, on=answered_on(run, at), at=at, actor=run.requested_by)

    def result(self, run: JobRun, chunk: JobChunk) -> ChunkResult:
        return outcome_of(run, chunk, still_open=renewals.count_open(keys_of(chunk), on=run.business_date))

    def item_links(self, items: Sequence[RunItem]) -> dict[int, tuple[str, str]]:
        return card_links(items)


def outcome_of(run: JobRun, chunk: JobChunk, *, still_open: int) -> ChunkResult:
    """A chunk's things without those that are still open; what an approved dry run left out was not done."""
    left_out = count_left_out(run.approved, keys_of(chunk))
    return ChunkResult(done=max(0, chunk.size - left_out - still_open), failed=left_out)


def answered_on(run: JobRun, at: datetime) -> date:
    """The business date of an answer: that of the instant, since a night may be made up for days later.

    What was asked for by hand meanwhile is never answered before it was asked.
    """
    return max(run.business_date, business_date(at))


def keys_of(chunk: JobChunk) -> KeyRange:
    """The ids that a chunk is about."""
    return KeyRange(chunk.first_key, chunk.last_key)


def card_links(items: Sequence[RunItem]) -> dict[int, tuple[str, str]]:
    """Items about cards: the member's number, and the card's page."""
    return {
        item.key: (Member(pk=item.owner).number, reverse("admin:memberships_subscription_change", args=[item.key]))
        for item in items
    }
