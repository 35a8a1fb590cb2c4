"""The first term of a card: paying for one that was asked for, and taking up a lapsed one again.

A first term begins on the day it is paid for, or the day after the last paid day of an earlier card of the programme.
So a payment that was declined is tried again on its day only; later, a new one is made.
"""

from datetime import date, datetime

from django.db import transaction
from django.utils.translation import gettext as _

from memberships.dates import term_bounds
from memberships.errors import PaymentMethodError, PlanNotOnSaleError, SubscriptionStateError
from memberships.models import Member, Payment, PaymentEvent, PaymentMethod, Plan, Subscription
from memberships.services.charges import PATIENCE, WantedCharge, refuse_transaction
from memberships.services.members import lock_member
from memberships.services.payment_methods import choose_payment_method
from memberships.services.payments import charge_now, check_method, retry_payment
from memberships.services.subscriptions import (
    abandon_payment,
    check_can_buy,
    first_free_day,
    request_subscription,
    status_of,
)
from operations.audit import because
from operations.models import User
from operations.proofs import demand_proof


def pay_first_term(
    subscription: Subscription, *, on: date, at: datetime, actor: User | None, reason: str = "",
    method: PaymentMethod | None = None,
) -> Payment:
    """Charge a pending card for its first term, by its payment method or the one named, which becomes the card's.

    Outside any transaction. Sold by the version of its plan that is on sale on that day. Returns the payment as the
    gateway answered; one that is open already is returned as it is. A repeat on the same day is another attempt.
    Raises SubscriptionStateError when it is not pending, PlanNotOnSaleError, MemberClosedError, PaymentMethodError.
    """
    refuse_transaction()
    demand_proof(at=at)
    with transaction.atomic(), because(reason or _("first term asked for"), actor=actor):
        member = lock_member(subscription.member_id)
        subscription = Subscription.objects.select_related("plan", "payment_method").get(pk=subscription.pk)
        known = unpaid_payment(subscription)
        if known is not None and known.state != Payment.State.DECLINED:
            return known
        first_day = _first_day(member, subscription, on=on)
        if method is not None:
            subscription = choose_payment_method(subscription, method, actor=actor)
        method = _method_of(subscription)
        is_same = known is not None and known.starts_on == first_day
        if known is not None and not is_same:
            # Its first day has gone by: another payment pays for the card.
            abandon_payment(known, on=on, at=at, actor=actor)
        if not is_same:
            wanted = _request(subscription, method, first_day, on=on, at=at, actor=actor, reason=reason)
    if known is not None and is_same:
        return retry_payment(known, on=on, at=at, actor=actor, reason=reason, method=method)
    return charge_now(wanted, on=on, at=at, actor=actor)


def reactivate_subscription(
    lapsed: Subscription, *, method: PaymentMethod, on: date, at: datetime, actor: User | None, reason: str = ""
) -> Payment:
    """Take up a lapsed card again: a new card that names it as its previous one, and its first term, charged.

    Outside any transaction. The new card begins when it is paid for; until then it is pending, and paying for it again
    is `pay_first_term`. Raises SubscriptionStateError when the card has not lapsed, AlreadySubscribedError,
    PlanNotOnSaleError, MemberClosedError, PaymentMethodError.
    """
    refuse_transaction()
    demand_proof(at=at)
    with transaction.atomic(), because(reason or _("card taken up again"), actor=actor):
        member = lock_member(lapsed.member_id)
        lapsed = Subscription.objects.select_related("plan").get(pk=lapsed.pk)
        if status_of(lapsed, on=on) != Subscription.Status.LAPSED:
            raise SubscriptionStateError(_("Only a lapsed card is taken up again."))
        check_method(member, method)
        card = request_subscription(member, version_on_sale(lapsed.plan, on=on), on=on, actor=actor)
        card.payment_method, card.previous = method, lapsed
        card.save(update_fields=["payment_method", "previous"])
    return pay_first_term(card, on=on, at=at, actor=actor, reason=reason)


def version_on_sale(plan: Plan, *, on: date) -> Plan:
    """The version of a plan that can be bought on a day; PlanNotOnSaleError when there is none."""
    found = Plan.objects.on_sale(on=on).filter(programme=plan.programme_id, code=plan.code).first()
    if found is None:
        raise PlanNotOnSaleError(plan, on=on)
    return found


def unpaid_payment(
    subscription: Subscription, *, purpose: Payment.Purpose = Payment.Purpose.START
) -> Payment | None:
    """The payment of the card's first or next term that is open or declined: there is one at most."""
    states = [Payment.State.REQUESTED, Payment.State.UNKNOWN, Payment.State.DECLINED]
    return Payment.objects.filter(subscription=subscription, purpose=purpose, state__in=states).first()


def _method_of(subscription: Subscription) -> PaymentMethod:
    """The agreement to charge."""
    if subscription.payment_method is None or subscription.payment_method.removed_on is not None:
        raise PaymentMethodError(_("The card has no payment method to charge."))
    return subscription.payment_method


def _first_day(member: Member, subscription: Subscription, *, on: date) -> date:
    """The first day of a pending card that is paid for today. Raises SubscriptionStateError."""
    if subscription.started_on is not None or subscription.ended_on is not None or subscription.requested_on > on:
        raise SubscriptionStateError(_("The card is not waiting for its first payment on %(on)s.") % {"on": on})
    return first_free_day(member, subscription.programme, on=on)


def _request(
    subscription: Subscription, method: PaymentMethod, first_day: date, *, on: date, at: datetime,
    actor: User | None, reason: str,
) -> WantedCharge:
    """Write down the charge of a first term, as sql/renewals/request.sql does for the next ones."""
    plan = version_on_sale(subscription.plan, on=on)
    check_can_buy(subscription.member, plan, on=on)
    starts_on, ends_on = term_bounds(first_day, plan.term_months, 1)
    payment = Payment.objects.create(
        member=subscription.member, subscription=subscription, programme=subscription.programme, plan=plan,
        method=method, key=f"start:{subscription.pk}:{starts_on}", purpose=Payment.Purpose.START, amount=plan.price,
        term_number=1, starts_on=starts_on, ends_on=ends_on, requested_on=on, requested_at=at,
        next_ask_at=at + PATIENCE,
    )
    PaymentEvent.objects.create(
        member=subscription.member, payment=payment, kind=PaymentEvent.Kind.REQUESTED, attempt=1,
        amount=payment.amount, on=on, at=at, actor=actor, reason=reason[:200],
    )
    description = f"{plan.name} {starts_on} – {ends_on}"
    return WantedCharge(payment.pk, payment.attempt, method.gateway, method.token, payment.amount, description)
