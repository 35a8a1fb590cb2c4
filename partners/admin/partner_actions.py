"""What can be done to a partner and its keys by hand."""

from datetime import date
from typing import Any, cast

from django import forms
from django.contrib import messages
from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from unfold.widgets import (
    UnfoldAdminPasswordWidget,
    UnfoldAdminRadioSelectWidget,
    UnfoldAdminSplitDateTimeWidget,
    UnfoldAdminTextInputWidget,
)

from memberships.admin.actions import Asked, ConfirmForm, RecordAction, Told, who_and_when
from operations.models import User
from partners.models import Partner, PartnerContact, PartnerKey
from partners.services.keys import end_key, enter_key, revoke_key
from partners.services.partners import add_contact, remove_contact

ROTATE = "partners.rotate_partnerkey"
CONTACT = "partners.change_partnercontact"


def direction_field() -> forms.ChoiceField:
    """Which way the key is for."""
    return forms.ChoiceField(
        label=gettext_lazy("What is it for?"), choices=PartnerKey.Direction.choices,
        widget=UnfoldAdminRadioSelectWidget(),
    )


def keys_in_use(partner: Partner) -> str:
    """What the actions on keys depend on."""
    valid = PartnerKey.objects.filter(partner=partner, revoked_at=None).order_by("pk")
    return " ".join(f"{key.pk}" for key in valid)


class EnterForm(ConfirmForm):
    """A secret that the partner made."""

    direction = direction_field()
    secret = forms.CharField(
        label=gettext_lazy("Secret"), max_length=200, help_text=gettext_lazy("whsec_ and base64; never shown again."),
        # Never in a page again, not even where the form is refused.
        widget=UnfoldAdminPasswordWidget(attrs={"autocomplete": "off"}, render_value=False),
    )
    first_fields = ("direction", "secret")


class EnterKeyAction(RecordAction[Partner]):
    """Keep a secret that the partner gave us."""

    name = "enter-key"
    label = gettext_lazy("Enter the partner's key")
    permission = ROTATE

    def is_offered(self, record: Partner, *, on: date) -> bool:
        return True

    def seen(self, record: Partner) -> str:
        return keys_in_use(record)

    def asked(self, record: Partner, data: Any, *, seen: str, on: date) -> Asked:
        form = EnterForm(data, seen=seen, initial={"direction": PartnerKey.Direction.THEIRS})
        return Asked(
            form, note=gettext_lazy("Two keys of a direction may be valid at a time, so that one can follow another.")
        )

    def do(self, record: Partner, form: Any, *, on: date, request: HttpRequest) -> Told:
        key = enter_key(
            record, form.cleaned_data["direction"], form.cleaned_data["secret"], **who_and_when(request, form)
        )
        return Told(messages.SUCCESS, _("The key %(fingerprint)s is valid from now on.") % {"fingerprint": key})

    def page_of(self, record: Partner) -> str:
        return f"{reverse('admin:partners_partner_change', args=[record.pk])}#keys"


class ContactForm(ConfirmForm):
    """Whom to call."""

    role = forms.CharField(
        label=gettext_lazy("Role"), max_length=64, required=False, widget=UnfoldAdminTextInputWidget()
    )
    name = forms.CharField(label=gettext_lazy("Name"), max_length=100, widget=UnfoldAdminTextInputWidget())
    mobile = forms.RegexField(
        r"^\+?[0-9 -]{5,31}$", label=gettext_lazy("Mobile"), required=False, widget=UnfoldAdminTextInputWidget()
    )
    email = forms.EmailField(label=gettext_lazy("E-mail"), required=False, widget=UnfoldAdminTextInputWidget())
    first_fields = ("role", "name", "mobile", "email")


class AddContactAction(RecordAction[Partner]):
    """One more person to call there."""

    name = "add-contact"
    label = gettext_lazy("Add a contact")
    permission = CONTACT

    def is_offered(self, record: Partner, *, on: date) -> bool:
        return True

    def seen(self, record: Partner) -> str:
        return str(record.contacts.count())

    def asked(self, record: Partner, data: Any, *, seen: str, on: date) -> Asked:
        return Asked(ContactForm(data, seen=seen))

    def do(self, record: Partner, form: Any, *, on: date, request: HttpRequest) -> Told:
        facts = {name: form.cleaned_data[name] for name in ContactForm.first_fields}
        actor = cast(User, request.user)
        add_contact(record, **facts, actor=actor, reason=form.cleaned_data["reason"])
        return Told(messages.SUCCESS, _("The contact was added."))

    def page_of(self, record: Partner) -> str:
        return f"{reverse('admin:partners_partner_change', args=[record.pk])}#contacts"


