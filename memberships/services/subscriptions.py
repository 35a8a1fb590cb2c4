"""Subscriptions: asking for a card, joining, cancelling, and the state that follows from the facts.

A subscription whose `ended_on` is empty holds the member's one place in the programme. Cancelling frees the
place at once while the paid days go on, so a member can join again before they are over. The new subscription
then begins on the day after the last paid one: terms of one programme never overlap, and no paid day is lost.
A card keeps the place through its days of grace (it is paid for, not asked for anew); one beyond them that still holds
the place gives it up when the member asks for a card or joins again.
"""

from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING, TypedDict, cast

from django.db import transaction
from django.db.models import Case, CharField, Max, Q, QuerySet, Value, When
from django.utils.translation import gettext_lazy as _

from memberships.dates import term_bounds
from memberships.errors import (
    AlreadySubscribedError,
    AudienceError,
    MemberClosedError,
    PaymentUnderWayError,
    PlanNotOnSaleError,
    SubscriptionStateError,
)
from memberships.models import Member, Payment, PaymentEvent, Plan, Programme, Subscription, Term
from memberships.models.subscriptions import GRACE_UNTIL, SubscriptionQuerySet
from memberships.services.members import lock_member
from memberships.signals import subscription_cancelled, subscription_lapsed, subscription_started
from operations.audit import because
from operations.dates import day_begins
from operations.models import User

if TYPE_CHECKING:
    from django_stubs_ext import WithAnnotations


class Standing(TypedDict):
    """What `with_status` adds to a subscription."""

    status: str


def with_status(
    subscriptions: SubscriptionQuerySet, *, on: date
) -> "QuerySet[WithAnnotations[Subscription, Standing]]":
    """Annotate `status` (a Subscription.Status) on a day; it follows from the facts, whether or not a job has run.

    active: paid for that day; a cancelled subscription is active, too, while its paid days last.
    in_grace: not paid for that day, within the plan's days of grace; benefits go on.
    pending: not begun, whether it waits for its payment or for its first paid day.
    refunded, cancelled: over, by that. lapsed: over, by not being renewed.
    """
    is_not_begun = Q(started_on=None) | Q(started_on__gt=on)
    is_not_over = Q(ended_on=None) | Q(ended_on__gt=on)
    has_not_ended = Q(ended_on=None) | Q(ended_on__gte=on)
    annotated = subscriptions.alias(grace_until=GRACE_UNTIL).annotate(
        status=Case(
            When(has_not_ended & Q(started_on__lte=on, paid_until__gte=on), then=Value(Subscription.Status.ACTIVE)),
            When(is_not_begun & is_not_over, then=Value(Subscription.Status.PENDING)),
            When(refunded_on__isnull=False, then=Value(Subscription.Status.REFUNDED)),
            When(cancelled_on__isnull=False, then=Value(Subscription.Status.CANCELLED)),
            When(has_not_ended & Q(grace_until__gte=on), then=Value(Subscription.Status.IN_GRACE)),
            default=Value(Subscription.Status.LAPSED),
            output_field=CharField(),
        ),
    )
    return cast("QuerySet[WithAnnotations[Subscription, Standing]]", annotated)


def status_of(subscription: Subscription, *, on: date) -> Subscription.Status:
    """The state of one subscription on a day, by the rule of `with_status`; one query, so not for lists."""
    found = with_status(Subscription.objects.filter(pk=subscription.pk), on=on)
    return Subscription.Status(found.values_list("status", flat=True).get())


@transaction.atomic
def request_subscription(member: Member, plan: Plan, *, on: date, actor: User | None) -> Subscription:
    """Ask for a card: the subscription waits for its payment (pending) and grants nothing.

    Raises MemberClosedError, AudienceError, PlanNotOnSaleError, AlreadySubscribedError.
    """
    member = lock_member(member.pk)
    check_can_buy(member, plan, on=on)
    with because("card requested", actor=actor):
        live = _live_subscription(member, plan.programme, on=on, actor=actor)
        if live is not None:
            raise AlreadySubscribedError(live)
        return Subscription.objects.create(
            member=member, programme=plan.programme, plan=plan, requested_on=on
        )


@transaction.atomic
def join(
    member: Member, plan: Plan, *, on: date, actor: User | None, at: datetime | None = None
) -> Subscription:
    """Start a subscription with its first term; a pending one of the programme is started, with this plan.

    The first day is `on`, or the day after the last paid day of a cancelled subscription to the programme. A declined
    payment of its first term is abandoned, at `at` (the day's first instant where nobody says): it is owed no more.
    Raises MemberClosedError, AudienceError, PlanNotOnSaleError, AlreadySubscribedError when one was started
    before, SubscriptionStateError when the pending one was asked for later than `on`, PaymentUnderWayError while it is
    being paid for.
    """
    member = lock_member(member.pk)
    check_can_buy(member, plan, on=on)
    with because("joined", actor=actor):
        subscription = _live_subscription(member, plan.programme, on=on, actor=actor)
        if subscription is None:
            subscription = Subscription(member=member, programme=plan.programme, requested_on=on)
        elif subscription.started_on is not None:
            raise AlreadySubscribedError(subscription)
        elif subscription.requested_on > on:
            raise _requested_later(subscription, on=on)
        else:
            refuse_open_payment(subscription.pk)
            _abandon_first_payment(subscription, on=on, at=at, actor=actor)
        subscription.plan = plan
        subscription.started_on = first_free_day(member, plan.programme, on=on)
        subscription.save()
        term = _add_first_term(subscription, subscription.started_on)
    subscription_started.send(Subscription, subscription=subscription, term=term, on=on, actor=actor)
    return subscription


