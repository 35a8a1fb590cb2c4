"""Money that is set aside for benefits: raised, lowered, moved to other days, and why."""

from datetime import date
from decimal import Decimal

import pytest

from benefits.errors import BudgetError, BudgetExceededError
from benefits.models import Budget
from benefits.services.budgets import set_amount, set_days
from tests.benefits.redemption_stories import a_budget, a_coupon, a_member, differences, spent, use
from tests.memberships.factories import TODAY, an_operator, last_event
from tests.memberships.points_stories import morning

pytestmark = pytest.mark.django_db


def test_budget_is_raised_and_lowered_with_a_reason_and_never_below_what_is_spent() -> None:
    budget, operator = a_budget("2.50"), an_operator()
    benefit, member = a_coupon(None, budget=budget), a_member()
    use(member, benefit)
    with pytest.raises(BudgetExceededError):
        use(member, benefit)
    raised = set_amount(budget, Decimal("7.5"), on=TODAY, at=morning(TODAY), actor=operator, reason="品牌追加")
    assert raised.amount == Decimal("7.5")
    use(member, benefit)
    event = last_event(budget)
    assert (event.pgh_context["reason"], event.pgh_context["user"]) == ("品牌追加", operator.pk)
    with pytest.raises(BudgetError, match="5"):
        set_amount(budget, Decimal("4.9999"), on=TODAY, at=morning(TODAY), actor=operator, reason="")
    set_amount(budget, Decimal("5"), on=TODAY, at=morning(TODAY), actor=operator, reason="收回")
    with pytest.raises(BudgetExceededError):
        use(member, benefit)
    assert spent(budget) == Decimal("5")
    assert differences() == []


def test_budget_is_moved_to_other_days() -> None:
    budget = a_budget("10", ends_on=date(2027, 1, 14))
    benefit, member = a_coupon(None, budget=budget), a_member()
    with pytest.raises(BudgetExceededError, match="2027-01-15"):
        use(member, benefit)
    set_days(budget, starts_on=TODAY, ends_on=TODAY, actor=None, reason="延长一天")
    use(member, benefit)
    with pytest.raises(BudgetError):
        set_days(budget, starts_on=TODAY, ends_on=date(2027, 1, 14), actor=None, reason="")
    assert Budget.objects.get().ends_on == TODAY
