"""What can be done to a member by hand: enrol them in a programme."""

import unicodedata
from datetime import date
from typing import Any

from django import forms
from django.contrib import messages
from django.db.models import Count
from django.http import HttpRequest
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from unfold.widgets import UnfoldAdminSelectWidget, UnfoldAdminTextInputWidget

from memberships.admin.actions import Asked, ConfirmForm, RecordAction, Told, who_and_when
from memberships.admin.display import owner_name
from memberships.models import Enrolment, Member, Programme
from memberships.models.programmes import Enrols
from memberships.services.enrolments_by_hand import enrol_by_hand, programmes_for
from operations.admin.reasons import record_url
from operations.imports.faults import Fault
from operations.imports.widgets import CellError, CodeWidget

#: What a store's code may be, also once it is normalised, which may make it longer.
STORE = CodeWidget(64)


class EnrolmentForm(ConfirmForm):
    """Which programme, and for which store where the programme has a wallet for each."""

    first_fields = ("programme", "scope")

    def __init__(self, data: Any, *, programmes: list[Programme], **options: Any) -> None:
        super().__init__(data, **options)
        self.fields["programme"] = forms.ModelChoiceField(
            Programme.objects.filter(pk__in=[programme.pk for programme in programmes]).order_by("pk"),
            label=gettext_lazy("Programme"), widget=UnfoldAdminSelectWidget(),
            empty_label=None if len(programmes) == 1 else "",
        )
        if any(programme.enrols == Enrols.STORE for programme in programmes):
            self.fields["scope"] = forms.CharField(
                label=gettext_lazy("Store"), max_length=64, required=False, widget=UnfoldAdminTextInputWidget(),
                help_text=gettext_lazy("The store's code, where the programme has a wallet for each store."),
            )
        self.order_fields([*self.first_fields, "reason", "seen"])

    def clean_scope(self) -> str:
        """As the importers read a store's code, and refused for what they refuse."""
        store = unicodedata.normalize("NFKC", self.cleaned_data["scope"]).strip()
        try:
            return str(STORE.clean(store))
        except CellError as error:
            fault = Fault(0, "scope", store, str(error.code), STORE.expected)
            raise forms.ValidationError(fault.message, code=error.code) from None

    def clean(self) -> dict[str, Any]:
        chosen: dict[str, Any] = super().clean() or self.cleaned_data
        programme, scope = chosen.get("programme"), chosen.get("scope", "")
        if programme is not None and "scope" in self.fields and "scope" not in self.errors:
            if programme.enrols == Enrols.STORE and not scope:
                self.add_error("scope", _("This programme has a wallet for each store: say which."))
            elif programme.enrols == Enrols.MEMBER and scope:
                self.add_error("scope", _("This programme has one wallet for each member: leave this blank."))
        return chosen


class EnrolAction(RecordAction[Member]):
    """A wallet in a programme that is open to the member."""

    name = "enrol"
    label = gettext_lazy("Enrol in a programme")
    permission = "memberships.add_enrolment"

    def is_offered(self, record: Member, *, on: date) -> bool:
        return record.closed_on is None or record.closed_on > on

    def seen(self, record: Member) -> str:
        return str(Enrolment.objects.filter(member=record).count())

    def asked(self, record: Member, data: Any, *, seen: str, on: date) -> Asked:
        if not self.is_offered(record, on=on):
            return Asked(refusal=_("The membership is closed: nobody is enrolled any more."))
        programmes = programmes_for(record)
        if not programmes:
            return Asked(refusal=_("The member is in every programme that is open to them."))
        found = Programme.objects.filter(enrolments__member=record).annotate(wallets=Count("pk")).order_by("pk")
        held = _(", ").join(f"{each} × {each.wallets}" if each.wallets > 1 else str(each) for each in found) or "–"
        return Asked(
            EnrolmentForm(data, seen=seen, programmes=programmes),
            facts=((_("Member"), record.number), (_("Name"), owner_name(record) or "–"), (_("Enrolled in"), held)),
            note=_("The wallet is opened at once, and stands on the first tier where that needs no points."),
        )

    def do(self, record: Member, form: Any, *, on: date, request: HttpRequest) -> Told:
        chosen = form.cleaned_data
        wallet = enrol_by_hand(
            record, chosen["programme"], scope=chosen.get("scope", ""), on=on, **who_and_when(request, form)
        )
        words = _("Enrolled in “%(programme)s”.") % {"programme": wallet.programme}
        return Told(messages.SUCCESS, words, record_url(wallet))

    def page_of(self, record: Member) -> str:
        return record_url(record)


ACTIONS: tuple[RecordAction[Member], ...] = (EnrolAction(),)
