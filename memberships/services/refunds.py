"""Refunds: money given back of a succeeded payment, with or without the end of its card.

A refund walks like a charge: intent, call, answer; an open one is asked about, under its one key.

A refund that ends the card takes back the term that the payment paid for, and no other day: a term under way is cut
to end on that day, one that has not begun is taken off, and the card ends with its last paid day then. What stays was
paid for by payments that nobody refunded. The trail keeps the terms as they were, the payment its own dates.
"""

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from decimal import Decimal
from json import dumps
from zlib import crc32

import structlog
from django.db import transaction
from django.db.models import Count, Max, Min
from django.utils.translation import gettext as _

from memberships.errors import RefundError
from memberships.gateways import Answer, Outcome, RefundOrder
from memberships.models import Member, MergedCard, Payment, PaymentEvent, Refund, Subscription, Term
from memberships.services import statements
from memberships.services.charges import PATIENCE, WantedRefund, refund_all, refuse_transaction
from memberships.services.members import lock_member
from memberships.services.payments import as_text
from memberships.services.ranges import EVERYTHING, KeyRange, SizedRange, mark_items
from memberships.services.subscriptions import refuse_open_payment
from memberships.signals import subscription_refunded
from operations.audit import because
from operations.models import JobRun, OutboxMessage, RunItem, User

log = structlog.get_logger(__name__)
OPEN = (Refund.State.REQUESTED, Refund.State.UNKNOWN)
STATES = {
    Outcome.SUCCEEDED: (Refund.State.SUCCEEDED, PaymentEvent.Kind.REFUNDED),
    Outcome.SOFT_DECLINE: (Refund.State.DECLINED, PaymentEvent.Kind.REFUND_DECLINED),
    Outcome.HARD_DECLINE: (Refund.State.DECLINED, PaymentEvent.Kind.REFUND_DECLINED),
    Outcome.UNKNOWN: (Refund.State.UNKNOWN, PaymentEvent.Kind.REFUND_UNKNOWN),
    Outcome.ABSENT: (Refund.State.REQUESTED, PaymentEvent.Kind.REFUND_UNKNOWN),
}
ASKED_AT_A_TIME = 100


def refund_payment(
    payment: Payment, *, amount: Decimal, ends_card: bool, on: date, at: datetime, reason: str, actor: User | None,
    expected_refunds: int | None = None,
) -> Refund:
    """Give back `amount` CNY of a payment; with `ends_card`, what it paid for ends that day, unless the card is over.

    Outside any transaction. Returns the refund as the gateway answered; the same one, open already, as it is.
    `expected_refunds`: how many refunds the payment had, whatever became of them, when somebody decided on this one.
    Raises RefundError, also when there are more by now or another is open; PaymentUnderWayError when the card to be
    ended is being paid for.
    """
    refuse_transaction()
    refund, is_new = request_refund(
        payment, amount=amount, ends_card=ends_card, on=on, at=at, reason=reason, actor=actor,
        expected_refunds=expected_refunds,
    )
    return send_refund(refund, on=on, at=at, actor=actor) if is_new else refund


@transaction.atomic
def request_refund(
    payment: Payment, *, amount: Decimal, ends_card: bool, on: date, at: datetime, reason: str, actor: User | None,
    expected_refunds: int | None = None,
) -> tuple[Refund, bool]:
    """The intent of `refund_payment`, and whether it is new: then `send_refund` is called when it is committed.

    Should that not happen, the refund is asked about after a while and sent then.
    """
    lock_member(payment.member_id)
    payment = Payment.objects.select_related("subscription", "term", "method").get(pk=payment.pk)
    _refuse_moved_card(payment, ends_card=ends_card)
    ends_card = ends_card and _has_access(payment.subscription, on=on)
    refund = payment.refunds.filter(state__in=OPEN).first()
    if refund is not None:
        _refuse_another(refund, amount, ends_card=ends_card, expected_refunds=expected_refunds)
        return refund, False
    if expected_refunds is not None and payment.refunds.count() != expected_refunds:
        raise RefundError(_("This payment was refunded meanwhile: look at it again."))
    refuse_refund(payment, amount, ends_card=ends_card, reason=reason, on=on)
    return _request(payment, amount, ends_card=ends_card, on=on, at=at, reason=reason, actor=actor), True


def _refuse_another(refund: Refund, amount: Decimal, *, ends_card: bool, expected_refunds: int | None) -> None:
    """Raises RefundError unless the refund that is open is the one that is asked for."""
    # Who looked after it was requested has counted it, and asks for another one.
    number = refund.number if expected_refunds is None else expected_refunds + 1
    if (refund.amount, refund.ends_card, refund.number) != (amount, ends_card, number):
        raise RefundError(_("Another refund of this payment is under way: wait for it and look at it again."))


def send_refund(refund: Refund, *, on: date, at: datetime, actor: User | None) -> Refund:
    """Ask the gateway for a refund whose intent is committed, outside any transaction; the refund as it answered."""
    refuse_transaction()
    for answers in refund_all([_wanted(refund, was_sent=False)], in_lane=False):
        record_refunds(answers, on=on, at=at, actor=actor)
    return Refund.objects.get(pk=refund.pk)


