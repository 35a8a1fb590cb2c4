"""What the stories of campaigns share: a brand with a commitment, and a campaign that pays for coupons."""

from datetime import date
from decimal import Decimal
from itertools import count
from typing import Any

from benefits.models import Brand, Budget, Campaign
from benefits.services.budgets import commit_budget
from benefits.services.campaigns import open_campaign
from memberships.models import Programme
from tests.benefits.redemption_stories import a_budget, the_programme
from tests.memberships.factories import TODAY
from tests.memberships.points_stories import morning

SINCE, UNTIL = date(2027, 1, 1), date(2027, 1, 31)
_numbers = count(1)


def a_brand(code: str = "", **facts: Any) -> Brand:
    """A maker of milk powder."""
    code = code or f"brand-{next(_numbers)}"
    return Brand.objects.create(code=code, **{"name": f"品牌{code}", "name_en": f"Brand {code}", **facts})


def committed(brand: Brand, amount: str, *, programme: Programme | None = None) -> Budget:
    """What the brand commits to JD PLUS."""
    return commit_budget(
        programme or the_programme(), brand, Decimal(amount), starts_on=date(2026, 1, 1), on=TODAY,
        at=morning(TODAY), actor=None, reason="年度框架协议",
    )


def a_campaign(
    amount: str = "100", *, brand: Brand | None = None, budget: Budget | None = None, **facts: Any
) -> Campaign:
    """Of January; of a brand that committed a thousand, unless said otherwise."""
    if brand is None:
        brand = a_brand()
        committed(brand, "1000")
    budget = budget or a_budget(amount, starts_on=SINCE, ends_on=UNTIL)
    defaults = {"name": "家庭周", "name_en": "Family week", "sub_plan": "gravity"}
    opened = open_campaign(
        brand, budget, code=f"campaign-{next(_numbers)}", on=TODAY, at=morning(TODAY), actor=None, reason="活动上线",
        **{**defaults, **facts},
    )
    return Campaign.objects.with_budget().get(pk=opened.pk)


def again(campaign: Campaign) -> Campaign:
    """As it is now."""
    return Campaign.objects.with_budget().get(pk=campaign.pk)
