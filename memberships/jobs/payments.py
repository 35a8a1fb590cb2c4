"""The nights that try declined payments again, and ask what became of open ones."""

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime, timedelta

from django.conf import settings
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from memberships.dates import business_date
from memberships.gateways import Answer
from memberships.jobs.renewals import answered_on, keys_of, outcome_of
from memberships.models import Member, Payment
from memberships.services import payments, refunds
from memberships.services.charges import LANE, WantedCharge, WantedRefund, charge_all, refund_all
from memberships.services.ranges import ranges_of_items
from operations.models import JobChunk, JobRun, RunItem
from operations.services.holds import holding
from operations.services.jobs import CallingJob, ChunkPlan, ChunkResult


class PaymentJob(CallingJob):
    """Chunks are ranges of payments. One counts as done when the gateway has answered, whatever it answered."""

    is_nightly = True
    unit = _("CNY")
    lane = LANE

    def item_links(self, items: Sequence[RunItem]) -> dict[int, tuple[str, str]]:
        """The member's number, and the page of the card that is paid for."""
        cards = dict(Payment.objects.filter(pk__in=[item.key for item in items]).values_list("pk", "subscription"))
        return {
            item.key: (
                Member(pk=item.owner).number,
                reverse("admin:memberships_subscription_change", args=[cards[item.key]]) if item.key in cards else "",
            )
            for item in items
        }


class RetryPayments(PaymentJob):
    """Tries softly declined payments again on their plans' days, while their cards' grace lasts."""

    name = "retry_payments"
    label = _("try payments again")
    after = ("renew_subscriptions",)
    kinds = {"retry": _("another attempt")}

    def plan(self, run: JobRun) -> Iterable[ChunkPlan]:
        if run.approved is not None:
            ranges = ranges_of_items(run.approved, size=settings.CHARGE_CHUNK_CARDS)
        else:
            ranges = payments.retry_ranges(on=run.business_date, size=settings.CHARGE_CHUNK_CARDS)
        return [ChunkPlan(*found) for found in ranges]

    def foresee(self, run: JobRun, chunk: JobChunk, *, at: datetime) -> int:
        return payments.foresee_retries(run, keys_of(chunk))

    def intend(self, run: JobRun, chunk: JobChunk, *, at: datetime) -> list[WantedCharge]:
        return payments.request_retries(
            keys_of(chunk), on=run.business_date, at=at, actor=run.requested_by, approved=run.approved,
            since=run.requested_at,
        )

    def call(self, intended: list[WantedCharge]) -> Iterator[list[Answer]]:
        return charge_all(intended, in_lane=True)

    def record(self, run: JobRun, chunk: JobChunk, answers: Sequence[Answer], *, at: datetime) -> None:
        payments.record_answers(answers, on=answered_on(run, at), at=at, actor=run.requested_by)

    def result(self, run: JobRun, chunk: JobChunk) -> ChunkResult:
        still_open = payments.count_open(keys_of(chunk), requested_at__gte=run.requested_at)
        return outcome_of(run, chunk, still_open=still_open)


class ResolveUnknownPayments(PaymentJob):
    """Asks the gateways about open payments and refunds: before each night's charges, and every few seconds between.

    What the gateway never got is sent again under the same key. The ticks stay out of the jobs' lane. A refund's key is
    its id with a minus sign.
    """

    name = "resolve_unknown_payments"
    label = _("ask about open payments")
    kinds = {"ask": _("question about a charge"), "ask_refund": _("question about a refund")}
    every = timedelta(seconds=10)

    def plan(self, run: JobRun) -> Iterable[ChunkPlan]:
        if run.approved is not None:
            ranges = ranges_of_items(run.approved, size=settings.CHARGE_CHUNK_CARDS)
        else:
            ranges = [
                *refunds.open_ranges(at=run.requested_at),
                *payments.open_ranges(at=run.requested_at, size=settings.CHARGE_CHUNK_CARDS),
            ]
        return [ChunkPlan(*found) for found in ranges]

    def foresee(self, run: JobRun, chunk: JobChunk, *, at: datetime) -> int:
        keys = keys_of(chunk)
        return refunds.foresee_questions(run, keys) + payments.foresee_questions(run, keys)

    def intend(self, run: JobRun, chunk: JobChunk, *, at: datetime) -> list[WantedCharge | WantedRefund]:
        keys = keys_of(chunk)
        return [
            *refunds.take_open_refunds(keys, at=at, approved=run.approved),
            *payments.take_open_payments(keys, at=at, approved=run.approved),
        ]

    def call(self, intended: list[WantedCharge | WantedRefund]) -> Iterator[list[Answer]]:
        yield from refund_all([wanted for wanted in intended if isinstance(wanted, WantedRefund)], in_lane=True)
        yield from charge_all([wanted for wanted in intended if isinstance(wanted, WantedCharge)], in_lane=True)

    def record(self, run: JobRun, chunk: JobChunk, answers: Sequence[Answer], *, at: datetime) -> None:
        about_refunds = [answer for answer in answers if refunds.is_about_refund(answer)]
        about_charges = [answer for answer in answers if not refunds.is_about_refund(answer)]
        refunds.record_refunds(about_refunds, on=answered_on(run, at), at=at, actor=run.requested_by)
        payments.record_answers(about_charges, on=answered_on(run, at), at=at, actor=run.requested_by)

    def result(self, run: JobRun, chunk: JobChunk) -> ChunkResult:
        still_open = (
            payments.count_open(keys_of(chunk), requested_at__lte=run.requested_at)
            + refunds.count_open(keys_of(chunk), at=run.requested_at)
        )
        return outcome_of(run, chunk, still_open=still_open)

    def tick(self, *, at: datetime) -> None:
        with holding("resolve_unknown_payments:tick") as is_mine:
            if is_mine:
                payments.ask_about_open_payments(on=business_date(at), at=at)
                refunds.ask_about_open_refunds(on=business_date(at), at=at)
