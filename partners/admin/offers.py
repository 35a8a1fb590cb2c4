"""Offers: what partners fulfil, as programme files say; read-only."""

from django.contrib import admin
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _
from unfold.contrib.filters.admin import ChoicesDropdownFilter, RelatedDropdownFilter

from benefits.admin.display import benefit_link
from memberships.templatetags.figures import price
from operations.admin.base import ReadOnlyAdmin
from partners.admin.display import partner_link
from partners.models import Offer


@admin.register(Offer)
class OfferAdmin(ReadOnlyAdmin):
    """Versions by days; a programme file ends one and begins the next."""

    list_display = (
        "sku", "benefit_column", "partner_column", "mode", "cost_column", "billed", "settled", "starts_on", "ends_on"
    )
    list_select_related = ("partner", "benefit")
    list_filter = (("partner", RelatedDropdownFilter), ("mode", ChoicesDropdownFilter))
    fields = (
        "partner_column", "benefit_column", "sku", "mode", "cost_column", "billed", "settled", "suspends_in_grace",
        "low_stock", "starts_on", "ends_on",
    )
    readonly_fields = ("partner_column", "benefit_column", "cost_column")

    @admin.display(description=_("partner"))
    def partner_column(self, offer: Offer) -> SafeString:
        return partner_link(offer.partner)

    @admin.display(description=_("benefit"))
    def benefit_column(self, offer: Offer) -> SafeString:
        return benefit_link(offer.benefit)

    @admin.display(description=_("unit cost (CNY)"))
    def cost_column(self, offer: Offer) -> str:
        return price(offer.unit_cost)
