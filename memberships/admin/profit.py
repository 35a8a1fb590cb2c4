"""Does it pay: a programme's profit and loss by month and funder, as a page, chart and files. Reads kept rows only."""

from collections.abc import Sequence
from datetime import date, timedelta
from decimal import Decimal
from typing import Any, NamedTuple

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import URLPattern, path, reverse
from django.utils.http import urlencode
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext, pgettext_lazy
from unfold.contrib.filters.admin import RelatedDropdownFilter

from memberships.admin.display import today
from memberships.admin.pages import show_page
from memberships.dates import add_months
from memberships.documents.profit import FILES, line_label, month_label
from memberships.models import Funder, ProfitRow, Programme
from memberships.profit import Side
from memberships.services.profit import as_of, month_of
from memberships.services.profit_tables import SIGNS, LineRow, ProfitTable, all_lines, months_until, profit_table
from operations.admin.base import ReadOnlyAdmin
from operations.admin.dashboard import chart
from operations.admin.downloads import download

EXPORT = "memberships.export_profitrow"
#: Amounts by what they are of: months, then their total; None where months do not add up.
Cells = list[tuple[str, Decimal | None]]
#: As many as stand beside each other on a wide screen.
MONTHS_SHOWN = 6
#: Of the question, beside the funders: all of them.
ALL = "all"
INCOME, COST, RESULT = "var(--color-primary-300)", "var(--color-base-400)", "var(--color-primary-600)"


class Asked(NamedTuple):
    """Which months up to which, of whose money (None: everybody's), and how many."""

    until: date
    funder: Funder | None
    shown: int = MONTHS_SHOWN

    def url(self, programme: Programme, *, ending: str = "", **changed: Any) -> str:
        """The address of the page of the same question, but for what is changed; with an ending, of the file."""
        asked = self._replace(**changed)
        narrowed = {} if asked.shown == MONTHS_SHOWN else {"months": str(asked.shown)}
        query = urlencode({"until": f"{asked.until:%Y-%m}", "funder": asked.funder or ALL, **narrowed})
        page, args = ("file", [programme.pk, ending]) if ending else ("profit", [programme.pk])
        return f"{reverse(f'admin:memberships_profitrow_{page}', args=args)}?{query}"


