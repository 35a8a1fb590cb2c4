"""What the stories of benefits share: a programme with cards, a ladder, benefits and their rules, in few words."""

from datetime import date, datetime
from decimal import Decimal
from itertools import count
from typing import Any

from benefits.models import Benefit, BenefitRule, Choice, ChoiceGroup, ChoiceOption, Redemption, Usage
from memberships.models import Enrolment, Member, Plan, Programme, Subscription, Tier, TierGroup
from memberships.services.enrolments import enrol_member
from memberships.services.subscriptions import join
from tests.memberships.factories import ON_SALE_FROM, TODAY, a_person, an_annual_card, jd_plus
from tests.memberships.points_stories import morning
from tests.memberships.tier_stories import a_ladder, by_hand

__all__ = ["TODAY", "a_person", "morning"]

_numbers = count(1)


def a_key() -> str:
    """One that nobody had before."""
    return f"key:{next(_numbers)}"


def plus() -> Programme:
    """JD PLUS, made when it is asked for first."""
    return Programme.objects.filter(code="jd-plus").first() or jd_plus()


def the_card(code: str = "annual", *, programme: Programme | None = None, **facts: Any) -> Plan:
    """The plan of that code, of a year and with ten days of grace where it is made now."""
    programme = programme or plus()
    found = Plan.objects.filter(programme=programme, code=code).order_by("-version").first()
    return found or an_annual_card(programme, **{"code": code, "grace_days": 10, **facts})


def the_ladder(*, programme: Programme | None = None, **facts: Any) -> TierGroup:
    """Normal, silver, gold and so on (tests.memberships.tier_stories.LEVELS)."""
    programme = programme or plus()
    return TierGroup.objects.filter(programme=programme).first() or a_ladder(programme=programme, **facts)


def the_tier(code: str, *, programme: Programme | None = None) -> Tier:
    return Tier.objects.get(group=the_ladder(programme=programme), code=code)


def with_card(
    *, on: date = TODAY, member: Member | None = None, plan: Plan | None = None
) -> Subscription:
    """A member who bought the yearly card on that day."""
    return join(member or a_person(on=on), plan or the_card(), on=on, actor=None)


def a_wallet_of(member: Member, *, on: date = TODAY, programme: Programme | None = None, scope: str = "") -> Enrolment:
    """The member enrols; on a ladder, with its first tier."""
    return enrol_member(member, programme or plus(), on=on, at=morning(on), actor=None, scope=scope)


def on_tier(
    code: str, *, on: date = TODAY, member: Member | None = None, programme: Programme | None = None
) -> Enrolment:
    """A member's wallet that was put on a tier on that day."""
    the_ladder(programme=programme)
    wallet = a_wallet_of(member or a_person(on=on), on=on, programme=programme)
    by_hand(wallet, code, on=on)
    return wallet


def a_benefit(code: str = "", *, programme: Programme | None = None, kind: str = "service", **facts: Any) -> Benefit:
    """A service of JD PLUS, unless said otherwise."""
    code = code or f"benefit-{next(_numbers)}"
    return Benefit.objects.create(
        programme=programme or plus(), code=code, kind=kind, **{"name": code, "name_en": code, **facts}
    )


def a_rule(benefit: Benefit, code: str = "", **facts: Any) -> BenefitRule:
    """For all who are enrolled, as often as one likes, unless said otherwise."""
    return BenefitRule.objects.create(
        benefit=benefit, code=code or f"rule-{next(_numbers)}", **{"starts_on": ON_SALE_FROM, **facts}
    )


def of_card(benefit: Benefit, quota: int | None = None, window: str = "ever", **facts: Any) -> BenefitRule:
    """For those with the yearly card, unless `plan_code` says another."""
    return a_rule(benefit, **{"plan_code": "annual", "quota": quota, "window": window, **facts})


def of_tier(
    benefit: Benefit, tier: str, quota: int | None = None, window: str = "ever", **facts: Any
) -> BenefitRule:
    """For those on a tier; `and_above` for those on a higher one, too."""
    found = the_tier(tier, programme=benefit.programme)
    return a_rule(benefit, **{"tier": found, "quota": quota, "window": window, **facts})


def of_all(benefit: Benefit, quota: int | None = None, window: str = "ever", **facts: Any) -> BenefitRule:
    """For all who are enrolled."""
    return a_rule(benefit, **{"quota": quota, "window": window, **facts})


def a_group(
    *benefits: Benefit, code: str = "pick", defaults: tuple[str, ...] = (), costs: dict[str, str] | None = None,
    **facts: Any,
) -> ChoiceGroup:
    """One of these benefits for each term, unless said otherwise. `defaults`, `costs`: by the benefits' codes."""
    group = ChoiceGroup.objects.create(
        programme=benefits[0].programme, code=code, name=code, name_en=code, **facts
    )
    for rank, benefit in enumerate(benefits, start=1):
        ChoiceOption.objects.create(
            group=group, benefit=benefit, rank=rank, is_default=benefit.code in defaults,
            cost=Decimal((costs or {}).get(benefit.code, "0")),
        )
    return group


def used(
    member: Member, rule: BenefitRule, *, on: date = TODAY, quantity: int = 1, category: str | None = None,
    wallet: Enrolment | None = None,
) -> Redemption:
    """What a redemption leaves behind, without its checks: for stories about what is left."""
    usage, _ = Usage.objects.get_or_create(member=member, benefit=rule.benefit)
    usage.uses += quantity
    usage.save()
    return Redemption.objects.create(
        member=member, benefit=rule.benefit, rule=rule, enrolment=wallet, key=a_key(), quantity=quantity,
        category=rule.category if category is None else category, funder=rule.benefit.funder, on=on, at=at(on),
    )


def at(on: date) -> datetime:
    """Nine o'clock in Shanghai."""
    return morning(on)


def chosen(
    member: Member, group: ChoiceGroup, benefit: Benefit, *, window_from: date, on: date | None = None, **facts: Any
) -> Choice:
    """What a choice leaves behind, without its checks."""
    on = on or window_from
    return Choice.objects.create(
        member=member, group=group, benefit=benefit, key=a_key(), window_from=window_from, on=on, at=at(on), **facts
    )
