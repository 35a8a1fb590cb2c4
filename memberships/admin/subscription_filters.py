"""The quick filters of the list of subscriptions. Each is served by an index that holds little more than its rows."""

from collections import defaultdict
from collections.abc import Callable
from datetime import date, timedelta
from functools import reduce
from operator import or_
from typing import Any

from django.contrib import admin
from django.db.models import DateField, Exists, ExpressionWrapper, OuterRef, Q, QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _
from unfold.contrib.filters.admin import DropdownFilter

from memberships.admin.day_filters import DaysFilter
from memberships.admin.display import today
from memberships.admin.payment_page import OPEN_REFUND
from memberships.admin.quick_filters import MOST, Counted, QuickChoice, QuickFilter, count_up_to
from memberships.models import Payment, Plan, Programme, Refund, Subscription
from operations.services.rollups import newest

State = Payment.State
#: So many cards that may be due are looked at one by one to count those that are: each takes some twenty look-ups.
FEW = 50


def to_renew(subscriptions: QuerySet[Any], on: date) -> QuerySet[Any]:
    """To be charged by the next night for the term that follows the paid one: what renewals/due.sql would find."""
    tomorrow = on + timedelta(days=1)
    next_day = ExpressionWrapper(OuterRef("paid_until") + 1, output_field=DateField())
    asked_for = Payment.objects.filter(member=OuterRef("member"), subscription=OuterRef("pk"), starts_on=next_day)
    ending = Refund.objects.filter(
        state__in=OPEN_REFUND, ends_card=True, payment__subscription=OuterRef("pk")
    )
    found: QuerySet[Any] = _may_be_due(subscriptions, on=tomorrow).filter(
        ~Exists(asked_for), ~Exists(ending),
        Q(member__closed_on=None) | Q(member__closed_on__gt=tomorrow),
        payment_method__isnull=False, payment_method__removed_on=None,
    )
    return found


def _may_be_due(subscriptions: QuerySet[Any], *, on: date) -> QuerySet[Any]:
    """Live, from the days of lead of their plan to its last day of grace."""
    return _paid_until(subscriptions, lambda lead, grace: (on - timedelta(days=grace), on + timedelta(days=lead)))


def _paid_until(subscriptions: QuerySet[Any], span: Callable[[int, int], tuple[date, date]]) -> QuerySet[Any]:
    """Live, with a last paid day between two that follow from the plan's days of lead and grace.

    Said by bare days, for an index knows those, and so does the planner.
    """
    plans: dict[tuple[date, date], list[int]] = defaultdict(list)
    for plan, lead, grace in Plan.objects.values_list("pk", "lead_days", "grace_days"):
        plans[span(lead, grace)].append(plan)
    if not plans:
        return subscriptions.none()
    # No further than any plan goes: without it, a month of cards would be looked at for one night's.
    whole = min(first for first, _last in plans), max(last for _first, last in plans)
    by_plan = [Q(plan__in=keys, paid_until__range=days) for days, keys in plans.items()]
    return subscriptions.filter(reduce(or_, by_plan), ended_on=None, paid_until__range=whole)


def count_due(on: date) -> Counted:
    """One by one where few may be due; else as today's roll-up of renewals counted them, which knows of them all."""
    may_be_due = _may_be_due(Subscription.objects.all(), on=on + timedelta(days=1)).values("pk")
    if count_up_to(may_be_due, FEW).is_more:
        found = newest(("renewals",))["renewals"].values()
        if {each.on for each in found} == {on}:
            return Counted(sum(each.count("due") for each in found))
    return count_up_to(to_renew(Subscription.objects.all(), on).values("pk"), FEW)


def count_failed(on: date) -> Counted:
    """Of the payments alone, since each has its card."""
    owed = Payment.objects.filter(state=State.DECLINED).values("subscription").distinct()
    return count_up_to(owed, MOST)


def in_grace(subscriptions: QuerySet[Any], on: date) -> QuerySet[Any]:
    """Not paid for the day, within the plan's days of grace."""
    return _paid_until(subscriptions, lambda _lead, grace: (on - timedelta(days=grace), on - timedelta(days=1)))


def payment_failed(subscriptions: QuerySet[Any], on: date) -> QuerySet[Any]:
    """With a payment that the gateway declined and that is still owed."""
    return _with_payment(subscriptions, State.DECLINED)


def payment_under_way(subscriptions: QuerySet[Any], on: date) -> QuerySet[Any]:
    """With a payment of which nobody knows yet what became of it."""
    return _with_payment(subscriptions, State.REQUESTED, State.UNKNOWN)


def _with_payment(subscriptions: QuerySet[Any], *states: str) -> QuerySet[Any]:
    payments = Payment.objects.filter(state__in=states) if len(states) > 1 else Payment.objects.filter(state=states[0])
    # One per subscription and in the list's order: PostgreSQL then walks payment_unpaid, or payment_declined, and stops
    # with the page.
    newest_first = payments.order_by("-subscription").distinct("subscription")
    return subscriptions.filter(pk__in=newest_first.values("subscription"))


class StandingFilter(QuickFilter):
    """What has to be done about subscriptions, the most urgent first where an index says what that is.

    Those due begin with the last paid day that is due tomorrow: from the other end one would walk past all cards in
    grace that were charged in vain.
    """

    offered = (
        QuickChoice("due", _("Due by tomorrow"), to_renew, order="-paid_until", counted=count_due),
        QuickChoice("failed", _("Payment failed"), payment_failed, counted=count_failed),
        QuickChoice("in_grace", _("In grace"), in_grace, order="paid_until"),
        QuickChoice("under_way", _("Payment under way"), payment_under_way),
    )


class PaidUntilFilter(DaysFilter):
    """Live cards by their last paid day, which subscription_by_end holds in its order."""

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self.title = _("live cards paid until")

    def within(self, queryset: QuerySet[Any], first: date, last: date) -> QuerySet[Any]:
        return super().within(queryset.live(), first, last)  # type: ignore[attr-defined]


class ActiveFilter(admin.SimpleListFilter):
    """What is paid for today: most of what is newest, so that a page of it is soon found."""

    title = _("status")
    parameter_name = "status"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return [(Subscription.Status.ACTIVE.value, Subscription.Status.ACTIVE.label)]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        is_active = self.value() == Subscription.Status.ACTIVE
        return queryset.active(on=today()) if is_active else queryset  # type: ignore[attr-defined]


class ProgrammeFilter(DropdownFilter):
    """Cards of a programme, by its plans: those of a plan are found by index, those of many are soon met."""

    title = _("programme")
    parameter_name = "programme"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return [(str(programme.pk), str(programme)) for programme in Programme.objects.order_by("pk")]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        known = {value for value, _label in self.lookup_choices}
        if self.value() not in known:
            return queryset
        return queryset.filter(plan__in=list(Plan.objects.filter(programme=self.value()).values_list("pk", flat=True)))
