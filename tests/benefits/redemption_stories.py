"""What the stories of uses share: benefits and their rules in few words, members who use them, and the books."""

from datetime import date
from decimal import Decimal
from itertools import count
from typing import Any

from django.db.models import Sum

from benefits.books.redemptions import BudgetEntries, Budgets, Redemptions, Stocks, Usages
from benefits.models import (
    Benefit,
    BenefitRule,
    BenefitStock,
    Budget,
    BudgetEntry,
    ChoiceGroup,
    ChoiceOption,
    Grant,
    Redemption,
    Usage,
)
from benefits.services.redemptions import redeem, return_redemption
from memberships.models import Enrolment, Member, Programme
from memberships.services.subscriptions import join
from operations.services.books import Difference, period_until
from tests.memberships.factories import TODAY, a_person, an_annual_card, jd_plus
from tests.memberships.points_stories import morning

ON_SALE_FROM = date(2020, 1, 1)
_keys = count(1)


def the_programme() -> Programme:
    return Programme.objects.filter(code="jd-plus").first() or jd_plus()


def a_member(*, on: date = TODAY, grace_days: int = 14) -> Member:
    """Li Lei, with a card for a year."""
    programme, member = the_programme(), a_person(on=on)
    plan = programme.plans.filter(code="annual").first() or an_annual_card(programme, grace_days=grace_days)
    join(member, plan, on=on, actor=None)
    return member


def a_benefit(code: str = "consultation", **facts: Any) -> Benefit:
    """Consultations, each a service that costs nothing, unless said otherwise."""
    defaults = {"name": "在线问诊", "name_en": "Consultation", "kind": "service"}
    return Benefit.objects.create(programme=the_programme(), code=code, **{**defaults, **facts})


def a_rule(benefit: Benefit, quota: int | None = 12, **facts: Any) -> BenefitRule:
    """Twelve for each term of the annual card, unless said otherwise."""
    defaults = {"code": f"rule-{next(_keys)}", "plan_code": "annual", "window": "term", "starts_on": ON_SALE_FROM}
    return BenefitRule.objects.create(benefit=benefit, quota=quota, **{**defaults, **facts})


def a_coupon(quota: int | None = 1, *, window: str = "month", **facts: Any) -> Benefit:
    """A coupon that is held for 30 days; one a month."""
    defaults = {
        "name": "运费券", "name_en": "Freight coupon", "kind": "coupon", "valid_days": 30,
        "face_value": Decimal("6.00"), "unit_cost": Decimal("2.5000"),
    }
    benefit = a_benefit("freight-coupon", **{**defaults, **facts})
    a_rule(benefit, quota, window=window)
    return benefit


def a_gift(quota: int | None = 1, **facts: Any) -> Benefit:
    """Umbrellas, one a month: of gifts one may take several at once."""
    defaults = {"name": "雨伞", "name_en": "Umbrella", "kind": "gift", "unit_cost": Decimal("2.5000")}
    benefit = a_benefit("umbrella", **{**defaults, **facts})
    a_rule(benefit, quota, window="month")
    return benefit


def an_exchange(points: int = 100, quota: int | None = None, code: str = "cleaning", **facts: Any) -> Benefit:
    """House cleaning for points, as often as one likes, for all who are enrolled."""
    defaults = {"name": "家政保洁", "name_en": "House cleaning", "kind": "points_exchange"}
    benefit = a_benefit(code, **{**defaults, **facts})
    a_rule(benefit, quota, plan_code="", window="ever", points_price=points)
    return benefit


def a_choice_of(*benefits: Benefit, **facts: Any) -> ChoiceGroup:
    """One of them for each term; whoever does not choose has nothing."""
    defaults = {"code": "pick", "name": "任选", "name_en": "Pick", "picks": 1, "window": "term"}
    group = ChoiceGroup.objects.create(programme=the_programme(), **{**defaults, **facts})
    for rank, benefit in enumerate(benefits, start=1):
        ChoiceOption.objects.create(group=group, benefit=benefit, rank=rank)
    return group


def a_stock(benefit: Benefit, total: int) -> BenefitStock:
    return BenefitStock.objects.create(benefit=benefit, total=total)


def a_budget(amount: str, **facts: Any) -> Budget:
    defaults = {"code": f"budget-{next(_keys)}", "name": "预算", "name_en": "Budget", "starts_on": ON_SALE_FROM}
    return Budget.objects.create(programme=the_programme(), amount=Decimal(amount), **{**defaults, **facts})


def a_key() -> str:
    return f"use:{next(_keys)}"


def use(
    member: Member, benefit: Benefit, *, on: date = TODAY, key: str = "", quantity: int = 1, category: str = "",
    region: str | None = None, enrolment: Enrolment | None = None, order_number: str = "",
) -> Redemption:
    return redeem(
        member, benefit, key=key or a_key(), on=on, at=morning(on), actor=None, quantity=quantity, category=category,
        region=region, enrolment=enrolment, order_number=order_number,
    )


def take_back(redemption: Redemption, *, on: date = TODAY, key: str = "", reason: str = "用错了") -> Redemption:
    return return_redemption(redemption, key=key or a_key(), on=on, at=morning(on), actor=None, reason=reason)


def uses(member: Member, benefit: Benefit) -> int | None:
    """What the Usage row counts; None: there is none."""
    return Usage.objects.filter(member=member, benefit=benefit).values_list("uses", flat=True).first()


def taken(benefit: Benefit) -> int:
    return BenefitStock.objects.get(benefit=benefit).taken


def spent(budget: Budget) -> Decimal:
    """What the budget's row says, which its entries add up to."""
    found = Budget.objects.get(pk=budget.pk).spent
    assert found == BudgetEntry.objects.filter(budget=budget).aggregate(total=Sum("amount", default=0))["total"]
    return found


def held(member: Member) -> list[tuple[str, str, date, date | None]]:
    """(code, state, valid from, last day) of what the member was given, in order."""
    grants = Grant.objects.filter(member=member).order_by("pk")
    return list(grants.values_list("benefit__code", "state", "valid_from", "valid_until"))


def differences(*, on: date = TODAY) -> list[Difference]:
    """What the audit finds in the books of benefits."""
    period = period_until(on, at=morning(on))
    checks = (Usages(), Stocks(), Budgets(), BudgetEntries(), Redemptions())
    return [found for check in checks for keys in check.ranges(period) for found in check.differences(keys, period)]
