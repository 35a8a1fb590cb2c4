"""The section `budgets`: money set aside for uses of benefits.

A budget is one row, changed in place: what was drawn on it stands in its ledger. One that a file leaves out ends. What
a campaign's budget gets more or less is reserved from, or released to, its brand's commitment (services/budgets.py):
those that get less go first, so that the others may have it.
"""

from collections.abc import Iterable
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from benefits.models import Benefit, Budget
from benefits.programme_files.commitments import beginning
from benefits.programme_files.known import day_in_words
from benefits.services.budgets import set_amount
from memberships.models import Programme
from memberships.programme_files.facts import (
    as_date,
    as_text,
    difference,
    differing,
    facts_of,
    same_number,
    value_in_words,
)
from memberships.programme_files.faults import Fault
from memberships.programme_files.schema import CODE, DATE, NAMES, exact, list_of, record
from memberships.programme_files.sections import Change, ProgrammeSection
from memberships.programme_files.tier_groups import repeated_codes
from operations.audit import said
from operations.models import User

FIELDS = ("name", "name_en", "amount", "starts_on", "ends_on")
DAY = timedelta(days=1)


class Budgets(ProgrammeSection):
    name = "budgets"
    label = gettext_lazy("budgets")
    schema = list_of(
        record(
            {
                "code": CODE,
                "name": NAMES,
                "amount": exact(4, 0, 999_999_999_999, description="In CNY, for all uses of its benefits in its days"),
                "starts_on": {**DATE, "description": "Not before that day; left out: from the effective day"},
                "ends_on": {**DATE, "description": "The last day"},
            },
            required=["code", "name", "amount"],
        )
    )

    def check(self, document: Any, section: list[dict[str, Any]]) -> Iterable[Fault]:
        yield from repeated_codes(self.name, section)
        for number, budget in enumerate(section):
            yield from days_in_order((self.name, number), budget)

    def hindrances(self, programme: Programme, section: list[dict[str, Any]], *, on: date) -> Iterable[Fault]:
        present = _present(programme)
        for number, entry in enumerate(section):
            budget = present.get(entry["code"])
            if budget is not None and entry["amount"] < budget.spent:
                words = _("%(spent)s CNY of it are spent already")
                spent = value_in_words(Budget, "spent", budget.spent)
                yield Fault((self.name, number, "amount"), words % {"spent": spent})

    def changes(self, programme: Programme | None, section: list[dict[str, Any]], *, on: date) -> Iterable[Change]:
        present = _present(programme)
        for entry in section:
            budget = present.pop(entry["code"], None)
            wanted = _wanted(entry, budget, on=on)
            if budget is None:
                yield _new(wanted)
            elif words := difference(Budget, facts_of(budget, FIELDS), wanted):
                yield Change(_("Budget “%(name)s”: %(difference)s") % {"name": budget, "difference": words})
        for budget in present.values():
            if (days := _ending(budget, on=on)) is not None:
                facts = {"name": budget, "day": day_in_words(days["ends_on"])}
                yield Change(_("Budget “%(name)s” ends; its last day is %(day)s") % facts)

    def apply(self, programme: Programme, section: list[dict[str, Any]], *, on: date, actor: User | None) -> None:
        present = _present(programme)
        for entry in section:
            budget = present.get(entry["code"])
            if budget is not None and entry["amount"] < budget.amount:
                _set_amount(budget, entry["amount"], on=on, actor=actor)
        for entry in section:
            budget = present.pop(entry["code"], None) or Budget(programme=programme, code=entry["code"])
            if budget.pk and entry["amount"] != budget.amount:
                _set_amount(budget, entry["amount"], on=on, actor=actor)
            _write(budget, _wanted(entry, budget if budget.pk else None, on=on))
        for budget in present.values():
            if (days := _ending(budget, on=on)) is not None:
                _write(budget, days)

    def export(self, programme: Programme, *, on: date) -> list[dict[str, Any]]:
        return [_exported(each) for each in kept_budgets(programme, on=on)]


def kept_budgets(programme: Programme, *, on: date) -> list[Budget]:
    """Those that a file of that day has: not over, or a benefit names them."""
    named = set(Benefit.objects.filter(programme=programme, retired_on=None).values_list("budget", flat=True))
    budgets = Budget.objects.filter(programme=programme, brand=None).order_by("pk")
    return [each for each in budgets if each.pk in named or not _is_over(each, on=on)]


def days_in_order(path: tuple[str | int, ...], entry: dict[str, Any]) -> Iterable[Fault]:
    """A fault of a last day before the first one."""
    if {"starts_on", "ends_on"} <= entry.keys() and entry["ends_on"] < entry["starts_on"]:
        words = _("%(last)s is before %(first)s")
        yield Fault((*path, "ends_on"), words % {"last": entry["ends_on"], "first": entry["starts_on"]})


def _present(programme: Programme | None) -> dict[str, Budget]:
    budgets = Budget.objects.filter(programme=programme, brand=None).order_by("pk") if programme else ()
    return {budget.code: budget for budget in budgets}


def _wanted(entry: dict[str, Any], budget: Budget | None, *, on: date) -> dict[str, Any]:
    last = as_date(entry.get("ends_on"))
    usual = budget.starts_on if budget else min(on, last or on)
    first = as_date(entry.get("starts_on")) or min(usual, last or usual)
    return {
        "name": entry["name"]["zh"], "name_en": entry["name"]["en"], "amount": entry["amount"],
        "starts_on": first, "ends_on": last,
    }


def _is_over(budget: Budget, *, on: date) -> bool:
    return budget.ends_on is not None and budget.ends_on < on


def _ending(budget: Budget, *, on: date) -> dict[str, Any] | None:
    """The days of a budget that the file leaves out: it ended yesterday, also where it was to begin later."""
    if _is_over(budget, on=on):
        return None
    return {"starts_on": min(budget.starts_on, on - DAY), "ends_on": on - DAY}


def _new(wanted: dict[str, Any]) -> Change:
    words = _("New budget “%(name)s”: %(amount)s CNY from %(day)s")
    amount = value_in_words(Budget, "amount", wanted["amount"])
    return Change(words % {"name": Budget(**wanted), "amount": amount, "day": day_in_words(wanted["starts_on"])})


def _write(budget: Budget, wanted: dict[str, Any]) -> None:
    if budget.pk is not None and not differing(facts_of(budget, wanted), wanted):
        return
    for field, value in wanted.items():
        setattr(budget, field, value)
    budget.save(update_fields=None if budget.pk is None else list(wanted))


def _set_amount(budget: Budget, amount: Decimal, *, on: date, actor: User | None) -> None:
    """What the campaign's brand committed moves along."""
    reason = str(said("reason") or "")
    budget.amount = set_amount(budget, amount, on=on, at=beginning(on), actor=actor, reason=reason).amount


def _exported(budget: Budget) -> dict[str, Any]:
    exported = {
        "code": budget.code, "name": {"zh": budget.name, "en": budget.name_en}, "amount": same_number(budget.amount),
        "starts_on": as_text(budget.starts_on), "ends_on": as_text(budget.ends_on),
    }
    return {key: value for key, value in exported.items() if value is not None}
