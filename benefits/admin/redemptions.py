"""What members used, found by member; the page of a use has what it took and gave, and the way to take it back."""

from functools import partial
from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.urls import URLPattern, path
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _
from unfold.contrib.filters.admin import RelatedDropdownFilter
from unfold.decorators import display

from benefits.admin.display import REDEMPTION_COLOURS, benefit_link, price_in_words
from benefits.admin.redeeming import redeem_page
from benefits.admin.redemption_actions import ACTIONS
from benefits.models import Grant, Redemption
from memberships.admin import lookups
from memberships.admin.actions import action_urls, offered
from memberships.admin.display import member_link, today
from memberships.admin.pages import find_record, show_page
from operations.admin.base import ReadOnlyAdmin


@admin.register(Redemption)
class RedemptionAdmin(ReadOnlyAdmin):
    """Uses, the newest first; redeeming is done on the member's page."""

    list_display = (
        "on", "member_column", "benefit_column", "asked_category", "quantity", "paid_column", "order_number",
        "state_column", "reason",
    )
    list_display_links = ("on",)
    list_select_related = ("member", "benefit")
    list_filter = (("benefit", RelatedDropdownFilter),)
    index_search = (lookups.member_number("member"),)

    @admin.display(description=_("member"))
    def member_column(self, redemption: Redemption) -> SafeString:
        return member_link(redemption.member)

    @admin.display(description=_("benefit"))
    def benefit_column(self, redemption: Redemption) -> SafeString:
        return benefit_link(redemption.benefit)

    @display(description=_("state"), label=REDEMPTION_COLOURS)
    def state_column(self, redemption: Redemption) -> tuple[str, str]:
        return redemption.state, redemption.get_state_display()

    @admin.display(description=_("paid"))
    def paid_column(self, redemption: Redemption) -> str:
        return price_in_words(points=redemption.points, price=redemption.price)

    def get_urls(self) -> list[URLPattern]:
        redeeming = self.admin_site.admin_view(partial(redeem_page, self))
        return [
            path("redeem/<int:member_id>/<int:benefit_id>/", redeeming, name="benefits_redemption_redeem"),
            *action_urls(self, ACTIONS, self.whole), *super().get_urls(),
        ]

    def whole(self, request: HttpRequest) -> QuerySet[Redemption]:
        """Uses with all that their page and their buttons need."""
        return Redemption.objects.select_related(
            "member", "benefit__programme", "rule", "enrolment", "actor", "returned_by"
        )

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """The page of one use."""
        redemption = find_record(self, request, object_id, self.whole(request))
        return show_page(
            self, request, "benefits/redemption.html", redemption, redemption=redemption,
            colour=REDEMPTION_COLOURS[Redemption.State(redemption.state)],
            paid=price_in_words(points=redemption.points, price=redemption.price),
            grant=Grant.objects.filter(redemption=redemption).first(),
            buttons=offered(request, ACTIONS, redemption, on=today()),
        )