def refuse_refund(payment: Payment, amount: Decimal, *, ends_card: bool, reason: str, on: date) -> None:
    """Raises RefundError, PaymentUnderWayError where this cannot be given back."""
    _refuse_moved_card(payment, ends_card=ends_card)
    ends_card = ends_card and _has_access(payment.subscription, on=on)
    if payment.state != Payment.State.SUCCEEDED:
        raise RefundError(_("Only a payment that succeeded is refunded."))
    left = payment.amount - payment.refunded
    if not 0 < amount <= left:
        raise RefundError(_("Between 0.01 and %(left)s CNY can be refunded of this payment.") % {"left": left})
    if not reason.strip():
        raise RefundError(_("A refund needs a reason."))
    if ends_card:
        if payment.term is None or payment.subscription.terms.filter(number__gt=payment.term.number).exists():
            raise RefundError(
                _("This payment did not pay for the card's last term: refund that one, or let the card go on.")
            )
        refuse_open_payment(payment.subscription_id)


def _refuse_moved_card(payment: Payment, *, ends_card: bool) -> None:
    """RefundError where the card that is to end goes on under another number."""
    moved = MergedCard.objects.filter(former=payment.subscription_id, merge__undone_at=None).select_related("merge")
    if ends_card and (moved_card := moved.first()):
        words = _("The card went to %(member)s with a merge: cancel it there and refund without ending the card, or "
                  "undo the merge first.")
        raise RefundError(words % {"member": Member(pk=moved_card.merge.survivor_id).number})


def _has_access(subscription: Subscription, *, on: date) -> bool:
    """Whether there is something to end."""
    return subscription.ended_on is None or subscription.ended_on > on


def _request(
    payment: Payment, amount: Decimal, *, ends_card: bool, on: date, at: datetime, reason: str, actor: User | None
) -> Refund:
    reason = reason.strip()[:200]
    refund = Refund.objects.create(
        member_id=payment.member_id, payment=payment, number=payment.refunds.count() + 1, amount=amount,
        ends_card=ends_card, reason=reason, requested_by=actor, requested_on=on, requested_at=at,
        next_ask_at=at + PATIENCE,
    )
    _note(refund, PaymentEvent.Kind.REFUND_REQUESTED, on=on, at=at, actor=actor, reason=reason)
    return refund


def _note(
    refund: Refund, kind: str, *, on: date, at: datetime, actor: User | None, answer: Answer | None = None,
    reason: str = "",
) -> None:
    """An event of the payment's ledger."""
    PaymentEvent.objects.create(
        member_id=refund.member_id, payment_id=refund.payment_id, kind=kind, attempt=refund.number,
        amount=refund.amount, code=as_text(answer.code, 64) if answer else "", on=on, at=at, actor=actor, reason=reason,
        reference=as_text(answer.reference, 64) if answer else "",
        message=as_text(answer.message, 200) if answer else "",
    )


def _wanted(refund: Refund, *, was_sent: bool) -> WantedRefund:
    payment = refund.payment
    order = RefundOrder(refund.refund_key, payment.attempt_key, payment.reference, refund.amount)
    return WantedRefund(payment.method.gateway, order, was_sent=was_sent)


# --- answers -----------------------------------------------------------------------------------------------


@transaction.atomic
def record_refunds(answers: Sequence[Answer], *, on: date, at: datetime, actor: User | None = None) -> None:
    """Write down what gateways answered to refunds; a repeat changes nothing. Locks the members in key order.

    One that cannot be written down stays open and is asked about again; the others are not held up by it.
    """
    found = [(answer, *refund_of(answer)) for answer in answers]
    statements.rows("payments/lock_members", payments=dumps([payment for _answer, payment, _number in found]))
    for answer, payment, number in found:
        refund = Refund.objects.select_for_update().get(payment=payment, number=number)
        if refund.state in OPEN:
            try:
                with transaction.atomic(), because(refund.reason, actor=actor or refund.requested_by):
                    _record(refund, answer, on=on, at=at, actor=actor)
            except Exception:
                log.exception("refund_not_recorded", payment=payment, number=number)


def refund_of(answer: Answer) -> tuple[int, int]:
    """The payment and the number of the refund that an answer is about (see Refund.refund_key)."""
    payment, _refund, number = answer.key.split("-")
    return int(payment), int(number)


def is_about_refund(answer: Answer) -> bool:
    """Whether an answer is about a refund, and not about a charge."""
    return "-refund-" in answer.key


def _record(refund: Refund, answer: Answer, *, on: date, at: datetime, actor: User | None) -> None:
    state, kind = STATES[answer.outcome]
    is_news = answer.outcome is not Outcome.ABSENT and (state, answer.code) != (refund.state, refund.code)
    refund.state, refund.code, refund.reference = state, as_text(answer.code, 64), as_text(answer.reference, 64)
    refund.answered_at = None if state in OPEN else at
    waited = min(max(at - refund.requested_at, timedelta(seconds=5)), PATIENCE)
    refund.next_ask_at = at + waited if state in OPEN else None
    refund.save(update_fields=["state", "code", "reference", "answered_at", "next_ask_at"])
    if is_news:
        _note(refund, kind, on=on, at=at, actor=actor, answer=answer)
    if state == Refund.State.SUCCEEDED:
        _book(refund, on=on, at=at, actor=actor)


