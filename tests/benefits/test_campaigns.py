"""Brands' campaigns: committed, reserved, spent, stopped at the cap; whom they are for; how fast they go."""

from datetime import date, timedelta
from decimal import Decimal
from functools import partial

import pytest
from django.db import IntegrityError, transaction
from django.utils import translation

from benefits.errors import (
    BudgetError,
    BudgetExceededError,
    CampaignError,
    CampaignStoppedError,
    NotTargetedError,
)
from benefits.models import Budget, BudgetEntry, OrderSaving, Redemption
from benefits.models.campaigns import CampaignState
from benefits.services.budgets import set_amount
from benefits.services.campaigns import resume_campaign, stop_campaign
from benefits.services.pacing import pace_of
from benefits.services.savings import record_savings
from benefits.services.segments import put_into_segment
from memberships.services.enrolments import COHORTS, cohort_of
from tests.benefits.campaign_stories import SINCE, UNTIL, a_brand, a_campaign, again, committed
from tests.benefits.redemption_stories import a_benefit, a_budget, a_coupon, a_member, differences, take_back, use
from tests.memberships.factories import TODAY, an_operator, last_event
from tests.memberships.points_stories import at_once, morning

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _in_english() -> None:
    """The words that these stories quote."""
    translation.activate("en")


def entries(budget: Budget) -> list[tuple[str, Decimal]]:
    return list(BudgetEntry.objects.filter(budget=budget).order_by("pk").values_list("kind", "amount"))


def test_campaigns_of_a_brand_never_promise_more_than_it_committed() -> None:
    brand = a_brand()
    with pytest.raises(CampaignError, match="committed nothing"):
        a_campaign("600", brand=brand)
    pot, operator = committed(brand, "1000"), an_operator()
    first = a_campaign("600", brand=brand)
    with pytest.raises(BudgetError, match=r"400\.00"), transaction.atomic():
        a_campaign("401", brand=brand)
    second = a_campaign("400", brand=brand)
    with pytest.raises(CampaignError, match="taken"), transaction.atomic():
        a_campaign(brand=brand, budget=second.budget)
    change = partial(set_amount, on=TODAY, at=morning(TODAY), actor=operator)
    with pytest.raises(BudgetError):
        change(first.budget, Decimal(601), reason="追加")
    with pytest.raises(BudgetError, match="reserved"):
        change(pot, Decimal(999), reason="削减")
    # What one gives back another may have; what the brand adds, too.
    change(second.budget, Decimal(300), reason="退回未用额度")
    change(first.budget, Decimal(700), reason="追加")
    change(pot, Decimal(1200), reason="品牌追加")
    change(pot, Decimal(1200), reason="品牌追加")
    pot.refresh_from_db()
    assert (pot.amount, pot.reserved, pot.left) == (1200, 1000, 200)
    assert entries(pot) == [
        ("commit", 1000), ("reserve", 600), ("reserve", 400), ("release", -100), ("reserve", 100), ("adjust", 200),
    ]
    assert last_event(again(first).budget).pgh_context["reason"] == "追加"
    assert differences() == []
    # Nothing gets past the services either.
    with pytest.raises(IntegrityError, match="budget_not_overdrawn"), transaction.atomic():
        Budget.objects.filter(pk=pot.pk).update(amount=999)
    with pytest.raises(IntegrityError, match="budget_of_brand_or_part"), transaction.atomic():
        Budget.objects.filter(pk=pot.pk).update(spent=1)
    Budget.objects.filter(pk=second.budget_id).update(amount=299)
    (found,) = differences()
    assert (found.fault, found.key, found.owner) == ("reserved_of_parts", str(pot.pk), None)


@pytest.mark.django_db(transaction=True)
def test_sixty_four_at_once_stop_at_the_cap() -> None:
    campaign = a_campaign("100")
    coupon = a_coupon(1, window="ever", budget=campaign.budget, funder="brand")  # of 2.50 each
    members = [a_member() for _ in range(64)]
    results = at_once(*(partial(use, member, coupon) for member in members))
    done = [each for each in results if isinstance(each, Redemption)]
    refused = [each for each in results if isinstance(each, BudgetExceededError)]
    assert (len(done), len(refused)) == (40, 24)
    stopped = again(campaign)
    assert (stopped.budget.spent, stopped.budget.left, stopped.state(on=TODAY)) == (100, 0, CampaignState.AT_CAP)
    assert BudgetEntry.objects.filter(budget=campaign.budget, kind="draw").count() == 40
    assert differences() == []
    # What comes back can be used again.
    take_back(done[0])
    assert again(campaign).state(on=TODAY) == CampaignState.RUNNING
    used = set(Redemption.objects.values_list("member", flat=True))
    assert use(next(member for member in members if member.pk not in used), coupon).cost == Decimal("2.5")
    assert again(campaign).budget.left == 0


