"""Orders that cannot be priced are refused by name, before anything is computed."""

from decimal import Decimal
from typing import Any

import pytest
from django.utils import translation

from benefits.pricing.errors import (
    EmptyOrderError,
    NegativePriceError,
    PriceDecimalsError,
    QuantityError,
    RepeatedLineError,
    TooManyCombinationsError,
)
from benefits.pricing.orders import Freight, Line
from benefits.pricing.policy import Step
from tests.benefits.pricing_stories import coupon, goods, policy, priced


@pytest.fixture(autouse=True)
def _english() -> None:
    """The words that these stories quote."""
    translation.activate("en")


def test_empty_order_is_refused() -> None:
    with pytest.raises(EmptyOrderError, match="no lines"):
        priced([])


@pytest.mark.parametrize(
    ("facts", "error"),
    [
        ({"price": Decimal("-0.01")}, NegativePriceError), ({"price": Decimal("1.001")}, PriceDecimalsError),
        ({"price": Decimal("NaN")}, PriceDecimalsError), ({"price": Decimal("Infinity")}, PriceDecimalsError),
        ({"price": Decimal("1E+30")}, PriceDecimalsError), ({"price": 1.5}, PriceDecimalsError),
        ({"promotion_price": Decimal("-1")}, NegativePriceError),
        ({"member_price": Decimal("0.005")}, PriceDecimalsError),
        ({"quantity": 0}, QuantityError), ({"quantity": -1}, QuantityError), ({"quantity": 1.5}, QuantityError),
        ({"quantity": True}, QuantityError), ({"quantity": 100_000}, QuantityError),
    ],
)
def test_line_that_cannot_be_priced_is_named(facts: dict[str, Any], error: type[Exception]) -> None:
    with pytest.raises(error, match="Line “pen”"):
        priced([Line(**{"key": "pen", "price": Decimal(1), **facts})])


def test_two_lines_of_one_key_are_refused() -> None:
    with pytest.raises(RepeatedLineError):
        priced([goods("pen", 1), goods("pen", 2)])


@pytest.mark.parametrize("amount", [Decimal("-1"), Decimal("0.001")])
def test_freight_that_cannot_be_is_refused(amount: Decimal) -> None:
    with pytest.raises((NegativePriceError, PriceDecimalsError), match="freight"):
        priced([goods("pen", 1)], freight=Freight(amount))


def test_category_that_nobody_knows_is_no_fault() -> None:
    assert priced([goods("pen", 1, category="unheard of")]).payable == Decimal("1.00")


def test_price_of_zero_is_one() -> None:
    assert priced([goods("gift", 0)], coupon("c", 5)).payable == Decimal(0)


def test_too_many_coupons_at_once_ask_for_a_choice() -> None:
    coupons = [coupon(f"c{n}", n + 1, stackable=True) for n in range(20)]
    with pytest.raises(TooManyCombinationsError, match="name the coupons"):
        priced([goods("pen", 1)], *coupons, by=policy(Step("coupon", per_order=20)))


def test_two_of_thirty_coupons_are_found_among_all_pairs() -> None:
    coupons = [coupon(f"c{n:02}", n + 1, stackable=True, minimum_spend=n) for n in range(30)]
    assert priced([goods("pen", 100)], *coupons, by=policy(Step("coupon", per_order=2))).payable == Decimal(41)


def test_many_coupons_of_which_one_is_used_are_no_trouble() -> None:
    coupons = [coupon(f"c{n}", n + 1) for n in range(200)]
    assert priced([goods("pen", 300)], *coupons).payable == Decimal(100)
