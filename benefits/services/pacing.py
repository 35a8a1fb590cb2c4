"""How fast a budget is spent: day by day against the straight line, and where that leads. Reads only.

The straight line spends the amount in equal parts over the budget's days. The forecast goes on at the average of the
last week (of the days so far, where they are fewer); days without uses count.
"""

from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from itertools import accumulate

from benefits.models import Budget
from benefits.services import statements

DAY = timedelta(days=1)
#: The forecast goes by so many days.
LOOKED_AT = 7
#: A budget without an end, or a very long one, is shown for so many days at the most.
SHOWN = 400
CENT = Decimal("0.01")


@dataclass(frozen=True)
class Pace:
    """Amounts in CNY. `spent` and `planned` are running totals, a figure for each of `days`, `spent` up to today."""

    days: list[date]
    spent: list[Decimal]
    planned: list[Decimal]
    daily: Decimal
    # At that pace, on the budget's last day; never more than the amount. None: it has no end.
    forecast: Decimal | None
    # At that pace the last day on which something is left; None: not within its days.
    runs_out_on: date | None

    @property
    def ahead(self) -> Decimal | None:
        """Spent beyond the straight line so far; None where there is no line."""
        return self.spent[-1] - self.planned[len(self.spent) - 1] if self.spent and self.planned else None


def pace_of(budget: Budget, *, on: date) -> Pace:
    """As of the end of that day."""
    last = min(on, budget.ends_on) if budget.ends_on else on
    first = max(budget.starts_on, last - (SHOWN - 1) * DAY)
    so_far = max((last - first).days + 1, 0)
    by_day: dict[date, Decimal] = dict(statements.rows("budgets/spent_by_day", budget=budget.pk, last=last))
    before = sum((amount for day, amount in by_day.items() if day < first), Decimal(0))
    days = [first + place * DAY for place in range(so_far)]
    spent = [before + each for each in accumulate(by_day.get(day, Decimal(0)) for day in days)]
    looked_at = days[-LOOKED_AT:]
    daily = sum((by_day.get(day, Decimal(0)) for day in looked_at), Decimal(0)) / max(len(looked_at), 1)
    planned: list[Decimal] = []
    if budget.ends_on:
        in_all = (budget.ends_on - budget.starts_on).days + 1
        days += [last + place * DAY for place in range(1, min((budget.ends_on - last).days, SHOWN) + 1)] if days else []
        planned = [round(budget.amount * ((day - budget.starts_on).days + 1) / in_all, 2) for day in days]
    return Pace(days, spent, planned, round(daily, 2), *_forecast(budget, daily, last=last))


def _forecast(budget: Budget, daily: Decimal, *, last: date) -> tuple[Decimal | None, date | None]:
    """What is spent in the end, and the day on which nothing is left, at a daily pace."""
    left = max(budget.amount - budget.spent, Decimal(0))
    until_empty = int(left / daily) if daily > 0 else None
    if budget.ends_on is None:
        return None, None if until_empty is None or until_empty > SHOWN else last + until_empty * DAY
    still = max((budget.ends_on - last).days, 0)
    forecast = round(min(budget.amount, budget.spent + daily * still), 2)
    runs_out = until_empty is not None and until_empty < still
    return forecast, last + until_empty * DAY if runs_out and until_empty is not None else None
