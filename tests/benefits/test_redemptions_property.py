"""Whatever is used and taken back in whatever order of days: it goes as in a plain model, and the books agree.

No quota is exceeded in any window, and points, units and money are where they were or where a use took them.
"""

from collections import defaultdict
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection, transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from benefits.models import Redemption
from memberships.models import Enrolment, Member
from operations.errors import PlusdeskError
from tests.benefits.redemption_stories import (
    a_benefit,
    a_budget,
    a_member,
    a_rule,
    a_stock,
    differences,
    take_back,
    use,
)
from tests.benefits.redemptions_model import House, Refused, Rule
from tests.memberships.factories import TODAY
from tests.memberships.points_stories import a_wallet, earn

pytestmark = pytest.mark.django_db

days = st.integers(0, 45)
rules = st.lists(
    st.builds(
        Rule, st.just(""), st.none() | st.integers(1, 4), st.sampled_from(["day", "week", "month", "ever"]),
        st.integers(0, 3),
    ),
    min_size=1, max_size=3,
).map(lambda found: [Rule(f"rule-{place}", *list(vars(rule).values())[1:]) for place, rule in enumerate(found)])
houses = st.builds(
    House, rules, st.booleans(), points=st.integers(1, 30), units=st.integers(0, 12), money=st.integers(0, 20),
    cost=st.integers(0, 3),
)
steps = st.lists(
    st.tuples(st.just("use"), days, st.integers(1, 3)) | st.tuples(st.just("take back"), days, st.integers(0, 9))
    | st.tuples(st.just("use again"), days, st.integers(0, 9)),
    min_size=1, max_size=12,
)
#: What was used, taken, spent and is left, by one question.
FIGURES = """
SELECT coalesce(usage.uses, 0), stock.taken, budget.spent, wallet.balance
FROM memberships_enrolment wallet
CROSS JOIN benefits_benefitstock stock
CROSS JOIN benefits_budget budget
LEFT JOIN benefits_usage usage ON usage.member_id = wallet.member_id AND usage.benefit_id = stock.benefit_id
WHERE stock.benefit_id = %s AND budget.id = %s AND wallet.id = %s
"""


class Desk:
    """The same house in the database."""

    def __init__(self, member: Member, wallet: Enrolment, house: House) -> None:
        self.house, self.member, self.wallet = house, member, wallet
        self.budget = a_budget(str(house.money))
        self.benefit = a_benefit(
            "exchange", kind="points_exchange", combine="sum" if house.is_sum else "best", budget=self.budget,
            unit_cost=Decimal(house.cost),
        )
        for rule in house.rules:
            a_rule(
                self.benefit, rule.quota, code=rule.code, window=rule.window, points_price=rule.points,
            )
        a_stock(self.benefit, house.units)
        earn(wallet, house.points)
        self.done: list[Redemption] = []

    def step(self, kind: str, day: int, number: int) -> None:
        on = TODAY + timedelta(days=day)
        if kind == "use":
            self.both(lambda: self._use(number, on), lambda: self.house.redeem(number, on))
        elif self.done and kind == "take back":
            place = number % len(self.done)
            self.both(lambda: take_back(self.done[place], on=on), lambda: self.house.take_back(place, on))
        elif self.done:
            first = self.done[number % len(self.done)]
            assert use(self.member, self.benefit, on=on, key=first.key, quantity=first.quantity) == first

    def both(self, service: Any, model: Any) -> None:
        """Both do it, or both refuse it for the same reason."""
        try:
            expected = model()
        except Refused as refusal:
            with pytest.raises(PlusdeskError) as found:
                service()
            assert type(found.value).__name__ == str(refusal)
            return
        done = service()
        assert expected is None or done.rule.code == expected.rule.code

    def _use(self, quantity: int, on: date) -> Redemption:
        self.done.append(use(self.member, self.benefit, on=on, quantity=quantity))
        return self.done[-1]

    def agrees(self) -> None:
        house = self.house
        with connection.cursor() as cursor:
            cursor.execute(FIGURES, [self.benefit.pk, self.budget.pk, self.wallet.pk])
            assert cursor.fetchone() == (house.used, house.used, house.spent, house.points_left)

    def no_quota_is_exceeded(self) -> None:
        """Of each rule, by what stands in the tables alone."""
        found: dict[tuple[str, date], int] = defaultdict(int)
        for done in Redemption.objects.filter(benefit=self.benefit, state="done").select_related("rule"):
            assert done.window_from is not None and done.window_from <= done.on
            assert done.window_until is None or done.on < done.window_until
            found[done.rule.code, done.window_from] += done.quantity
        quotas = {rule.code: rule.quota for rule in self.house.rules}
        assert all(quotas[code] is None or total <= (quotas[code] or 0) for (code, _first), total in found.items())


@pytest.fixture
def who(db: None) -> tuple[Member, Enrolment]:
    member = a_member()
    return member, a_wallet(member)


@settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
@given(house=houses, story=steps)
def test_uses_go_as_in_a_plain_model(
    who: tuple[Member, Enrolment], house: House, story: list[tuple[str, int, int]]
) -> None:
    with transaction.atomic():
        house.uses.clear()
        desk = Desk(*who, house)
        for step in story:
            desk.step(*step)
            desk.agrees()
        desk.no_quota_is_exceeded()
        assert differences() == []
        transaction.set_rollback(True)
