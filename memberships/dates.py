"""Calendar arithmetic of terms. Pure functions: no clock, no database, no Django.

Conventions: the days of a term are both included, and a term starts on the day after the last one ended.
Every date is computed from the anchor (the first day of all), never from the term before, so that an
anchor of 31 January falls back to 28 or 29 February and is the 31st again in March.
"""

from calendar import monthrange
from datetime import date, timedelta

from operations.dates import BUSINESS_ZONE as BUSINESS_ZONE
from operations.dates import business_date as business_date


def add_months(anchor: date, months: int) -> date:
    """The anchor's day `months` later (earlier when negative); the month's last day where it is too short.

    Not additive: always count from the anchor. OverflowError outside the calendar (years 1 to 9999).
    """
    year, month = divmod(anchor.year * 12 + anchor.month - 1 + months, 12)
    if not date.min.year <= year <= date.max.year:
        raise OverflowError(f"{anchor} and {months} months is outside the calendar")
    return date(year, month + 1, min(anchor.day, monthrange(year, month + 1)[1]))


def term_bounds(anchor: date, months: int, number: int) -> tuple[date, date]:
    """First and last day, both included, of the term with that number; the first term has number 1.

    ValueError when the number or the length is below 1.
    """
    if number < 1 or months < 1:
        raise ValueError(f"a term is counted from 1 and lasts a month or more, not {number} and {months}")
    next_first_day = add_months(anchor, months * number)
    return add_months(anchor, months * (number - 1)), next_first_day - timedelta(days=1)
