"""Taking a list away as a file: what its search, filters and order leave, in its columns, masked as it is masked.

Every list has it. The rows are read a block at a time, so a million of them take no more memory than a page; a short
list is handed over at once, a long one is made by a job (list_export_jobs.py) and waits on a page. Who takes what
away is noted. Lists of persons ask why; some can be taken away unmasked, with a right of its own.
"""

import gc
import tempfile
from collections.abc import Iterator
from itertools import islice
from typing import IO, Any, cast

from django import forms
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import FileResponse, HttpRequest, HttpResponse, HttpResponseRedirect, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.http import content_disposition_header
from django.utils.translation import get_language, gettext_lazy, override
from django.utils.translation import gettext as _
from unfold.widgets import UnfoldAdminRadioSelectWidget

from operations.admin.counts import count_rows
from operations.admin.list_columns import Column, columns_of
from operations.admin.list_pages import ListPages, asked_of
from operations.admin.paging import read_keys
from operations.admin.reasons import ReasonForm, ask
from operations.errors import PlusdeskError
from operations.imports.exports import Cell, csv_lines
from operations.models import ListExport, User
from operations.services.list_exports import AT_ONCE, note_list_export
from operations.services.personal_exports import note_personal_export
from operations.sheets import CONTENT_TYPE, Sheet

EXPORT, EXPORT_PERSONAL = "operations.export_list", "operations.export_personal"
#: Rows that are read at a time.
BLOCK = 500
#: Of a column of a workbook, in letters.
WIDTH = 18
Kind = ListExport.Kind


class ExportForm(ReasonForm):
    """Which kind of file, and why where that is asked."""

    kind = forms.ChoiceField(
        label=gettext_lazy("Kind of file"), choices=Kind.choices, initial=Kind.XLSX.value,
        widget=UnfoldAdminRadioSelectWidget(),
    )
    field_order = ("kind", "reason")

    def __init__(self, data: Any, *, needs_reason: bool) -> None:
        super().__init__(data)
        if not needs_reason:
            del self.fields["reason"]


class ExportMixin(ListPages):
    """"Export" below a list, for those who hold `export_permission`."""

    export_permission = EXPORT
    #: Whether its rows are of persons: then a reason is asked for, though all is masked.
    has_personal_data = False
    #: Whether those who hold EXPORT_PERSONAL, too, may take the personal data away unmasked.
    has_personal_export = False
    #: Columns whose words may look like a figure and are none.
    export_as_text: tuple[str, ...] = ()

    def export_columns(self, request: HttpRequest, names: Any, *, is_masked: bool) -> list[Column]:
        """The columns of the file, in the language of the moment: those of the list."""
        return columns_of(self, names)

    def export_queryset(self, queryset: QuerySet[Any]) -> QuerySet[Any]:
        """The rows with what `export_columns` needs beyond what the list does."""
        return queryset

    # --- who

    def may_export(self, request: HttpRequest) -> bool:
        """Who sees a list may not take it away for that."""
        return self.has_view_permission(request) and request.user.has_perm(self.export_permission)

    def may_export_personal(self, request: HttpRequest) -> bool:
        """Nor, who takes it away, the personal data with it."""
        return self.has_personal_export and self.may_export(request) and request.user.has_perm(EXPORT_PERSONAL)

    # --- pages

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view
        pages = [path("export/", view(self.export_list_view), name=self._url_name("export_list", is_qualified=False))]
        if self.has_personal_export:
            whole = view(self.export_personal_view)
            pages.append(path("export/personal/", whole, name=self._url_name("export_personal", is_qualified=False)))
        return [*pages, *super().get_urls()]

    def export_list_view(self, request: HttpRequest) -> HttpResponseBase:
        """Ask for the kind of file; then hand it over, or say where it will be."""
        if not self.may_export(request):
            raise PermissionDenied
        return self._export_list(request, is_masked=True)

    def export_personal_view(self, request: HttpRequest) -> HttpResponseBase:
        """The same unmasked, and never without a reason."""
        if not self.may_export_personal(request):
            raise PermissionDenied
        return self._export_list(request, is_masked=False)

    def _export_list(self, request: HttpRequest, *, is_masked: bool) -> HttpResponseBase:
        needs_reason = self.has_personal_data or not is_masked
        listed = ListRows(self, request, is_masked=is_masked)
        form = ExportForm(request.POST if request.method == "POST" else None, needs_reason=needs_reason)
        if request.method == "POST" and form.is_valid():
            try:
                return self._hand_list_over(request, listed, form, needs_reason=needs_reason)
            except PlusdeskError as error:
                form.add_error(None, str(error))
        note = _("The file holds what the list shows: %(records)s, with its search, filters and order, masked as here. "
                 "A file of more than %(csv)s (CSV) or %(xlsx)s rows (XLSX) is made in the background.")
        whole = _("The file holds names, phone numbers and addresses in full. Who takes it away, what of and why"
                  " is kept for ever; keep the file as carefully.")
        figures = {"records": listed.count.records, "csv": f"{AT_ONCE[Kind.CSV]:,}", "xlsx": f"{AT_ONCE[Kind.XLSX]:,}"}
        return ask(
            self, request, None, form, submit_label=_("Export"), note=note % figures if is_masked else whole,
            title=_("Export: %(list)s") % {"list": self.opts.verbose_name_plural} if is_masked
            else _("Export with personal data"),
            back_url=self.list_url(asked=asked_of(request)),
        )

    def _hand_list_over(
        self, request: HttpRequest, listed: "ListRows", form: ExportForm, *, needs_reason: bool
    ) -> HttpResponseBase:
        actor, at, kind = cast(User, request.user), timezone.now(), form.cleaned_data["kind"]
        reason = form.cleaned_data.get("reason", "")
        if not listed.is_masked:
            note_personal_export(listed.queryset, asked=asked_of(request), reason=reason, actor=actor, at=at)
        export = note_list_export(
            model=self.opts.label_lower, asked=asked_of(request), kind=kind, language=listed.language,
            is_masked=listed.is_masked, needs_reason=needs_reason, reason=reason, rows=listed.count.number,
            actor=actor, at=at,
        )
        if export.run_id is None:
            return listed.response(kind)
        messages.success(request, _("The file is being made; it will be found here."))
        return HttpResponseRedirect(reverse(f"{self.admin_site.name}:operations_listexport_changelist"))

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        context = dict(extra_context or {})
        if self.may_export(request):
            context["export_url"] = self.list_url("export_list", asked_of(request))
        if self.may_export_personal(request):
            context["personal_export_url"] = self.list_url("export_personal", asked_of(request))
        response: HttpResponse = super().changelist_view(request, context)
        return response