@transaction.atomic
def cancel_subscription(
    subscription: Subscription, *, on: date, reason: str, actor: User | None
) -> Subscription:
    """End a subscription with its last paid day, or at once when nothing is paid for that day: pending, in grace.

    `reason` goes to the audit trail. Cancelling again changes nothing and returns the first result. A declined payment
    is not tried again; the night abandons it.
    Raises SubscriptionStateError when it is over already, or was asked for later than `on`; PaymentUnderWayError while
    the gateway may take money for it.
    """
    lock_member(subscription.member_id)
    subscription = Subscription.objects.get(pk=subscription.pk)
    if subscription.cancelled_on is not None:
        return subscription
    if subscription.requested_on > on:
        raise _requested_later(subscription, on=on)
    last_day = subscription.ended_on or subscription.paid_until or on
    if status_of(subscription, on=on) == Subscription.Status.IN_GRACE:
        last_day = on
    if last_day < on:
        raise SubscriptionStateError(
            _("“%(plan)s” of member %(member)s ended on %(last)s and cannot be cancelled on %(on)s.")
            % {"plan": subscription.plan, "member": subscription.member, "last": last_day, "on": on}
        )
    refuse_open_payment(subscription.pk)
    subscription.cancelled_on, subscription.ended_on = on, last_day
    with because(reason, actor=actor):
        subscription.save(update_fields=["cancelled_on", "ended_on"])
    subscription_cancelled.send(Subscription, subscription=subscription, on=on, actor=actor)
    return subscription


def check_can_buy(member: Member, plan: Plan, *, on: date) -> None:
    """Raises MemberClosedError, AudienceError, PlanNotOnSaleError."""
    if not Member.objects.open(on=on).filter(pk=member.pk).exists():
        raise MemberClosedError(member, on=on)
    if plan.programme.audience != member.kind:
        raise AudienceError(member, plan.programme)
    if not Plan.objects.on_sale(on=on).filter(pk=plan.pk).exists():
        raise PlanNotOnSaleError(plan, on=on)


def _live_subscription(
    member: Member, programme: Programme, *, on: date, actor: User | None
) -> Subscription | None:
    """What holds the member's place in the programme; one whose grace is over is lapsed first.

    PaymentUnderWayError when such a one may have been paid for after all.
    """
    live = Subscription.objects.live().filter(member=member, programme=programme).select_related("plan").first()
    if live is None or status_of(live, on=on) != Subscription.Status.LAPSED:
        return live
    assert live.paid_until is not None
    refuse_open_payment(live.pk)
    live.ended_on, live.lapsed_on = live.paid_until + timedelta(days=live.plan.grace_days), on
    live.save(update_fields=["ended_on", "lapsed_on"])
    subscription_lapsed.send(Subscription, subscription=live, on=on, actor=actor)
    return None


def refuse_open_payment(subscription_id: int) -> None:
    """PaymentUnderWayError while the gateway may take, or may have taken, money for the card."""
    payment = Payment.objects.open().filter(subscription=subscription_id).first()
    if payment is not None:
        raise PaymentUnderWayError(payment)


def _abandon_first_payment(subscription: Subscription, *, on: date, at: datetime | None, actor: User | None) -> None:
    """Put away the declined payment of a first term that is paid for otherwise."""
    declined = Payment.objects.filter(
        subscription=subscription, state=Payment.State.DECLINED, purpose=Payment.Purpose.START
    )
    for payment in declined:
        abandon_payment(payment, on=on, at=at or day_begins(on), actor=actor)


def abandon_payment(payment: Payment, *, on: date, at: datetime, actor: User | None) -> None:
    """Put away a declined payment: what it was for is paid by another one, or otherwise."""
    payment.state, payment.next_attempt_on = Payment.State.ABANDONED, None
    payment.save(update_fields=["state", "next_attempt_on"])
    PaymentEvent.objects.create(
        member_id=payment.member_id, payment=payment, kind=PaymentEvent.Kind.ABANDONED, attempt=payment.attempt,
        on=on, at=at, actor=actor,
    )


def first_free_day(member: Member, programme: Programme, *, on: date) -> date:
    """`on`, or the day after the last paid day of any subscription to the programme."""
    terms = Term.objects.filter(member=member, subscription__programme=programme)
    last_day: date | None = terms.aggregate(last=Max("ends_on"))["last"]
    return on if last_day is None else max(on, last_day + timedelta(days=1))


def _add_first_term(subscription: Subscription, first_day: date) -> Term:
    """The first paid span, as long as the plan says; its first day is the anchor of all that follow."""
    starts_on, ends_on = term_bounds(first_day, subscription.plan.term_months, 1)
    return Term.objects.create(
        member=subscription.member, subscription=subscription, programme=subscription.programme,
        plan=subscription.plan, number=1,
        starts_on=starts_on, ends_on=ends_on,
    )


def _requested_later(subscription: Subscription, *, on: date) -> SubscriptionStateError:
    return SubscriptionStateError(
        _("“%(plan)s” of member %(member)s was requested on %(requested)s, after %(on)s.")
        % {
            "plan": subscription.plan,
            "member": subscription.member,
            "requested": subscription.requested_on,
            "on": on,
        }
    )
