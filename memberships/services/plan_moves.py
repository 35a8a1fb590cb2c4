"""Cards of earlier versions of a plan move to the newest one on the day that its programme file names.

Only what is to come moves: the days of grace, the lead of the renewal, and what the next term is sold by where no
version is on sale then. Terms that were paid for stay as they were sold. Which cards move is said once, by the SQL
function memberships_moving_cards (sql/programmes/).
"""

from datetime import date

from memberships.services import statements
from memberships.services.ranges import EVERYTHING, KeyRange, SizedRange, find_ranges


def moving_ranges(*, on: date, size: int) -> list[SizedRange]:
    """Ranges of ids with `size` cards each that move."""
    return find_ranges("programmes/move_ranges", size=size, on=on, **EVERYTHING._asdict())


def move_cards(keys: KeyRange, *, on: date) -> int:
    """Move the range's cards; how many. Inside a transaction; locks the members in key order; may be repeated."""
    statements.rows("programmes/move_lock_members", on=on, **keys._asdict())
    return statements.run("programmes/move", on=on, **keys._asdict())
