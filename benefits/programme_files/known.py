"""What a programme has by its codes, as the sections of benefits name it."""

from datetime import date
from functools import cached_property

from django.db.models import QuerySet
from django.utils.formats import date_format, number_format
from django.utils.translation import gettext as _

from benefits.models import Benefit, BenefitRule, Budget, ChoiceGroup, ChoiceOption
from memberships.models import Enrolment, Programme, Subscription, Tier, TierStanding

#: Members are counted up to so many.
COUNTED = 1_000_000


class Known:
    """Records by code. What a file brings along, and the tables do not have yet, stands for itself by its code."""

    def __init__(self, programme: Programme | None) -> None:
        self.programme = programme
        self._holders: dict[tuple[str, int, bool], int] = {}

    @cached_property
    def _tiers(self) -> dict[tuple[str, str], Tier]:
        tiers = Tier.objects.filter(group__programme=self.programme).select_related("group")
        return {(tier.group.code, tier.code): tier for tier in tiers}

    @cached_property
    def _plans(self) -> dict[str, str]:
        plans = self.programme.plans.order_by("version") if self.programme else ()
        return {plan.code: str(plan) for plan in plans}

    @cached_property
    def _groups(self) -> dict[str, ChoiceGroup]:
        return {group.code: group for group in ChoiceGroup.objects.filter(programme=self.programme)}

    @cached_property
    def _budgets(self) -> dict[str, Budget]:
        return {budget.code: budget for budget in Budget.objects.filter(programme=self.programme, brand=None)}

    @cached_property
    def _benefits(self) -> dict[str, Benefit]:
        return {benefit.code: benefit for benefit in Benefit.objects.filter(programme=self.programme)}

    @cached_property
    def rules(self) -> dict[int, list[BenefitRule]]:
        """Every version of every rule by the benefit's key, oldest first."""
        found: dict[int, list[BenefitRule]] = {}
        rules = BenefitRule.objects.filter(benefit__programme=self.programme)
        for rule in rules.select_related("tier__group", "choice_group").order_by("starts_on", "pk"):
            found.setdefault(rule.benefit_id, []).append(rule)
        return found

    @cached_property
    def option_of(self) -> dict[int, list[int]]:
        """The keys of the choice groups in which a benefit is an option, by the benefit's key."""
        found: dict[int, list[int]] = {}
        options = ChoiceOption.objects.filter(group__programme=self.programme, group__retired_on=None)
        for benefit, group in options.order_by("pk").values_list("benefit", "group"):
            found.setdefault(benefit, []).append(group)
        return found

    def tier(self, code: dict[str, str] | None) -> Tier | None:
        if code is None:
            return None
        unknown = Tier(code=code["code"], name=code["code"], name_en=code["code"])
        return self._tiers.get((code["group"], code["code"]), unknown)

    def plan(self, code: str) -> str:
        """What the plan is called."""
        return self._plans.get(code, code)

    def group(self, code: str | None) -> ChoiceGroup | None:
        if code is None:
            return None
        return self._groups.get(code) or ChoiceGroup(programme=self.programme, code=code, name=code, name_en=code)

    def budget(self, code: str | None) -> Budget | None:
        return None if code is None else self._budgets.get(code, Budget(code=code, name=code, name_en=code))

    def benefit(self, code: str) -> Benefit:
        return self._benefits.get(code, Benefit(code=code, name=code, name_en=code))

    def members(self, rule: BenefitRule) -> int:
        """Who is entitled by a rule's plan, tier or programme, COUNTED at the most; of any segment and region."""
        if self.programme is None:
            return 0
        source = (rule.plan_code, rule.tier.pk or -1 if rule.tier else 0, rule.and_above)
        if source not in self._holders:
            self._holders[source] = self._entitled(rule)[:COUNTED].count()
        return self._holders[source]

    def _entitled(self, rule: BenefitRule) -> "QuerySet[Subscription] | QuerySet[TierStanding] | QuerySet[Enrolment]":
        if rule.plan_code:
            plans = self.programme.plans.filter(code=rule.plan_code) if self.programme else ()
            return Subscription.objects.live().filter(plan__in=plans)
        if rule.tier is None:
            return Enrolment.objects.filter(programme=self.programme)
        if rule.tier.pk is None:
            return TierStanding.objects.none()
        tiers = Tier.objects.filter(group=rule.tier.group, rank__gte=rule.tier.rank) if rule.and_above else [rule.tier]
        return TierStanding.objects.filter(tier__in=tiers)


def members_in_words(members: int) -> str:
    """As in “1,204 members”."""
    if members >= COUNTED:
        return _("%(members)s members or more") % {"members": number_format(COUNTED)}
    return _("%(members)s members") % {"members": number_format(members)}


def day_in_words(day: date) -> str:
    """A day as the house writes it."""
    return str(date_format(day, "SHORT_DATE_FORMAT"))
