"""What is offered. Read-only: programmes, tiers and plans change by programme files."""

from typing import Any

from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.urls import URLPattern, path
from django.utils.translation import gettext_lazy as _

from memberships.admin.display import today
from memberships.admin.pages import find_record, show_page
from memberships.admin.programme_page import programme_page
from memberships.models import Plan, Programme
from memberships.programme_files.documents import export_programme
from memberships.programme_files.writing import write_document
from memberships.templatetags.figures import percent
from operations.admin.base import ReadOnlyAdmin


class NamedAdmin(ReadOnlyAdmin):
    """Things with a name in either language, listed by the reader's."""

    @admin.display(description=_("name"))
    def name_column(self, record: Any) -> str:
        return str(record)


@admin.register(Programme)
class ProgrammeAdmin(NamedAdmin):
    list_display = ("name_column", "code", "audience", "enrols", "share_column")

    @admin.display(description=_("open to a share of members"), ordering="open_share")
    def share_column(self, programme: Programme) -> str:
        return percent(programme.open_share)

    def get_urls(self) -> list[URLPattern]:
        export = self.admin_site.admin_view(self.export_view)
        return [
            path("<path:object_id>/export/", export, name="memberships_programme_export"), *super().get_urls()
        ]

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """The page of a programme: its sections as they stand, and its revisions."""
        programme = find_record(self, request, object_id, self.get_queryset(request))
        shown = programme_page(request, programme, on=today())
        return show_page(self, request, "memberships/programme.html", programme, **shown)

    def export_view(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """The programme as a file, as it stands."""
        programme = find_record(self, request, object_id, self.get_queryset(request))
        text = write_document(export_programme(programme, on=today()))
        headers = {"Content-Disposition": f'attachment; filename="{programme.code}.yaml"'}
        return HttpResponse(text, content_type="application/yaml; charset=utf-8", headers=headers)


@admin.register(Plan)
class PlanAdmin(NamedAdmin):
    list_display = (
        "name_column", "code", "version", "programme", "price", "term_months", "credit_limit_cap",
        "credit_term_days_cap", "on_sale_from", "on_sale_until",
    )
    list_select_related = ("programme",)
