"""Filters by a range of days: the list then follows the days, by the index that holds them."""

from datetime import date, timedelta
from typing import Any

from django.contrib import messages
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.dateparse import parse_date
from django.utils.translation import gettext as _
from unfold.contrib.filters.admin import RangeDateFilter

#: Days of a range at the most: what stands in the index beside the days is then looked for among so many rows only.
LONGEST_RANGE_DAYS = 31


class DaysFilter(RangeDateFilter):
    """By the days of a column, LONGEST_RANGE_DAYS of them at the most; what its index leaves out is left out."""

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        days = asked_days(request, self.field_path)
        if days is None:
            return queryset
        first, last = days
        if last - first >= timedelta(days=LONGEST_RANGE_DAYS):
            last = first + timedelta(days=LONGEST_RANGE_DAYS - 1)
            messages.info(
                request, _("A range of at most %(days)s days is shown: up to %(last)s.")
                % {"days": LONGEST_RANGE_DAYS, "last": last},
            )
        return self.within(queryset, first, last)

    def within(self, queryset: QuerySet[Any], first: date, last: date) -> QuerySet[Any]:
        """Rows of the first day up to the last."""
        return queryset.filter(**{f"{self.field_path}__range": (first, last)})


def asked_days(request: HttpRequest, column: str) -> tuple[date, date] | None:
    """First and last day in the address; where one is missing, as far from the other as may be. None: neither."""
    first, last = (_day(request.GET.get(f"{column}_{end}", "")) for end in ("from", "to"))
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
