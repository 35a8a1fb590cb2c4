"""What programmes owe their members in points: measured by the night, kept by day, with the months in which it ends.

    liability (CNY) = outstanding points x cost of a point x (1 - expected breakage), rounded half up to the fen

Outstanding are points that were posted and are not over; pending ones stand apart. Debts of wallets are not set off.
"""

from collections import defaultdict
from collections.abc import Mapping
from datetime import date, datetime
from decimal import ROUND_HALF_UP, Decimal
from hashlib import sha256
from typing import NamedTuple

from django.db import transaction
from django.db.models import Exists, OuterRef, Q, QuerySet

from memberships.models import Enrolment, PointsLiability, PointsPolicy, Programme
from memberships.services import statements
from memberships.services.ranges import EVERYTHING, mark_items
from operations.models import JobRun, RunItem

#: The job of the night (memberships/jobs/points.py).
MEASURE_LIABILITY = "measure_liability"
#: What its dry run's items are.
MEASURE = "measure"
#: In a run-off, beside the months ("2027-01"): points that have no day on which they end.
NEVER = "never"
#: What the statement says of points whose return window is open.
_PENDING = "pending"
FEN = Decimal("0.01")


class Liability(NamedTuple):
    """A programme's points on a day, in points, and their value in CNY; `run_off` by month, NEVER last."""

    outstanding: int
    pending: int
    run_off: Mapping[str, int]
    unit_cost: Decimal
    expected_breakage: Decimal

    @property
    def amount(self) -> Decimal:
        return value_of(self.outstanding, unit_cost=self.unit_cost, expected_breakage=self.expected_breakage)

    @property
    def fingerprint(self) -> int:
        """Another value means that any of the figures is another."""
        figures = [self.outstanding, self.pending, sorted(self.run_off.items())]
        facts = repr([*figures, f"{self.unit_cost:f}", f"{self.expected_breakage:f}"])
        return int.from_bytes(sha256(facts.encode()).digest()[:8], "big", signed=True)


def value_of(points: int, *, unit_cost: Decimal, expected_breakage: Decimal) -> Decimal:
    """What points are going to cost, in CNY, rounded half up to the fen."""
    return (points * unit_cost * (1 - expected_breakage)).quantize(FEN, ROUND_HALF_UP)


def liability(programme: Programme, *, on: date) -> Liability:
    """What a programme owes now, as of a day: what is over by then is not owed. Reads all its lots."""
    return _measured(programme, on=on).get(programme.pk) or _valued(programme, {})


def _measured(programme: Programme | None, *, on: date) -> dict[int, Liability]:
    """By programme, of one or of all that owe anything."""
    points: dict[int, dict[str, int]] = defaultdict(dict)
    for key, month, owed in statements.rows(
        "points/liability_measure", programme=programme.pk if programme else None, on=on
    ):
        points[key][month] = owed
    programmes = measured_programmes().in_bulk(points)
    return {key: _valued(programmes[key], months) for key, months in points.items()}


def _valued(programme: Programme, points: dict[str, int]) -> Liability:
    """Points by month, and the pending ones, at the prices of the programme's policy; nothing without one."""
    policy = PointsPolicy.objects.filter(programme=programme).first() or PointsPolicy()
    run_off = {month: owed for month, owed in points.items() if month != _PENDING}
    return Liability(
        sum(run_off.values()), points.get(_PENDING, 0), run_off, policy.unit_cost, policy.expected_breakage
    )


@transaction.atomic
def measure_liability(*, on: date, at: datetime, approved: JobRun | None = None) -> int:
    """Keep what every programme with points owes, under a business date; how many programmes.

    Of an approved dry run, only programmes that it lists and that owe what it saw; its items say what became of them. A
    repeat measures anew.
    """
    owed = _all_owed(on=on)
    if approved is not None:
        seen = dict(RunItem.objects.filter(run=approved).values_list("key", "seen"))
        owed = {programme: found for programme, found in owed.items() if seen.get(programme.pk) == found.fingerprint}
    for programme, found in owed.items():
        facts = {**found._asdict(), "amount": found.amount, "measured_at": at}
        PointsLiability.objects.update_or_create(programme=programme, on=on, defaults=facts)
    mark_items(approved, EVERYTHING, done=[programme.pk for programme in owed])
    return len(owed)


def foresee_liability(run: JobRun) -> int:
    """Write an item of a dry run for each programme, its amount what it owes now, in CNY; how many."""
    items = [
        RunItem(run=run, key=programme.pk, kind=MEASURE, amount=found.amount, seen=found.fingerprint)
        for programme, found in _all_owed(on=run.business_date).items()
    ]
    return len(RunItem.objects.bulk_create(items, ignore_conflicts=True))


def _all_owed(*, on: date) -> dict[Programme, Liability]:
    """What each programme with points owes, nothing included."""
    found = _measured(None, on=on)
    return {programme: found.get(programme.pk) or _valued(programme, {}) for programme in measured_programmes()}


def measured_programmes() -> "QuerySet[Programme]":
    """Programmes that have points: a policy for them, or wallets."""
    has_wallets = Exists(Enrolment.objects.filter(programme=OuterRef("pk")))
    return Programme.objects.filter(Q(points_policy__isnull=False) | has_wallets)
