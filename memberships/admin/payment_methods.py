"""How members pay: agreements with gateways, their tokens masked."""

from django.contrib import admin
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _

from memberships.admin import lookups
from memberships.admin.display import masked_token, member_link
from memberships.models import PaymentMethod
from operations.admin.base import ReadOnlyAdmin


@admin.register(PaymentMethod)
class PaymentMethodAdmin(ReadOnlyAdmin):
    """Read-only; the token is what the gateway takes for the member's word, so it is never shown whole."""

    list_display = ("name_column", "gateway", "token_column", "added_on", "removed_on", "member_column")
    list_select_related = ("member",)
    fields = ("member_column", "gateway", "label", "token_column", "added_on", "removed_on")
    readonly_fields = ("member_column", "token_column")
    index_search = (lookups.member_number("member"),)

    @admin.display(description=_("payment method"))
    def name_column(self, method: PaymentMethod) -> str:
        return str(method)

    @admin.display(description=_("token"))
    def token_column(self, method: PaymentMethod) -> str:
        return masked_token(method)

    @admin.display(description=_("member"))
    def member_column(self, method: PaymentMethod) -> SafeString:
        return member_link(method.member)
