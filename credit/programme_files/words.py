"""What the section `credit` says, and what is another in it, in the language of the moment."""

from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import Any

from django.utils.formats import number_format
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from credit.errors import money
from credit.models import OverdueState
from credit.policies import THRESHOLDS, BlockingKind
from credit.terms.words import rule_in_words
from memberships.programme_files.schema import number_as_text


def policy_in_words(section: Mapping[str, Any]) -> Iterator[str]:
    """All of it, as of a policy that there was none of."""
    for offer in section["offers"]:
        yield _("Credit of plan “%(plan)s”: %(offer)s") % {"plan": offer["plan"], "offer": _offer(offer)}
    for name, words in _parts(section).items():
        yield _("Credit, %(part)s: %(words)s") % {"part": name, "words": words}


def changes_in_words(was: Mapping[str, Any], now: Mapping[str, Any]) -> Iterator[str]:
    """What is another, part by part. Something, where the two differ."""
    before = {offer["plan"]: offer for offer in was["offers"]}
    after = {offer["plan"]: offer for offer in now["offers"]}
    for plan in {**before, **after}:
        if before.get(plan) == after.get(plan):
            continue
        facts = {
            "plan": plan, "old": _offer(before[plan]) if plan in before else _("none"),
            "new": _offer(after[plan]) if plan in after else _("none"),
        }
        yield _("Credit of plan “%(plan)s”: %(old)s → %(new)s") % facts
    if before == after and list(before) != list(after):
        yield _("Credit: the order of plans is %(plans)s") % {"plans": ", ".join(after)}
    old, new = _parts(was), _parts(now)
    for name, key in zip(new, _KEYS, strict=True):
        if was.get(key) != now.get(key):
            facts = {"part": name, "old": old[name], "new": new[name]}
            yield _("Credit, %(part)s: %(old)s → %(new)s") % facts


_KEYS = ("blocking", "dunning", "late_fee", "lapse", "allocation")


def _parts(section: Mapping[str, Any]) -> dict[str, str]:
    """By what it is called, in the order of _KEYS."""
    none = _("none")
    return {
        _("blocking rules"): "; ".join(map(blocking_in_words, section["blocking"])) or none,
        _("overdue states"): ", ".join(map(_dunning, section["dunning"])) or none,
        _("late fee"): _late_fee(section["late_fee"]) if section.get("late_fee") else none,
        _("when the card lapses"): _lapse(section["lapse"]),
        _("order of allocation"): " → ".join(map(_allocation, section["allocation"])),
    }


def _offer(offer: Mapping[str, Any]) -> str:
    words = _("up to %(limit)s CNY, %(terms)s") % {
        "limit": money(offer["limit"]), "terms": rule_in_words(offer["terms"])
    }
    standing = ", ".join(standing_in_words(offer["minimum_standing"]))
    return _("%(offer)s; needs: %(standing)s") % {"offer": words, "standing": standing} if standing else words


def standing_in_words(standing: Mapping[str, Any]) -> Iterator[str]:
    """What a firm needs, each by itself."""
    if "member_days" in standing:
        yield _("a member for %(days)s days") % {"days": number_format(standing["member_days"])}
    if "card_days" in standing:
        yield _("the card for %(days)s days") % {"days": number_format(standing["card_days"])}
    if "spent" in standing:
        spent = standing["spent"]
        facts = {"amount": money(Decimal(spent["amount"])), "days": number_format(spent["days"])}
        yield _("orders of %(amount)s CNY in %(days)s days") % facts
    if "tier" in standing:
        yield _("tier %(tier)s or above") % {"tier": standing["tier"]["code"]}


def blocking_in_words(rule: Mapping[str, Any]) -> str:
    """As in “Late: days overdue 30” or “Held: overdue state “hold””; amounts are in CNY, shares in percent."""
    kind = BlockingKind(rule["kind"])
    facts = {"name": rule["name"]["zh" if (get_language() or "").startswith("zh") else "en"], "kind": kind.label}
    if kind == BlockingKind.OVERDUE_STATE:
        return _("%(name)s: %(kind)s “%(state)s”") % {**facts, "state": OverdueState(rule["state"]).label}
    if kind not in THRESHOLDS:
        return _("%(name)s: %(kind)s") % facts
    return _("%(name)s: %(kind)s %(threshold)s") % {**facts, "threshold": _number(rule["threshold"])}


def _dunning(state: Mapping[str, Any]) -> str:
    facts = {"state": OverdueState(state["state"]).label, "days": number_format(state["days"])}
    return _("%(state)s from day %(days)s on") % facts


def _late_fee(fee: Mapping[str, Any]) -> str:
    facts = {
        "percent": _number(fee["daily_percent"]), "free": number_format(fee["free_days"]),
        "cap": _number(fee.get("cap_percent", Decimal(0))),
    }
    words = _("%(percent)s%% a day after %(free)s days") % facts
    return _("%(fee)s, %(cap)s%% at most") % {"fee": words, **facts} if "cap_percent" in fee else words


def _lapse(lapse: Mapping[str, Any]) -> str:
    grace = _("nothing is drawn in the days of grace")
    if lapse["draws_in_grace"]:
        grace = _("one draws in the days of grace")
    facts = {"grace": grace, "days": number_format(lapse["reinstate_days"])}
    return _("%(grace)s, renewed within %(days)s days the line is restored") % facts


def _allocation(step: str) -> str:
    return {
        "reference": _("by reference"), "exact_amount": _("by the exact amount"),
        "oldest_due": _("the oldest due first"),
    }[step]


def _number(value: Decimal) -> str:
    text = number_as_text(value)
    return str(number_format(Decimal(text), decimal_pos=len(text.partition(".")[2])))
