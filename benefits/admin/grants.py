"""What members hold of benefits: coupons, gifts, partners' subscriptions."""

from typing import Any

from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _
from unfold.contrib.filters.admin import RelatedDropdownFilter
from unfold.decorators import display

from benefits.admin.display import GRANT_COLOURS, benefit_link
from benefits.models import Grant
from memberships.admin import lookups
from memberships.admin.display import member_link
from memberships.admin.pages import find_record, show_page
from operations.admin.base import ReadOnlyAdmin


@admin.register(Grant)
class GrantAdmin(ReadOnlyAdmin):
    """What members hold, newest first."""

    list_display = (
        "given_on", "member_column", "benefit_column", "quantity", "state_column", "valid_from", "valid_until",
        "used_on", "ended_on",
    )
    list_display_links = ("given_on",)
    list_select_related = ("member", "benefit")
    list_filter = (("benefit", RelatedDropdownFilter),)
    index_search = (lookups.member_number("member"),)

    @admin.display(description=_("member"))
    def member_column(self, grant: Grant) -> SafeString:
        return member_link(grant.member)

    @admin.display(description=_("benefit"))
    def benefit_column(self, grant: Grant) -> SafeString:
        return benefit_link(grant.benefit)

    @display(description=_("state"), label=GRANT_COLOURS)
    def state_column(self, grant: Grant) -> tuple[str, str]:
        return grant.state, grant.get_state_display()

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """The page of one grant."""
        grants = Grant.objects.select_related(
            "member", "benefit__programme", "rule", "redemption", "subscription__plan"
        )
        grant = find_record(self, request, object_id, grants)
        return show_page(
            self, request, "benefits/grant.html", grant, grant=grant, colour=GRANT_COLOURS[Grant.State(grant.state)],
        )
