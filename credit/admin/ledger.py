"""The ledger and what else only grows: entries, credit notes, changes of overdue states, decisions."""

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import URLPattern
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _
from unfold.contrib.filters.admin import ChoicesDropdownFilter
from unfold.decorators import display

from credit.admin.display import OUTCOME_COLOURS, OVERDUE_COLOURS, LineFilter, amount, line_link
from credit.admin.entry_actions import ENTRY_ACTIONS
from credit.models import CreditDecision, CreditEntry, CreditNote, OverdueChange, OverdueState
from credit.services.allocations import left_of
from memberships.admin import lookups
from memberships.admin.actions import action_urls, offered
from memberships.admin.display import member_link, today
from memberships.admin.pages import find_record, show_page
from operations.admin.base import ReadOnlyAdmin
from operations.admin.reasons import record_url


class OfLineAdmin(ReadOnlyAdmin):
    """What belongs to lines, newest first."""

    list_filter: Any = (LineFilter,)
    list_select_related: Any = ("line",)
    # By the line, which leads an index of each of them.
    index_search: Any = (lookups.member_number("line__member"),)

    @admin.display(description=_("credit line"))
    def line_column(self, record: Any) -> SafeString:
        return line_link(record.line)

    @admin.display(description=_("amount (CNY)"))
    def amount_column(self, record: Any) -> SafeString | str:
        return amount(record.amount)


@admin.register(CreditEntry)
class CreditEntryAdmin(OfLineAdmin):
    """The ledger; the page of an entry has what was taken back of it."""

    list_display = (
        "on", "kind", "line_column", "amount_column", "invoice", "receipt_column", "actor", "checker", "reason"
    )
    list_display_links = ("on", "kind")
    list_select_related = ("line", "invoice", "receipt", "actor", "checker")

    @admin.display(description=_("receipt"), empty_value="–")
    def receipt_column(self, entry: CreditEntry) -> str | None:
        return str(entry.receipt) if entry.receipt else None

    def get_urls(self) -> list[URLPattern]:
        return [*action_urls(self, ENTRY_ACTIONS, self.whole), *super().get_urls()]

    def whole(self, request: HttpRequest) -> "QuerySet[CreditEntry]":
        return CreditEntry.objects.select_related(
            "line", "invoice", "receipt", "authorisation", "credit_note", "reverses", "actor", "checker"
        )

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """The page of one entry."""
        entry = find_record(self, request, object_id, self.whole(request))
        return show_page(
            self, request, "credit/entry.html", entry, entry=entry, left=left_of(entry),
            reversals=entry.reversals.select_related("actor", "invoice", "receipt").order_by("-pk"),
            buttons=offered(request, ENTRY_ACTIONS, entry, on=today()),
            about=[entry.invoice] if entry.invoice else [],
        )


@admin.register(CreditNote)
class CreditNoteAdmin(OfLineAdmin):
    list_display = ("on", "number", "line_column", "invoice", "amount_column", "unapplied", "reason", "actor")
    list_select_related = ("invoice__line", "actor")

    class ByLine(LineFilter):
        column = "invoice__line"

    list_filter = (ByLine,)
    index_search = (lookups.member_number("member"),)

    @admin.display(description=_("credit line"))
    def line_column(self, record: CreditNote) -> SafeString:
        return line_link(record.invoice.line)


@admin.register(OverdueChange)
class OverdueChangeAdmin(OfLineAdmin):
    list_display = ("on", "line_column", "old", "new_column", "overdue_amount", "overdue_since")

    @display(description=_("to state"), label=OVERDUE_COLOURS)
    def new_column(self, change: OverdueChange) -> tuple[str, Any]:
        return change.new, OverdueState(change.new).label


@admin.register(CreditDecision)
class CreditDecisionAdmin(ReadOnlyAdmin):
    """What became of requests; what each rested on stands on the page of the request."""

    list_display = ("on", "member_column", "outcome_column", "version", "reason", "maker", "checker")
    list_select_related = ("member", "version", "maker", "checker")
    list_filter = (("outcome", ChoicesDropdownFilter),)
    index_search = (lookups.member_number("member"),)

    @admin.display(description=_("member"))
    def member_column(self, decision: CreditDecision) -> SafeString:
        return member_link(decision.member)

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """The page of the request says all of it."""
        decision = find_record(self, request, object_id, self.get_queryset(request).select_related("request"))
        return HttpResponseRedirect(record_url(decision.request))

    @display(description=_("outcome"), label=OUTCOME_COLOURS)
    def outcome_column(self, decision: CreditDecision) -> tuple[str, Any]:
        return decision.outcome, decision.get_outcome_display()
