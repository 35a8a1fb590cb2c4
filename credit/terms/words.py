"""Term rules and the steps to a due day, in the language of the moment."""

from collections.abc import Iterable
from datetime import date

from django.utils.formats import date_format
from django.utils.translation import gettext as _

from credit.terms.rules import Rule, Step


def rule_in_words(rule: Rule) -> str:
    """As in “net 30 days”, “stated on day 1, repaid by the last day of the month, 61 days at most”."""
    return ", ".join(_parts(rule))


def _parts(rule: Rule) -> Iterable[str]:
    if rule["kind"] == "net_days":
        yield _("net %(days)s days") % rule
    elif rule["kind"] == "month_end":
        yield _("%(days)s days after the end of the month") % rule
    else:
        yield _("stated on day %(statement_day)s of a month") % rule
        last = _("repaid by the last day of the month")
        yield last if rule["repayment_day"] == 31 else _("repaid by day %(repayment_day)s of a month") % rule
    if "longest_days" in rule:
        yield _("%(longest_days)s days at most") % rule
    if rule.get("rolling") == "forward":
        yield _("on the next working day")
    if rule.get("rolling") == "backward":
        yield _("on the working day before")


def steps_in_words(steps: Iterable[Step]) -> list[str]:
    """Each step with its day."""
    return [_step_in_words(step) for step in steps]


def _step_in_words(step: Step) -> str:
    words = {
        "net_days": _("due by its days: %(day)s"),
        "month_end": _("the month ends: %(day)s"),
        "days_after": _("days after it: %(day)s"),
        "statement": _("stated: %(day)s"),
        "repayment": _("to be repaid by: %(day)s"),
        "longest": _("not later than its longest term: %(day)s"),
        "forward": _("the next working day: %(day)s"),
        "backward": _("the working day before: %(day)s"),
        "kept": _("not moved, though it is no working day: %(day)s"),
        "claim": _("at once, whatever the terms: the payment of which this was paid back has bounced: %(day)s"),
    }[step["step"]] % {"day": _day(step["day"])}
    if "instead_of" in step:
        words = _("%(step)s (%(other)s cannot be)") % {"step": words, "other": _day(step["instead_of"])}
    return words


def _day(text: str) -> str:
    return str(date_format(date.fromisoformat(text), "SHORT_DATE_FORMAT"))