@admin.register(ProfitRow)
class ProfitRowAdmin(ReadOnlyAdmin):
    """The kept rows as a list; the page of a programme shows them as a statement."""

    list_display = ("month_column", "programme", "line_column", "funder", "amount", "unknown", "as_of")
    list_display_links = ("month_column",)
    list_select_related = ("programme",)
    list_filter = (("programme", RelatedDropdownFilter), "funder")
    export_permission = EXPORT

    @admin.display(description=gettext_lazy("month"))
    def month_column(self, row: ProfitRow) -> str:
        return month_label(row.month)

    @admin.display(description=pgettext_lazy("profit and loss", "line"))
    def line_column(self, row: ProfitRow) -> str:
        return line_label(row.line)

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view
        return [
            path("of/", view(self.first_view), name="memberships_profitrow_first"),
            path("of/<int:programme_id>/", view(self.profit_view), name="memberships_profitrow_profit"),
            path("of/<int:programme_id>/file.<str:ending>", view(self.file_view), name="memberships_profitrow_file"),
            *super().get_urls(),
        ]

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """The programme's page, of the row's month and no other."""
        row = self.get_object(request, object_id)
        if not self.has_view_permission(request):
            raise PermissionDenied
        if row is None:
            raise Http404
        return HttpResponseRedirect(Asked(row.month, Funder(row.funder), 1).url(row.programme))

    def first_view(self, request: HttpRequest) -> HttpResponse:
        """Where the menu leads: the programme that earned most this month, else any."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        rows = ProfitRow.objects.filter(month__gte=month_of(today()) - timedelta(days=31))
        row = rows.order_by("-amount").first()
        programme = row.programme if row else Programme.objects.order_by("pk").first()
        if programme is None:
            raise Http404
        return HttpResponseRedirect(reverse("admin:memberships_profitrow_profit", args=[programme.pk]))

    def profit_view(self, request: HttpRequest, programme_id: int) -> HttpResponse:
        """The statement of a programme, six months at a time."""
        programme, asked = self._asked(request, programme_id)
        table = profit_table(programme, months=months_until(asked.until, asked.shown), funder=asked.funder)
        may_export = request.user.has_perm(EXPORT)
        return show_page(
            self, request, "memberships/profit.html", programme, programme=programme, table=table, asked=asked,
            title=_("Does it pay: %(programme)s") % {"programme": programme}, as_of=as_of(programme),
            sides=[_side(table, side) for side in Side if table.of_side(side)], results=_labelled(table, table.results),
            programmes=Programme.objects.order_by("pk"), chart=_chart(table), lines=all_lines(),
            funders=[
                *((each.label, asked.url(programme, funder=each), each == asked.funder) for each in Funder),
                (_("all"), asked.url(programme, funder=None), asked.funder is None),
            ],
            earlier_url=asked.url(programme, until=table.months[0] - timedelta(days=1)),
            later_url=asked.url(programme, until=_later(asked)) if asked.until < month_of(today()) else "",
            files=[(ending.upper(), asked.url(programme, ending=ending)) for ending in FILES] if may_export else [],
        )

    def file_view(self, request: HttpRequest, programme_id: int, ending: str) -> HttpResponse:
        """The same to take away, for those who may."""
        programme, asked = self._asked(request, programme_id)
        if not request.user.has_perm(EXPORT):
            raise PermissionDenied
        if ending not in FILES:
            raise Http404
        table = profit_table(programme, months=months_until(asked.until, asked.shown), funder=asked.funder)
        content_type, write = FILES[ending]
        return download(write(table), f"{programme.code}-{asked.until:%Y-%m}.{ending}", content_type)

    def _asked(self, request: HttpRequest, programme_id: int) -> tuple[Programme, Asked]:
        if not self.has_view_permission(request):
            raise PermissionDenied
        programme = Programme.objects.filter(pk=programme_id).first()
        if programme is None:
            raise Http404
        funder = request.GET.get("funder", Funder.PLATFORM)
        return programme, Asked(
            _month(request.GET.get("until", "")), Funder(funder) if funder in Funder.values else None,
            1 if request.GET.get("months") == "1" else MONTHS_SHOWN,
        )


def _side(table: ProfitTable, side: Side) -> tuple[Side, list[tuple[LineRow, str, Cells]], Cells]:
    """A side's lines, each with the list behind it, and their sums (none where nothing adds up)."""
    rows = [
        (row, row.line.behind(table.programme.pk) if row.line.behind else "", _labelled(table, row.cells))
        for row in table.of_side(side)
    ]
    return side, rows, _labelled(table, table.sums(side)) if side in SIGNS else []


def _labelled(table: ProfitTable, cells: Sequence[Decimal | None]) -> Cells:
    """Amounts with what they are of, as narrow screens say it."""
    labels = [*map(month_label, table.months), pgettext("profit and loss", "Total")]
    return list(zip(labels, cells, strict=True))


def _month(text: str) -> date:
    """The month that the address names; else the open one, and never a later one."""
    open_month = month_of(today())
    try:
        return min(date.fromisoformat(f"{text}-01"), open_month) if len(text) == 7 else open_month
    except ValueError:
        return open_month


def _later(asked: Asked) -> date:
    """The months that follow, or as far as there is something."""
    return min(add_months(asked.until, asked.shown), month_of(today()))


def _chart(table: ProfitTable) -> str:
    """Income, costs and what is left of them by month, as Unfold's charts read it; "" where there is nothing."""
    if not table.rows:
        return ""
    return chart(
        [month_label(month) for month in table.months],
        [
            (str(label), [float(amount) for amount in amounts[:-1]], colour)
            for label, amounts, colour in (
                (Side.INCOME.label, table.sums(Side.INCOME), INCOME), (Side.COST.label, table.sums(Side.COST), COST),
                (_("Result"), table.results, RESULT),
            )
        ],
    )
