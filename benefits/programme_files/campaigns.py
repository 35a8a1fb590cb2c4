"""The section `campaigns`: whose each is, of which sub-plan, for whom, and on which of the file's budgets.

Its benefits are those that draw on its budget, and its days are the budget's: one that a file leaves out with its
budget ends with it; its row stays. Brand and budget of a campaign never change.
"""

from collections import Counter
from collections.abc import Iterable, Iterator
from datetime import date
from decimal import Decimal
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from benefits.models import Brand, Budget, Campaign
from benefits.models.campaigns import SubPlan
from benefits.programme_files.budgets import days_in_order, kept_budgets
from benefits.programme_files.commitments import BRAND, beginning
from benefits.services.campaigns import open_campaign
from memberships.models import Programme
from memberships.programme_files.facts import (
    as_date,
    as_text,
    difference,
    differing,
    facts_of,
    same_number,
    value_in_words,
)
from memberships.programme_files.faults import Fault
from memberships.programme_files.schema import CODE, DATE, NAMES, exact, list_of, one_of, record
from memberships.programme_files.sections import Change, ProgrammeSection
from memberships.programme_files.tier_groups import repeated_codes
from operations.audit import said
from operations.models import User

FIELDS = ("name", "name_en", "sub_plan", "segment", "open_share", "baseline_from", "baseline_until")


class Campaigns(ProgrammeSection):
    name = "campaigns"
    label = gettext_lazy("campaigns")
    schema = list_of(
        record(
            {
                "code": CODE,
                "name": NAMES,
                "brand": {**BRAND, "description": "Of which brand; it stands in commitments"},
                "sub_plan": one_of(SubPlan.values, description="Its part of the JDP plan"),
                "budget": {**CODE, "description": "What it may spend and when; a budget of its own"},
                "segment": {**CODE, "description": "Only for members of this segment"},
                "open_share": exact(4, 0, 1, default=1, description="Only for this share of members, by cohorts"),
                "baseline": record(
                    {"starts_on": DATE, "ends_on": DATE}, required=["starts_on", "ends_on"],
                    description="Days before it that its result is compared with",
                ),
            },
            required=["code", "name", "brand", "sub_plan", "budget"],
        )
    )

    def check(self, document: Any, section: list[dict[str, Any]]) -> Iterable[Fault]:
        budgets = {each["code"]: each for each in document.sections["budgets"]}
        committed = {each["brand"]: each["amount"] for each in document.sections["commitments"]}
        uses = Counter(entry["budget"] for entry in section)
        asked: Counter[str] = Counter()
        yield from repeated_codes(self.name, section)
        for number, entry in enumerate(section):
            path = (self.name, number)
            budget = budgets.get(entry["budget"])
            if budget is None:
                yield Fault((*path, "budget"), _("there is no budget “%(code)s”") % {"code": entry["budget"]})
            elif uses[entry["budget"]] > 1:
                yield Fault((*path, "budget"), _("is another campaign's, too"))
            if entry["brand"] not in committed:
                yield Fault((*path, "brand"), _("has no commitment in this file"))
            elif budget is not None:
                asked[entry["brand"]] += budget["amount"]
                if asked[entry["brand"]] > committed[entry["brand"]]:
                    yield Fault((*path, "budget"), _("campaigns take more than the brand has committed"))
            yield from days_in_order((*path, "baseline"), entry.get("baseline", {}))
            yield from _rules_of_others(path, entry, document)

    def hindrances(self, programme: Programme, section: list[dict[str, Any]], *, on: date) -> Iterable[Fault]:
        present = _present(programme)
        for number, entry in enumerate(section):
            campaign = present.get(entry["code"])
            if campaign is None:
                continue
            for field, value in (("brand", campaign.brand.code), ("budget", campaign.budget.code)):
                if entry[field] != value:
                    words = _("it is “%(value)s”, which does not change")
                    yield Fault((self.name, number, field), words % {"value": value})

    def changes(self, programme: Programme | None, section: list[dict[str, Any]], *, on: date) -> Iterable[Change]:
        present = _present(programme)
        for entry in section:
            campaign, wanted = present.get(entry["code"]), _wanted(entry)
            if campaign is None:
                words = _("New campaign “%(name)s” of “%(brand)s”: %(plan)s")
                plan = value_in_words(Campaign, "sub_plan", wanted["sub_plan"])
                yield Change(words % {"name": Campaign(**wanted), "brand": entry["brand"], "plan": plan})
            elif words := difference(Campaign, facts_of(campaign, FIELDS), wanted):
                yield Change(_("Campaign “%(name)s”: %(difference)s") % {"name": campaign, "difference": words})

    def apply(self, programme: Programme, section: list[dict[str, Any]], *, on: date, actor: User | None) -> None:
        present = _present(programme)
        for entry in section:
            campaign, wanted = present.get(entry["code"]), _wanted(entry)
            if campaign is None:
                open_campaign(
                    Brand.objects.get(code=entry["brand"]),
                    Budget.objects.get(programme=programme, code=entry["budget"]), code=entry["code"], on=on,
                    at=beginning(on), actor=actor, reason=str(said("reason") or ""), **wanted,
                )
            elif changed := differing(facts_of(campaign, FIELDS), wanted):
                for field in changed:
                    setattr(campaign, field, wanted[field])
                campaign.save(update_fields=changed)

    def export(self, programme: Programme, *, on: date) -> list[dict[str, Any]]:
        kept = {budget.pk for budget in kept_budgets(programme, on=on)}
        return [_exported(each) for each in _present(programme).values() if each.budget_id in kept]


def _rules_of_others(path: tuple[str | int, ...], entry: dict[str, Any], document: Any) -> Iterator[Fault]:
    """Of a campaign for a segment: rules of its benefits that entitle others, too, who would be refused."""
    if "segment" not in entry:
        return
    for benefit in document.sections["benefits"]:
        for rule in benefit["rules"] if benefit.get("budget") == entry["budget"] else ():
            if rule.get("segment") != entry["segment"]:
                facts = {"rule": rule["code"], "benefit": benefit["code"], "segment": entry["segment"]}
                words = _("rule “%(rule)s” of benefit “%(benefit)s” is not for the segment “%(segment)s”")
                yield Fault((*path, "segment"), words % facts)


def _present(programme: Programme | None) -> dict[str, Campaign]:
    if programme is None:
        return {}
    campaigns = Campaign.objects.filter(programme=programme).select_related("brand", "budget").order_by("pk")
    return {campaign.code: campaign for campaign in campaigns}


def _wanted(entry: dict[str, Any]) -> dict[str, Any]:
    baseline = entry.get("baseline", {})
    return {
        "name": entry["name"]["zh"], "name_en": entry["name"]["en"], "sub_plan": entry["sub_plan"],
        "segment": entry.get("segment", ""), "open_share": Decimal(entry["open_share"]),
        "baseline_from": as_date(baseline.get("starts_on")), "baseline_until": as_date(baseline.get("ends_on")),
    }


def _exported(campaign: Campaign) -> dict[str, Any]:
    exported: dict[str, Any] = {
        "code": campaign.code, "name": {"zh": campaign.name, "en": campaign.name_en}, "brand": campaign.brand.code,
        "sub_plan": campaign.sub_plan, "budget": campaign.budget.code, "segment": campaign.segment or None,
        "open_share": same_number(campaign.open_share),
    }
    if campaign.baseline_from is not None:
        exported["baseline"] = {
            "starts_on": as_text(campaign.baseline_from), "ends_on": as_text(campaign.baseline_until)
        }
    return {key: value for key, value in exported.items() if value is not None}
