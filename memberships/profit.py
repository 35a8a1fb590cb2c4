"""What a programme's profit and loss is made of: lines, and the sources that say what they come to.

A floor registers its own sources (registry.profit_sources). `jobs/profit.py` adds them up by month and funder,
`services/profit.py` keeps and reads, `books/profit.py` compares what was kept with the facts.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from types import ModuleType
from typing import NamedTuple, cast

from django.db.models import TextChoices
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from memberships.services import statements
from memberships.services.ranges import KeyRange


class Side(TextChoices):
    """Where a line stands, in the order of the page."""

    INCOME = "income", _("income")
    COST = "cost", _("costs")
    # What there is at the month's end, such as fees that are not earned yet: months do not add up.
    BALANCE = "balance", _("at the month's end")
    # Told beside: it is counted by another line, or is nobody's money.
    MEMO = "memo", _("for information")


@dataclass(frozen=True)
class ProfitLine:
    """A line of the statement. `made`: how it is made, in words, for whoever asks where a figure comes from."""

    code: str
    label: str | Promise
    side: Side
    made: str | Promise
    #: The address of the list of what is behind a programme's figures; None: there is no such list.
    behind: Callable[[int], str] | None = None


class Amount(NamedTuple):
    """What a line comes to in a month, of a funder: in CNY, not rounded yet, as members' ranges are added up.

    `unknown`: how many things are behind it of which nobody said what they cost; they count as 0.
    """

    line: str
    funder: str
    month: date
    amount: Decimal
    unknown: int


class ProfitSource:
    """One statement over the facts, and the lines that it gives.

    The statement is under sql/ of `sql`. Parameters: programme, first and last (ids of members), first_day (the first
    of a month) and last_day. Rows: those of `Amount`. It follows from the facts alone, and is the same in whatever
    ranges of members and months it is asked for.
    """

    name: str
    label: str | Promise
    lines: tuple[ProfitLine, ...]
    statement: str
    #: Gives the first day about which a fact was recorded since an instant, and by a day (or NULL). Parameters:
    #: programme, since, before.
    changes: str
    sql: ModuleType = statements
    #: Whether its facts are members'. If not, it is asked once for all.
    is_by_member = True
    #: So many days are always reckoned anew: of facts that may come late without an instant that says so.
    settles_after = timedelta(0)

    def amounts(self, programme_id: int, keys: KeyRange, *, first_day: date, last_day: date) -> list[Amount]:
        """What the lines come to, of members of a range, by months from that of `first_day` on."""
        found = self.sql.rows(
            self.statement, programme=programme_id, first_day=first_day, last_day=last_day, **keys._asdict()
        )
        return [Amount(*row) for row in found]

    def changed_on(self, programme_id: int, *, since: datetime, before: date) -> date | None:
        """The first day before another about which something was recorded since an instant; None: nothing was."""
        [(first,)] = self.sql.rows(self.changes, programme=programme_id, since=since, before=before)
        return cast("date | None", first)
