"""How credit is shown: colours of states, links, amounts, and the bar of what is used of a limit."""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from django.contrib import admin
from django.db.models import DateField, DecimalField, F, Func, QuerySet, Value
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from credit.errors import money
from credit.models import (
    Authorisation,
    BalanceConfirmation,
    CreditDecision,
    CreditLine,
    Invoice,
    OverdueState,
    Receipt,
)
from memberships.models import CreditRequest

LINE_COLOURS = {CreditLine.State.ACTIVE: "success", CreditLine.State.LAPSED: "warning", CreditLine.State.CLOSED: ""}
OVERDUE_COLOURS = {
    OverdueState.NONE: "", OverdueState.REMINDER: "info", OverdueState.WARNING: "warning", OverdueState.HOLD: "danger",
    OverdueState.COLLECTION: "danger",
}
AUTHORISATION_COLOURS = {
    Authorisation.State.HELD: "info", Authorisation.State.CAPTURED: "success", Authorisation.State.VOIDED: "",
    Authorisation.State.EXPIRED: "",
}
RECEIPT_COLOURS = {
    Receipt.State.UNMATCHED: "warning", Receipt.State.MATCHED: "success", Receipt.State.BOUNCED: "danger",
    Receipt.State.SET_ASIDE: "",
}
OFFICIAL_COLOURS = {
    Invoice.Official.NONE: "", Invoice.Official.REQUESTED: "warning", Invoice.Official.ISSUED: "success",
    Invoice.Official.VOIDED: "danger",
}
REQUEST_COLOURS = {
    CreditRequest.State.OPEN: "warning", CreditRequest.State.WITHDRAWN: "", CreditRequest.State.GRANTED: "success",
    CreditRequest.State.DECLINED: "danger",
}
OUTCOME_COLOURS = {CreditDecision.Outcome.GRANTED: "success", CreditDecision.Outcome.DECLINED: "danger"}
CONFIRMATION_COLOURS = {
    BalanceConfirmation.State.ASKED: "info", BalanceConfirmation.State.CONFIRMED: "success",
    BalanceConfirmation.State.DISPUTED: "danger",
}


def with_limits(lines: "QuerySet[CreditLine]", *, on: date) -> "QuerySet[CreditLine]":
    """Lines with what they may owe on a day as `limit_today`."""
    limit = Func(
        F("pk"), Value(on, DateField()), function="credit_limit_on",
        output_field=DecimalField(max_digits=16, decimal_places=2),
    )
    return lines.annotate(limit_today=limit)


@dataclass(frozen=True)
class Bar:
    """What is used of a limit. Widths are shares of the longer one of limit and what is owed and held, in percent."""

    limit: Decimal
    open: Decimal
    authorised: Decimal

    @property
    def available(self) -> Decimal:
        """Below zero where a limit was lowered, or an increase is over."""
        return self.limit - self.open - self.authorised

    @property
    def is_over(self) -> bool:
        return self.available < 0

    @property
    def used_width(self) -> str:
        return self._width(self.open)

    @property
    def held_width(self) -> str:
        return self._width(self.authorised)

    @property
    def limit_at(self) -> str:
        """Where the limit stands in a bar that is longer than it."""
        return self._width(self.limit)

    @property
    def words(self) -> str:
        """The whole of it, for whoever hears the page."""
        return _("%(used)s CNY owed and %(held)s CNY authorised of %(limit)s CNY") % {
            "used": money(self.open), "held": money(self.authorised), "limit": money(self.limit)
        }

    def _width(self, amount: Decimal) -> str:
        whole = max(self.limit, self.open + self.authorised)
        return f"{100 * amount / whole:.2f}" if whole else "0"


def bar_of(line: Any) -> Bar:
    """Of a line with `limit_today`."""
    return Bar(line.limit_today or Decimal(0), line.open_amount, line.authorised_amount)


def bar_svg(bar: Bar) -> SafeString:
    """The bar by itself, for a column."""
    return format_html(
        '<svg class="credit-bar{}" viewBox="0 0 100 8" preserveAspectRatio="none" role="img" aria-label="{}">'
        '<title>{}</title><rect class="is-used" height="8" width="{}"/>'
        '<rect class="is-held" height="8" x="{}" width="{}"/></svg>',
        " is-over" if bar.is_over else "", bar.words, bar.words, bar.used_width, bar.used_width, bar.held_width,
    )


def amount(value: Decimal | None) -> SafeString | str:
    """An amount of a column, on one line; a dash where there is none."""
    if value is None:
        return "–"
    return format_html('<span class="whitespace-nowrap tabular-nums">{}</span>', money(value))


def line_url(line_id: int) -> str:
    return reverse("admin:credit_creditline_change", args=[line_id])


def line_link(line: CreditLine) -> SafeString:
    """The number of the line's member, leading to the line."""
    return format_html('<a href="{}">{}</a>', line_url(line.pk), line)


def firm_of(record: Any) -> str:
    """The legal name of a record's member, which is joined."""
    return str(getattr(getattr(record.member, "customer", None), "legal_name", "–"))


class LineFilter(admin.SimpleListFilter):
    """What is of one line: its page leads here. The sheet of filters only keeps it."""

    title = gettext_lazy("credit line")
    parameter_name = "line"
    template = "memberships/quick_filter_kept.html"
    column = "line"

    def has_output(self) -> bool:
        return True

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return []

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        key = self.value() or ""
        if not (key.isascii() and key.isdecimal() and len(key) < 19):
            return queryset
        return queryset.filter(**{self.column: int(key)})
