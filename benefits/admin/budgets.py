"""Budgets, what was drawn on them, and what is left."""

from decimal import Decimal
from typing import Any
from urllib.parse import urlencode

from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.urls import URLPattern
from django.utils.formats import number_format
from django.utils.translation import gettext_lazy as _
from unfold.contrib.filters.admin import RelatedDropdownFilter

from benefits.admin.budget_actions import ACTIONS
from benefits.models import Budget, BudgetEntry
from memberships.admin.actions import action_urls, offered
from memberships.admin.display import today
from memberships.admin.pages import find_record, show_page
from memberships.admin.programmes import NamedAdmin

PAGE_SIZE = 50


@admin.register(Budget)
class BudgetAdmin(NamedAdmin):
    """By programme; the page of one has its entries, newest first."""

    list_display = (
        "name_column", "code", "programme", "amount_column", "reserved_column", "spent_column", "left_column",
        "starts_on", "ends_on",
    )
    list_select_related = ("programme",)
    list_filter = (("programme", RelatedDropdownFilter),)

    @admin.display(description=_("amount (CNY)"))
    def amount_column(self, budget: Budget) -> str:
        return _money(budget.amount)

    @admin.display(description=_("reserved (CNY)"))
    def reserved_column(self, budget: Budget) -> str:
        return _money(budget.reserved)

    @admin.display(description=_("spent (CNY)"))
    def spent_column(self, budget: Budget) -> str:
        return _money(budget.spent)

    @admin.display(description=_("left (CNY)"))
    def left_column(self, budget: Budget) -> str:
        return _money(budget.left)

    def get_urls(self) -> list[URLPattern]:
        return [*action_urls(self, ACTIONS, self.get_queryset), *super().get_urls()]

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """The page of one budget."""
        records = self.get_queryset(request).select_related("programme", "brand", "part_of__brand", "campaign")
        budget = find_record(self, request, object_id, records)
        return show_page(
            self, request, "benefits/budget.html", budget, budget=budget, campaign=getattr(budget, "campaign", None),
            benefits=budget.benefits.order_by("code"), buttons=offered(request, ACTIONS, budget, on=today()),
            **_entries(budget, before=request.GET.get("before", "")),
        )


def _money(amount: Decimal) -> str:
    return str(number_format(amount, decimal_pos=2))


def _entries(budget: Budget, *, before: str) -> dict[str, Any]:
    """A page of entries, the newest first, and the ways to the others."""
    entries = BudgetEntry.objects.filter(budget=budget).select_related("actor").order_by("-pk")
    is_later = before.isascii() and before.isdecimal() and len(before) < 19
    if is_later:
        entries = entries.filter(pk__lt=int(before))
    found = list(entries[: PAGE_SIZE + 1])
    shown = found[:PAGE_SIZE]
    return {
        "entries": shown, "first_url": "?" if is_later else "",
        "next_url": f"?{urlencode({'before': shown[-1].pk})}" if len(found) > PAGE_SIZE else "",
    }
