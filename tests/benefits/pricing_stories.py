"""The goods, benefits and policies that the stories of prices are told with."""

from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from typing import Any

from benefits.kinds import filled_terms
from benefits.pricing.money import Rounding
from benefits.pricing.orders import Freight, Line, Scope
from benefits.pricing.policy import Policy, PriceBenefit, Step
from benefits.pricing.quotes import Quote, quote

DAY = date(2027, 3, 15)
#: What the house does where a programme says nothing else.
USUAL = (
    Step("promotion", group="price"), Step("member_price", group="price"), Step("buy_one_get_one"),
    Step("stacking_discount"), Step("instant_reduction"), Step("coupon"), Step("free_shipping"),
)


def yuan(amount: str | int) -> Decimal:
    return Decimal(str(amount))


def goods(key: str, price: str | int, quantity: int = 1, **facts: Any) -> Line:
    prices = {name: yuan(facts.pop(name)) for name in ("promotion_price", "member_price") if name in facts}
    return Line(key, yuan(price), quantity, **facts, **prices)


def benefit(kind: str, key: str = "", *, times: int | None = None, **terms: Any) -> PriceBenefit:
    return PriceBenefit(key or kind, kind, key or kind, filled_terms(kind, terms), "rule", times)


def coupon(key: str, amount: str | int, **terms: Any) -> PriceBenefit:
    return benefit("coupon", key, amount=yuan(amount), **terms)


def policy(*steps: Step, **rounding: str) -> Policy:
    return Policy(steps or USUAL, Rounding(**rounding), "policy")


def priced(
    lines: Sequence[Line], *benefits: PriceBenefit, by: Policy | None = None, freight: Freight | None = None
) -> Quote:
    return quote(lines, benefits, by or policy(), freight=freight, on=DAY)


def told(result: Quote) -> list[tuple[str, str]]:
    """The steps with their amounts."""
    return [(step.kind, str(step.total)) for step in result.steps]


def lost(result: Quote) -> dict[str, str]:
    """What did not count, and why."""
    return {each.benefit.key if each.benefit else each.kind: each.reason for each in result.considered}


SELF_OPERATED = Scope(self_operated_only=True)
