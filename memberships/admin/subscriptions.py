"""Cards and their terms: the list with what is to be done, and the page of a card."""

from typing import Any

from django.contrib import admin
from django.db.models import Prefetch, QuerySet
from django.http import HttpRequest, HttpResponse
from django.urls import URLPattern
from django.utils.formats import date_format
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _
from unfold.contrib.filters.admin import RelatedDropdownFilter
from unfold.decorators import display

from memberships.admin import lookups, subscription_actions
from memberships.admin.actions import action_urls, offered
from memberships.admin.day_filters import asked_days
from memberships.admin.display import STATUS_COLOURS, contact_prefetch, member_link, owner_name, today
from memberships.admin.pages import find_record, show_page
from memberships.admin.payment_page import UNPAID, brief
from memberships.admin.quick_filters import QuickFilterMixin, chosen
from memberships.admin.subscription_filters import ActiveFilter, PaidUntilFilter, ProgrammeFilter, StandingFilter
from memberships.admin.subscription_page import subscription_page
from memberships.models import Payment, Subscription, Term
from memberships.services.subscriptions import with_status
from operations.admin.base import ReadOnlyAdmin


@admin.register(Subscription)
class SubscriptionAdmin(QuickFilterMixin, ReadOnlyAdmin):
    """All bonds of members to programmes, newest first."""

    list_display = (
        "plan", "owner_column", "status_column", "paid_until_column", "payment_column", "requested_on", "cancelled_on",
        "member_column",
    )
    list_select_related = ("plan", "member__customer")
    quick_filter = StandingFilter
    list_filter = (
        StandingFilter, ActiveFilter, ProgrammeFilter, ("plan", RelatedDropdownFilter), ("paid_until", PaidUntilFilter)
    )
    index_search = (lookups.member_number("member"),)

    def get_ordering(self, request: HttpRequest) -> list[str]:
        """By the day where days are asked for: its index has that order."""
        if asked_days(request, "paid_until") and not chosen(request, self.quick_filter.offered):
            return ["paid_until"]
        return super().get_ordering(request)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Subscription]:
        subscriptions = with_status(super().get_queryset(request), on=today())
        unpaid = Payment.objects.filter(state__in=UNPAID).order_by("pk")
        return subscriptions.prefetch_related(
            contact_prefetch("member__"), Prefetch("payments", unpaid, to_attr="unpaid_payments")
        )

    @display(description=_("status"), label=STATUS_COLOURS)
    def status_column(self, subscription: Subscription) -> tuple[str, str]:
        status = Subscription.Status(subscription.status)  # type: ignore[attr-defined]
        return status, str(status.label)

    @admin.display(description=_("paid until"), empty_value="–")
    def paid_until_column(self, subscription: Subscription) -> SafeString | None:
        """In one line, beside the long column that follows."""
        day = subscription.paid_until
        return format_html('<span class="whitespace-nowrap">{}</span>', date_format(day, "Y-m-d")) if day else None

    @admin.display(description=_("payment"), empty_value="–")
    def payment_column(self, subscription: Subscription) -> str:
        """What is the matter with the payment that is owed or under way."""
        return " ".join(brief(payment) for payment in subscription.unpaid_payments)  # type: ignore[attr-defined]

    @admin.display(description=_("member"))
    def member_column(self, subscription: Subscription) -> SafeString:
        return member_link(subscription.member)

    @admin.display(description=_("name"), empty_value="–")
    def owner_column(self, subscription: Subscription) -> str:
        return owner_name(subscription.member)

    def get_urls(self) -> list[URLPattern]:
        return [*action_urls(self, subscription_actions.ACTIONS, self.whole), *super().get_urls()]

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """The page of one card."""
        subscription = find_record(self, request, object_id, self.whole(request))
        context = subscription_page(request, subscription, on=today())
        owed = [button for story in context["stories"] if story.payment.state in UNPAID for button in story.buttons]
        buttons = [*owed, *offered(request, subscription_actions.ACTIONS, subscription, on=today())]
        return show_page(
            self, request, "memberships/subscription.html", subscription, buttons=buttons,
            about=[story.payment for story in context["stories"]], **context,
        )

    def whole(self, request: HttpRequest) -> QuerySet[Subscription]:
        """Subscriptions with all that their page and their buttons need."""
        return self.get_queryset(request).select_related(
            "programme", "plan", "payment_method", "previous__plan", "member__customer"
        )


@admin.register(Term)
class TermAdmin(ReadOnlyAdmin):
    """Paid spans."""

    list_display = ("plan", "number", "starts_on", "ends_on", "member_column")
    list_select_related = ("plan", "member")
    fields = ("member_column", "plan", "number", "starts_on", "ends_on")
    readonly_fields = ("member_column",)
    index_search = (lookups.member_number("member"),)

    @admin.display(description=_("member"))
    def member_column(self, term: Term) -> SafeString:
        return member_link(term.member)
