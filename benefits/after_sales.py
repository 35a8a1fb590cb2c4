"""After-sales rights: whether goods may be replaced, exchanged or sent back, by which right, until when. Pure.

The day of purchase is day 0 and is not counted (Civil Code, article 201): of a right of 180 days the 180th day after it
is the last, that day included. A last day on a holiday is not put off: the right is a promise of the house beside the
law's, whose own periods it neither shortens nor repeats.

A right counts as the member held it, and as its terms were, on the day of purchase. So it stays when the card lapses
later, and who gets the card later does not have it for what was bought before.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from enum import Enum
from typing import Any

from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from benefits.errors import AfterSalesQuestionError
from benefits.pricing.orders import Scope

REMEDIES = {
    "replace": gettext_lazy("a new one instead of a repair"),
    "exchange": gettext_lazy("exchange"),
    "return": gettext_lazy("return"),
}
FAULTS = {
    "quality": gettext_lazy("fault of quality"),
    "any": gettext_lazy("other reason"),
}


class Refusal(Enum):
    """Why a right does not help. In this order: what comes nearer to a yes stands further down."""

    NO_RIGHT = "no_right"
    REMEDY = "remedy"
    NOT_SELF_OPERATED = "not_self_operated"
    CATEGORY = "category"
    FAULT = "fault"
    TOO_LATE = "too_late"


@dataclass(frozen=True)
class Right:
    """An after-sales right that the member held on the day of purchase, with the terms of that day (kinds.py)."""

    code: str
    name: str
    terms: Mapping[str, Any] = field(compare=False)
    #: By which rule the member had it.
    rule: str = ""

    def last_day(self, bought_on: date) -> date | None:
        """The last day on which it counts; None: it has no limit of its own."""
        days = self.terms.get("days")
        return None if days is None else bought_on + timedelta(days=days)


@dataclass(frozen=True)
class Purchase:
    """What was bought, and what is asked for it. `fault`: quality, or any (another reason)."""

    bought_on: date
    category: str
    is_self_operated: bool
    remedy: str
    fault: str = "quality"


@dataclass(frozen=True)
class Answer:
    """Yes or no, by which right (of a no: the one that came nearest), why, and the last day of that right."""

    is_yes: bool
    reason: str
    right: Right | None = None
    refusal: Refusal | None = None
    last_day: date | None = None
    is_on_site: bool = False


def after_sales_answer(rights: Iterable[Right], purchase: Purchase, *, on: date) -> Answer:
    """Whether one of the rights gives what is asked on that day. Of several: on site before elsewhere, then the one
    that lasts longest. AfterSalesQuestionError for a question that cannot be asked."""
    _check(purchase, on=on)
    answers = [_answer(right, purchase, on=on) for right in sorted(rights, key=lambda right: right.code)]
    if not answers:
        return Answer(False, _no_right(purchase), refusal=Refusal.NO_RIGHT)
    return max(answers, key=_rank)


def _check(purchase: Purchase, *, on: date) -> None:
    if purchase.remedy not in REMEDIES:
        raise AfterSalesQuestionError(_("There is no such remedy: %(remedy)s.") % {"remedy": purchase.remedy})
    if purchase.fault not in FAULTS:
        raise AfterSalesQuestionError(_("There is no such reason: %(fault)s.") % {"fault": purchase.fault})
    if on < purchase.bought_on:
        raise AfterSalesQuestionError(_("It was not yet bought on %(day)s.") % {"day": _day(on)})


def _rank(answer: Answer) -> tuple[bool, int, bool, date]:
    nearness = list(Refusal).index(answer.refusal) if answer.refusal else len(Refusal)
    return answer.is_yes, nearness, answer.is_on_site, answer.last_day or date.max


def _answer(right: Right, purchase: Purchase, *, on: date) -> Answer:
    last_day = right.last_day(purchase.bought_on)
    refusal = _refusal(right, purchase, on=on)
    facts = {
        "right": right.name, "bought": _day(purchase.bought_on), "remedy": REMEDIES[purchase.remedy],
        "category": purchase.category or "—", "fault": FAULTS[purchase.fault],
        "last": _day(last_day) if last_day else "", "days": right.terms.get("days"),
        "on": _day(on),
    }
    words = _yes(right) if refusal is None else _no(refusal)
    return Answer(
        refusal is None, words % facts, right, refusal, last_day, refusal is None and bool(right.terms["on_site"])
    )


def _refusal(right: Right, purchase: Purchase, *, on: date) -> Refusal | None:
    """The first reason for which the right does not help."""
    scope, last_day = Scope.of(right.terms), right.last_day(purchase.bought_on)
    if purchase.remedy not in right.terms["remedies"]:
        return Refusal.REMEDY
    if scope.self_operated_only and not purchase.is_self_operated:
        return Refusal.NOT_SELF_OPERATED
    if not scope.covers(category=purchase.category, is_self_operated=purchase.is_self_operated):
        return Refusal.CATEGORY
    if purchase.fault not in right.terms["faults"] and "any" not in right.terms["faults"]:
        return Refusal.FAULT
    if last_day is not None and on > last_day:
        return Refusal.TOO_LATE
    return None


def _yes(right: Right) -> str:
    if right.terms.get("days") is None:
        return _(
            "“%(right)s” was held on the day of purchase, %(bought)s; it has no limit of its own: the seller's holds"
        )
    return _("“%(right)s” was held on the day of purchase, %(bought)s; it counts for %(days)s days, until %(last)s")


def _no(refusal: Refusal) -> str:
    return {
        Refusal.REMEDY: _("“%(right)s” does not give this: %(remedy)s"),
        Refusal.NOT_SELF_OPERATED: _("“%(right)s” is for self-operated goods only"),
        Refusal.CATEGORY: _("“%(right)s” is not for this category: %(category)s"),
        Refusal.FAULT: _("“%(right)s” is for faults of quality only"),
        Refusal.TOO_LATE: _("“%(right)s” counted until %(last)s, %(days)s days after the purchase: %(on)s is too late"),
    }[refusal]


def _no_right(purchase: Purchase) -> str:
    return _(
        "The member held no after-sales right on the day of purchase, %(bought)s; one that came later does not count"
    ) % {"bought": _day(purchase.bought_on)}


def _day(day: date) -> str:
    return str(date_format(day, "SHORT_DATE_FORMAT"))
