"""The section `credit`: what cards may have, what stops a draw, and what becomes of what is not paid.

The policy is one, and a version of it holds from the day on which a file takes effect; the one before ends the day
before. Lines keep the limit and terms that they were granted: an offer that shrinks binds what is granted from then on.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from datetime import date
from decimal import Decimal
from itertools import pairwise
from typing import Any

from django.utils.formats import number_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from credit.models import CreditLine, CreditPolicy, OverdueState
from credit.policies import CREDIT, THRESHOLDS, BlockingKind, columns_of, section_of
from credit.programme_files.words import changes_in_words, policy_in_words
from credit.terms.checks import longest_days, rule_faults
from memberships.models import Programme
from memberships.programme_files.faults import Fault, Path
from memberships.programme_files.sections import Change, ProgrammeSection
from memberships.programme_files.tier_groups import repeated_codes
from memberships.programme_files.versions import Entry, Versions
from operations.models import User


class Credit(ProgrammeSection):
    name = "credit"
    label = gettext_lazy("credit")
    schema = CREDIT
    empty = None

    def check(self, document: Any, section: dict[str, Any] | None) -> Iterable[Fault]:
        if section is None:
            return
        yield from _check_offers(section["offers"], document)
        for fault in repeated_codes("blocking", section["blocking"]):
            yield replace(fault, path=(self.name, *fault.path))
        for number, rule in enumerate(section["blocking"]):
            path: Path = ("credit", "blocking", number)
            yield from _check_threshold(path, rule)
            yield from _check_state((*path, "state"), rule, section["dunning"])
        yield from _check_dunning(section["dunning"])

    def hindrances(self, programme: Programme, section: Any, *, on: date) -> Iterable[Fault]:
        if section is not None:
            return
        lines = CreditLine.objects.not_closed().filter(programme=programme).count()
        if lines:
            words = _("the programme has %(lines)s credit lines, which the file leaves out: close them first")
            yield Fault((self.name,), words % {"lines": number_format(lines)})

    def changes(
        self, programme: Programme | None, section: dict[str, Any] | None, *, on: date
    ) -> Iterable[Change]:
        present = _present(programme)
        if section is None:
            for _ending in _VERSIONS.endings(present, on=on):
                yield Change(_("Credit: none is given any more"))
            return
        step = _VERSIONS.step(present, _entry(section), on=on)
        if step is None:
            return
        latest = present[-1] if present else None
        if latest is None or _VERSIONS.is_over(latest, on=on):
            yield from map(Change, policy_in_words(section))
            return
        was = section_of(latest)
        words = list(changes_in_words(was, section)) or [_("Credit: goes on as it is")]
        yield from map(Change, words)
        yield from _lines_over(programme, was, section)

    def apply(
        self, programme: Programme, section: dict[str, Any] | None, *, on: date, actor: User | None
    ) -> None:
        present = _present(programme)
        if section is None:
            for ending in _VERSIONS.endings(present, on=on):
                _VERSIONS.write_ending(ending)
            return
        step = _VERSIONS.step(present, _entry(section), on=on)
        if step is not None:
            _VERSIONS.write(step, CreditPolicy(programme=programme))

    def export(self, programme: Programme, *, on: date) -> dict[str, Any] | None:
        present = _present(programme)
        if not present or _VERSIONS.is_over(present[-1], on=on):
            return None
        return section_of(present[-1])


#: Of several files of a day the last one holds for all of it.
_VERSIONS: Versions[CreditPolicy] = Versions("starts_on", "ends_on", lambda policy: False)


def _present(programme: Programme | None) -> list[CreditPolicy]:
    """Every version, oldest first."""
    return list(programme.credit_policies.order_by("starts_on")) if programme else []


def _entry(section: Mapping[str, Any]) -> Entry:
    return Entry("credit", None, None, columns_of(section))


# --- what is wrong with it by itself

def _check_offers(offers: list[dict[str, Any]], document: Any) -> Iterator[Fault]:
    """Each is a plan's, once, and within what the plan has at the most."""
    plans = {plan["code"]: plan for plan in document.sections["plans"]}
    first: dict[str, int] = {}
    for number, offer in enumerate(offers):
        path: Path = ("credit", "offers", number)
        code = offer["plan"]
        if first.setdefault(code, number) != number:
            other = f"offers[{first[code]}]"
            yield Fault((*path, "plan"), _("“%(code)s” is the plan of %(other)s, too") % {"code": code, "other": other})
        if code not in plans:
            yield Fault((*path, "plan"), _("there is no plan “%(code)s”") % {"code": code})
        faults = [Fault((*path, "terms", part), words) for part, words in rule_faults(offer["terms"])]
        yield from faults
        yield from _check_caps(path, offer, (plans.get(code) or {}).get("credit") or {}, has_rule=not faults)
        yield from _check_tier((*path, "minimum_standing", "tier"), offer["minimum_standing"].get("tier"), document)


