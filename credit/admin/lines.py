"""Credit lines: the list with what is used of each limit, and the page of one with all that happened on it."""

from datetime import date
from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.urls import URLPattern, reverse
from django.utils.formats import date_format
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _
from unfold.contrib.filters.admin import ChoicesDropdownFilter, DropdownFilter, RelatedDropdownFilter
from unfold.decorators import display

from credit.admin.confirmations import LINE_ACTIONS as CONFIRMATION_ACTIONS
from credit.admin.display import (
    LINE_COLOURS,
    OVERDUE_COLOURS,
    amount,
    bar_of,
    bar_svg,
    firm_of,
    with_limits,
)
from credit.admin.draw_actions import ACTIONS as DRAW_ACTIONS
from credit.admin.exceptions import LINE_ACTIONS as EXCEPTION_ACTIONS
from credit.admin.line_actions import ACTIONS as CHANGE_ACTIONS
from credit.admin.line_page import line_sections
from credit.admin.order_test import OrderTestPage, stops_now
from credit.admin.statements import StatementPages
from credit.models import CreditLine
from memberships.admin import lookups
from memberships.admin.actions import Button, RecordAction, action_urls, offered
from memberships.admin.display import today
from memberships.admin.pages import find_record, show_page
from memberships.admin.quick_filters import QuickChoice, QuickFilter, QuickFilterMixin

ACTIONS: tuple[RecordAction[CreditLine], ...] = (
    *DRAW_ACTIONS, *CHANGE_ACTIONS, *EXCEPTION_ACTIONS, *CONFIRMATION_ACTIONS
)

#: Of states as they are shown.
STATE_COLOURS = {
    **{state.value: colour for state, colour in LINE_COLOURS.items()}, "suspended": "danger", "closing": "warning"
}


def _overdue(lines: QuerySet[Any], on: date) -> QuerySet[Any]:
    return lines.filter(overdue_amount__gt=0)


def _to_review(lines: QuerySet[Any], on: date) -> QuerySet[Any]:
    return lines.exclude(state=CreditLine.State.CLOSED).filter(review_on__lt=on)


class ToDoFilter(QuickFilter):
    """Lines to look at."""

    offered = (
        QuickChoice("overdue", _("Overdue"), _overdue, order="-overdue_amount"),
        QuickChoice("review", _("Review overdue"), _to_review, order="review_on"),
    )


class SuspendedFilter(DropdownFilter):
    """By whether somebody stopped it."""

    title = _("suspension")
    parameter_name = "suspended"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return [("yes", _("Line suspended")), ("no", _("not suspended"))]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        if self.value() not in ("yes", "no"):
            return queryset
        return queryset.filter(suspended_on__isnull=self.value() == "no")


@admin.register(CreditLine)
class CreditLineAdmin(OrderTestPage, StatementPages, QuickFilterMixin):
    """Newest first; the page of one says what it may do still, and why not."""

    list_display = (
        "number_column", "firm_column", "state_column", "bar_column", "limit_column", "open_column",
        "available_column", "overdue_column", "overdue_amount_column", "review_column",
    )
    list_display_links = ("number_column",)
    list_filter = (
        ToDoFilter, ("state", ChoicesDropdownFilter), ("overdue_state", ChoicesDropdownFilter), SuspendedFilter,
        ("programme", RelatedDropdownFilter),
    )
    quick_filter = ToDoFilter
    index_search = (
        lookups.member_number("member"), lookups.legal_name("member"),
        lookups.credit_code("member__customer__"),
    )
    actions_list = ("order_test",)

    class Media:
        css = {"all": ["operations/desk.css"]}

    def get_queryset(self, request: HttpRequest) -> QuerySet[CreditLine]:
        queryset: QuerySet[CreditLine] = super().get_queryset(request)
        return with_limits(queryset.select_related("member__customer", "subscription__plan", "programme"), on=today())

    @admin.display(description=_("member"))
    def number_column(self, line: CreditLine) -> str:
        return str(line)

    @admin.display(description=_("legal name"))
    def firm_column(self, line: CreditLine) -> SafeString:
        words = '<span class="block min-w-40">{}<br><span class="text-subtle">{}</span></span>'
        return format_html(words, firm_of(line), line.subscription.plan)

    @admin.display(description=_("next review"))
    def review_column(self, line: CreditLine) -> SafeString | str:
        if line.review_on is None:
            return "–"
        return format_html('<span class="whitespace-nowrap">{}</span>', date_format(line.review_on, "Y-m-d"))

    @display(description=_("state"), label=STATE_COLOURS)
    def state_column(self, line: CreditLine) -> tuple[str, Any]:
        return shown_state(line)

    @admin.display(description=_("used"))
    def bar_column(self, line: CreditLine) -> SafeString:
        return bar_svg(bar_of(line))

    @admin.display(description=_("limit (CNY)"))
    def limit_column(self, line: Any) -> SafeString | str:
        return amount(line.limit_today)

    @admin.display(description=_("open (CNY)"))
    def open_column(self, line: CreditLine) -> SafeString | str:
        return amount(line.open_amount)

    @admin.display(description=_("available (CNY)"))
    def available_column(self, line: CreditLine) -> SafeString | str:
        return amount(bar_of(line).available)

    @display(description=_("overdue state"), label=OVERDUE_COLOURS)
    def overdue_column(self, line: CreditLine) -> tuple[str, str]:
        return line.overdue_state, line.get_overdue_state_display()

    @admin.display(description=_("overdue (CNY)"))
    def overdue_amount_column(self, line: CreditLine) -> SafeString | str:
        return amount(line.overdue_amount or None)

    def get_urls(self) -> list[URLPattern]:
        return [*action_urls(self, ACTIONS, self.get_queryset), *self.statement_urls(), *super().get_urls()]

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """The page of one line."""
        line, on = find_record(self, request, object_id, self.get_queryset(request)), today()
        name, state = shown_state(line)
        buttons = [*offered(request, ACTIONS, line, on=on), *_ways(line)]
        return show_page(
            self, request, "credit/line.html", line, firm=firm_of(line), shown_state=state,
            state_colour=STATE_COLOURS[name], buttons=buttons, stops=stops_now(line),
            **line_sections(request, line, on=on),
        )


def _ways(line: CreditLine) -> list[Button]:
    """Pages about the line that change nothing."""
    test = f"{reverse('admin:credit_creditline_order_test')}?member={line}"
    return [
        Button(_("Would this order pass?"), test, "default"),
        Button(_("Statement"), reverse("admin:credit_creditline_statement", args=[line.pk]), "default"),
    ]


def shown_state(line: CreditLine) -> tuple[str, Any]:
    """The state with what stops a line by hand before it."""
    if line.state != CreditLine.State.CLOSED and line.suspended_on is not None:
        return "suspended", _("Line suspended")
    if line.state != CreditLine.State.CLOSED and line.closing_on is not None:
        return "closing", _("to be closed")
    return line.state, line.get_state_display()
