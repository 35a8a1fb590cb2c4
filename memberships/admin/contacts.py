"""Contacts: masked, and revealed on request; the language in which the member is told is set here."""

from typing import Any, cast

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import URLPattern, path
from django.utils import timezone
from django.utils.safestring import SafeString
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from unfold.widgets import UnfoldAdminSelectWidget, UnfoldBooleanSwitchWidget

from memberships.admin import lookups
from memberships.admin.display import member_link
from memberships.models import MemberContact
from memberships.models.contacts import Language
from memberships.services.members import set_language, set_text_messages
from operations.admin.reasons import ReasonForm, ask, record_url
from operations.admin.reveal import MaskedAdmin, masked_column
from operations.masking import mask_email, mask_mobile, mask_name
from operations.models import User

SET_LANGUAGE = "memberships.change_membercontact"


class LanguageForm(ReasonForm):
    """In which language, and how that is known."""

    language = forms.ChoiceField(
        label=_("Language"), choices=[("", _("not known: as the house writes")), *Language.choices], required=False,
        widget=UnfoldAdminSelectWidget(),
    )
    field_order = ("language", "reason")


class TextMessagesForm(ReasonForm):
    """Whether the contact wants none, and how that is known."""

    are_refused = forms.BooleanField(
        label=_("No text messages"), required=False, widget=UnfoldBooleanSwitchWidget,
        help_text=_("What is required by law or contract is sent all the same."),
    )
    field_order = ("are_refused", "reason")


@admin.register(MemberContact)
class MemberContactAdmin(MaskedAdmin):
    """Reached from a member's page; who is looked for by mobile is found in the list of members."""

    masks = {"name": mask_name, "mobile": mask_mobile, "email": mask_email}
    name_column = masked_column("name", _("contact"))
    mobile_column = masked_column("mobile", _("mobile"))
    email_column = masked_column("email", _("email"))
    list_display = ("name_column", "mobile_column", "email_column", "is_primary", "member_column")
    list_select_related = ("member",)
    fields = (
        "member_column", "is_primary", "name_column", "mobile_column", "email_column", "language", "sms_refused_at",
        "sms_refused_by",
    )
    readonly_fields = ("member_column", "name_column", "mobile_column", "email_column")
    index_search = (lookups.member_number("member"),)
    change_form_outer_after_template = "memberships/contact_reveal.html"

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view(self.language_view)
        page = path("<int:object_id>/language/", view, name="memberships_membercontact_language")
        sms_view = self.admin_site.admin_view(self.text_messages_view)
        sms = path("<int:object_id>/text-messages/", sms_view, name="memberships_membercontact_text-messages")
        return [page, sms, *super().get_urls()]

    def changeform_view(
        self, request: HttpRequest, object_id: str | None = None, form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> Any:
        context = {"may_set_language": request.user.has_perm(SET_LANGUAGE), **(extra_context or {})}
        return super().changeform_view(request, object_id, form_url, context)

    def language_view(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """In which language the member is told: ask, with a reason."""
        if not (self.has_view_permission(request) and request.user.has_perm(SET_LANGUAGE)):
            raise PermissionDenied
        contact: MemberContact | None = self.get_object(request, object_id)
        if contact is None:
            raise Http404
        form = LanguageForm(request.POST or None, initial={"language": contact.language})
        if request.method == "POST" and form.is_valid():
            said = form.cleaned_data
            set_language(contact, said["language"], reason=said["reason"], actor=cast(User, request.user))
            messages.success(request, gettext("The language is noted."))
            return HttpResponseRedirect(record_url(contact))
        return ask(
            self, request, contact, form, title=gettext("Language of the member"), submit_label=gettext("Save"),
            note=gettext("Notices to the member's primary contact are written in it."),
        )

    def text_messages_view(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Whether text messages go to the contact: ask, with a reason."""
        if not (self.has_view_permission(request) and request.user.has_perm(SET_LANGUAGE)):
            raise PermissionDenied
        contact: MemberContact | None = self.get_object(request, object_id)
        if contact is None:
            raise Http404
        form = TextMessagesForm(request.POST or None, initial={"are_refused": contact.sms_refused_at is not None})
        if request.method == "POST" and form.is_valid():
            said = form.cleaned_data
            set_text_messages(
                contact, are_refused=said["are_refused"], reason=said["reason"], at=timezone.now(),
                actor=cast(User, request.user),
            )
            messages.success(request, gettext("It is noted."))
            return HttpResponseRedirect(record_url(contact))
        return ask(
            self, request, contact, form, title=gettext("Text messages to the contact"), submit_label=gettext("Save"),
            note=gettext("Text messages go to the member's primary contact. E-mails are another matter."),
        )

    @admin.display(description=_("member"))
    def member_column(self, contact: MemberContact) -> SafeString:
        return member_link(contact.member)
