"""What firms ask for: limits and terms of credit."""

from django.contrib import admin
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _

from memberships.admin import lookups
from memberships.admin.display import member_link
from memberships.models import CreditRequest
from operations.admin.base import ReadOnlyAdmin


@admin.register(CreditRequest)
class CreditRequestAdmin(ReadOnlyAdmin):
    """Requests; a decision is not made here."""

    list_display = ("requested_on", "customer_column", "limit", "term_days", "state", "member_column")
    list_select_related = ("member__customer",)
    fields = ("member_column", "customer_column", "state", "limit", "term_days", "requested_on")
    readonly_fields = ("member_column", "customer_column")
    index_search = (lookups.member_number("member"),)

    @admin.display(description=_("member"))
    def member_column(self, request: CreditRequest) -> SafeString:
        return member_link(request.member)

    @admin.display(description=_("legal name"), empty_value="–")
    def customer_column(self, request: CreditRequest) -> str:
        return getattr(getattr(request.member, "customer", None), "legal_name", "")