def _check_caps(path: Path, offer: dict[str, Any], caps: dict[str, Any], *, has_rule: bool) -> Iterator[Fault]:
    if "limit" in caps and offer["limit"] > caps["limit"]:
        words = _("is more than the plan's credit.limit (%(most)s)")
        yield Fault((*path, "limit"), words % {"most": number_format(caps["limit"])})
    longest = longest_days(offer["terms"]) if has_rule else 0
    if "term_days" in caps and longest > caps["term_days"]:
        words = _("comes to up to %(days)s days, more than the plan's credit.term_days (%(most)s)")
        yield Fault((*path, "terms"), words % {"days": longest, "most": caps["term_days"]})


def _check_tier(path: Path, tier: dict[str, str] | None, document: Any) -> Iterator[Fault]:
    known = {(each["group"], each["code"]) for each in document.sections["tiers"]}
    if tier is not None and (tier["group"], tier["code"]) not in known:
        yield Fault(path, _("there is no tier “%(code)s”") % {"code": tier["code"]})


def _check_threshold(path: Path, rule: dict[str, Any]) -> Iterator[Fault]:
    """A threshold where its kind has one, of days a whole number."""
    kind = BlockingKind(rule["kind"])
    if kind in THRESHOLDS and "threshold" not in rule:
        yield Fault((*path, "threshold"), _("is missing: it goes with %(kind)s") % {"kind": kind.value})
    elif kind not in THRESHOLDS and "threshold" in rule:
        yield Fault((*path, "threshold"), _("does not go with %(kind)s") % {"kind": kind.value})
    elif THRESHOLDS.get(kind) and rule["threshold"] != rule["threshold"].to_integral_value():
        yield Fault((*path, "threshold"), _("days are a whole number"))


def _check_state(path: Path, rule: dict[str, Any], dunning: list[dict[str, Any]]) -> Iterator[Fault]:
    """An overdue state is named where it stops draws, and is one that lines come to."""
    if (rule["kind"] == BlockingKind.OVERDUE_STATE) != ("state" in rule):
        words = _("does not go with %(kind)s") if "state" in rule else _("is missing: it goes with %(kind)s")
        yield Fault(path, words % {"kind": rule["kind"]})
    elif "state" in rule and rule["state"] not in {each["state"] for each in dunning}:
        yield Fault(path, _("dunning has no state %(state)s: it would never stop a draw") % {"state": rule["state"]})


def _check_dunning(states: list[dict[str, Any]]) -> Iterator[Fault]:
    """Each state once, in their order, each later than the one before."""
    order = [state.value for state in OverdueState]
    for number, (before, after) in enumerate(pairwise(states), start=1):
        path = ("credit", "dunning", number)
        if order.index(after["state"]) <= order.index(before["state"]):
            words = _("comes after %(state)s: the order is %(order)s")
            yield Fault((*path, "state"), words % {"state": before["state"], "order": ", ".join(order[1:])})
        if after["days"] <= before["days"]:
            yield Fault((*path, "days"), _("is not later than %(state)s") % {"state": before["state"]})


# --- what would change

def _lines_over(programme: Programme | None, was: dict[str, Any], section: dict[str, Any]) -> Iterator[Change]:
    """Lines of an offer that shrinks or goes: they keep what they have."""
    wanted = {offer["plan"]: offer["limit"] for offer in section["offers"]}
    for offer in was["offers"]:
        most: Decimal = wanted.get(offer["plan"], Decimal(-1))
        if most >= offer["limit"]:
            continue
        lines = CreditLine.objects.not_closed().filter(programme=programme, subscription__plan__code=offer["plan"])
        if found := lines.count():
            words = _("Credit of plan “%(plan)s”: %(lines)s lines keep their limit until it is decided anew")
            yield Change(words % {"plan": offer["plan"], "lines": number_format(found)}, {"lines": found})
