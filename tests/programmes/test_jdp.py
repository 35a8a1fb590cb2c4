"""The JDP plan: 200 brands commit 10,000,000,000 CNY; campaigns of six sub-plans spend it on members."""

from datetime import date
from decimal import Decimal

import pytest
from django.db.models import Sum

from benefits.errors import BudgetExceededError, NotEntitledError
from benefits.models import Benefit, Brand, Budget, Campaign
from benefits.models.campaigns import CampaignState, SubPlan
from benefits.services.budgets import set_amount
from benefits.services.redemptions import redeem
from benefits.services.segments import put_into_segment
from memberships.models import Programme
from memberships.services.enrolments import enrol_member
from tests.benefits.redemption_stories import differences
from tests.memberships.factories import TODAY, a_person
from tests.programmes.stories import goes_in_and_comes_out_the_same, noon

pytestmark = pytest.mark.django_db


@pytest.fixture
def programme() -> Programme:
    return goes_in_and_comes_out_the_same("jdp")


def test_ten_billion_of_two_hundred_brands_go_to_campaigns_up_to_their_caps(programme: Programme) -> None:
    pots = Budget.objects.filter(programme=programme, brand__isnull=False)
    assert (Brand.objects.count(), pots.aggregate(total=Sum("amount"))["total"]) == (200, Decimal(10_000_000_000))
    campaigns = Campaign.objects.with_budget().filter(programme=programme)
    assert {each.sub_plan for each in campaigns} == set(SubPlan.values)
    assert pots.aggregate(total=Sum("reserved"))["total"] == sum(each.budget.amount for each in campaigns)

    week, coupon = campaigns.get(sub_plan="gravity"), Benefit.objects.get(code="gravity-family-week")
    members = [enrol_member(a_person(), programme, on=TODAY, at=noon(TODAY), actor=None).member for _ in range(3)]
    with pytest.raises(NotEntitledError):
        redeem(members[0], coupon, key="single", on=TODAY, at=noon(TODAY), actor=None)
    for member in members:
        put_into_segment(member, "family", since=TODAY, on=TODAY, at=noon(TODAY), actor=None, reason="家庭账户")
    # The brand takes money back: two coupons of 1.00 are left.
    set_amount(week.budget, Decimal(2), on=TODAY, at=noon(TODAY), actor=None, reason="品牌收回")
    for member in members[:2]:
        redeem(member, coupon, key="coupon", on=TODAY, at=noon(TODAY), actor=None)
    with pytest.raises(BudgetExceededError):
        redeem(members[2], coupon, key="coupon", on=TODAY, at=noon(TODAY), actor=None)
    week = campaigns.get(sub_plan="gravity")
    assert (week.budget.spent, week.state(on=TODAY)) == (2, CampaignState.AT_CAP)
    assert Budget.objects.get(pk=week.budget.part_of_id).reserved == 2
    assert week.state(on=date(2028, 1, 1)) == CampaignState.OVER
    assert differences() == []
