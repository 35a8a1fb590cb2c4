"""The audit trail as a search: who did what, when, why, before and after; and its exports, each with a reason."""

from typing import Any
from urllib.parse import urlencode

from django import forms
from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseBase, HttpResponseRedirect, StreamingHttpResponse
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from unfold.widgets import UnfoldAdminSelectWidget

from operations.admin.base import ReadOnlyAdmin
from operations.admin.reasons import ReasonForm, ask
from operations.admin.trail_entries import entries_found
from operations.admin.trail_files import KINDS, MOST_ENTRIES, trail_csv, trail_xlsx
from operations.admin.trail_form import TrailForm
from operations.dates import business_date
from operations.models import TrailExport
from operations.services.trail import Place, search_trail
from operations.services.trail_exports import note_export

PAGE_SIZE = 50
SEARCH, EXPORT = "operations.search_trail", "operations.export_trail"


class ExportForm(ReasonForm):
    """Which kind of file, and why."""

    kind = forms.ChoiceField(label=gettext_lazy("Kind of file"), choices=KINDS, widget=UnfoldAdminSelectWidget())
    field_order = ["kind", "reason"]


@admin.register(TrailExport)
class TrailExportAdmin(ReadOnlyAdmin):
    """The list says who took what away; the search stands beside it."""

    list_display = ("exported_at", "actor", "kind", "asked_in_words", "reason")
    list_select_related = ("actor",)
    fields = ("exported_at", "actor", "kind", "asked_in_words", "reason")

    @admin.display(description=gettext_lazy("what was asked for"))
    def asked_in_words(self, export: TrailExport) -> str:
        labels = {name: str(field.label) for name, field in TrailForm.base_fields.items()}
        return _(", ").join(f"{labels.get(name, name)} {value}" for name, value in export.asked.items())

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view
        return [
            path("search/", view(self.search_page), name=self._url_name("trail", is_qualified=False)),
            path("search/export/", view(self.export_page), name=self._url_name("take_away", is_qualified=False)),
            *super().get_urls(),
        ]

    def _form(self, request: HttpRequest) -> TrailForm:
        today = business_date(timezone.now())
        return TrailForm(request.GET, user=request.user, today=today)  # type: ignore[arg-type]

    def search_page(self, request: HttpRequest) -> HttpResponse:
        """What answers the form in the address, newest first."""
        if not request.user.has_perm(SEARCH):
            raise PermissionDenied
        form = self._form(request)
        context: dict[str, Any] = {"form": form, "is_valid": form.is_valid(), "is_first": "before" not in request.GET}
        if form.is_valid():
            page = search_trail(form.question(), before=Place.parse(request.GET.get("before", "")), size=PAGE_SIZE)
            asked = urlencode(form.asked())
            context.update(
                history={"entries": entries_found(page.found)}, looked_to=page.looked_to, first_url=f"?{asked}",
                older_url=f"?{urlencode({**form.asked(), 'before': str(page.older)})}" if page.older else "",
                export_url=f"{reverse(self._url_name('take_away'))}?{asked}" if request.user.has_perm(EXPORT) else "",
            )
        request.current_app = self.admin_site.name
        site = self.admin_site.each_context(request)
        context |= {**site, "opts": self.opts, "title": _("Audit trail")}
        return TemplateResponse(request, "operations/trail.html", context)

    def export_page(self, request: HttpRequest) -> HttpResponseBase:
        """Ask why; on a reason, note it and hand over the file."""
        if not (request.user.has_perm(SEARCH) and request.user.has_perm(EXPORT)):
            raise PermissionDenied
        search, search_url = self._form(request), reverse(self._url_name("trail"))
        if not search.is_valid():
            return HttpResponseRedirect(f"{search_url}?{urlencode(search.asked())}")
        form = ExportForm(request.POST or None)
        if request.method != "POST" or not form.is_valid():
            return ask(
                self, request, None, form, title=_("Export from the audit trail"), submit_label=_("Export"),
                back_url=f"{search_url}?{urlencode(search.asked())}",
                note=_("The newest %(count)s entries at the most. Who takes what away and why is kept for ever.")
                % {"count": f"{MOST_ENTRIES:,}"},
            )
        note_export(
            search.asked(), kind=form.cleaned_data["kind"], reason=form.cleaned_data["reason"],
            actor=request.user, at=timezone.now(),  # type: ignore[arg-type]
        )
        return _file(search, form.cleaned_data["kind"])


def _file(search: TrailForm, kind: str) -> HttpResponseBase:
    question = search.question()
    response: HttpResponseBase
    if kind == "xlsx":
        sheet = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
        response = HttpResponse(trail_xlsx(question), content_type=sheet)
    else:
        response = StreamingHttpResponse(trail_csv(question), content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="audit-trail.{kind}"'
    response["Cache-Control"] = "no-store"
    return response
