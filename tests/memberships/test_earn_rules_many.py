"""Many orders recorded by one statement earn what services/earn_rules.py says, one after the other."""

from collections import Counter
from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.db import transaction
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from memberships.models import EarnPromotion, EarnRule, Enrolment, Order, TierStanding
from memberships.models.programmes import Tier, TierGroup
from memberships.services.earn_rules import Bought, points_for
from memberships.services.orders import record_orders
from tests.memberships.factories import TODAY
from tests.memberships.order_stories import a_promotion, a_rule
from tests.memberships.points_stories import a_wallet, morning

pytestmark = pytest.mark.django_db
CATEGORIES = ["", "books", "fresh"]
days = st.integers(-2, 0).map(lambda number: TODAY + timedelta(days=number))
rules = st.lists(
    st.fixed_dictionaries({
        "category": st.sampled_from(CATEGORIES), "starts_on": days,
        "points_per_yuan": st.sampled_from([Decimal("0"), Decimal("0.3330"), Decimal("1"), Decimal("2.5")]),
        "minimum_spend": st.sampled_from([Decimal(0), Decimal("20.00")]),
        "rounding": st.sampled_from(EarnRule.Rounding.values),
        "cap_per_order": st.none() | st.integers(0, 60), "cap_per_day": st.none() | st.integers(0, 100),
    }),
    max_size=4,
)
promotions = st.lists(
    st.fixed_dictionaries({"category": st.sampled_from(CATEGORIES), "starts_on": days}), max_size=2
)
orders = st.lists(
    st.tuples(st.integers(0, 1), st.sampled_from(CATEGORIES), st.decimals(0, 99, places=2), days), max_size=8
)
several = hypothesis_settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)


class _UndoneError(Exception):
    """Ends an example, and takes back what it wrote."""


def undone(story: Callable[[], None]) -> None:
    try:
        with transaction.atomic():
            story()
            raise _UndoneError
    except _UndoneError:
        pass


@pytest.fixture
def wallets() -> list[Enrolment]:
    """Two wallets of one programme; the second stands on a tier that multiplies by 1.5."""
    first = a_wallet()
    second = a_wallet(None, first.programme)
    group = TierGroup.objects.create(programme=first.programme, code="levels", name="等级", name_en="Levels")
    gold = Tier.objects.create(
        group=group, code="gold", name="金", name_en="Gold", rank=1, earn_multiplier=Decimal("1.5")
    )
    TierStanding.objects.create(
        member=second.member, enrolment=second, group=group, tier=gold, cause="hand", since=TODAY
    )
    return [first, second]


@several
@given(rules=rules, promotions=promotions, orders=orders, cut=st.integers(0, 8))
def test_a_list_of_orders_earns_what_they_earn_one_by_one(
    wallets: list[Enrolment], rules: list[Any], promotions: list[Any], orders: list[Any], cut: int
) -> None:
    def story() -> None:
        programme = wallets[0].programme
        there = [a_rule(programme, code=f"rule-{place}", **facts) for place, facts in enumerate(rules)]
        more = [a_promotion(programme, "1.250", code=f"p-{place}", **facts) for place, facts in enumerate(promotions)]
        # In two lists, as in two chunks of an import.
        _record(wallets, orders[:cut], first=0)
        _record(wallets, orders[cut:], first=cut)
        assert _recorded() == _expected(wallets, orders, there, more)

    undone(story)


def _record(wallets: list[Enrolment], orders: list[Any], *, first: int) -> None:
    record_orders(
        [wallets[wallet].pk for wallet, *_facts in orders],
        numbers=[f"{first + place:03d}" for place in range(len(orders))],
        categories=[category for _wallet, category, _amount, _day in orders],
        amounts=[amount for _wallet, _category, amount, _day in orders], days=[day for *_facts, day in orders],
        on=TODAY, at=morning(TODAY),
    )


def _recorded() -> list[tuple[Any, ...]]:
    return list(Order.objects.order_by("number").values_list("points", "qualifying", "rule", "multiplier"))


def _expected(
    wallets: list[Enrolment], orders: list[Any], rules: list[EarnRule], promotions: list[EarnPromotion]
) -> list[tuple[Any, ...]]:
    earned: Counter[tuple[Any, ...]] = Counter()
    found = []
    for wallet, category, amount, day in orders:
        that_day = {rule.pk: earned[wallet, rule.pk, day] for rule in rules}
        tier = Decimal("1.5") if wallet else Decimal(1)
        award = points_for(Bought(category, amount, day), rules, promotions, tier, that_day)
        if award.rule:
            earned[wallet, award.rule.pk, day] += award.points
        found.append((award.points, award.qualifying, award.rule and award.rule.pk, award.multiplier))
    return found


def test_orders_that_are_there_are_left_out(wallets: list[Enrolment]) -> None:
    a_rule(wallets[0].programme)
    orders = [(0, "", Decimal("10.00"), TODAY), (1, "", Decimal("10.00"), TODAY)]
    _record(wallets, orders, first=0)
    _record(wallets, orders, first=0)
    assert [points for points, *_rest in _recorded()] == [10, 15]
