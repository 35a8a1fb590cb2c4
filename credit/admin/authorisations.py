"""Authorisations: what lines hold for orders; captured and voided by hand."""

from datetime import date
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.urls import URLPattern
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from unfold.contrib.filters.admin import ChoicesDropdownFilter
from unfold.decorators import display
from unfold.widgets import UnfoldAdminTextInputWidget, UnfoldBooleanSwitchWidget

from credit.admin.display import AUTHORISATION_COLOURS, LineFilter, amount, firm_of
from credit.admin.draw_actions import told_of
from credit.admin.ledger import OfLineAdmin
from credit.admin.line_actions import money_field
from credit.errors import money
from credit.models import Authorisation, CreditEntry, Invoice
from credit.services.draws import capture, void
from memberships.admin.actions import Asked, ConfirmForm, RecordAction, Told, action_urls, offered, who_and_when
from memberships.admin.display import today
from memberships.admin.pages import find_record, show_page
from operations.admin.reasons import record_url

DRAW = "credit.draw_credit"
State = Authorisation.State


class HeldAction(RecordAction[Authorisation]):
    """Something that is done to what is held."""

    permission = DRAW

    def is_offered(self, record: Authorisation, *, on: date) -> bool:
        return record.state == State.HELD

    def seen(self, record: Authorisation) -> str:
        return f"{record.state} {record.captured}"

    def asked(self, record: Authorisation, data: Any, *, seen: str, on: date) -> Asked:
        if not self.is_offered(record, on=on):
            return Asked(refusal=_("The authorisation is “%(state)s”.") % {"state": record.get_state_display()})
        facts = (
            (_("Credit line"), record.line), (_("Order number"), record.order_number or "–"),
            (_("Amount (CNY)"), money(record.amount)), (_("Captured (CNY)"), money(record.captured)),
            (_("Expires on"), record.expires_on),
        )
        return Asked(self.form(record, data, seen=seen), facts=facts)

    def form(self, record: Authorisation, data: Any, *, seen: str) -> Any:
        return ConfirmForm(data, seen=seen)

    def page_of(self, record: Authorisation) -> str:
        return record_url(record)


class CaptureForm(ConfirmForm):
    """How much becomes an invoice, and whether the rest is let go of."""

    first_fields = ("amount", "number", "is_final")
    amount = money_field(gettext_lazy("Amount (CNY)"))
    number = forms.CharField(
        label=gettext_lazy("Invoice number"), max_length=48, required=False, widget=UnfoldAdminTextInputWidget(),
        help_text=gettext_lazy("Blank: it is given one."),
    )
    is_final = forms.BooleanField(
        label=gettext_lazy("Let go of the rest"), required=False, widget=UnfoldBooleanSwitchWidget()
    )

    def __init__(self, data: Any, *, seen: str, **options: Any) -> None:
        super().__init__(data, seen=seen, **options)
        self.fields["reason"].label, self.fields["reason"].required = gettext_lazy("Note"), False


class CaptureAction(HeldAction):
    """What was held is owed."""

    name = "capture"
    label = gettext_lazy("Capture to an invoice")

    def form(self, record: Authorisation, data: Any, *, seen: str) -> Any:
        return CaptureForm(data, seen=seen, initial={"amount": record.amount - record.captured})

    def do(self, record: Authorisation, form: Any, *, on: date, request: HttpRequest) -> Told:
        chosen, who = form.cleaned_data, who_and_when(request, form)
        invoice = capture(
            record, chosen["amount"], key=f"desk-capture:{record.pk}:{record.captured}", number=chosen["number"],
            is_final=chosen["is_final"], on=on, at=who["at"], actor=who["actor"],
        )
        return told_of(invoice)


class VoidAction(HeldAction):
    """What is held still is let go of."""

    name = "void"
    label = gettext_lazy("Void")
    variant = "danger"

    def do(self, record: Authorisation, form: Any, *, on: date, request: HttpRequest) -> Told:
        void(record, on=on, **who_and_when(request, form))
        return Told(messages.SUCCESS, _("The authorisation is void."))


ACTIONS: tuple[RecordAction[Authorisation], ...] = (CaptureAction(), VoidAction())


@admin.register(Authorisation)
class AuthorisationAdmin(OfLineAdmin):
    """Newest first."""

    list_display = (
        "on", "line_column", "order_number", "amount_column", "captured_column", "state_column", "expires_on", "key"
    )
    list_filter = (LineFilter, ("state", ChoicesDropdownFilter))

    @admin.display(description=gettext_lazy("captured (CNY)"))
    def captured_column(self, authorisation: Authorisation) -> SafeString | str:
        return amount(authorisation.captured)

    @display(description=gettext_lazy("state"), label=AUTHORISATION_COLOURS)
    def state_column(self, authorisation: Authorisation) -> tuple[str, Any]:
        return authorisation.state, authorisation.get_state_display()

    def get_urls(self) -> list[URLPattern]:
        return [*action_urls(self, ACTIONS, self.whole), *super().get_urls()]

    def whole(self, request: HttpRequest) -> "QuerySet[Authorisation]":
        return Authorisation.objects.select_related("line", "member__customer", "actor")

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """The page of one authorisation."""
        held = find_record(self, request, object_id, self.whole(request))
        entries = CreditEntry.objects.filter(line=held.line_id, authorisation=held)
        return show_page(
            self, request, "credit/authorisation.html", held, held=held, firm=firm_of(held),
            colour=AUTHORISATION_COLOURS[State(held.state)],
            invoices=Invoice.objects.filter(line=held.line_id, authorisation=held).order_by("-pk")[:50],
            entries=entries.select_related("actor", "invoice", "receipt").order_by("-pk")[:50],
            buttons=offered(request, ACTIONS, held, on=today()),
        )
