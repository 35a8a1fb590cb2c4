"""What a member could have used of their benefits in a term and did not, in units and CNY."""

from collections.abc import Iterator, Sequence
from datetime import date, timedelta
from decimal import Decimal
from typing import NamedTuple

from django.db.models import Q

from benefits.models import Benefit, Grant
from benefits.models.benefits import Kind
from benefits.models.grants import LIVE
from benefits.services import statements
from memberships.dates import add_months
from memberships.models import Member, Programme


class Left(NamedTuple):
    """Units of a benefit that were not used: of windows that are over (`gone`), and of those that still run (`open`).

    `value`: of all of them in CNY, None where nobody knows what a unit is worth. `until`: the last day on which some of
    the open ones can be used; None: no end is known. A coupon that is held, and was not used for an order, is a unit.
    """

    benefit: Benefit
    gone: int
    open: int
    value: Decimal | None
    until: date | None

    @property
    def units(self) -> int:
        return self.gone + self.open


class _Part(NamedTuple):
    benefit_id: int
    units: int
    until: date | None
    is_gone: bool


def left_unused(
    member: Member, programme: Programme, benefits: dict[int, Benefit], *, first: date, last: date, on: date,
    term_until: date | None = None,
) -> list[Left]:
    """What was left from `first` to `last` as it is known on `on`, what is worth most first.

    Of a quota, what was left in each of its windows that a day of the term stands in; windows of days and weeks are
    left out. Choices that were not made are no rights. `term_until`: no quota is used after that day.
    """
    parts = [*_of_quotas(member, programme, first=first, last=last, on=on, term_until=term_until)]
    parts += _of_coupons(member, programme, first=first, last=last)
    worth = _worth(programme, on=last)
    found: dict[int, list[_Part]] = {}
    for part in parts:
        if part.units > 0:
            found.setdefault(part.benefit_id, []).append(part)
    told = [_together(benefits[key], own, worth.get(key)) for key, own in found.items()]
    return sorted(told, key=lambda each: (-(each.value or 0), each.value is None, each.benefit.code))


def _of_quotas(
    member: Member, programme: Programme, *, first: date, last: date, on: date, term_until: date | None
) -> Iterator[_Part]:
    rows = statements.rows(
        "values/windows", member=member.pk, programme=programme.pk, days=_days_to_ask(first, last)
    )
    # A window may be seen on two days with another rule as the best of it: it counts once, by what is left now.
    latest: dict[tuple[object, ...], _Part] = {}
    for benefit, category, store, rule, window_from, window_after, left in rows:
        ends = [day for day in (window_after and window_after - timedelta(days=1), term_until) if day is not None]
        until = min(ends, default=None)
        key = (benefit, category, store, rule, window_from)
        part = _Part(benefit, left, until, until is not None and until < on)
        if key not in latest or part.units < latest[key].units:
            latest[key] = part
    yield from latest.values()


def _days_to_ask(first: date, last: date) -> list[date]:
    """Days such that every window of a month or longer has one: first days of months, and the term's own months."""
    days, months = {first, last}, 0
    while (own := add_months(first, months)) <= last:
        days |= {own, own.replace(day=1)}
        months += 1
    return sorted(day for day in {*days, last.replace(day=1)} if first <= day <= last)


def _of_coupons(member: Member, programme: Programme, *, first: date, last: date) -> Iterator[_Part]:
    """Coupons that were had within the days and not used: held still, or run out. Not those that were taken back."""
    grants = Grant.objects.filter(
        Q(redemption=None) | Q(redemption__state="done"), member=member, benefit__programme=programme,
        benefit__kind=Kind.COUPON, valid_from__range=(first, last),
    ).exclude(state=Grant.State.USED)
    for grant in grants:
        yield _Part(grant.benefit_id, grant.quantity, grant.valid_until, grant.state not in LIVE)


def _worth(programme: Programme, *, on: date) -> dict[int, Decimal | None]:
    """What a use of each benefit was worth on a day, by the benefits' keys."""
    return dict(statements.rows("values/worth_on", programme=programme.pk, day=on))


def _together(benefit: Benefit, parts: Sequence[_Part], worth: Decimal | None) -> Left:
    gone = sum(part.units for part in parts if part.is_gone)
    still = [part for part in parts if not part.is_gone]
    units = gone + sum(part.units for part in still)
    ends = [part.until for part in still if part.until is not None]
    return Left(
        benefit, gone, units - gone, None if worth is None else worth * units,
        max(ends) if ends and len(ends) == len(still) else None,
    )
