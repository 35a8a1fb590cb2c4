"""The statement of a line for a month: as a page, and to take away as PDF or XLSX."""

from collections.abc import Callable
from datetime import date

from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.urls import URLPattern, path, reverse
from django.utils.dateparse import parse_date
from django.utils.translation import gettext as _

from credit.admin.display import firm_of
from credit.documents.statements import statement_pdf, statement_xlsx
from credit.models import CreditLine
from credit.services.ageing import Bucket
from credit.services.credit_statements import CreditStatement, statement_of
from credit.terms.words import rule_in_words
from memberships.admin.display import today
from memberships.admin.pages import find_record, show_page
from memberships.dates import add_months
from operations.admin.base import ReadOnlyAdmin
from operations.admin.downloads import download

EXPORT = "credit.export_creditline"
#: The months that one chooses from.
MONTHS = 24
FILES: dict[str, tuple[str, Callable[[CreditStatement], bytes]]] = {
    "pdf": ("application/pdf", statement_pdf),
    "xlsx": ("application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", statement_xlsx),
}


class StatementPages(ReadOnlyAdmin):
    """Adds the statement of a line to an admin of lines."""

    def statement_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view
        return [
            path("<path:object_id>/statement/", view(self.statement), name="credit_creditline_statement"),
            path(
                "<path:object_id>/statement.<str:ending>", view(self.statement_file),
                name="credit_creditline_statement_file",
            ),
        ]

    def _line(self, request: HttpRequest, object_id: str) -> CreditLine:
        lines = CreditLine.objects.select_related("member__customer", "programme", "subscription__plan")
        return find_record(self, request, object_id, lines)

    def statement(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """The page; without a month, of this one."""
        line, on = self._line(request, object_id), today()
        month = month_of(request, line, on=on)
        found = statement_of(line, month, on=on)
        shown = f"{found.first:%Y-%m}"
        return show_page(
            self, request, "credit/statement.html", line, line=line, firm=firm_of(line), statement=found, month=shown,
            months=_months(line, on=on), title=_("Statement of %(month)s") % {"month": shown},
            movements=[(move, move.kind.label) for move in found.movements],
            aged=[(bucket.label, found.aged.buckets[bucket]) for bucket in Bucket],
            terms=rule_in_words(found.terms) if found.terms else "–",
            files=_files(line, shown) if request.user.has_perm(EXPORT) else [],
        )

    def statement_file(self, request: HttpRequest, object_id: str, ending: str) -> HttpResponse:
        """The same to take away, for those who may."""
        line, on = self._line(request, object_id), today()
        if not request.user.has_perm(EXPORT) or ending not in FILES:
            raise PermissionDenied
        content_type, write = FILES[ending]
        found = statement_of(line, month_of(request, line, on=on), on=on)
        return download(write(found), f"{found.name}.{ending}", content_type)


def _files(line: CreditLine, month: str) -> list[tuple[str, str]]:
    """Name and address of each kind of file."""
    name = "admin:credit_creditline_statement_file"
    return [(ending.upper(), f"{reverse(name, args=[line.pk, ending])}?month={month}") for ending in FILES]


def month_of(request: HttpRequest, line: CreditLine, *, on: date) -> date:
    """The first day of the month that the address names, from the line's first to this one; else this one."""
    try:
        month = parse_date(f"{request.GET.get('month', '')}-01")
    except ValueError:
        month = None
    this = on.replace(day=1)
    return month if month and line.opened_on.replace(day=1) <= month <= this else this


def _months(line: CreditLine, *, on: date) -> list[str]:
    """The latest months of a line, the newest first."""
    first = line.opened_on.replace(day=1)
    months = (add_months(on.replace(day=1), -number) for number in range(MONTHS))
    return [f"{month:%Y-%m}" for month in months if month >= first]
