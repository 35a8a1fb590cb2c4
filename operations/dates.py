"""The business day. Pure functions: no clock, no database, no Django."""

from datetime import date, datetime, time
from zoneinfo import ZoneInfo

#: The business day is this city's. It had summer time from 1986 to 1991, which the zone knows.
BUSINESS_ZONE = ZoneInfo("Asia/Shanghai")

#: No business date is earlier: whoever writes one has mistyped it.
FIRST_DATE = date(1950, 1, 1)


def business_date(at: datetime) -> date:
    """The date in Shanghai at that instant. ValueError when the instant is naive: it would be a guess."""
    if at.tzinfo is None or at.utcoffset() is None:
        raise ValueError(f"{at} has no time zone")
    return at.astimezone(BUSINESS_ZONE).date()


def day_begins(on: date) -> datetime:
    """The first instant of a business date."""
    return datetime.combine(on, time(), BUSINESS_ZONE)
