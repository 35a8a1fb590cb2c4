"""Files that lists were taken away as: who took what, and one's own to be fetched."""

from typing import Any, cast

from django.contrib import admin
from django.db.models import BooleanField, ExpressionWrapper, Q, QuerySet
from django.http import FileResponse, Http404, HttpRequest
from django.http.response import HttpResponseBase
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from unfold.decorators import display

from operations.admin.base import ReadOnlyAdmin
from operations.admin.dashboard import ToDo, WorkList, list_url
from operations.admin.dashboard_panels import MOST, capped
from operations.admin.exporting import named
from operations.errors import NotPermittedError
from operations.models import JobRun, ListExport, User
from operations.services.list_exports import open_export

STATE_COLOURS = {"ready": "success", "making": "info", "failed": "danger", "erased": "", "handed_over": ""}


@admin.register(ListExport)
class ListExportAdmin(ReadOnlyAdmin):
    """The newest first; the file of a row is its maker's alone."""

    list_display = (
        "requested_at", "model_column", "kind", "state_column", "rows", "file_column", "erase_at", "actor", "reason",
    )
    list_display_links = None
    list_select_related = ("actor", "run")
    fields = ("requested_at", "actor", "model_column", "asked", "kind", "is_masked", "reason", "rows", "erase_at")
    readonly_fields = ("model_column",)

    def get_queryset(self, request: HttpRequest) -> QuerySet[ListExport]:
        is_mine = ExpressionWrapper(Q(actor=cast(User, request.user)), BooleanField())
        exports: QuerySet[ListExport] = super().get_queryset(request).annotate(is_mine=is_mine)
        return exports

    def get_urls(self) -> list[URLPattern]:
        file = self.admin_site.admin_view(self.file_view)
        return [path("<int:object_id>/file/", file, name="operations_listexport_file"), *super().get_urls()]

    @admin.display(description=gettext_lazy("record type"))
    def model_column(self, export: ListExport) -> str:
        return export.shown_model

    @display(description=gettext_lazy("state"), label=STATE_COLOURS)
    def state_column(self, export: ListExport) -> tuple[str, str]:
        state = state_of(export)
        words = {
            "ready": _("ready"), "making": _("being made"), "failed": _("failed"), "erased": _("erased"),
            "handed_over": _("handed over"),
        }
        return state, words[state]

    @admin.display(description=gettext_lazy("file"), empty_value="–")
    def file_column(self, export: ListExport) -> SafeString | None:
        if not (export.file and export.is_mine):  # type: ignore[attr-defined]
            return None
        url = reverse("admin:operations_listexport_file", args=[export.pk])
        return format_html('<a class="desk-link" href="{}">{}</a>', url, _("Download"))

    def file_view(self, request: HttpRequest, object_id: int) -> HttpResponseBase:
        """The file, for who asked for it and still may take that list away."""
        export = self.get_queryset(request).filter(pk=object_id).first()
        if export is None:
            raise Http404
        model_admin: Any = next(
            (each for model, each in admin.site._registry.items() if model._meta.label_lower == export.model), None
        )
        may = model_admin is not None and (
            model_admin.may_export(request) if export.is_masked else model_admin.may_export_personal(request)
        )
        if not may:
            raise Http404
        try:
            content = open_export(export, actor=cast(User, request.user), at=timezone.now())
        except (FileNotFoundError, NotPermittedError):
            raise Http404 from None
        return named(FileResponse(content), export.shown_model, export.kind)


def state_of(export: ListExport) -> str:
    """Where a file stands."""
    if export.run is None:
        return "handed_over"
    if export.made_at is not None:
        return "ready" if export.file else "erased"
    return "failed" if export.run.state in (JobRun.State.FAILED, JobRun.State.CANCELLED) else "making"


class ReadyExports(WorkList):
    """The files that were made for the user and not fetched yet."""

    name = "list_exports"

    def may_see(self, request: HttpRequest) -> bool:
        return request.user.has_perm("operations.view_listexport")

    def to_do(self, request: HttpRequest) -> list[ToDo]:
        mine = ListExport.objects.filter(actor=cast(User, request.user), fetched_at=None).exclude(file="")
        count = mine.values("pk")[: MOST + 1].count()
        of = str(ListExport._meta.verbose_name_plural)
        return [ToDo(of, _("Files ready to be fetched"), capped(count), list_url(ListExport))] if count else []
