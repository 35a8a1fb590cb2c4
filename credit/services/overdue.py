"""Overdue states: what a business date makes of lines and their invoices; one line, or all of a range.

An invoice is overdue from the day after its due day. Days that a pause covers do not count: its state stays where it
was, and goes back where the pause begins in the past (services/overdue_pauses.py). The states and their days are the
policy's; a line has the furthest state of its invoices. What holds is said once, by credit_due_lines (sql/overdue/).
"""

from datetime import date, datetime

from django.db import transaction

from credit.services import statements
from memberships.services.ranges import KeyRange, SizedRange, mark_items
from operations.models import JobRun

#: The kind of an item of a dry run whose line keeps its state.
AMOUNT = "amount"


def overdue_ranges(*, size: int) -> list[SizedRange]:
    """Ranges of ids with `size` lines each on which something is open or was overdue."""
    return [SizedRange(*found) for found in statements.rows("overdue/ranges", size=size)]


def foresee_overdue(run: JobRun, keys: KeyRange) -> int:
    """Write a RunItem for each line of a range of which a night would write something; how many."""
    return statements.run("overdue/foresee", run=run.pk, on=run.business_date, **keys._asdict())


@transaction.atomic
def age_lines(keys: KeyRange, *, on: date, at: datetime, approved: JobRun | None = None) -> list[int]:
    """Bring overdue states and amounts of a range's lines to a day; the lines that were written.

    Of an approved dry run, only what it lists and finds as it was. Locks those lines in key order, then their invoices.
    """
    about = {"on": on, "approved": approved and approved.pk, **keys._asdict()}
    locked = [line for (line,) in statements.rows("overdue/lock_lines", **about)]
    aged = [line for (line,) in statements.rows("overdue/age", locked=locked, at=at, **about)] if locked else []
    mark_items(approved, keys, done=aged)
    return aged


def age_line(line_id: int, *, on: date, at: datetime) -> bool:
    """The same for one line, whose facts changed during the day; whether anything was written."""
    return bool(age_lines(KeyRange(line_id, line_id), on=on, at=at))
