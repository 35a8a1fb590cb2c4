"""What is done to many cards and payments at once: cancelling and taking that back, trying again, giving back."""

from collections.abc import Collection, Sequence
from datetime import date, datetime
from typing import Any

from django.db import transaction
from django.db.models import Exists, OuterRef, Prefetch
from django.utils.formats import number_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from memberships.approvals import RefundPayment
from memberships.models import Payment, Refund, Subscription
from memberships.services.payments import retry_payment
from memberships.services.resumptions import resume_subscription, why_not_resumed, with_what_follows
from memberships.services.subscriptions import cancel_subscription
from operations.audit import because
from operations.bulk import BulkAction, Foreseen
from operations.models import User

State, Status = Payment.State, Subscription.Status
OPEN = (State.REQUESTED, State.UNKNOWN)
OPEN_REFUND = (Refund.State.REQUESTED, Refund.State.UNKNOWN)


class CancelCards(BulkAction):
    """Cards end with their last paid day, and are not renewed."""

    name = "cancel_cards"
    label = gettext_lazy("Cancel the cards at their terms' end")
    model = Subscription
    permission = "memberships.change_subscription"
    note = gettext_lazy("Paid days go on to the end of the term. A card with no paid day left ends at once.")

    def records(self, keys: Collection[int]) -> Sequence[Any]:
        open_payments = Payment.objects.filter(state__in=OPEN)
        cards = Subscription.objects.filter(pk__in=keys).select_related("plan", "member")
        return list(cards.prefetch_related(Prefetch("payments", open_payments, to_attr="open_payments")))

    def title(self, record: Any) -> str:
        return f"{record.plan} · {record.member.number}"

    def foresee(self, record: Any, *, on: date) -> Foreseen:
        if record.cancelled_on is not None:
            return Foreseen(_("The card was cancelled on %(day)s.") % {"day": record.cancelled_on}, is_possible=False)
        if record.ended_on is not None and record.ended_on < on:
            return Foreseen(_("The card ended on %(day)s.") % {"day": record.ended_on}, is_possible=False)
        if record.open_payments:
            return Foreseen(_("A payment for it is under way."), is_possible=False)
        last = max(record.ended_on or record.paid_until or on, on)
        return Foreseen(_("It ends on %(day)s and is not renewed.") % {"day": last})

    def seen(self, record: Any) -> str:
        payments = [f"{payment.pk}-{payment.attempt}" for payment in record.open_payments]
        return " ".join(map(str, (record.paid_until, record.ended_on, record.cancelled_on, record.plan_id, *payments)))

    def do(self, record: Any, *, on: date, at: datetime, actor: User, checker: User | None, reason: str) -> str:
        cancelled = cancel_subscription(record, on=on, reason=reason, actor=actor)
        return _("The card is cancelled; it ends on %(day)s.") % {"day": cancelled.ended_on}


class ResumeCards(BulkAction):
    """Cancellations are taken back while the cards are paid for."""

    name = "resume_cards"
    label = gettext_lazy("Resume the renewals of cancelled cards")
    model = Subscription
    permission = "memberships.change_subscription"
    note = gettext_lazy("The cards go on after their last paid days. The members are told.")

    def records(self, keys: Collection[int]) -> Sequence[Any]:
        return list(with_what_follows(Subscription.objects.filter(pk__in=keys)))

    def title(self, record: Any) -> str:
        return f"{record.plan} · {record.member.number}"

    def foresee(self, record: Any, *, on: date) -> Foreseen:
        if why := why_not_resumed(record, on=on):
            return Foreseen(why, is_possible=False)
        if record.payment_method is None or record.payment_method.removed_on is not None:
            words = _("It does not end on %(day)s; it has no payment method and is renewed by hand.")
        else:
            words = _("It does not end on %(day)s and is renewed.")
        return Foreseen(words % {"day": record.ended_on})

    def seen(self, record: Any) -> str:
        facts = (record.paid_until, record.ended_on, record.cancelled_on, record.plan_id, record.payment_method_id)
        return " ".join(map(str, facts))

    def do(self, record: Any, *, on: date, at: datetime, actor: User, checker: User | None, reason: str) -> str:
        resumed = resume_subscription(record, on=on, reason=reason, actor=actor)
        return _("The cancellation is taken back; the card is paid until %(day)s.") % {"day": resumed.paid_until}


class PaymentAction(BulkAction):
    """Something that is done to payments, measured by their amounts."""

    model = Payment
    unit = "CNY"

    def records(self, keys: Collection[int]) -> Sequence[Any]:
        open_refund = Refund.objects.filter(payment=OuterRef("pk"), state__in=OPEN_REFUND)
        payments = Payment.objects.filter(pk__in=keys).annotate(has_open_refund=Exists(open_refund))
        return list(payments.select_related("plan", "member", "method").prefetch_related("refunds"))

    def title(self, record: Any) -> str:
        return f"{record.plan} · {record.member.number}"

    def seen(self, record: Any) -> str:
        return f"{record.attempt} {record.state} {record.refunded} {len(record.refunds.all())}"


class RetryPayments(PaymentAction):
    """The next attempt of declined payments of renewals, now, by the cards' own methods."""

    name = "retry_payments_now"
    label = gettext_lazy("Try the payments again")
    permission = "memberships.change_subscription"
    note = gettext_lazy("The gateway is asked for the money, one payment after the other.")

    def foresee(self, record: Any, *, on: date) -> Foreseen:
        if record.state != State.DECLINED or record.purpose != Payment.Purpose.RENEWAL:
            return Foreseen(_("Only a declined payment of a renewal is tried again."), is_possible=False)
        words = _("Attempt %(attempt)s: %(amount)s CNY by %(method)s.")
        facts = {"attempt": record.attempt + 1, "amount": number_format(record.amount, 2), "method": record.method}
        return Foreseen(words % facts, record.amount)

    def do(self, record: Any, *, on: date, at: datetime, actor: User, checker: User | None, reason: str) -> str:
        payment = retry_payment(record, on=on, at=at, actor=actor, reason=reason)
        return _("The payment is “%(state)s” now.") % {"state": payment.get_state_display()}


class RefundPayments(PaymentAction):
    """All that is left of payments is given back; the cards keep their paid days."""

    name = "refund_payments"
    label = gettext_lazy("Give the payments back, cards go on")
    permission = RefundPayment.permission
    limit = RefundPayment.name
    note = gettext_lazy(
        "The gateway is asked for each; where the sum is over your limit, when a second person has approved."
    )

    def foresee(self, record: Any, *, on: date) -> Foreseen:
        left = record.amount - record.refunded
        if record.state != State.SUCCEEDED or left <= 0 or record.has_open_refund:
            return Foreseen(_("Nothing of this payment can be refunded now."), is_possible=False)
        words = _("%(amount)s CNY go back to %(method)s.")
        return Foreseen(words % {"amount": number_format(left, 2), "method": record.method}, left)

    def do(self, record: Any, *, on: date, at: datetime, actor: User, checker: User | None, reason: str) -> str:
        left = record.amount - record.refunded
        payload = RefundPayment.payload_of(record, amount=left, ends_card=False, refunds=len(record.refunds.all()))
        with transaction.atomic(), because(reason, actor=actor):
            outcome = RefundPayment().execute(payload, actor=actor, checker=checker, reason=reason, on=on, at=at)
        refund = Refund.objects.get(pk=outcome.data["refund"])
        return _("The refund is “%(state)s”.") % {"state": refund.get_state_display()}


ACTIONS = (CancelCards, ResumeCards, RetryPayments, RefundPayments)
