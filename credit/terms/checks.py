"""What a term rule may be, how long its longest term is, and which of two is the longer one. Pure."""

from collections.abc import Iterator, Sequence
from datetime import date, timedelta
from functools import lru_cache
from json import dumps, loads

from django.utils.translation import gettext as _

from credit.terms.rules import DAY, Rule, due_on

#: What goes with each kind of rule, and what it may be: the least and the most.
PARTS = {"net_days": ("days",), "month_end": ("days",), "statement": ("statement_day", "repayment_day")}
BOUNDS = {"days": (0, 365), "statement_day": (1, 28), "repayment_day": (1, 31), "longest_days": (0, 365)}
ROLLING = ("none", "forward", "backward")
#: Four years, one of them a leap year: months of every length begin and end in each way.
FIRST, DAYS = date(2024, 1, 1), 1461
#: More days in a row than are ever off: nine is the most that there was.
OFF_DAYS = 14


def rule_faults(rule: Rule) -> Iterator[tuple[str, str]]:
    """What is wrong with a rule: the part, and why, in words."""
    if rule.get("kind") not in PARTS:
        yield "kind", _("is none of: %(kinds)s") % {"kinds": ", ".join(PARTS)}
        return
    for part, (least, most) in BOUNDS.items():
        value = rule.get(part)
        is_whole = isinstance(value, int) and not isinstance(value, bool)
        if value is not None and not (is_whole and least <= value <= most):
            yield part, _("is not a whole number from %(least)s to %(most)s") % {"least": least, "most": most}
        if part == "longest_days":
            continue
        if part in PARTS[rule["kind"]] and value is None:
            yield part, _("is missing: it goes with %(kind)s") % {"kind": rule["kind"]}
        if part not in PARTS[rule["kind"]] and value is not None:
            yield part, _("does not go with %(kind)s") % {"kind": rule["kind"]}
    if rule.get("rolling", "none") not in ROLLING:
        yield "rolling", _("is none of: %(kinds)s") % {"kinds": ", ".join(ROLLING)}
    if rule.get("rolling", "none") != "none" and "longest_days" not in rule:
        yield "longest_days", _("is missing: a day that rolls needs a bound")
    for part in sorted(rule.keys() - {*BOUNDS, "kind", "rolling"}):
        yield part, _("there is no such key")


def longest_days(rule: Rule) -> int:
    """The most days that an invoice by this rule is due after its own: found by trying every day of four years.

    What rolls may go as far as its `longest_days`, whatever the calendar will be.
    """
    return int(rule["longest_days"]) if _rolling(rule) != "none" else max(_terms(rule))


def is_later(rule: Rule, than: Rule) -> bool:
    """Whether an invoice of any day could be due later by this rule than by the other, whatever the calendar will be.

    Rules that roll the same way keep their order: of two days the later one never rolls to before the other. Of others,
    the latest day that this one may roll to is compared with the earliest of the other one.
    """
    mine, theirs = _terms(rule), _terms(than)
    if _rolling(rule) == _rolling(than):
        if _rolling(rule) != "none" and rule["longest_days"] > than["longest_days"]:
            return True
    else:
        if _rolling(rule) != "none":
            mine = [min(days + OFF_DAYS, rule["longest_days"]) for days in mine]
        if _rolling(than) != "none":
            theirs = [max(days - OFF_DAYS, 0) for days in theirs]
    return any(days > others for days, others in zip(mine, theirs, strict=True))


def _rolling(rule: Rule) -> str:
    return str(rule.get("rolling", "none"))


def _terms(rule: Rule) -> Sequence[int]:
    """Of each of the days of four years how many days after it an invoice is due, before that day rolls."""
    return _counted(dumps({part: rule[part] for part in rule if part != "rolling"}, sort_keys=True))


@lru_cache(maxsize=64)
def _counted(text: str) -> tuple[int, ...]:
    rule = loads(text)
    days = (FIRST + timedelta(days=number) for number in range(DAYS))
    return tuple((due_on(rule, day, {}).day - day) // DAY for day in days)
