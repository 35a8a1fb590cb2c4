"""What an order earns. Pure functions over a programme's rules: no clock, no database.

The order of the steps, here and in sql/orders/ (a property test holds the two together):

1. The rule: of those in force on the order's day the one of its category, else the one without a category; of several
   the youngest (by its first day, then its key). No rule: nothing is earned.
2. An amount below the rule's minimum earns nothing.
3. points = amount x points per yuan x the tier's multiplier x the best promotion of that day (for its category, or for
   all); qualifying points = amount x qualifying points per yuan. All of it exact.
4. Rounded, once, as the rule says.
5. Capped: at most so many for an order; then at most so many for a day: what orders of that wallet, day and rule earned
   before counts, also where they came back since. Caps hold for points; qualifying points are not capped.

A return takes back its share of what the order itself brought (services/orders.py), by no rule: rules may be rewritten.
The day's cap is not opened again for other orders.
"""

from collections.abc import Iterable, Mapping
from datetime import date
from decimal import ROUND_CEILING, ROUND_FLOOR, ROUND_HALF_UP, Context, Decimal
from typing import NamedTuple, TypeVar

from memberships.models.points_rules import EarnPromotion, EarnRule, InForce

#: Wide enough for every product of the columns' digits: nothing is rounded on the way.
EXACT = Context(prec=60)
ROUNDINGS = {
    EarnRule.Rounding.DOWN: ROUND_FLOOR,
    EarnRule.Rounding.HALF_UP: ROUND_HALF_UP,
    EarnRule.Rounding.UP: ROUND_CEILING,
}
_T = TypeVar("_T", bound=InForce)


class Bought(NamedTuple):
    """What of an order decides its points. `amount` in yuan."""

    category: str
    amount: Decimal
    ordered_on: date


class Award(NamedTuple):
    """What an order earns, and by what: no rule, no points."""

    points: int
    qualifying: int
    rule: EarnRule | None
    multiplier: Decimal


def points_for(
    bought: Bought, rules: Iterable[EarnRule], promotions: Iterable[EarnPromotion], tier_multiplier: Decimal,
    earned_that_day: Mapping[int, int],
) -> Award:
    """The points of an order under a programme's rules; `earned_that_day` is by the key of the rule."""
    multiplier = EXACT.multiply(tier_multiplier, best_multiplier(bought, promotions))
    rule = rule_for(bought, rules)
    if rule is None:
        return Award(0, 0, None, multiplier)
    points = points_of_amount(bought.amount, rule, multiplier)
    if rule.cap_per_day is not None:
        points = min(points, max(0, rule.cap_per_day - earned_that_day.get(rule.pk, 0)))
    return Award(points, qualifying_of_amount(bought.amount, rule), rule, multiplier)


def rule_for(bought: Bought, rules: Iterable[EarnRule]) -> EarnRule | None:
    """The rule that an order earns by; None where none holds."""
    return max(
        _holding(bought, rules), key=lambda rule: (rule.category != "", rule.starts_on, rule.pk), default=None
    )


def best_multiplier(bought: Bought, promotions: Iterable[EarnPromotion]) -> Decimal:
    """The highest multiplier of the promotions of that day; 1 without one."""
    return max((promotion.multiplier for promotion in _holding(bought, promotions)), default=Decimal(1))


def points_of_amount(amount: Decimal, rule: EarnRule, multiplier: Decimal) -> int:
    """Steps 2 to 5 for points, but for the cap of the day."""
    points = _rounded(amount, EXACT.multiply(rule.points_per_yuan, multiplier), rule)
    return points if rule.cap_per_order is None else min(points, rule.cap_per_order)


def qualifying_of_amount(amount: Decimal, rule: EarnRule) -> int:
    """Steps 2 to 4 for qualifying points."""
    return _rounded(amount, rule.qualifying_per_yuan, rule)


def _rounded(amount: Decimal, per_yuan: Decimal, rule: EarnRule) -> int:
    if amount < rule.minimum_spend:
        return 0
    return int(EXACT.multiply(amount, per_yuan).to_integral_value(ROUNDINGS[EarnRule.Rounding(rule.rounding)]))


def _holding(bought: Bought, found: Iterable[_T]) -> list[_T]:
    """Those in force on the order's day that are for its category, or for all."""
    return [
        one for one in found
        if one.category in (bought.category, "") and one.starts_on <= bought.ordered_on
        and (one.ends_on is None or bought.ordered_on <= one.ends_on)
    ]
