"""What the page of a credit request shows: what the firm's cards allow, its standing, its lines, the decision."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from django.utils.formats import number_format
from django.utils.translation import gettext as _

from credit.admin.display import bar_of, with_limits
from credit.errors import money
from credit.models import CreditDecision, CreditLine
from credit.services.decisions import cards_for
from credit.services.line_terms import ceiling, longest_term
from credit.services.policies import Offer, offer_of
from credit.services.standing import Fact, standing_of
from credit.terms.words import rule_in_words
from memberships.models import CreditRequest, Subscription
from operations.errors import PlusdeskError


@dataclass(frozen=True)
class Allowed:
    """What one of the firm's cards allows, and whether the firm reaches what it needs."""

    card: Subscription
    offer: Offer
    terms: str
    most: Decimal
    longest: int
    standing: list[tuple[str, str, str, bool]]

    @property
    def is_reached(self) -> bool:
        return all(each[-1] for each in self.standing)


def request_page(asked: CreditRequest, decision: CreditDecision | None, *, on: date) -> dict[str, Any]:
    """The sections beside the request itself."""
    lines: list[Any] = list(
        with_limits(CreditLine.objects.filter(member=asked.member_id), on=on)
        .select_related("subscription__plan", "programme").order_by("-pk")
    )
    for line in lines:
        line.bar = bar_of(line)
    return {
        "allowed": allowed_by(asked, on=on), "lines": lines,
        "evidence": evidence_in_words(decision.evidence) if decision else [],
        "terms": rule_in_words(decision.version.terms) if decision and decision.version else "",
    }


def allowed_by(asked: CreditRequest, *, on: date) -> list[Allowed]:
    """Of each card of the firm that gives credit."""
    found = []
    for card in cards_for(asked, on=on):
        try:
            offer = offer_of(card.plan, on=on)
        except PlusdeskError:
            continue
        standing = [_shown(fact) for fact in standing_of(card, offer.minimum_standing, on=on)]
        found.append(Allowed(
            card, offer, rule_in_words(offer.terms), ceiling(card.plan, offer), longest_term(card.plan, offer), standing
        ))
    return found


def _labels() -> dict[str, str]:
    return {
        "member_days": _("days as a member"), "card_days": _("days with the card"), "spent": _("orders (CNY)"),
        "tier": _("number of the tier"),
    }


def _shown(fact: Fact) -> tuple[str, str, str, bool]:
    """What is needed: its name, how much, how much there is, whether that is enough."""
    return _labels()[fact.fact], _figure(fact.wanted), _figure(fact.found), fact.is_met


def _figure(value: Decimal) -> str:
    return str(number_format(value.normalize() if value % 1 else int(value))) if value.is_finite() else "∞"


def evidence_in_words(evidence: Mapping[str, Any]) -> list[tuple[str, str]]:
    """What a decision rested on, as (label, words)."""
    found: list[tuple[str, str]] = []
    asked, offer, line = (evidence.get(name) or {} for name in ("requested", "offer", "line"))
    if asked.get("limit"):
        found.append((_("Requested limit (CNY)"), money(Decimal(asked["limit"]))))
    if asked.get("term_days"):
        found.append((_("Requested term (days)"), str(asked["term_days"])))
    if offer:
        found.append((_("Offered by the card"), _("up to %(limit)s CNY, %(terms)s") % {
            "limit": money(Decimal(offer["limit"])), "terms": rule_in_words(offer["terms"])
        }))
    for fact in evidence.get("standing", ()):
        words = _("%(found)s of %(wanted)s") % {
            "found": _figure(Decimal(fact["found"])), "wanted": _figure(Decimal(fact["wanted"]))
        }
        found.append((_labels().get(fact["fact"], fact["fact"]), words))
    for name, label in (
        ("open", _("Open then (CNY)")), ("authorised", _("Authorised then (CNY)")), ("overdue", _("Overdue then (CNY)"))
    ):
        if name in line:
            found.append((label, money(Decimal(line[name]))))
    found += [(str(name), str(words)) for name, words in evidence.get("said", {}).items()]
    return found
