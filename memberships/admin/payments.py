"""Payments: the list, and the page of one with each attempt and answer."""

from typing import Any

from django.contrib import admin
from django.db.models import Exists, OuterRef, QuerySet
from django.http import HttpRequest, HttpResponse
from django.urls import URLPattern, reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _
from unfold.decorators import display

from memberships.admin import lookups, payment_actions
from memberships.admin.actions import action_urls, offered
from memberships.admin.day_filters import asked_days
from memberships.admin.display import member_link, today
from memberships.admin.pages import find_record, show_page
from memberships.admin.payment_filters import RenewalFilter, RequestedFilter, StateFilter
from memberships.admin.payment_page import OPEN_REFUND, STATE_COLOURS, stories, words_of
from memberships.admin.quick_filters import QuickFilterMixin, chosen
from memberships.models import Payment, Refund
from operations.admin.base import ReadOnlyAdmin


@admin.register(Payment)
class PaymentAdmin(QuickFilterMixin, ReadOnlyAdmin):
    """What gateways were asked for, newest first."""

    list_display = (
        "amount", "state_column", "card_column", "attempt", "next_attempt_on", "requested_column", "code_column",
        "member_column",
    )
    list_select_related = ("plan", "member")
    quick_filter = StateFilter
    list_filter = (StateFilter, RenewalFilter, ("requested_at", RequestedFilter))
    index_search = (lookups.member_number("member"), lookups.attempt_key())

    def get_ordering(self, request: HttpRequest) -> list[str]:
        """By instant where days are asked for: the index by day gives no order, and the key's would be walked."""
        if asked_days(request, "requested_at") and not chosen(request, self.quick_filter.offered):
            return ["-requested_at"]
        return super().get_ordering(request)

    @display(description=_("state"), label=STATE_COLOURS)
    def state_column(self, payment: Payment) -> tuple[str, str]:
        return payment.state, payment.get_state_display()

    @admin.display(description=_("card"))
    def card_column(self, payment: Payment) -> SafeString:
        url = reverse("admin:memberships_subscription_change", args=[payment.subscription_id])
        return format_html('<a href="{}">{}</a>', url, payment.plan)

    @admin.display(description=_("charge requested on"))
    def requested_column(self, payment: Payment) -> Any:
        return payment.requested_on

    @admin.display(description=_("gateway's code"), empty_value="–")
    def code_column(self, payment: Payment) -> str:
        return words_of(payment.code)

    @admin.display(description=_("member"))
    def member_column(self, payment: Payment) -> SafeString:
        return member_link(payment.member)

    def get_urls(self) -> list[URLPattern]:
        return [*action_urls(self, payment_actions.ACTIONS, self.whole), *super().get_urls()]

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """The page of one payment."""
        payment = find_record(self, request, object_id, self.whole(request))
        (story,) = stories([payment])
        story.buttons = offered(request, payment_actions.ACTIONS, payment, on=today())
        return show_page(self, request, "memberships/payment.html", payment, story=story)

    def whole(self, request: HttpRequest) -> QuerySet[Payment]:
        """Payments with all that their page needs."""
        open_refund = Refund.objects.filter(payment=OuterRef("pk"), state__in=OPEN_REFUND)
        payments: QuerySet[Payment] = self.get_queryset(request).annotate(has_open_refund=Exists(open_refund))
        return payments.select_related("plan", "programme", "method", "member", "subscription__plan", "term")
