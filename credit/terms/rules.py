"""Term rules: from the day of an invoice to the day it is due, step by step. Pure: no clock, no database, no Django.

    {"kind": "net_days", "days": 30}                                     so many days after the invoice
    {"kind": "month_end", "days": 10}                                    so many days after its month's last day
    {"kind": "statement", "statement_day": 1, "repayment_day": 31}       stated on the next such day after it, repaid by
                                                                         the first such day from then on
    ... "longest_days": 61                                               never later than so many days after the invoice
    ... "rolling": "none" | "forward" | "backward"                       off days that are not worked

A day of a month that the month lacks is its last one. Purchases of July are stated on 1 August and repaid by 31 August:
61 days for one of 1 July, and never more. A due day that is not worked moves as the rule says; the other way where that
would pass `longest_days` or fall before the invoice; and stays where both would.
"""

from calendar import monthrange
from collections.abc import Mapping
from datetime import date, timedelta
from typing import Any, Literal, NamedTuple, NotRequired, TypedDict

from memberships.dates import add_months

Rule = Mapping[str, Any]
#: Days that are not what their weekday says, and whether they are worked.
Holidays = Mapping[date, bool]
DAY = timedelta(days=1)


class Step(TypedDict):
    """One step to the due day: what was done, and the day it led to (ISO)."""

    step: Literal[
        "net_days", "month_end", "days_after", "statement", "repayment", "longest", "forward", "backward", "kept",
        "claim",
    ]
    day: str
    #: The working day that the rule prefers, where it cannot be.
    instead_of: NotRequired[str]


class Due(NamedTuple):
    """A due day, and how it came about."""

    day: date
    steps: list[Step]


def due_on(rule: Rule, invoiced_on: date, holidays: Holidays) -> Due:
    """The day on which an invoice of that day is due. `holidays` knows the days around it (services/holidays.py)."""
    steps = _counted(rule, invoiced_on)
    day = date.fromisoformat(steps[-1]["day"])
    latest = invoiced_on + timedelta(days=rule["longest_days"]) if "longest_days" in rule else date.max
    if day > latest:
        day = latest
        steps.append({"step": "longest", "day": day.isoformat()})
    if rule.get("rolling", "none") != "none" and not is_worked(day, holidays):
        steps.append(_rolled(rule["rolling"], day, invoiced_on, latest, holidays))
    return Due(date.fromisoformat(steps[-1]["day"]), steps)


def is_worked(day: date, holidays: Holidays) -> bool:
    """Whether it is a working day: as the calendar says, else from Monday to Friday."""
    return holidays.get(day, day.weekday() < 5)


def _counted(rule: Rule, invoiced_on: date) -> list[Step]:
    """To the day that the rule's own count leads to."""
    if rule["kind"] == "net_days":
        return [_step("net_days", invoiced_on + timedelta(days=rule["days"]))]
    if rule["kind"] == "month_end":
        end = _in_month(invoiced_on, 31)
        return [_step("month_end", end), _step("days_after", end + timedelta(days=rule["days"]))]
    if rule["kind"] == "statement":
        stated = _next(rule["statement_day"], invoiced_on + DAY)
        return [_step("statement", stated), _step("repayment", _next(rule["repayment_day"], stated))]
    raise ValueError(f"there is no term rule of kind {rule['kind']}")


def _rolled(rolling: str, day: date, first: date, latest: date, holidays: Holidays) -> Step:
    """Off a day that is not worked, within the invoice's day and the latest one."""
    ways: list[tuple[Literal["forward", "backward"], date]] = [
        ("forward", _worked(day, DAY, holidays)), ("backward", _worked(day, -DAY, holidays)),
    ]
    if rolling == "backward":
        ways.reverse()
    preferred = ways[0][1]
    for way, found in ways:
        if first <= found <= latest:
            step = _step(way, found)
            return step if found == preferred else {**step, "instead_of": preferred.isoformat()}
    return {**_step("kept", day), "instead_of": preferred.isoformat()}


def _worked(day: date, by: timedelta, holidays: Holidays) -> date:
    while not is_worked(day, holidays):
        day += by
    return day


def _next(day_of_month: int, since: date) -> date:
    """The first such day of a month from a day on, that one included."""
    found = _in_month(since, day_of_month)
    return found if found >= since else _in_month(add_months(since.replace(day=1), 1), day_of_month)


def _in_month(day: date, day_of_month: int) -> date:
    return day.replace(day=min(day_of_month, monthrange(day.year, day.month)[1]))


def _step(name: Any, day: date) -> Step:
    return {"step": name, "day": day.isoformat()}
