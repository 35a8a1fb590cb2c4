"""Late fees: what being overdue cost in the month before, one invoice a line, where the programme's policy has a rule.

None has one unless its file says so. What a month costs is said once, by credit_late_fee_costs (sql/late_fees/due.sql).
What was received in time costs nothing; where it is booked, or a pause entered for the past, once a month was charged,
a later night corrects the fee (late_fee_corrections.py).
"""

from datetime import date, datetime

from django.db import transaction

from credit.services import statements
from memberships.services.ranges import KeyRange, SizedRange, mark_items
from operations.models import JobRun, User

#: The kind of an item of a dry run.
LATE_FEE = "late_fee"


def is_charging_day(on: date) -> bool:
    """Whether the month before is charged on that business date: on the first of a month."""
    return on.day == 1


def charging_ranges(*, on: date, size: int) -> list[SizedRange]:
    """Ranges of ids with `size` lines each of programmes that charge late fees."""
    return [SizedRange(*found) for found in statements.rows("late_fees/ranges", on=on, size=size)]


def foresee_late_fees(run: JobRun, keys: KeyRange) -> int:
    """Write a RunItem for each line of a range that would be charged; how many."""
    return statements.run("late_fees/foresee", run=run.pk, on=run.business_date, **keys._asdict())


@transaction.atomic
def charge_late_fees(
    keys: KeyRange, *, on: date, at: datetime, actor: User | None, approved: JobRun | None = None
) -> list[int]:
    """Charge a range's lines for the month before `on`; the lines that were. Locks them in key order."""
    statement = {"on": on, **keys._asdict()}
    locked = [line for (line,) in statements.rows("late_fees/lock_lines", **statement)]
    charged: list[int] = []
    if locked:
        found = statements.rows(
            "late_fees/charge", locked=locked, at=at, actor=actor and actor.pk, approved=approved and approved.pk,
            **statement,
        )
        charged = [line for (line,) in found]
    mark_items(approved, keys, done=charged)
    return charged
