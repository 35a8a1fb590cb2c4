"""Invoices: the list, and the page of one: the rule that gave its due day, what paid it, its official invoice."""

from datetime import date
from typing import Any

from django.contrib import admin
from django.db.models import Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.urls import URLPattern
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _
from unfold.contrib.filters.admin import ChoicesDropdownFilter
from unfold.decorators import display

from credit.admin.ageing import AgeingPage
from credit.admin.display import OFFICIAL_COLOURS, OVERDUE_COLOURS, LineFilter, amount, firm_of, line_link
from credit.admin.invoice_actions import ACTIONS
from credit.models import CreditEntry, CreditNote, Invoice, OverdueState
from credit.terms.words import rule_in_words, steps_in_words
from memberships.admin import lookups
from memberships.admin.actions import action_urls, offered
from memberships.admin.day_filters import DaysFilter, asked_days
from memberships.admin.display import today
from memberships.admin.pages import find_record, show_page
from memberships.admin.quick_filters import QuickChoice, QuickFilter, QuickFilterMixin, chosen
from operations.admin.search import SearchKind


def by_invoice_number() -> SearchKind:
    """By the whole number of an invoice."""
    return SearchKind(_("invoice number"), lambda term: Q(number=term) if len(term) <= 48 else None, is_free=True)


def _open(invoices: QuerySet[Any], on: date) -> QuerySet[Any]:
    return invoices.filter(outstanding__gt=0)


def _overdue(invoices: QuerySet[Any], on: date) -> QuerySet[Any]:
    return invoices.filter(outstanding__gt=0, due_on__lt=on)


class ToDoFilter(QuickFilter):
    """Invoices that are to be paid, the oldest due first."""

    offered = (
        QuickChoice("open", _("Outstanding"), _open, order="due_on"),
        QuickChoice("overdue", _("Overdue"), _overdue, order="due_on"),
    )


class DueFilter(DaysFilter):
    """What is to be paid, by its due day: what is settled is not in the index of due days."""

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self.title = _("outstanding and due on")

    def within(self, queryset: QuerySet[Any], first: date, last: date) -> QuerySet[Any]:
        return super().within(queryset.filter(outstanding__gt=0), first, last)


@admin.register(Invoice)
class InvoiceAdmin(AgeingPage, QuickFilterMixin):
    """Newest first."""

    list_display = (
        "number", "firm_column", "line_column", "invoiced_on", "due_on", "amount_column", "outstanding_column",
        "overdue_column", "official_column",
    )
    list_display_links = ("number",)
    list_select_related = ("line", "member__customer")
    list_filter = (
        ToDoFilter, LineFilter, ("overdue_state", ChoicesDropdownFilter), ("official_state", ChoicesDropdownFilter),
        ("kind", ChoicesDropdownFilter), ("due_on", DueFilter),
    )
    quick_filter = ToDoFilter
    index_search = (lookups.member_number("member"), by_invoice_number())
    actions_list = ("ageing",)

    def get_ordering(self, request: HttpRequest) -> list[str]:
        """By the due day where days are asked for: its index has that order."""
        if asked_days(request, "due_on") and not chosen(request, self.quick_filter.offered):
            return ["due_on"]
        return super().get_ordering(request)

    @admin.display(description=_("legal name"))
    def firm_column(self, invoice: Invoice) -> str:
        return firm_of(invoice)

    @admin.display(description=_("credit line"))
    def line_column(self, invoice: Invoice) -> SafeString:
        return line_link(invoice.line)

    @admin.display(description=_("amount (CNY)"))
    def amount_column(self, invoice: Invoice) -> SafeString | str:
        return amount(invoice.amount)

    @admin.display(description=_("outstanding (CNY)"))
    def outstanding_column(self, invoice: Invoice) -> SafeString | str:
        return amount(invoice.outstanding or None)

    @display(description=_("overdue state"), label=OVERDUE_COLOURS)
    def overdue_column(self, invoice: Invoice) -> tuple[str, Any]:
        return invoice.overdue_state, invoice.get_overdue_state_display()

    @display(description=_("official invoice"), label=OFFICIAL_COLOURS)
    def official_column(self, invoice: Invoice) -> tuple[str, Any]:
        return invoice.official_state, invoice.get_official_state_display()

    def get_urls(self) -> list[URLPattern]:
        return [*action_urls(self, ACTIONS, self.whole), *super().get_urls()]

    def whole(self, request: HttpRequest) -> "QuerySet[Invoice]":
        """Invoices with all that their page and their buttons need."""
        return Invoice.objects.select_related(
            "line__programme", "line__subscription__plan", "member__customer", "authorisation", "batch", "actor"
        )

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """The page of one invoice."""
        invoice = find_record(self, request, object_id, self.whole(request))
        on, terms = today(), invoice.terms
        entries = CreditEntry.objects.filter(invoice=invoice).select_related("actor", "invoice", "receipt")
        return show_page(
            self, request, "credit/invoice.html", invoice, invoice=invoice, firm=firm_of(invoice),
            colour=OVERDUE_COLOURS[OverdueState(invoice.overdue_state)],
            official_colour=OFFICIAL_COLOURS[Invoice.Official(invoice.official_state)],
            rule=rule_in_words(terms["rule"]) if "rule" in terms else "", steps=steps_in_words(terms.get("steps", ())),
            days_overdue=max((on - invoice.due_on).days, 0) if invoice.outstanding else 0,
            entries=entries.order_by("-pk")[:100],
            notes=CreditNote.objects.filter(invoice=invoice).select_related("actor").order_by("-pk"),
            steps_of_official=invoice.official_steps.select_related("actor").order_by("-pk"),
            pauses=invoice.pauses.select_related("maker", "checker").order_by("-ends_on"),
            buttons=offered(request, ACTIONS, invoice, on=on),
        )
