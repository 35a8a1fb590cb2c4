"""Points wallets: found by member, each with its lots and entries. Nothing is booked here."""

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _

from memberships.admin import lookups
from memberships.admin.display import contact_prefetch, member_link, owner_name, today
from memberships.admin.pages import find_record, show_page
from memberships.admin.points_page import wallet_page
from memberships.models import Enrolment
from operations.admin.base import ReadOnlyAdmin


@admin.register(Enrolment)
class EnrolmentAdmin(ReadOnlyAdmin):
    """Wallets, newest first."""

    list_display = ("number_column", "owner_column", "programme", "balance", "enrolled_on", "member_column")
    list_select_related = ("programme", "member__customer")
    index_search = (lookups.member_number("member"),)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Enrolment]:
        wallets: QuerySet[Enrolment] = super().get_queryset(request)
        return wallets.prefetch_related(contact_prefetch("member__"))

    @admin.display(description=_("points wallet"))
    def number_column(self, wallet: Enrolment) -> str:
        return wallet.member.number

    @admin.display(description=_("name"), empty_value="–")
    def owner_column(self, wallet: Enrolment) -> str:
        return owner_name(wallet.member)

    @admin.display(description=_("member"))
    def member_column(self, wallet: Enrolment) -> SafeString:
        return member_link(wallet.member)

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """The page of one wallet."""
        wallets = self.get_queryset(request).select_related("programme", "member__customer")
        wallet = find_record(self, request, object_id, wallets)
        context = wallet_page(request, wallet, on=today())
        return show_page(self, request, "memberships/wallet.html", wallet, **context)
