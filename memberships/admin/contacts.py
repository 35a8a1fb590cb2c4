"""Contacts: masked, and revealed on request."""

from django.contrib import admin
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _

from memberships.admin import lookups
from memberships.admin.display import member_link
from memberships.models import MemberContact
from operations.admin.reveal import MaskedAdmin, masked_column
from operations.masking import mask_email, mask_mobile, mask_name


@admin.register(MemberContact)
class MemberContactAdmin(MaskedAdmin):
    """Reached from a member's page; who is looked for by mobile is found in the list of members."""

    masks = {"name": mask_name, "mobile": mask_mobile, "email": mask_email}
    name_column = masked_column("name", _("contact"))
    mobile_column = masked_column("mobile", _("mobile"))
    email_column = masked_column("email", _("email"))
    list_display = ("name_column", "mobile_column", "email_column", "is_primary", "member_column")
    list_select_related = ("member",)
    fields = ("member_column", "is_primary", "name_column", "mobile_column", "email_column")
    readonly_fields = ("member_column", "name_column", "mobile_column", "email_column")
    index_search = (lookups.member_number("member"),)
    change_form_outer_after_template = "memberships/contact_reveal.html"

    @admin.display(description=_("member"))
    def member_column(self, contact: MemberContact) -> SafeString:
        return member_link(contact.member)
