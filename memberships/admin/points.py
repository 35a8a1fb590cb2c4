"""Points wallets: found by member, each with its lots, entries and what can be done; the entries of all of them."""

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import URLPattern
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _
from unfold.contrib.filters.admin import RelatedDropdownFilter

from memberships.admin import lookups
from memberships.admin.actions import action_urls, offered
from memberships.admin.display import contact_prefetch, owner_name, signed, today
from memberships.admin.pages import find_record, show_page
from memberships.admin.points_actions import ENTRY_ACTIONS, WALLET_ACTIONS, entries_with_reversals
from memberships.admin.points_page import wallet_page
from memberships.models import Enrolment, PointsEntry
from operations.admin.base import ReadOnlyAdmin
from operations.admin.reasons import record_url


@admin.register(Enrolment)
class EnrolmentAdmin(ReadOnlyAdmin):
    """Wallets, newest first."""

    list_display = (
        "number_column", "owner_column", "programme", "scope", "balance", "pending", "debt", "enrolled_on",
    )
    list_select_related = ("programme", "member__customer")
    list_filter = (("programme", RelatedDropdownFilter),)
    index_search = (lookups.member_number("member"),)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Enrolment]:
        wallets: QuerySet[Enrolment] = super().get_queryset(request)
        return wallets.prefetch_related(contact_prefetch("member__"))

    @admin.display(description=_("points wallet"))
    def number_column(self, wallet: Enrolment) -> str:
        return wallet.member.number

    @admin.display(description=_("member"))
    def owner_column(self, wallet: Enrolment) -> SafeString:
        """The name, leading to the member's page."""
        name = owner_name(wallet.member) or wallet.member.number
        return format_html('<a href="{}">{}</a>', record_url(wallet.member), name)

    def get_urls(self) -> list[URLPattern]:
        return [*action_urls(self, WALLET_ACTIONS, self.whole), *super().get_urls()]

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """The page of one wallet."""
        wallet = find_record(self, request, object_id, self.whole(request))
        context = wallet_page(request, wallet, on=today())
        buttons = offered(request, WALLET_ACTIONS, wallet, on=today())
        return show_page(self, request, "memberships/wallet.html", wallet, buttons=buttons, **context)

    def whole(self, request: HttpRequest) -> QuerySet[Enrolment]:
        """Wallets with all that their page and their buttons need."""
        return self.get_queryset(request).select_related(
            "programme__points_policy", "member__customer", "enrolled_by"
        )


@admin.register(PointsEntry)
class PointsEntryAdmin(ReadOnlyAdmin):
    """All entries of the ledger, newest first; the page of one is its wallet's, at the entry."""

    list_display = ("on", "kind", "points_column", "qualifying_column", "wallet_column", "reason", "key")
    list_select_related = ("enrolment__member", "enrolment__programme")
    index_search = (lookups.member_number("member"),)

    @admin.display(description=_("points"))
    def points_column(self, entry: PointsEntry) -> str:
        return signed(entry.points)

    @admin.display(description=_("qualifying points"))
    def qualifying_column(self, entry: PointsEntry) -> str:
        return signed(entry.qualifying) if entry.qualifying else "–"

    @admin.display(description=_("points wallet"))
    def wallet_column(self, entry: PointsEntry) -> SafeString:
        wallet = entry.enrolment
        return format_html('<a href="{}">{} · {}</a>', record_url(wallet), wallet, wallet.programme)

    def get_urls(self) -> list[URLPattern]:
        return [*action_urls(self, ENTRY_ACTIONS, lambda _request: entries_with_reversals()), *super().get_urls()]

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """The wallet, with the entry as the first that is shown."""
        entry = find_record(self, request, object_id, PointsEntry.objects.select_related("enrolment"))
        return HttpResponseRedirect(f"{record_url(entry.enrolment)}?before={entry.pk + 1}#entry-{entry.pk}")
