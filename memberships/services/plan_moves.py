"""Cards of earlier versions of a plan move to the newest one on the day that its programme file names.

Only what is to come moves: the days of grace, the lead of the renewal, and what the next term is sold by where no
version is on sale then. Terms that were paid for stay as they were sold. Which cards move is said once, by the SQL
function memberships_moving_cards (sql/programmes/).
"""

from datetime import date

from django.db import transaction

from memberships.services import statements
from memberships.services.ranges import EVERYTHING, KeyRange, SizedRange, find_ranges, mark_items
from operations.models import JobRun


def moving_ranges(*, on: date, size: int) -> list[SizedRange]:
    """Ranges of ids with `size` cards each that move."""
    return find_ranges("programmes/move_ranges", size=size, on=on, **EVERYTHING._asdict())


def foresee_moves(run: JobRun, keys: KeyRange) -> int:
    """Write a RunItem for each card of a range that would move; how many."""
    return statements.run("programmes/move_foresee", run=run.pk, on=run.business_date, **keys._asdict())


@transaction.atomic
def move_cards(keys: KeyRange, *, on: date, approved: JobRun | None = None) -> int:
    """Move the range's cards; how many. Of an approved dry run, only what it lists and finds as it was.

    Locks the members in key order; may be repeated.
    """
    statements.rows("programmes/move_lock_members", on=on, **keys._asdict())
    moved = statements.rows("programmes/move", on=on, approved=approved and approved.pk, **keys._asdict())
    mark_items(approved, keys, done=[card for (card,) in moved])
    return len(moved)
