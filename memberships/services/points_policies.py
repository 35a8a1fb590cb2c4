"""When points end, and until when they are pending: the rule of a programme's policy, day by day.

A day of expiry is the first day without the points, as everywhere: what ends on a fixed 1 January can be spent on
31 December. Months end with the month: points of 15 January that hold for 12 months are gone on 1 February of the next
year. Pure functions. SQL has twins of them (memberships/sql/points/): memberships_points_expire_on,
memberships_points_pending_until and memberships_idle_on, each of (programme, day); a property test compares them.
"""

from datetime import date, timedelta

from memberships.dates import add_months
from memberships.models import PointsPolicy

#: January has every day of a month there is, and 2000 every day of a year.
FIXED_DAY_ANCHOR = date(2000, 1, 1)


def expiry_of(policy: PointsPolicy, earned_on: date) -> date | None:
    """The first day without the points of a lot earned on a day; None: the lot has no day of its own.

    Points that would be over before their return window is are counted from the window's last day.
    """
    pending_until = earned_on + timedelta(days=policy.pending_days)
    day = _gone_on(policy, earned_on)
    return day if day is None or day > pending_until else _gone_on(policy, pending_until)


def pending_until(policy: PointsPolicy, earned_on: date) -> date | None:
    """The last day of the return window of a lot earned on a day; None: its points are the member's at once."""
    return earned_on + timedelta(days=policy.pending_days) if policy.pending_days else None


def idle_on(policy: PointsPolicy, active_on: date) -> date | None:
    """The first day on which all points of a wallet are gone, when it earned or spent on a day for the last time.

    None where points do not end by inactivity.
    """
    if policy.expiry != PointsPolicy.Expiry.INACTIVITY or policy.expiry_months is None:
        return None
    return _month_after(active_on, policy.expiry_months)


def _gone_on(policy: PointsPolicy, since: date) -> date | None:
    """By the policy's own terms, counted from a day; always a later day."""
    if policy.expiry == PointsPolicy.Expiry.MONTHS and policy.expiry_months is not None:
        return _month_after(since, policy.expiry_months)
    if policy.expiry == PointsPolicy.Expiry.FIXED_DATE and policy.expiry_years is not None:
        day = _fixed_day(policy, since.year + policy.expiry_years)
        return day if day > since else _fixed_day(policy, since.year + 1)
    return None


def _month_after(day: date, months: int) -> date:
    """The first day after the month that is so many months after a day's."""
    return add_months(day.replace(day=1), months + 1)


def _fixed_day(policy: PointsPolicy, year: int) -> date:
    """The policy's day in a year; the last day of its month where that is too short."""
    anchor = FIXED_DAY_ANCHOR.replace(day=policy.expiry_day or 1)
    return add_months(anchor, (year - anchor.year) * 12 + (policy.expiry_month or 1) - 1)
