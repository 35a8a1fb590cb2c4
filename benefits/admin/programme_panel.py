"""The section “Benefits” of a programme's page: what its file says of them, in words. Reads only."""

from dataclasses import dataclass
from datetime import date
from typing import Any

from django.db.models import Prefetch
from django.http import HttpRequest

from benefits.models import Benefit, BenefitRule, Budget, ChoiceGroup, ChoiceOption
from benefits.programme_files.known import Known
from benefits.programme_files.rules import in_words
from memberships.models import Programme
from operations.admin.panels import ProgrammePanel


@dataclass(frozen=True)
class ShownBenefit:
    """A benefit, and who has how much of it, a line for a rule that holds or will."""

    benefit: Benefit
    rules: list[str]


class ProgrammeBenefits(ProgrammePanel):
    name = "benefits"
    permission = "benefits.view_benefit"
    template = "benefits/programme_benefits.html"

    def context(self, request: HttpRequest, programme_id: int, *, on: date) -> dict[str, Any]:
        known = Known(Programme(pk=programme_id))
        rules = BenefitRule.objects.exclude(ends_on__lt=on).select_related("tier", "choice_group")
        options = ChoiceOption.objects.select_related("benefit").order_by("rank")
        benefits = Benefit.objects.filter(programme=programme_id, retired_on=None).order_by("pk")
        groups = ChoiceGroup.objects.filter(programme=programme_id, retired_on=None).order_by("pk")
        return {
            "benefits": [
                ShownBenefit(each, [in_words(rule, known) for rule in each.rules.all()])
                for each in benefits.prefetch_related(Prefetch("rules", rules.order_by("starts_on", "pk")))
            ],
            "groups": groups.prefetch_related(Prefetch("options", options)),
            "budgets": Budget.objects.filter(programme=programme_id, brand=None).exclude(ends_on__lt=on).order_by("pk"),
        }
