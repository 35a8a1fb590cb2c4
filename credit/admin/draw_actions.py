"""What is drawn on a line by hand: an invoice, an authorisation. Each blocking rule stops it as it stops an order."""

from datetime import date
from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpRequest
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from unfold.widgets import UnfoldAdminTextInputWidget

from credit.admin.line_actions import LineDeskAction, day_field, money_field
from credit.errors import money
from credit.models import Authorisation, CreditLine, Invoice
from credit.services.draws import authorise
from credit.services.invoices import enter_invoice
from memberships.admin.actions import ConfirmForm, RecordAction, Told, who_and_when
from operations.admin.reasons import record_url
from operations.approvals import fingerprint


def told_of(invoice: Invoice) -> Told:
    """The invoice that was made, when it is due, and its page."""
    words = _("Invoice “%(invoice)s” of %(amount)s CNY is due on %(day)s.")
    facts = {"invoice": invoice, "amount": money(invoice.amount), "day": invoice.due_on}
    return Told(messages.SUCCESS, words % facts, record_url(invoice))


class DrawForm(ConfirmForm):
    """How much, for which order."""

    first_fields: tuple[str, ...] = ("amount", "order_number")
    amount = money_field(gettext_lazy("Amount (CNY)"))
    order_number = forms.CharField(
        label=gettext_lazy("Order number"), max_length=48, required=False, widget=UnfoldAdminTextInputWidget()
    )

    def __init__(self, data: Any, *, seen: str, **options: Any) -> None:
        super().__init__(data, seen=seen, **options)
        self.fields["reason"].label, self.fields["reason"].required = gettext_lazy("Note"), False


class InvoiceForm(DrawForm):
    """With its number and day."""

    first_fields = ("amount", "order_number", "number", "invoiced_on")
    number = forms.CharField(
        label=gettext_lazy("Invoice number"), max_length=48, required=False, widget=UnfoldAdminTextInputWidget(),
        help_text=gettext_lazy("Blank: it is given one."),
    )
    invoiced_on = day_field(
        gettext_lazy("Invoiced on"), gettext_lazy("Its due day follows from the terms of that day.")
    )


class DrawAction(LineDeskAction):
    """What is drawn changes what the page showed, so a second click does nothing."""

    note = gettext_lazy("Every blocking rule stops this as it stops an order.")
    records: type[Invoice] | type[Authorisation]

    def is_offered(self, record: CreditLine, *, on: date) -> bool:
        return record.state == CreditLine.State.ACTIVE

    def seen(self, record: CreditLine) -> str:
        newest = self.records.objects.filter(line=record).order_by("-pk").values_list("pk", flat=True).first()
        return fingerprint(record.pk, newest)[:32]


class EnterInvoice(DrawAction):
    """What was bought without an authorisation."""

    name = "enter_invoice"
    label = gettext_lazy("Enter an invoice")
    permission = "credit.invoice_credit"
    records = Invoice

    def form(self, record: CreditLine, data: Any, *, seen: str, on: date) -> Any:
        return InvoiceForm(data, seen=seen, initial={"invoiced_on": on})

    def do(self, record: CreditLine, form: Any, *, on: date, request: HttpRequest) -> Told:
        chosen, who = form.cleaned_data, who_and_when(request, form)
        invoice = enter_invoice(
            record, chosen["amount"], key=f"desk:{chosen['seen']}", number=chosen["number"],
            order_number=chosen["order_number"], invoiced_on=chosen["invoiced_on"], on=on, at=who["at"],
            actor=who["actor"],
        )
        return told_of(invoice)


class Authorise(DrawAction):
    """So much is held for an order."""

    name = "authorise"
    label = gettext_lazy("Authorise")
    permission = "credit.draw_credit"
    records = Authorisation

    def form(self, record: CreditLine, data: Any, *, seen: str, on: date) -> Any:
        return DrawForm(data, seen=seen)

    def do(self, record: CreditLine, form: Any, *, on: date, request: HttpRequest) -> Told:
        chosen, who = form.cleaned_data, who_and_when(request, form)
        held = authorise(
            record, chosen["amount"], key=f"desk:{chosen['seen']}", order_number=chosen["order_number"], on=on,
            at=who["at"], actor=who["actor"],
        )
        words = _("%(amount)s CNY are held until the day before %(day)s.")
        return Told(messages.SUCCESS, words % {"amount": money(held.amount), "day": held.expires_on})


ACTIONS: tuple[RecordAction[CreditLine], ...] = (EnterInvoice(), Authorise())
