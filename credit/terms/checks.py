"""What a term rule may be, and how long its longest term is. Pure."""

from datetime import date, timedelta
from functools import cache
from itertools import takewhile
from json import dumps, loads

from credit.terms.rules import DAY, Rule, due_on

#: Four years, one of them a leap year: months of every length begin and end in each way.
FIRST, LAST = date(2024, 1, 1), date(2027, 12, 31)


def longest_days(rule: Rule) -> int:
    """The most days that an invoice by this rule is due after its own: found by trying every day of four years.

    What rolls may go as far as its `longest_days`, whatever the calendar will be.
    """
    if rule.get("rolling", "none") != "none":
        return int(rule["longest_days"])
    return _longest(dumps(rule, sort_keys=True))


@cache
def _longest(text: str) -> int:
    rule = loads(text)
    days = takewhile(lambda day: day <= LAST, (FIRST + timedelta(days=number) for number in range(1461)))
    return max((due_on(rule, day, {}).day - day) // DAY for day in days)
