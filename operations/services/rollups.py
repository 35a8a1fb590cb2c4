"""Roll-ups, kept under their business date and read by pages. Measuring again overwrites the day's last measure."""

from collections.abc import Collection, Mapping
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any, NamedTuple

from django.db import transaction

from operations import registry
from operations.dates import business_date
from operations.models import Rollup


class Figures(NamedTuple):
    """What was measured, under which date, and when it was true."""

    on: date
    as_of: datetime
    figures: Mapping[str, Any]

    def count(self, name: str) -> int:
        """A whole number; 0 where it was not measured."""
        return int(self.figures.get(name) or 0)

    def amount(self, name: str) -> Decimal:
        """An amount in CNY; 0 where it was not measured."""
        return Decimal(self.figures.get(name) or 0)


@transaction.atomic
def keep(name: str, *, on: date, at: datetime) -> int:
    """Measure a registered roll-up and keep its figures under a date; how many scopes.

    One statement writes them all. A scope that has nothing any more has no row of the date any more either.
    """
    measured = registry.roll_ups.get(name).measure(on=on, at=at)
    rows = [
        Rollup(name=name, scope=scope, on=on, as_of=at, figures={key: _plain(each) for key, each in figures.items()})
        for scope, figures in measured.items()
    ]
    Rollup.objects.filter(name=name, on=on).exclude(scope__in=measured).delete()
    Rollup.objects.bulk_create(
        rows, update_conflicts=True, unique_fields=["name", "scope", "on"], update_fields=["figures", "as_of"]
    )
    return len(rows)


def _plain(figure: Any) -> Any:
    return str(figure) if isinstance(figure, Decimal) else figure


def keep_what_is_due(*, at: datetime) -> list[str]:
    """By day: measure what is measured more often than by night and is older than that; the names."""
    on = business_date(at)
    due = [
        each.name for each in registry.roll_ups
        if each.every is not None and not _is_fresh(each.name, on=on, since=at - each.every)
    ]
    for name in due:
        keep(name, on=on, at=at)
    return due


def _is_fresh(name: str, *, on: date, since: datetime) -> bool:
    return Rollup.objects.filter(name=name, on=on, as_of__gt=since).exists()


def newest(names: Collection[str]) -> dict[str, dict[str, Figures]]:
    """By name and scope, the newest figures that there are; by one query, whatever the past."""
    found: dict[str, dict[str, Figures]] = {name: {} for name in names}
    last_days = Rollup.objects.filter(name__in=names).order_by("name", "-on").distinct("name").values("name", "on")
    days = {row["name"]: row["on"] for row in last_days}
    for row in Rollup.objects.filter(name__in=days, on__in=set(days.values())).order_by("name", "scope"):
        if row.on == days[row.name]:
            found[row.name][row.scope] = Figures(row.on, row.as_of, row.figures)
    return found


def over_days(name: str, *, scope: str = "", through: date, days: int) -> list[Figures]:
    """The figures of a scope day by day, oldest first; days that were not measured are left out."""
    rows = Rollup.objects.filter(name=name, scope=scope, on__gt=through - timedelta(days=days), on__lte=through)
    return [Figures(row.on, row.as_of, row.figures) for row in rows.order_by("on")]