class RemoveContactAction(RecordAction[PartnerContact]):
    """The person is not to be called any more; their data is erased, the trail keeps what is masked."""

    name = "remove"
    label = gettext_lazy("Remove the contact")
    permission = CONTACT

    def is_offered(self, record: PartnerContact, *, on: date) -> bool:
        return True

    def seen(self, record: PartnerContact) -> str:
        return str(record.pk)

    def asked(self, record: PartnerContact, data: Any, *, seen: str, on: date) -> Asked:
        return Asked(ConfirmForm(data, seen=seen), note=gettext_lazy("The personal data is erased."))

    def do(self, record: PartnerContact, form: Any, *, on: date, request: HttpRequest) -> Told:
        url = self.page_of(record)
        remove_contact(record, actor=cast(User, request.user), reason=form.cleaned_data["reason"])
        return Told(messages.SUCCESS, _("The contact was removed."), url)

    def page_of(self, record: PartnerContact) -> str:
        return f"{reverse('admin:partners_partner_change', args=[record.partner_id])}#contacts"


class KeyAction(RecordAction[PartnerKey]):
    """Something done to a key that is still worth something."""

    permission = ROTATE

    def is_offered(self, record: PartnerKey, *, on: date) -> bool:
        # Read with the page: a key's end is an instant.
        return record.revoked_at is None and (record.ends_at is None or record.ends_at > timezone.now())

    def seen(self, record: PartnerKey) -> str:
        return f"{record.ends_at} {record.revoked_at}"

    def facts(self, record: PartnerKey) -> tuple[tuple[Any, Any], ...]:
        return (
            (_("Partner"), record.partner), (_("Direction"), record.get_direction_display()),
            (_("Fingerprint"), record.fingerprint),
        )

    def page_of(self, record: PartnerKey) -> str:
        return f"{reverse('admin:partners_partner_change', args=[record.partner_id])}#keys"


class RevokeKeyAction(KeyAction):
    """Worthless at once: for a key that leaked."""

    name = "revoke"
    label = gettext_lazy("Revoke the key")
    variant = "danger"

    def asked(self, record: PartnerKey, data: Any, *, seen: str, on: date) -> Asked:
        if not self.is_offered(record, on=on):
            return Asked(refusal=_("This key is not valid any more: nothing about it can be changed."))
        return Asked(
            ConfirmForm(data, seen=seen), facts=self.facts(record),
            note=gettext_lazy("From now on nothing signed by it is taken. This cannot be undone."),
        )

    def do(self, record: PartnerKey, form: Any, *, on: date, request: HttpRequest) -> Told:
        revoke_key(record, **who_and_when(request, form))
        return Told(messages.SUCCESS, _("The key %(fingerprint)s is revoked.") % {"fingerprint": record})


class EndForm(ConfirmForm):
    """Until when it is valid."""

    ends_at = forms.SplitDateTimeField(label=gettext_lazy("Valid until"), widget=UnfoldAdminSplitDateTimeWidget())
    first_fields = ("ends_at",)


class EndKeyAction(KeyAction):
    """An end date, while the next key is taken up."""

    name = "end"
    label = gettext_lazy("Set the key's end")

    def asked(self, record: PartnerKey, data: Any, *, seen: str, on: date) -> Asked:
        if not self.is_offered(record, on=on):
            return Asked(refusal=_("This key is not valid any more: nothing about it can be changed."))
        return Asked(EndForm(data, seen=seen, initial={"ends_at": record.ends_at}), facts=self.facts(record))

    def do(self, record: PartnerKey, form: Any, *, on: date, request: HttpRequest) -> Told:
        ends_at = form.cleaned_data["ends_at"]
        end_key(record, ends_at=ends_at, **who_and_when(request, form))
        return Told(
            messages.SUCCESS,
            _("The key %(fingerprint)s is valid until %(time)s.")
            % {"fingerprint": record, "time": date_format(timezone.localtime(ends_at), "Y-m-d H:i")},
        )


PARTNER_ACTIONS: tuple[RecordAction[Partner], ...] = (EnterKeyAction(), AddContactAction())
KEY_ACTIONS: tuple[RecordAction[PartnerKey], ...] = (EndKeyAction(), RevokeKeyAction())
CONTACT_ACTIONS: tuple[RecordAction[PartnerContact], ...] = (RemoveContactAction(),)
