"""The quick filters of the list of subscriptions. Each is served by an index that holds little more than its rows."""

from datetime import date, timedelta
from typing import Any

from django.contrib import admin
from django.db.models import DateField, Exists, ExpressionWrapper, Max, OuterRef, Q, QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from memberships.admin.display import today
from memberships.admin.payment_page import OPEN_REFUND
from memberships.admin.quick_filters import QuickChoice, QuickFilter
from memberships.models import Payment, Plan, Refund, Subscription
from memberships.models.subscriptions import GRACE_UNTIL
from operations.services.rollups import newest

State = Payment.State
#: So many cards that may be due are looked at one by one to count those that are.
FEW = 200


def to_renew(subscriptions: QuerySet[Any], on: date) -> QuerySet[Any]:
    """To be charged by the next night for the term that follows the paid one: what renewals/due.sql would find."""
    tomorrow = on + timedelta(days=1)
    # No further than any plan goes: without it, a month of cards would be looked at for one night's.
    longest = Plan.objects.aggregate(lead=Max("lead_days", default=0), grace=Max("grace_days", default=0))
    next_day = ExpressionWrapper(OuterRef("paid_until") + 1, output_field=DateField())
    asked_for = Payment.objects.filter(member=OuterRef("member"), subscription=OuterRef("pk"), starts_on=next_day)
    ending = Refund.objects.filter(
        state__in=OPEN_REFUND, ends_card=True, payment__subscription=OuterRef("pk")
    )
    due: QuerySet[Any] = subscriptions.due(on=tomorrow)  # type: ignore[attr-defined]
    found: QuerySet[Any] = due.alias(grace_until=GRACE_UNTIL).filter(
        ~Exists(asked_for), ~Exists(ending),
        Q(member__closed_on=None) | Q(member__closed_on__gt=tomorrow),
        paid_until__range=(tomorrow - timedelta(days=longest["grace"]), tomorrow + timedelta(days=longest["lead"])),
        grace_until__gte=tomorrow, payment_method__isnull=False, payment_method__removed_on=None,
    )
    return found


def due_kept(on: date) -> int | None:
    """As the roll-up of renewals counted them last, once more than FEW may be due: each takes several look-ups."""
    may_be_due = Subscription.objects.due(on=on + timedelta(days=1)).order_by().values("pk")[: FEW + 1]
    found = newest(("renewals",))["renewals"].values() if may_be_due.count() > FEW else ()
    return sum(each.count("due") for each in found) if {each.on for each in found} == {on} else None


def in_grace(subscriptions: QuerySet[Any], on: date) -> QuerySet[Any]:
    """Not paid for the day, within the plan's days of grace."""
    found: QuerySet[Any] = subscriptions.in_grace(on=on)  # type: ignore[attr-defined]
    return found


def payment_failed(subscriptions: QuerySet[Any], on: date) -> QuerySet[Any]:
    """With a payment that the gateway declined and that is still owed."""
    return _with_payment(subscriptions, State.DECLINED)


def payment_under_way(subscriptions: QuerySet[Any], on: date) -> QuerySet[Any]:
    """With a payment of which nobody knows yet what became of it."""
    return _with_payment(subscriptions, State.REQUESTED, State.UNKNOWN)


def _with_payment(subscriptions: QuerySet[Any], *states: str) -> QuerySet[Any]:
    payments = Payment.objects.filter(state__in=states) if len(states) > 1 else Payment.objects.filter(state=states[0])
    # One per subscription and in the list's order: PostgreSQL then walks payment_unpaid and stops with the page.
    newest_first = payments.order_by("-subscription").distinct("subscription")
    return subscriptions.filter(pk__in=newest_first.values("subscription"))


class StandingFilter(QuickFilter):
    """What has to be done about subscriptions, the most urgent first where an index says what that is."""

    offered = (
        QuickChoice("due", _("Due by tomorrow"), to_renew, order="paid_until", kept=due_kept),
        QuickChoice("failed", _("Payment failed"), payment_failed),
        QuickChoice("in_grace", _("In grace"), in_grace, order="paid_until"),
        QuickChoice("under_way", _("Payment under way"), payment_under_way),
    )


class ActiveFilter(admin.SimpleListFilter):
    """What is paid for today: most of what is newest, so that a page of it is soon found."""

    title = _("status")
    parameter_name = "status"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return [(Subscription.Status.ACTIVE.value, Subscription.Status.ACTIVE.label)]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        is_active = self.value() == Subscription.Status.ACTIVE
        return queryset.active(on=today()) if is_active else queryset  # type: ignore[attr-defined]