def test_campaign_is_for_families_and_those_of_its_cohorts() -> None:
    campaign = a_campaign(segment="family", open_share=Decimal(1))
    coupon, member = a_coupon(None, budget=campaign.budget), a_member()
    with pytest.raises(NotTargetedError, match="family"):
        use(member, coupon)
    put_into_segment(
        member, "family", since=TODAY, until=TODAY, on=TODAY, at=morning(TODAY), actor=None, reason="家庭账户"
    )
    use(member, coupon)
    with pytest.raises(NotTargetedError):
        use(member, coupon, on=TODAY + timedelta(days=1))
    type(campaign).objects.filter(pk=campaign.pk).update(open_share=Decimal(cohort_of(member.pk)) / COHORTS)
    with pytest.raises(NotTargetedError):
        use(member, coupon)
    share = Decimal(cohort_of(member.pk) + 1) / COHORTS
    type(campaign).objects.filter(pk=campaign.pk).update(open_share=share)
    use(member, coupon)
    assert differences() == []


def test_campaign_is_stopped_by_hand_and_goes_on() -> None:
    campaign, operator = a_campaign(), an_operator()
    coupon, member = a_coupon(None, budget=campaign.budget), a_member()
    stop_campaign(campaign, at=morning(TODAY), actor=operator, reason="价格标错")
    assert last_event(campaign).pgh_context["reason"] == "价格标错"
    assert again(campaign).state(on=TODAY) == CampaignState.STOPPED
    with pytest.raises(CampaignStoppedError):
        use(member, coupon)
    resume_campaign(campaign, actor=operator, reason="价格已更正")
    use(member, coupon)
    days = (SINCE - timedelta(days=1), SINCE, UNTIL, UNTIL + timedelta(days=1))
    assert [again(campaign).state(on=day) for day in days] == ["planned", "running", "running", "over"]
    with pytest.raises(BudgetExceededError, match="2027-02-01"):
        use(member, coupon, on=date(2027, 2, 1))


def test_pace_is_held_against_the_straight_line_and_goes_on_as_in_the_last_week() -> None:
    campaign = a_campaign("310")
    coupon, member = a_coupon(None, budget=campaign.budget, unit_cost=Decimal(10)), a_member(on=SINCE)
    # A coupon on each day of the first week, two on the next three.
    for place in range(10):
        for _ in range(1 if place < 7 else 2):
            use(member, coupon, on=SINCE + timedelta(days=place))
    tenth = SINCE + timedelta(days=9)
    pace = pace_of(again(campaign).budget, on=tenth)
    assert (pace.spent[0], pace.spent[-1], pace.planned[9], pace.planned[-1]) == (10, 130, 100, 310)
    assert (pace.ahead, len(pace.days), len(pace.spent)) == (30, 31, 10)
    # 4 of 10 and 3 of 20 in seven days: 100 / 7 a day; 180 are left, for twelve days and something.
    assert (pace.daily, pace.forecast) == (Decimal("14.29"), 310)
    assert pace.runs_out_on == tenth + timedelta(days=12)
    # Nobody uses anything any more: it stays.
    late = pace_of(again(campaign).budget, on=SINCE + timedelta(days=25))
    assert (late.daily, late.forecast, late.runs_out_on) == (0, 130, None)
    before = pace_of(again(campaign).budget, on=SINCE - timedelta(days=1))
    assert (before.days, before.ahead) == ([], None)
    assert pace_of(a_budget("0"), on=TODAY).runs_out_on is None


def test_what_a_brands_discount_took_off_an_order_is_spent_up_to_the_cap() -> None:
    campaign = a_campaign("20")
    discount = a_benefit(
        "alliance", kind="stacking_discount", terms={"percent": "95"}, funder="brand", budget=campaign.budget,
        unit_cost=Decimal(0),
    )
    member = a_member()

    def sell(number: str, saved: str) -> None:
        record_savings(
            member, order_number=number, amounts={discount: Decimal(saved)}, ordered_on=TODAY, on=TODAY,
            at=morning(TODAY), actor=None,
        )

    sell("A1", "15.00")
    sell("A1", "15.00")
    with pytest.raises(BudgetExceededError), transaction.atomic():
        sell("A2", "5.01")
    sell("A3", "5.00")
    assert entries(campaign.budget) == [("draw", 15), ("draw", 5)]
    assert OrderSaving.objects.count() == 2
    assert (again(campaign).budget.left, differences()) == (0, [])
    stop_campaign(campaign, at=morning(TODAY), actor=None, reason="结束")
    with pytest.raises(CampaignStoppedError), transaction.atomic():
        sell("A4", "1.00")
