"""Renewals: the next term of a card, asked for ahead of its last paid day; one card, or all due cards of a range.

What is due, and for what, is said once, by the SQL function memberships_due_renewals (sql/renewals/).
"""

from datetime import date, datetime, timedelta

from django.db import transaction
from django.utils.translation import gettext as _

from memberships.dates import business_date
from memberships.errors import NotDueError
from memberships.models import Member, Payment, PaymentMethod, Subscription
from memberships.services import statements
from memberships.services.charges import PATIENCE, WantedCharge, refuse_transaction
from memberships.services.first_terms import pay_first_term, unpaid_payment
from memberships.services.members import lock_member
from memberships.services.payment_methods import choose_payment_method
from memberships.services.payments import charge_now, retry_payment, wanted_charges
from memberships.services.ranges import EVERYTHING, KeyRange, SizedRange, find_ranges, mark_items
from operations.audit import because
from operations.models import JobRun, User
from operations.proofs import demand_proof


def due_ranges(*, on: date, size: int) -> list[SizedRange]:
    """Ranges of ids with `size` due cards each."""
    return find_ranges("renewals/ranges", size=size, on=on, **EVERYTHING._asdict())


def foresee_renewals(run: JobRun, keys: KeyRange) -> int:
    """Write a RunItem for each card of a range that would be charged; how many."""
    return statements.run(
        "renewals/foresee", run=run.pk, on=run.business_date, today=business_date(run.requested_at), **keys._asdict()
    )


@transaction.atomic
def request_renewals(
    keys: KeyRange, *, on: date, at: datetime, actor: User | None, approved: JobRun | None = None
) -> list[WantedCharge]:
    """Write down the charges of a range's due cards; returns what to ask of whom.

    Charges of that date that were written down before and have no answer yet come along, to be asked about first: a
    repeat after a crash. Of an approved dry run, only what it lists and finds as it was. Locks the members in order.
    """
    is_open = statements.rows(
        "renewals/still_open", on=on, today=business_date(at), approved=approved and approved.pk, **keys._asdict()
    )
    found = _request(keys, on=on, at=at, actor=actor, reason="", approved=approved)
    mark_items(approved, keys, done=[row[6] for row in found])
    return [*wanted_charges(found, was_sent=False), *wanted_charges(is_open, was_sent=True)]


def count_open(keys: KeyRange, *, on: date) -> int:
    """How many charges of a range's cards, written down for that date, have no answer yet."""
    asked = Payment.objects.open().filter(purpose=Payment.Purpose.RENEWAL, requested_on=on)
    return asked.filter(subscription_id__gte=keys.first, subscription_id__lte=keys.last).count()


def _request(
    keys: KeyRange, *, on: date, at: datetime, actor: User | None, reason: str, approved: JobRun | None
) -> list[tuple[object, ...]]:
    statements.rows("renewals/lock_members", on=on, **keys._asdict())
    return statements.rows(
        "renewals/request", on=on, at=at, today=business_date(at), patience=PATIENCE, actor=actor and actor.pk,
        reason=reason[:200], approved=approved and approved.pk, **keys._asdict(),
    )


def renew_subscription(
    subscription: Subscription, *, on: date, at: datetime, actor: User | None, reason: str = "",
    method: PaymentMethod | None = None,
) -> Payment:
    """Charge a due card for its next term, as the night would, by its payment method or the one named.

    The one named becomes the card's, unless nothing is charged.

    Outside any transaction. Returns the payment as the gateway answered; one that is open already is returned as it
    is. Raises NotDueError, which says why, PaymentMethodError, SubscriptionStateError.
    """
    refuse_transaction()
    demand_proof(at=at)
    with transaction.atomic(), because(reason, actor=actor):
        lock_member(subscription.member_id)
        open_payment = Payment.objects.open().filter(subscription=subscription).first()
        if open_payment is not None:
            return open_payment
        if method is not None:
            choose_payment_method(subscription, method, actor=actor, reason=reason)
        keys = KeyRange(subscription.pk, subscription.pk)
        found = _request(keys, on=on, at=at, actor=actor, reason=reason, approved=None)
        if not found:
            raise _not_due(subscription, on=on)
    return charge_now(wanted_charges(found, was_sent=False)[0], on=on, at=at, actor=actor)


def pay_subscription(
    subscription: Subscription, *, on: date, at: datetime, actor: User | None, reason: str = "",
    method: PaymentMethod | None = None,
) -> Payment:
    """Charge a card now for what it owes, by the payment method named, which becomes the card's, or the one it has.

    A pending card owes its first term, another its next one: what was declined is tried again, whether or not the plan
    would. Outside any transaction. Returns the payment as the gateway answered; an open one is returned as it is.
    Raises what `pay_first_term`, `retry_payment` and `renew_subscription` raise.
    """
    refuse_transaction()
    demand_proof(at=at)
    subscription = Subscription.objects.get(pk=subscription.pk)
    if subscription.started_on is None:
        return pay_first_term(subscription, on=on, at=at, actor=actor, reason=reason, method=method)
    known = unpaid_payment(subscription, purpose=Payment.Purpose.RENEWAL)
    if known is None or known.state == Payment.State.DECLINED:
        if known is None:
            return renew_subscription(subscription, on=on, at=at, actor=actor, reason=reason, method=method)
        if method is not None:
            choose_payment_method(subscription, method, actor=actor)
        return retry_payment(known, on=on, at=at, actor=actor, reason=reason)
    return known


def _not_due(subscription: Subscription, *, on: date) -> NotDueError:
    """Why a card is not charged on a day, in words: the first condition of memberships_due_renewals that it fails."""
    card = Subscription.objects.select_related("plan", "payment_method", "member").get(pk=subscription.pk)
    if card.ended_on is not None:
        return NotDueError(_("The card has ended on %(day)s.") % {"day": card.ended_on})
    if card.paid_until is None:
        return NotDueError(_("The card was never paid for: its first term comes first."))
    if card.paid_until + timedelta(days=card.plan.grace_days) < on:
        return NotDueError(_("The card's days of grace are over."))
    due_on = card.paid_until - timedelta(days=card.plan.lead_days)
    if due_on > on:
        return NotDueError(
            _("The card is paid until %(last)s and is renewed from %(due)s on.")
            % {"last": card.paid_until, "due": due_on}
        )
    if card.payment_method is None or card.payment_method.removed_on is not None:
        return NotDueError(_("The card has no payment method to charge."))
    if not Member.objects.open(on=on).filter(pk=card.member_id).exists():
        return NotDueError(_("The member is closed."))
    if Payment.objects.filter(subscription=card, state=Payment.State.DECLINED).exists():
        return NotDueError(_("The payment of the next term was declined: try that one again."))
    return NotDueError(_("A refund that ends the card is under way."))
