"""What the stories of orders share: a programme with rules, and what a wallet's orders brought."""

from datetime import date
from decimal import Decimal
from typing import Any

from memberships.models import EarnPromotion, EarnRule, Enrolment, Order, PointsPolicy, Programme
from memberships.services.orders import Returned, record_order, record_return
from tests.memberships.factories import TODAY
from tests.memberships.points_stories import a_wallet, morning

LONG_AGO = date(2020, 1, 1)


def a_rule(programme: Programme, **facts: Any) -> EarnRule:
    """One point a yuan, qualifying too, for ever."""
    defaults: dict[str, Any] = {
        "code": "general", "starts_on": LONG_AGO, "points_per_yuan": Decimal(1), "qualifying_per_yuan": Decimal(1),
    }
    return EarnRule.objects.create(programme=programme, **{**defaults, **facts})


def a_promotion(programme: Programme, multiplier: str, **facts: Any) -> EarnPromotion:
    """More points on 15 January 2027, unless said otherwise."""
    defaults: dict[str, Any] = {"code": "new-year", "starts_on": TODAY, "ends_on": TODAY}
    return EarnPromotion.objects.create(
        programme=programme, multiplier=Decimal(multiplier), **{**defaults, **facts}
    )


def a_policy(programme: Programme, **facts: Any) -> PointsPolicy:
    """Points are the member's at once and never end, unless said otherwise."""
    return PointsPolicy.objects.create(programme=programme, **facts)


def a_shopper(**facts: Any) -> Enrolment:
    """Li Lei's wallet in JD PLUS, where a yuan brings a point."""
    wallet = a_wallet()
    a_rule(wallet.programme, **facts)
    return wallet


def order(
    wallet: Enrolment, number: str, amount: str, *, category: str = "", ordered_on: date = TODAY, on: date = TODAY
) -> Order:
    return record_order(
        wallet, number=number, category=category, amount=Decimal(amount), ordered_on=ordered_on, on=on, at=morning(on),
        actor=None,
    )


def give_back(
    bought: Order, number: str, amount: str, *, ordered_on: date = TODAY, on: date = TODAY
) -> Returned:
    return record_return(
        bought, number=number, amount=Decimal(amount), ordered_on=ordered_on, on=on, at=morning(on), actor=None
    )
