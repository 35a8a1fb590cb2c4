"""Members: the list, and a page that shows everything a member has."""

from typing import Any

from django.contrib import admin
from django.db.models import Model, QuerySet
from django.http import HttpRequest, HttpResponse
from django.urls import URLPattern, path
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_safe

from memberships.admin import lookups
from memberships.admin.actions import action_urls
from memberships.admin.display import cards, owner_link, owner_name, owner_prefetches
from memberships.admin.member_actions import ACTIONS
from memberships.admin.pages import find_record, show_page
from memberships.admin.sections import MOST_RECORDS, history_sources, member_sections
from memberships.models import Member
from memberships.services.merges import records_of
from operations.admin.base import ReadOnlyAdmin
from operations.admin.history import HistorySource
from operations.admin.timeline import read_timeline
from operations.owners import show_owners_on

show_owners_on("admin:memberships_member_change")


@admin.register(Member)
class MemberAdmin(ReadOnlyAdmin):
    """Persons and firms alike."""

    list_display = ("number_column", "kind", "joined_on", "name_column", "cards_column")
    fields = ("number_column", "owner_column", "kind", "joined_on", "closed_on")
    readonly_fields = ("number_column", "owner_column")
    change_form_outer_after_template = "memberships/member_sections.html"

    class Media:
        # The sections that floors above add are laid out as the desk's own pages are.
        css = {"all": ["operations/desk.css"]}

    has_personal_data = True
    index_search = (
        lookups.member_number(),
        lookups.mobile(),
        lookups.legal_name(),
        lookups.credit_code("customer__"),
    )

    def get_urls(self) -> list[URLPattern]:
        timeline = path(
            "<path:object_id>/timeline/", self.admin_site.admin_view(require_safe(self.timeline_view)),
            name="memberships_member_timeline",
        )
        return [timeline, *action_urls(self, ACTIONS, self.get_queryset), *super().get_urls()]

    def timeline_view(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Everything that happened, a page of it, of one kind or of all."""
        member = find_record(self, request, object_id, self.get_queryset(request))
        timeline = read_timeline(
            request, member.pk, kind=request.GET.get("kind", ""), older=request.GET.get("older", ""),
            also=records_of(member.pk)[1:MOST_RECORDS],
        )
        return show_page(
            self, request, "memberships/timeline.html", member, timeline=timeline, owner=owner_link(member),
            title=gettext("Timeline: %(member)s") % {"member": member},
        )

    def get_queryset(self, request: HttpRequest) -> QuerySet[Member]:
        queryset: QuerySet[Member] = super().get_queryset(request).select_related("customer")
        return queryset.prefetch_related(*owner_prefetches())

    @admin.display(description=_("member number"))
    def number_column(self, member: Member) -> str:
        return member.number

    @admin.display(description=_("name"), empty_value="–")
    def name_column(self, member: Member) -> str:
        return owner_name(member)

    @admin.display(description=_("name"), empty_value="–")
    def owner_column(self, member: Member) -> str:
        return owner_link(member)

    @admin.display(description=_("cards"), empty_value="–")
    def cards_column(self, member: Member) -> str:
        return cards(member)

    def record_number(self, key: Any) -> str:
        return Member(pk=key).number

    def history_sources(self, record: Model) -> list[HistorySource]:
        return history_sources(record)  # type: ignore[arg-type]

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        member = self.get_object(request, object_id)
        sections = member_sections(request, member) if member and self.has_view_permission(request, member) else {}
        context = {**sections, **(extra_context or {})}
        response: HttpResponse = super().change_view(request, object_id, form_url, context)
        return response
