"""Choice groups with their options, and what members chose."""

from functools import partial
from typing import Any

from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.urls import URLPattern, path
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _
from unfold.contrib.filters.admin import RelatedDropdownFilter

from benefits.admin.choosing import choose_page
from benefits.models import Choice, ChoiceGroup, ChoiceOption
from memberships.admin import lookups
from memberships.admin.display import member_link
from memberships.admin.pages import find_record, show_page
from memberships.admin.programmes import NamedAdmin
from operations.admin.base import ReadOnlyAdmin


@admin.register(ChoiceGroup)
class ChoiceGroupAdmin(NamedAdmin):
    """By programme; the page of one has its options."""

    list_display = ("name_column", "code", "programme", "picks", "window", "deadline_days", "swaps", "cost_cap")
    list_select_related = ("programme",)
    list_filter = (("programme", RelatedDropdownFilter),)

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """The page of one group."""
        group = find_record(self, request, object_id, self.get_queryset(request).select_related("programme"))
        options = ChoiceOption.objects.filter(group=group).select_related("benefit").order_by("rank")
        return show_page(self, request, "benefits/choice_group.html", group, group=group, options=options)


@admin.register(Choice)
class ChoiceAdmin(ReadOnlyAdmin):
    """What was chosen, newest first; choosing is done on the member's page."""

    list_display = (
        "on", "member_column", "group", "benefit", "window_from", "window_until", "is_default", "swapped_on", "reason"
    )
    list_display_links = None
    list_select_related = ("member", "group", "benefit")
    index_search = (lookups.member_number("member"),)

    def get_urls(self) -> list[URLPattern]:
        choosing = self.admin_site.admin_view(partial(choose_page, self))
        return [
            path("choose/<int:member_id>/<int:group_id>/", choosing, name="benefits_choice_choose"), *super().get_urls()
        ]

    @admin.display(description=_("member"))
    def member_column(self, choice: Choice) -> SafeString:
        return member_link(choice.member)
