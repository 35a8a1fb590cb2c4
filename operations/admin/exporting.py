"""Lists that can be taken away as a CSV file: what the filters leave, streamed, personal data masked."""

from collections.abc import Iterator
from typing import Any

from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.urls import URLPattern, path, reverse
from django.utils.translation import get_language

from operations.admin.base import DeskAdmin
from operations.admin.paging import AFTER, BEFORE


class ExportMixin(DeskAdmin):
    """Adds "Export" below a list, for those who hold `export_permission`."""

    export_permission: str

    def export_lines(self, queryset: QuerySet[Any], language: str) -> Iterator[bytes]:
        """The file, a line at a time."""
        raise NotImplementedError

    def get_urls(self) -> list[URLPattern]:
        export = path("export/", self.admin_site.admin_view(self.export_view), name=self._export_name(is_full=False))
        return [export, *super().get_urls()]

    def _export_name(self, *, is_full: bool = True) -> str:
        return self._url_name("export", is_qualified=is_full)

    def may_export(self, request: HttpRequest) -> bool:
        """Who sees a list may not take it away for that."""
        return self.has_view_permission(request) and request.user.has_perm(self.export_permission)

    def export_view(self, request: HttpRequest) -> HttpResponse | StreamingHttpResponse:
        """All rows that the list's filters leave, in key order."""
        if not self.may_export(request):
            raise PermissionDenied
        queryset = self.get_changelist_instance(request).get_queryset(request).prefetch_related(None)
        lines = self.export_lines(queryset.order_by("pk"), get_language() or "zh-hans")
        response = StreamingHttpResponse(lines, content_type="text/csv; charset=utf-8")
        response["Content-Disposition"] = f'attachment; filename="{self.opts.model_name}.csv"'
        response["Cache-Control"] = "no-store"
        return response

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        context = dict(extra_context or {})
        if self.may_export(request):
            filters = request.GET.copy()
            for parameter in (AFTER, BEFORE):
                filters.pop(parameter, None)
            context["export_url"] = f"{reverse(self._export_name())}?{filters.urlencode()}"
        return super().changelist_view(request, context)
