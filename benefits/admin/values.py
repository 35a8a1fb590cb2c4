"""Value statements: a member's page, with files to take away, and the list of what a job kept of a whole programme."""

from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from typing import Any, NamedTuple

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import URLPattern, path, reverse
from django.utils.dateparse import parse_date
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from unfold.contrib.filters.admin import RelatedDropdownFilter

from benefits.admin.value_panel import statement_url
from benefits.documents.values import FILES, file_name
from benefits.documents.words import SOURCES, advice, plan_name, verdict, why
from benefits.models import ValueStatement
from benefits.services.value_lines import ValueLine
from benefits.services.values import Statement, ValueSums, statement_of, sums_of
from memberships.admin import lookups
from memberships.admin.display import today
from memberships.admin.pages import show_page
from memberships.dates import add_months
from memberships.models import Member, Order, Programme
from operations.admin.base import ReadOnlyAdmin
from operations.admin.dashboard import chart
from operations.admin.downloads import download

EXPORT = "benefits.export_valuestatement"
#: Lines that the page shows, the latest; the files have all.
LINES_SHOWN = 100
SAVED, FEE = "var(--color-primary-600)", "var(--color-base-400)"


class ShownLine(NamedTuple):
    """A line, what it comes from in words, and the page of that."""

    line: ValueLine
    benefit: str
    source: str
    url: str


@admin.register(ValueStatement)
class ValueStatementAdmin(ReadOnlyAdmin):
    """What the job kept of all members; the page of one is reckoned anew."""

    list_display = (
        "member_column", "programme", "plan", "starts_on", "term_until", "fee", "saved", "net", "break_even_on",
        "as_of",
    )
    list_select_related = ("member", "programme", "plan")
    list_filter = (("programme", RelatedDropdownFilter),)
    index_search = (lookups.member_number("member"),)
    export_permission = EXPORT

    @admin.display(description=gettext_lazy("member"))
    def member_column(self, kept: ValueStatement) -> str:
        return kept.member.number

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view
        of_member = "of/<int:member_id>/<int:programme_id>/statement"
        return [
            path(f"{of_member}/", view(self.statement), name="benefits_valuestatement_statement"),
            path(f"{of_member}.<str:ending>", view(self.statement_file), name="benefits_valuestatement_file"),
            *super().get_urls(),
        ]

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """The page of the member, of that term."""
        kept = self.get_object(request, object_id)
        if not self.has_view_permission(request):
            raise PermissionDenied
        if kept is None:
            raise Http404
        url = statement_url(kept.member_id, kept.programme_id)
        return HttpResponseRedirect(f"{url}?from={kept.starts_on.isoformat()}")

    def statement(self, request: HttpRequest, member_id: int, programme_id: int) -> HttpResponse:
        """The page; without a day, of the latest term."""
        member, programme = self._asked(request, member_id, programme_id)
        on = today()
        terms = sums_of(member, programme, on=on)
        statement = _chosen(member, programme, terms, request.GET.get("from", ""), on=on)
        may_export = request.user.has_perm(EXPORT)
        return show_page(
            self, request, "benefits/value.html", member, member=member, programme=programme, terms=terms,
            statement=statement, title=_("Value statement of %(member)s") % {"member": member.number},
            **(_shown(statement, may_export=may_export) if statement else {}),
        )

    def statement_file(self, request: HttpRequest, member_id: int, programme_id: int, ending: str) -> HttpResponse:
        """The same to take away, for those who may."""
        member, programme = self._asked(request, member_id, programme_id)
        if not request.user.has_perm(EXPORT) or ending not in FILES:
            raise PermissionDenied
        on = today()
        terms = sums_of(member, programme, on=on)
        statement = _chosen(member, programme, terms, request.GET.get("from", ""), on=on)
        if statement is None:
            raise Http404
        content_type, write = FILES[ending]
        return download(write(statement), f"{file_name(statement)}.{ending}", content_type)

    def _asked(self, request: HttpRequest, member_id: int, programme_id: int) -> tuple[Member, Programme]:
        if not self.has_view_permission(request) or not request.user.has_perm("memberships.view_member"):
            raise PermissionDenied
        member = Member.objects.filter(pk=member_id).first()
        programme = Programme.objects.filter(pk=programme_id).first()
        if member is None or programme is None:
            raise Http404
        return member, programme


def _chosen(
    member: Member, programme: Programme, terms: Sequence[ValueSums], asked: str, *, on: date
) -> Statement | None:
    """Of the term that began on the day that the address names; else the latest."""
    try:
        day = parse_date(asked)
    except ValueError:
        day = None
    starts = [sums.starts_on for sums in terms]
    if not starts:
        return None
    return statement_of(member, programme, day if day in starts else starts[0], on=on)


def _shown(statement: Statement, *, may_export: bool) -> dict[str, Any]:
    url = reverse("admin:benefits_valuestatement_file", args=[statement.member.pk, statement.programme.pk, "pdf"])
    query = f"?from={statement.sums.starts_on.isoformat()}"
    return {
        "verdict": verdict(statement), "advice": advice(statement),
        "plans": [(each, plan_name(each), why(each)) for each in statement.plans],
        "lines": _lines(statement), "lines_left_out": max(0, len(statement.lines) - LINES_SHOWN),
        "files": [
            (ending.upper(), f"{url.removesuffix('pdf')}{ending}{query}") for ending in FILES
        ] if may_export else [],
        "chart": _chart(statement),
    }


def _lines(statement: Statement) -> list[ShownLine]:
    """The latest lines first, each leading to what it comes from."""
    names = {each.benefit.pk: str(each.benefit) for each in statement.benefits}
    latest = list(reversed(statement.lines))[:LINES_SHOWN]
    orders = dict(Order.objects.filter(
        number__in={line.order_number for line in latest if line.source_kind == "order"}
    ).values_list("number", "pk"))
    return [
        ShownLine(line, names[line.benefit_id], str(SOURCES[line.source_kind]), _source_url(line, orders))
        for line in latest
    ]


def _source_url(line: ValueLine, orders: dict[str, int]) -> str:
    """The page of what a line comes from; "" where it has none (an order that was not imported)."""
    if line.source_kind.startswith("redemption"):
        return reverse("admin:benefits_redemption_change", args=[line.source_id])
    if line.source_kind == "order":
        order = orders.get(line.order_number)
        return reverse("admin:memberships_order_change", args=[order]) if order else ""
    if line.source_kind == "order_return":
        return reverse("admin:memberships_order_change", args=[line.source_id])
    return reverse("admin:benefits_grant_change", args=[line.source_id])


def _chart(statement: Statement) -> str:
    """What was saved by the end of each month against the fee, as Unfold's charts read it; "" without lines."""
    if not statement.lines:
        return ""
    months = []
    day = statement.sums.starts_on.replace(day=1)
    while day <= statement.until:
        months.append(day)
        day = add_months(day, 1)
    totals = [
        float(sum((line.saved or Decimal(0) for line in statement.lines if line.on < add_months(month, 1)), Decimal(0)))
        for month in months
    ]
    series = [(_("Savings (CNY)"), totals, SAVED)]
    if statement.sums.fee:
        series.append((_("Fee (CNY)"), [float(statement.sums.fee)] * len(months), FEE))
    return chart([f"{month:%Y-%m}" for month in months], series)
