"""Which limit and terms a card allows: those of its offer, and never more than its plan's caps."""

from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from typing import Any

from django.utils.translation import gettext as _

from credit.errors import LineTermsError, money
from credit.services.policies import Offer, offer_of
from credit.terms.checks import longest_days, rule_faults
from memberships.models import Plan


def check_terms(plan: Plan, *, limit: Decimal, terms: Mapping[str, Any], on: date) -> Offer:
    """The offer of the card, where limit and terms are within it. Raises NoCreditOfferError, LineTermsError."""
    offer = offer_of(plan, on=on)
    check_rule(terms)
    if limit < 0 or limit != round(limit, 2):
        raise LineTermsError(_("A limit is an amount in yuan and fen, not below zero."))
    if limit > offer.limit:
        words = _("“%(plan)s” gives credit up to %(most)s CNY, not %(limit)s CNY.")
        raise LineTermsError(words % {"plan": plan, "most": money(offer.limit), "limit": money(limit)})
    longest, most = longest_days(terms), longest_term(plan, offer)
    if longest > most:
        words = _("“%(plan)s” gives terms of up to %(most)s days; by this rule it could be %(days)s.")
        raise LineTermsError(words % {"plan": plan, "most": most, "days": longest})
    return offer


def check_rule(terms: Mapping[str, Any]) -> None:
    """LineTermsError where it is no term rule."""
    faults = [f"{part}: {words}" for part, words in rule_faults(terms)]
    if faults:
        raise LineTermsError(_("This is no term rule: %(faults)s.") % {"faults": "; ".join(faults)})


def ceiling(plan: Plan, offer: Offer) -> Decimal:
    """What a line may come to with its increases: the plan's cap, or what is offered where it has none."""
    return offer.limit if plan.credit_limit_cap is None else plan.credit_limit_cap


def longest_term(plan: Plan, offer: Offer) -> int:
    """The longest term in days: the plan's cap, or what the offered rule comes to where it has none."""
    return longest_days(offer.terms) if plan.credit_term_days_cap is None else plan.credit_term_days_cap
