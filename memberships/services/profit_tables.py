"""A programme's profit and loss as people read it: lines by months, for one funder or all. Reads the kept rows only."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal

from memberships.models import Funder, ProfitRow, Programme
from memberships.profit import ProfitLine, Side
from memberships.services.profit import month_of
from operations import registry

NOTHING = Decimal(0)
#: What counts in the result, and with which sign.
SIGNS = {Side.INCOME: 1, Side.COST: -1}


@dataclass(frozen=True)
class LineRow:
    """A line of a funder: CNY by month, in the order of the table's months; balances have no total."""

    line: ProfitLine
    funder: Funder
    amounts: list[Decimal]
    unknown: int

    @property
    def total(self) -> Decimal | None:
        return None if self.line.side == Side.BALANCE else sum(self.amounts, NOTHING)

    @property
    def cells(self) -> list[Decimal | None]:
        """The amounts, then their total."""
        return [*self.amounts, self.total]


@dataclass(frozen=True)
class ProfitTable:
    """The months, the lines by side, and income less costs by month. `funder`: whose money; None: everybody's."""

    programme: Programme
    funder: Funder | None
    months: list[date]
    rows: list[LineRow]

    def of_side(self, side: Side) -> list[LineRow]:
        return [row for row in self.rows if row.line.side == side]

    def sums(self, side: Side) -> list[Decimal]:
        """Of the lines of a side, by month, and their total."""
        found = self.of_side(side)
        by_month = [sum((row.amounts[place] for row in found), NOTHING) for place in range(len(self.months))]
        return [*by_month, sum(by_month, NOTHING)]

    @property
    def results(self) -> list[Decimal]:
        """Income less costs by month, and their total."""
        income, costs = self.sums(Side.INCOME), self.sums(Side.COST)
        return [gained - spent for gained, spent in zip(income, costs, strict=True)]

    @property
    def unknown(self) -> int:
        """Things that cost something which nobody has said."""
        return sum(row.unknown for row in self.rows if row.line.side in SIGNS)


def months_until(last: date, count: int) -> list[date]:
    """So many months, the last that of a day."""
    months = [month_of(last)]
    while len(months) < count:
        months.insert(0, month_of(months[0] - timedelta(days=1)))
    return months


def profit_table(programme: Programme, *, months: Sequence[date], funder: Funder | None) -> ProfitTable:
    """The kept rows of some months, of one funder or of all. Lines that came to nothing are left out."""
    found = ProfitRow.objects.filter(programme=programme, month__in=months)
    if funder is not None:
        found = found.filter(funder=funder)
    kept: dict[tuple[str, str], dict[date, ProfitRow]] = defaultdict(dict)
    for row in found:
        kept[row.line, row.funder][row.month] = row
    rows = [
        LineRow(
            line, each, [own[month].amount if month in own else NOTHING for month in months],
            sum(row.unknown for row in own.values()),
        )
        for line in all_lines() for each in Funder if (own := kept.get((line.code, each)))
    ]
    return ProfitTable(programme, funder, list(months), rows)


def all_lines() -> list[ProfitLine]:
    """Every registered line, by side, and in the order of registration."""
    lines = [line for source in registry.profit_sources for line in source.lines]
    return sorted(lines, key=lambda line: list(Side).index(line.side))
