"""Daily files: what was sent to partners, and what their results said."""

from typing import Any

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.urls import URLPattern, path, reverse
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy
from unfold.contrib.filters.admin import ChoicesDropdownFilter, RelatedDropdownFilter
from unfold.decorators import display

from memberships.admin.pages import find_record, show_page
from operations.admin.base import ReadOnlyAdmin
from partners.admin.display import COMMAND_COLOURS, partner_link
from partners.admin.words import error_in_words
from partners.models import Command, DailyFile, DailyFileLine
from partners.services.reasons import reason_in_words

DOWNLOAD = "partners.work_command"
STATE_COLOURS = {
    DailyFile.State.MADE: "warning", DailyFile.State.SENT: "info", DailyFile.State.ACKNOWLEDGED: "success",
}
#: Lines of a page.
PAGE_LINES = 200
PARTS = {"file": "content", "result": "result"}


@admin.register(DailyFile)
class DailyFileAdmin(ReadOnlyAdmin):
    """Files, newest first."""

    list_display = (
        "name", "partner_column", "business_date", "state_column", "count", "missed_column",
        "reason_column",
    )
    list_select_related = ("partner",)
    list_filter = (("partner", RelatedDropdownFilter), ("state", ChoicesDropdownFilter))

    def get_queryset(self, request: HttpRequest) -> QuerySet[DailyFile]:
        """Without the bytes, which may be many."""
        found: QuerySet[DailyFile] = super().get_queryset(request)
        return found.defer("content", "result")

    @admin.display(description=gettext_lazy("partner"))
    def partner_column(self, file: DailyFile) -> SafeString:
        return partner_link(file.partner)

    @display(description=gettext_lazy("state"), label=STATE_COLOURS)
    def state_column(self, file: DailyFile) -> tuple[str, str]:
        return file.state, file.get_state_display()

    @admin.display(description=gettext_lazy("rejected or passed over"))
    def missed_column(self, file: DailyFile) -> int:
        return int(file.tally.get("rejected", 0)) + int(file.tally.get("missing_count", 0))

    @admin.display(description=gettext_lazy("error"))
    def reason_column(self, file: DailyFile) -> str:
        return error_in_words(file.error) or "–"

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view(self.download_view)
        name = self._url_name("download", is_qualified=False)
        return [path("<int:object_id>/download/<slug:part>/", view, name=name), *super().get_urls()]

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """The page of one file, with its first lines."""
        file = find_record(self, request, object_id, self.get_queryset(request).select_related("partner"))
        after = request.GET.get("after", "")
        lines = _lines(file, after=int(after) if after.isascii() and after.isdecimal() and len(after) < 10 else 0)
        return show_page(
            self, request, "partners/daily_file.html", file, file=file, lines=lines,
            more=lines[-1].line if len(lines) == PAGE_LINES else None, has_result=file.acknowledged_at is not None,
            colour=STATE_COLOURS[DailyFile.State(file.state)], error=error_in_words(file.error),
            can_download=request.user.has_perm(DOWNLOAD),
            download_url=reverse(self._url_name("download"), args=[file.pk, "file"]),
            result_url=reverse(self._url_name("download"), args=[file.pk, "result"]),
        )

    def download_view(self, request: HttpRequest, object_id: int, part: str) -> HttpResponse:
        """The bytes of the file, or of its result, as they were sent."""
        if not request.user.has_perm(DOWNLOAD):
            raise PermissionDenied
        file = find_record(self, request, str(object_id), super().get_queryset(request))
        content = getattr(file, PARTS[part], None) if part in PARTS else None
        if content is None:
            raise Http404
        name = file.name if part == "file" else f"{file.name.removesuffix('.csv')}-result.csv"
        return HttpResponse(
            bytes(content), content_type="text/csv; charset=utf-8",
            headers={"Content-Disposition": f'attachment; filename="{name}"', "Cache-Control": "no-store"},
        )


def _lines(file: DailyFile, *, after: int) -> list[Any]:
    lines = DailyFileLine.objects.filter(file=file, line__gt=after).order_by("line")
    found: list[Any] = list(
        lines.select_related("command__member", "command__fulfilment__offer")[:PAGE_LINES]
    )
    for line in found:
        line.colour = COMMAND_COLOURS[Command.State(line.command.state)]
        line.reason = reason_in_words(line.command.error)
    return found
