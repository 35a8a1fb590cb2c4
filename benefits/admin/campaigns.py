"""Campaigns: what each may spend and has spent, how fast, for whom, and what came of it."""

from datetime import date
from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.urls import URLPattern
from django.utils.formats import number_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from unfold.contrib.filters.admin import ChoicesDropdownFilter, RelatedDropdownFilter

from benefits.admin.campaign_actions import ACTIONS
from benefits.models import Campaign
from benefits.services.campaign_results import Group, result_of
from benefits.services.pacing import Pace, pace_of
from memberships.admin.actions import action_urls, offered
from memberships.admin.display import today
from memberships.admin.pages import find_record, show_page
from memberships.admin.programmes import NamedAdmin
from memberships.templatetags.figures import percent
from operations.admin.dashboard import chart

SPENT, PLANNED = "var(--color-primary-600)", "var(--color-base-400)"


@admin.register(Campaign)
class CampaignAdmin(NamedAdmin):
    """By programme, brand and sub-plan; the page of one has its pace and its result."""

    list_display = (
        "name_column", "brand", "sub_plan", "programme", "amount_column", "spent_column", "left_column",
        "starts_column", "ends_column", "state_column",
    )
    list_filter = (("programme", RelatedDropdownFilter), ("sub_plan", ChoicesDropdownFilter))

    def get_queryset(self, request: HttpRequest) -> QuerySet[Campaign]:
        return super().get_queryset(request).with_budget()  # type: ignore[attr-defined,no-any-return]

    @admin.display(description=gettext_lazy("budget (CNY)"))
    def amount_column(self, campaign: Campaign) -> str:
        return str(number_format(campaign.budget.amount, decimal_pos=2))

    @admin.display(description=gettext_lazy("spent (CNY)"))
    def spent_column(self, campaign: Campaign) -> str:
        return str(number_format(campaign.budget.spent, decimal_pos=2))

    @admin.display(description=gettext_lazy("left (CNY)"))
    def left_column(self, campaign: Campaign) -> str:
        return str(number_format(campaign.budget.left, decimal_pos=2))

    @admin.display(description=gettext_lazy("from"))
    def starts_column(self, campaign: Campaign) -> date:
        return campaign.budget.starts_on

    @admin.display(description=gettext_lazy("until (last day)"))
    def ends_column(self, campaign: Campaign) -> date | None:
        return campaign.budget.ends_on

    @admin.display(description=gettext_lazy("state"))
    def state_column(self, campaign: Campaign) -> str:
        return str(campaign.state(on=today()).label)

    def get_urls(self) -> list[URLPattern]:
        return [*action_urls(self, ACTIONS, self.get_queryset), *super().get_urls()]

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        campaign = find_record(self, request, object_id, self.get_queryset(request))
        on, budget = today(), campaign.budget
        pace = pace_of(budget, on=on)
        return show_page(
            self, request, "benefits/campaign.html", campaign, about=(budget,), campaign=campaign, budget=budget,
            state=campaign.state(on=on), pace=pace, pace_chart=_chart(pace), **_result(campaign),
            share=percent(campaign.open_share),
            used_share=percent(round(budget.spent / budget.amount, 4)) if budget.amount else "",
            benefits=budget.benefits.order_by("code"), buttons=offered(request, ACTIONS, campaign, on=on),
        )


def _result(campaign: Campaign) -> dict[str, Any]:
    """What came of it: a line for each group and period, and the growth in words."""
    result = result_of(campaign)
    if result is None:
        return {"result": None}
    periods = ((_("campaign"), result.campaign), (_("baseline"), result.baseline))
    lines = [
        {"group": Group(group).label, "period": name, "spending": spending[group]}
        for group in Group.values for name, spending in periods if group in spending
    ]
    growth = [
        (_("Growth of %(group)s") % {"group": Group(group).label}, percent(round(value, 4)))
        for group, value in result.growth.items() if value is not None
    ]
    if result.uplift is not None and result.extra is not None:
        growth += [
            (_("Uplift"), percent(round(result.uplift, 4))),
            (_("Extra spending (CNY)"), number_format(result.extra, decimal_pos=2)),
        ]
    if result.for_each is not None:
        growth.append((_("Extra for each CNY spent"), number_format(result.for_each, decimal_pos=2)))
    return {"result": result, "lines": lines, "growth": growth}


def _chart(pace: Pace) -> str:
    """Two lines: what was spent, and what the straight line spends by then. Empty before the first day."""
    if not pace.days:
        return ""
    series: list[tuple[str, list[float], Any]] = [(_("spent (CNY)"), [float(each) for each in pace.spent], SPENT)]
    if pace.planned:
        series.append((_("straight line (CNY)"), [float(each) for each in pace.planned], PLANNED))
    return chart([f"{day:%m-%d}" for day in pace.days], series)
