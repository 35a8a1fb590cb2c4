"""How the list of payments is narrowed: quick filters by state, and the days of the last attempt."""

from datetime import date, datetime, timedelta
from typing import Any, ClassVar

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy

from memberships.admin.day_filters import DaysFilter
from memberships.admin.payment_page import OPEN_REFUND
from memberships.admin.quick_filters import QuickChoice, QuickFilter
from memberships.dates import BUSINESS_ZONE
from memberships.models import Payment, Refund

State = Payment.State


def to_retry(payments: QuerySet[Any], on: date) -> QuerySet[Any]:
    """Softly declined, with a day to come: nothing else has one (a CHECK says so)."""
    return payments.filter(next_attempt_on__isnull=False)


def not_retried(payments: QuerySet[Any], on: date) -> QuerySet[Any]:
    return payments.filter(state=State.DECLINED, next_attempt_on=None)


def unanswered(payments: QuerySet[Any], on: date) -> QuerySet[Any]:
    return payments.filter(state__in=[State.REQUESTED, State.UNKNOWN])


def refund_under_way(payments: QuerySet[Any], on: date) -> QuerySet[Any]:
    refunds = Refund.objects.filter(state__in=OPEN_REFUND)
    return payments.filter(pk__in=refunds.values("payment"))


class StateFilter(QuickFilter):
    """Payments by what has to be done about them. What is over has no index: it is looked for by member or by day."""

    offered = (
        QuickChoice("retry", gettext_lazy("To be tried again"), to_retry, order="next_attempt_on"),
        QuickChoice("declined", gettext_lazy("Declined, not tried again"), not_retried),
        QuickChoice("unanswered", gettext_lazy("No answer yet"), unanswered, order="next_ask_at"),
        QuickChoice("refund", gettext_lazy("Refund under way"), refund_under_way),
    )


class RenewalFilter(admin.SimpleListFilter):
    """Charges of next terms, by what became of the last attempt: what the figures of a night count, with its day."""

    title = gettext_lazy("Renewals")
    parameter_name = "renewal"
    states: ClassVar[dict[str, list[str]]] = {
        "charged": [], "succeeded": [State.SUCCEEDED], "declined": [State.DECLINED],
        "unanswered": [State.REQUESTED, State.UNKNOWN],
    }

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        words = (gettext_lazy("Charged"), gettext_lazy("Done"), gettext_lazy("Failed"), gettext_lazy("No answer yet"))
        return list(zip(self.states, words, strict=True))

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        wanted = self.states.get(str(self.value()))
        if wanted is None:
            return queryset
        renewals = queryset.filter(purpose=Payment.Purpose.RENEWAL)
        return renewals.filter(state__in=wanted) if wanted else renewals


class RequestedFilter(DaysFilter):
    """By the business days of the last attempt, served by the small index payment_by_day, whose blocks are sorted."""

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self.title = gettext_lazy("last attempt at")

    def within(self, queryset: QuerySet[Any], first: date, last: date) -> QuerySet[Any]:
        return queryset.filter(requested_at__gte=_midnight(first), requested_at__lt=_midnight(last + timedelta(days=1)))


def _midnight(day: date) -> datetime:
    return datetime(day.year, day.month, day.day, tzinfo=BUSINESS_ZONE)