class ListRows:
    """The rows of a list as its address asks for them, on their way into a file; in the language of the moment."""

    def __init__(self, model_admin: ExportMixin, request: HttpRequest, *, is_masked: bool) -> None:
        listed = model_admin.get_changelist_instance(request)
        self.language = get_language() or "zh-hans"
        self.is_masked, self.model_admin = is_masked, model_admin
        self.queryset: QuerySet[Any] = listed.queryset
        self.order = listed.get_ordering(request, listed.queryset)[0]
        self.columns = model_admin.export_columns(request, listed.list_display, is_masked=is_masked)
        self.title = str(model_admin.opts.verbose_name_plural)
        self.count = count_rows(self.queryset)

    @property
    def header(self) -> list[str]:
        return [column.header for column in self.columns]

    def rows(self) -> Iterator[list[Cell]]:
        """Block after block: the keys as they were when it began, by a cursor of the database, the rows by key.

        So a row that moves in the order meanwhile is read once; one that is deleted meanwhile is left out.
        """
        wanted = self.model_admin.export_queryset(self.queryset).order_by()
        reads = [column.cell for column in self.columns]
        found = read_keys(self.queryset, order=self.order, size=BLOCK)
        while keys := list(islice(found, BLOCK)):
            records = wanted.in_bulk(keys)
            # Not around the yield: between two of them another request may be answered.
            with override(self.language):
                block = [[read(records[key]) for read in reads] for key in keys if key in records]
            # A record and what was read with it know each other: freed only by looking for such rings, and by itself
            # that is done after millions of objects.
            records.clear()
            if len(keys) == BLOCK:
                gc.collect()
            yield from block

    def lines(self) -> Iterator[bytes]:
        """The file as CSV, a line at a time."""
        return csv_lines(self.header, self.rows())

    def save_workbook(self, file: IO[bytes]) -> int:
        """The file as XLSX; how many rows. What it holds waits on disk meanwhile, not in memory."""
        sheet, written = Sheet(self.title, [WIDTH] * len(self.columns), self.header, into=file), 0
        for row in self.rows():
            sheet.write(row)
            written += 1
        sheet.close()
        return written

    def response(self, kind: str) -> StreamingHttpResponse:
        """The file on its way to who asked for it; no cache keeps it."""
        response: StreamingHttpResponse
        if kind == Kind.CSV:
            response = StreamingHttpResponse(self.lines(), content_type="text/csv; charset=utf-8")
        else:
            file = tempfile.TemporaryFile()  # noqa: SIM115 (the response closes it)
            self.save_workbook(file)
            file.seek(0)
            response = FileResponse(file, content_type=CONTENT_TYPE)
        return named(response, self.title, kind)


def named(response: StreamingHttpResponse, title: str, kind: str) -> StreamingHttpResponse:
    """The answer as a file to be kept, under the list's name."""
    response["Content-Disposition"] = content_disposition_header(True, f"{title}.{kind}") or ""
    response["Cache-Control"] = "no-store"
    response["X-Content-Type-Options"] = "nosniff"
    return response
