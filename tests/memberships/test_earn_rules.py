"""What an order earns, step by step; the database reckons as services/earn_rules.py does."""

from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from memberships.models import EarnPromotion, EarnRule
from memberships.services.earn_rules import Award, Bought, points_for, points_of_amount

TODAY = date(2027, 1, 15)
ONE = Decimal(1)


def rule(key: int = 1, **facts: Any) -> EarnRule:
    """One point a yuan, qualifying too; not in the database."""
    defaults: dict[str, Any] = {
        "code": f"rule-{key}", "starts_on": date(2020, 1, 1), "points_per_yuan": ONE, "qualifying_per_yuan": ONE,
        "minimum_spend": Decimal(0),
    }
    return EarnRule(pk=key, **{**defaults, **facts})


def promotion(multiplier: str, **facts: Any) -> EarnPromotion:
    defaults: dict[str, Any] = {"starts_on": TODAY, "ends_on": TODAY}
    return EarnPromotion(multiplier=Decimal(multiplier), **{**defaults, **facts})


def earned(
    amount: str, *rules: EarnRule, category: str = "", promotions: tuple[EarnPromotion, ...] = (), tier: str = "1",
    earned_that_day: int = 0, on: date = TODAY,
) -> Award:
    already = {one.pk: earned_that_day for one in rules}
    return points_for(Bought(category, Decimal(amount), on), rules, promotions, Decimal(tier), already)


def test_a_yuan_brings_a_point_and_what_is_left_of_a_yuan_does_not() -> None:
    assert earned("349.99", rule())[:2] == (349, 349)


def test_the_rule_of_the_category_goes_before_the_general_one() -> None:
    rules = rule(1), rule(2, category="fresh", points_per_yuan=Decimal(2))
    assert earned("100", *rules, category="fresh").points == 200
    assert earned("100", *rules, category="books").points == 100


def test_without_a_rule_nothing_is_earned() -> None:
    assert earned("100", category="fresh")[:3] == (0, 0, None)
    assert earned("100", rule(category="books"), category="fresh").points == 0


def test_a_rule_holds_on_its_first_and_last_day_and_on_no_other() -> None:
    window = rule(starts_on=TODAY, ends_on=TODAY + timedelta(days=1))
    days = [TODAY + timedelta(days=number) for number in (-1, 0, 1, 2)]
    assert [earned("10", window, on=day).points for day in days] == [0, 10, 10, 0]


def test_of_two_rules_the_younger_counts() -> None:
    assert earned("10", rule(1), rule(2, starts_on=TODAY, points_per_yuan=Decimal(3))).points == 30


def test_less_than_the_minimum_brings_nothing() -> None:
    from_fifty = rule(minimum_spend=Decimal(50))
    assert earned("49.99", from_fifty)[:2] == (0, 0)
    assert earned("50.00", from_fifty)[:2] == (50, 50)


def test_tier_and_promotion_multiply_points_but_not_qualifying_ones() -> None:
    double = promotion("2"), promotion("3", category="books")
    assert earned("100", rule(), promotions=double, tier="1.5")[:2] == (300, 100)
    assert earned("100", rule(), promotions=double, tier="1.5", category="books")[:2] == (450, 100)


def test_a_promotion_is_for_the_orders_of_its_days() -> None:
    assert earned("100", rule(), promotions=(promotion("2"),), on=TODAY + timedelta(days=1)).points == 100


@pytest.mark.parametrize(("rounding", "points"), [("down", 4), ("half_up", 5), ("up", 5)])
def test_half_a_point_is_rounded_as_the_rule_says(rounding: str, points: int) -> None:
    assert earned("3.00", rule(rounding=rounding), tier="1.5").points == points


def test_points_are_rounded_once_at_the_end() -> None:
    # 0.333 x 3 = 0.999 a yuan: rounded on the way it would be 0, or 1.
    third = rule(points_per_yuan=Decimal("0.3330"))
    assert earned("1001.00", third, tier="3").points == 999


def test_what_no_double_precision_number_holds_is_exact() -> None:
    dear = rule(points_per_yuan=Decimal("100.0001"))
    assert earned("999999999999.99", dear, tier="1.001").points == 100_100_100_099_998
    assert points_of_amount(Decimal("0.29"), rule(points_per_yuan=Decimal(100)), ONE) == 29


def test_an_order_and_a_day_bring_no_more_than_their_caps() -> None:
    capped = rule(cap_per_order=100, cap_per_day=150)
    assert earned("500", capped)[:2] == (100, 500)
    assert earned("500", capped, earned_that_day=100).points == 50
    assert earned("500", capped, earned_that_day=150).points == 0
    assert earned("500", capped, earned_that_day=9_999).points == 0


# --- the database


several = hypothesis_settings(
    max_examples=200, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)


def figures(places: int, most: str) -> "st.SearchStrategy[Decimal]":
    return st.decimals(min_value=0, max_value=Decimal(most), places=places)


@pytest.mark.django_db
@several
@given(
    amount=figures(2, "999999.99"), per_yuan=figures(4, "99.9999"), multiplier=figures(6, "99.999999"),
    minimum=figures(2, "99.99"), rounding=st.sampled_from(EarnRule.Rounding.values),
    cap=st.none() | st.integers(0, 10_000),
)
def test_the_database_reckons_to_the_same_point(
    amount: Decimal, per_yuan: Decimal, multiplier: Decimal, minimum: Decimal, rounding: str, cap: int | None
) -> None:
    ours = rule(points_per_yuan=per_yuan, minimum_spend=minimum, rounding=rounding, cap_per_order=cap)
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT memberships_points_of_amount(%s, %s, %s, %s, %s, %s)",
            [amount, per_yuan, multiplier, minimum, rounding, cap],
        )
        assert cursor.fetchone()[0] == points_of_amount(amount, ours, multiplier)
