"""How the list of payments is narrowed: quick filters by state, and the days of the last attempt."""

from datetime import date, datetime, timedelta
from typing import Any, ClassVar

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.dateparse import parse_date
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from unfold.contrib.filters.admin import RangeDateFilter

from memberships.admin.payment_page import OPEN_REFUND
from memberships.admin.quick_filters import QuickChoice, QuickFilter
from memberships.dates import BUSINESS_ZONE
from memberships.models import Payment, Refund

State = Payment.State
#: Days of a range at the most: the index by day reads whole blocks, which then have to be sorted.
LONGEST_RANGE_DAYS = 31


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


class RequestedFilter(RangeDateFilter):
    """By the business days of the last attempt, served by the small index payment_by_day."""

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self.title = gettext_lazy("last attempt at")

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        days = asked_days(request)
        if days is None:
            return queryset
        first, last = days
        if last - first >= timedelta(days=LONGEST_RANGE_DAYS):
            last = first + timedelta(days=LONGEST_RANGE_DAYS - 1)
            messages.info(
                request, _("A range of at most %(days)s days is shown: up to %(last)s.")
                % {"days": LONGEST_RANGE_DAYS, "last": last},
            )
        return queryset.filter(requested_at__gte=_midnight(first), requested_at__lt=_midnight(last + timedelta(days=1)))


def asked_days(request: HttpRequest) -> tuple[date, date] | None:
    """First and last day in the address; where one is missing, as far from the other as may be. None: neither."""
    first, last = (_day(request.GET.get(f"requested_at_{end}", "")) for end in ("from", "to"))
    span = timedelta(days=LONGEST_RANGE_DAYS - 1)
    if first is None and last is None:
        return None
    if first is None or last is None:
        return (first, first + span) if first else (last - span, last)  # type: ignore[operator, return-value]
    return first, last


def _day(text: str) -> date | None:
    """The day, None when it is none, or too near to an end of the calendar to be one."""
    try:
        day = parse_date(text)
    except ValueError:
        return None
    return day if day and 1900 < day.year < 9000 else None


def _midnight(day: date) -> datetime:
    return datetime(day.year, day.month, day.day, tzinfo=BUSINESS_ZONE)
