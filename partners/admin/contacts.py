"""Contacts of partners: masked, and revealed on request with a reason."""

from django.contrib import admin
from django.urls import URLPattern
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _

from memberships.admin.actions import action_urls
from operations.admin.reveal import MaskedAdmin, masked_column
from operations.masking import mask_email, mask_mobile, mask_name
from partners.admin.display import partner_link
from partners.admin.partner_actions import CONTACT_ACTIONS
from partners.models import PartnerContact


@admin.register(PartnerContact)
class PartnerContactAdmin(MaskedAdmin):
    """Reached from a partner's page."""

    masks = {"name": mask_name, "mobile": mask_mobile, "email": mask_email}
    name_column = masked_column("name", _("contact"))
    mobile_column = masked_column("mobile", _("mobile"))
    email_column = masked_column("email", _("email"))
    list_display = ("name_column", "role", "mobile_column", "email_column", "partner_column")
    list_select_related = ("partner",)
    fields = ("partner_column", "role", "name_column", "mobile_column", "email_column")
    readonly_fields = ("partner_column", "name_column", "mobile_column", "email_column")
    change_form_outer_after_template = "partners/contact_reveal.html"

    @admin.display(description=_("partner"))
    def partner_column(self, contact: PartnerContact) -> SafeString:
        return partner_link(contact.partner)

    def get_urls(self) -> list[URLPattern]:
        return [*action_urls(self, CONTACT_ACTIONS, self.get_queryset), *super().get_urls()]