def _book(refund: Refund, *, on: date, at: datetime, actor: User | None) -> None:
    """What a refund changes: the payment's sum, the outbox, and the card if it ends."""
    payment = Payment.objects.select_related("subscription", "term").get(pk=refund.payment_id)
    payment.refunded += refund.amount
    payment.save(update_fields=["refunded"])
    has_ended = refund.ends_card and _end_card(payment, on=on)
    OutboxMessage.objects.create(
        topic="payment.refunded", key=f"refunded:{refund.refund_key}", owner=refund.member_id,
        payload={
            "member": refund.member_id, "subscription": payment.subscription_id, "payment": payment.pk,
            "amount": str(refund.amount), "ended_on": str(payment.subscription.ended_on) if has_ended else None,
        },
        created_at=at, next_attempt_at=at,
    )
    if has_ended:
        subscription_refunded.send(Subscription, subscription=payment.subscription, on=on, actor=actor)


def _end_card(payment: Payment, *, on: date) -> bool:
    """Take what is still to come of the payment's term off its card, and end the card; False when it is over."""
    card, term = payment.subscription, payment.term
    if not _has_access(card, on=on):
        return False
    if term is not None and term.starts_on > on:
        payment.term = None
        payment.save(update_fields=["term"])
        term.delete()
    elif term is not None and term.ends_on > on:
        Term.objects.filter(pk=term.pk).update(ends_on=on)
    card.refresh_from_db()
    card.refunded_on, card.ended_on = on, max(on, card.paid_until or on)
    card.save(update_fields=["refunded_on", "ended_on"])
    return True


# --- asking again ------------------------------------------------------------------------------------------


def open_ranges(*, at: datetime) -> list[SizedRange]:
    """The range of the open refunds about which it is time to ask: ids with a minus sign, beside those of payments."""
    found = Refund.objects.filter(state__in=OPEN, next_ask_at__lte=at).aggregate(Max("pk"), Min("pk"), Count("pk"))
    return [SizedRange(-found["pk__max"], -found["pk__min"], found["pk__count"])] if found["pk__count"] else []


def foresee_questions(run: JobRun, keys: KeyRange) -> int:
    """Write a RunItem for each open refund of a range that would be asked about; how many."""
    due = Refund.objects.filter(
        state__in=OPEN, next_ask_at__lte=run.requested_at, pk__gte=-keys.last, pk__lte=-keys.first
    )
    items = [
        RunItem(
            run=run, key=-refund.pk, owner=refund.member_id, kind="ask_refund", amount=refund.amount, seen=_seen(refund)
        )
        for refund in due
    ]
    return len(RunItem.objects.bulk_create(items))


def _seen(refund: Refund) -> int:
    """A fingerprint of what a question rests on."""
    return crc32(refund.state.encode())


@transaction.atomic
def take_open_refunds(
    keys: KeyRange = EVERYTHING, *, at: datetime, most: int | None = None, approved: JobRun | None = None
) -> list[WantedRefund]:
    """Open refunds to ask about now (ids with a minus sign); nobody else asks about them for a while.

    Of an approved dry run, only what it lists and finds as it was, whether or not it is time.
    """
    found = Refund.objects.filter(state__in=OPEN, pk__gte=-keys.last, pk__lte=-keys.first)
    if approved is None:
        found = found.filter(next_ask_at__lte=at)
    due = list(
        found.select_related("payment__method")
        .select_for_update(of=("self",), skip_locked=True)
        .order_by("next_ask_at", "pk")[:most]
    )
    if approved is not None:
        seen = dict(approved.items.filter(key__in=[-refund.pk for refund in due]).values_list("key", "seen"))
        due = [refund for refund in due if seen.get(-refund.pk) == _seen(refund)]
    Refund.objects.filter(pk__in=[refund.pk for refund in due]).update(next_ask_at=at + PATIENCE)
    mark_items(approved, KeyRange(keys.first, min(keys.last, -1)), done=[-refund.pk for refund in due])
    return [_wanted(refund, was_sent=True) for refund in due]


def count_open(keys: KeyRange, *, at: datetime) -> int:
    """How many refunds of a range, asked for by then, have no answer yet."""
    return Refund.objects.filter(
        state__in=OPEN, pk__gte=-keys.last, pk__lte=-keys.first, requested_at__lte=at
    ).count()


def ask_about_open_refunds(*, on: date, at: datetime) -> int:
    """Ask the gateways about open refunds whose time has come, some at a time; how many.

    A refund that the gateway never got is sent again under its key.
    """
    refuse_transaction()
    wanted = take_open_refunds(at=at, most=ASKED_AT_A_TIME)
    for answers in refund_all(wanted, in_lane=False):
        record_refunds(answers, on=on, at=at)
    return len(wanted)
