"""The catalogue: what a programme gives, by which rules, how many there are. Rules change by programme files."""

from dataclasses import dataclass
from datetime import date
from typing import Any

from django.contrib import admin
from django.db.models import QuerySet, prefetch_related_objects
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import URLPattern
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _
from unfold.contrib.filters.admin import ChoicesDropdownFilter, RelatedDropdownFilter

from benefits.admin.dilution import DilutionPages
from benefits.admin.display import benefit_link, days_in_words, holder_in_words, price_in_words, quota_in_words
from benefits.admin.stock_actions import ACTIONS
from benefits.models import Benefit, BenefitRule, BenefitStock, ChoiceOption
from memberships.admin.actions import action_urls, offered
from memberships.admin.display import today
from memberships.admin.pages import find_record, show_page
from memberships.admin.programmes import NamedAdmin
from operations.admin.history import HistorySource, own_history, satellites
from operations.admin.reasons import record_url


@dataclass(frozen=True)
class RuleLine:
    """A rule as it is read, and whether it holds today."""

    rule: BenefitRule
    holder: str
    quota: str
    price: str
    days: str
    is_in_force: bool


@admin.register(Benefit)
class BenefitAdmin(DilutionPages, NamedAdmin):
    """By programme; the page of one has its rules, its stock and its budget."""

    list_display = (
        "name_column", "code", "programme", "kind", "funder", "face_value", "unit_cost", "budget", "retired_on"
    )
    list_select_related = ("programme", "budget")
    list_filter = (("programme", RelatedDropdownFilter), ("kind", ChoicesDropdownFilter))
    ordering = ("programme_id", "pk")

    def get_urls(self) -> list[URLPattern]:
        return [*action_urls(self, ACTIONS, self.get_queryset), *self.dilution_urls(), *super().get_urls()]

    def history_sources(self, record: Any) -> list[HistorySource]:
        return [*own_history(record), *satellites(record, "benefit", BenefitRule, BenefitStock)]

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """The page of one benefit."""
        benefits = self.get_queryset(request).select_related("programme", "budget", "stock")
        benefit = find_record(self, request, object_id, benefits)
        return show_page(
            self, request, "benefits/benefit.html", benefit, benefit=benefit,
            rules=rule_lines(benefit, on=today()), stock=getattr(benefit, "stock", None),
            options=ChoiceOption.objects.filter(benefit=benefit).select_related("group"),
            terms=sorted(benefit.terms.items()), buttons=offered(request, ACTIONS, benefit, on=today()),
        )


def rule_lines(benefit: Benefit, *, on: date) -> list[RuleLine]:
    """The rules of a benefit, those of today first, then the newest."""
    prefetch_related_objects([benefit], "programme__plans")
    rules = benefit.rules.select_related("tier", "choice_group").order_by("code", "-starts_on")
    lines = [
        RuleLine(
            rule, holder_in_words(rule), quota_in_words(rule),
            price_in_words(points=rule.points_price, price=rule.member_price),
            days_in_words(rule.starts_on, rule.ends_on),
            rule.starts_on <= on and (rule.ends_on is None or rule.ends_on >= on),
        )
        for rule in rules
    ]
    return sorted(lines, key=lambda line: not line.is_in_force)


@admin.register(BenefitRule)
class BenefitRuleAdmin(NamedAdmin):
    """All rules, to be searched by the programme's; the page of one is its benefit's."""

    list_display = ("code", "benefit_column", "holder_column", "quota_column", "price_column", "starts_on", "ends_on")
    list_select_related = ("benefit__programme", "tier", "choice_group")
    list_filter = (("benefit__programme", RelatedDropdownFilter),)
    ordering = ("benefit_id", "code", "-starts_on")

    def get_queryset(self, request: HttpRequest) -> QuerySet[BenefitRule]:
        found: QuerySet[BenefitRule] = super().get_queryset(request)
        return found.prefetch_related("benefit__programme__plans")

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """A rule has no page of its own: its benefit's shows all there is."""
        rule = find_record(self, request, object_id, self.get_queryset(request))
        return HttpResponseRedirect(f"{record_url(rule.benefit)}#rules")

    @admin.display(description=_("benefit"))
    def benefit_column(self, rule: BenefitRule) -> SafeString:
        return benefit_link(rule.benefit)

    @admin.display(description=_("who"))
    def holder_column(self, rule: BenefitRule) -> str:
        return holder_in_words(rule)

    @admin.display(description=_("quota"))
    def quota_column(self, rule: BenefitRule) -> str:
        return quota_in_words(rule)

    @admin.display(description=_("price"))
    def price_column(self, rule: BenefitRule) -> str:
        return price_in_words(points=rule.points_price, price=rule.member_price)
