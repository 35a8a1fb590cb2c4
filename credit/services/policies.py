"""What a programme's policy says of credit on a day (models/policies.py; credit/policies.py has its schema)."""

from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from typing import Any, NamedTuple

from django.utils.translation import gettext as _

from credit.errors import NoCreditOfferError
from credit.models import CreditPolicy
from memberships.models import Plan, Programme


class Offer(NamedTuple):
    """What a card may have: the highest limit, the term rule it comes with, and what a firm needs for it."""

    limit: Decimal
    terms: Mapping[str, Any]
    minimum_standing: Mapping[str, Any]


def policy_on(programme: Programme | int, *, on: date) -> CreditPolicy | None:
    """The policy of a programme on a day, or None: it gives no credit."""
    return CreditPolicy.objects.in_force(on=on).filter(programme=programme).first()


def offer_of(plan: Plan, *, on: date) -> Offer:
    """What the policy of the day offers with a card. Raises NoCreditOfferError."""
    policy = policy_on(plan.programme_id, on=on)
    found = policy.offers.get(plan.code) if policy else None
    if found is None:
        raise NoCreditOfferError(_("“%(plan)s” gives no credit on %(on)s.") % {"plan": plan, "on": on})
    return Offer(Decimal(found["limit"]), found["terms"], found.get("minimum_standing", {}))
