"""What can be done to an invoice: credit it, write it off, keep the state of its official invoice."""

from datetime import date
from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpRequest
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from unfold.widgets import UnfoldAdminTextInputWidget

from credit.admin.line_actions import day_field, money_field
from credit.credit_note_approvals import offer_credit_note
from credit.errors import money
from credit.models import CreditEntry, Invoice
from credit.services.official_invoices import issue_official, request_official, void_official, withdraw_request
from credit.services.receipt_offers import offer_write_off
from memberships.admin.actions import Asked, ConfirmForm, Fact, RecordAction, Told, who_and_when
from memberships.admin.points_actions import NOTE, tell
from operations.admin.reasons import record_url

WRITE_OFF, CREDIT, OFFICIAL = "credit.write_off_invoice", "credit.invoice_credit", "credit.issue_official_invoice"
State = Invoice.Official


class AmountForm(ConfirmForm):
    """How much of it."""

    first_fields: tuple[str, ...] = ("amount",)
    amount = money_field(gettext_lazy("Amount (CNY)"))


def facts_of(invoice: Invoice) -> tuple[Fact, ...]:
    """What stands above every form about an invoice."""
    return (
        (_("Invoice"), invoice.number), (_("Credit line"), invoice.line), (_("Due on"), invoice.due_on),
        (_("Amount (CNY)"), money(invoice.amount)), (_("Outstanding (CNY)"), money(invoice.outstanding)),
    )


class InvoiceDeskAction(RecordAction[Invoice]):
    """Something that is done to what is open of an invoice."""

    note: Any = NOTE

    def is_offered(self, record: Invoice, *, on: date) -> bool:
        return bool(record.outstanding > 0)

    def seen(self, record: Invoice) -> str:
        newest = CreditEntry.objects.filter(invoice=record).order_by("-pk").values_list("pk", flat=True).first()
        return f"{newest} {record.official_state}"

    def asked(self, record: Invoice, data: Any, *, seen: str, on: date) -> Asked:
        if not self.is_offered(record, on=on):
            return Asked(refusal=_("This cannot be done to the invoice as it stands."))
        return Asked(self.form(record, data, seen=seen), facts=facts_of(record), note=self.note)

    def form(self, record: Invoice, data: Any, *, seen: str) -> Any:
        return AmountForm(data, seen=seen, initial={"amount": record.outstanding})

    def page_of(self, record: Invoice) -> str:
        return record_url(record)


class WriteOffAction(InvoiceDeskAction):
    """So much is not expected any more."""

    name = "write_off"
    label = gettext_lazy("Write off")
    permission = WRITE_OFF
    note = gettext_lazy(
        "The room comes back, and what was overdue stops no more draws: suspend the line where it should not go on."
        " Done at once; over your limit, when a second person has approved."
    )

    def do(self, record: Invoice, form: Any, *, on: date, request: HttpRequest) -> Told:
        chosen = form.cleaned_data
        key = f"desk-write-off:{record.pk}:{chosen['seen'].split()[0]}"
        return tell(offer_write_off(record, chosen["amount"], key=key, on=on, **who_and_when(request, form)))


class NoteForm(AmountForm):
    """How much is not owed."""

    first_fields = ("amount", "number")
    number = forms.CharField(
        label=gettext_lazy("Number of the credit note"), max_length=48, required=False,
        widget=UnfoldAdminTextInputWidget(), help_text=gettext_lazy("Blank: it is given one."),
    )


class CreditAction(InvoiceDeskAction):
    """So much is not owed; of what was paid, the rest becomes unapplied credit."""

    name = "credit"
    label = gettext_lazy("Enter a credit note")
    permission = CREDIT

    def is_offered(self, record: Invoice, *, on: date) -> bool:
        return record.amount > record.credited + record.written_off

    def form(self, record: Invoice, data: Any, *, seen: str) -> Any:
        left = record.amount - record.credited - record.written_off
        return NoteForm(data, seen=seen, initial={"amount": record.outstanding or left})

    def do(self, record: Invoice, form: Any, *, on: date, request: HttpRequest) -> Told:
        chosen = form.cleaned_data
        return tell(offer_credit_note(
            record, chosen["amount"], key=f"desk-note:{record.pk}:{chosen['seen'].split()[0]}", number=chosen["number"],
            on=on, **who_and_when(request, form),
        ))


class OfficialAction(InvoiceDeskAction):
    """The official invoice (发票) comes to another state. No money moves."""

    permission = OFFICIAL
    note = gettext_lazy("Only the state of the official invoice is kept here; no money moves.")
    states: tuple[str, ...] = ()

    def is_offered(self, record: Invoice, *, on: date) -> bool:
        return record.official_state in self.states

    def form(self, record: Invoice, data: Any, *, seen: str) -> Any:
        form = ConfirmForm(data, seen=seen)
        form.fields["reason"].label, form.fields["reason"].required = gettext_lazy("Note"), False
        return form

    def do(self, record: Invoice, form: Any, *, on: date, request: HttpRequest) -> Told:
        found = self.become(record, form, on=on, who=who_and_when(request, form))
        words = _("The official invoice is “%(state)s”.")
        return Told(messages.SUCCESS, words % {"state": found.get_official_state_display()})

    def become(self, record: Invoice, form: Any, *, on: date, who: dict[str, Any]) -> Invoice:
        raise NotImplementedError


class RequestOfficial(OfficialAction):
    name = "official_request"
    label = gettext_lazy("Official invoice requested")
    states = (State.NONE, State.VOIDED)

    def become(self, record: Invoice, form: Any, *, on: date, who: dict[str, Any]) -> Invoice:
        return request_official(record, **who)


class WithdrawOfficial(OfficialAction):
    name = "official_withdraw"
    label = gettext_lazy("No official invoice wanted")
    states = (State.REQUESTED,)

    def become(self, record: Invoice, form: Any, *, on: date, who: dict[str, Any]) -> Invoice:
        return withdraw_request(record, **who)


class IssuedForm(ConfirmForm):
    """Its number and day."""

    first_fields = ("number", "issued_on")
    number = forms.CharField(
        label=gettext_lazy("Number of the official invoice"), max_length=32, widget=UnfoldAdminTextInputWidget()
    )
    issued_on = day_field(gettext_lazy("Issued on"))

    def __init__(self, data: Any, *, seen: str) -> None:
        super().__init__(data, seen=seen)
        self.fields["reason"].label, self.fields["reason"].required = gettext_lazy("Note"), False


class IssueOfficial(OfficialAction):
    name = "official_issue"
    label = gettext_lazy("Official invoice issued")
    states = (State.NONE, State.REQUESTED, State.VOIDED)

    def form(self, record: Invoice, data: Any, *, seen: str) -> Any:
        return IssuedForm(data, seen=seen)

    def become(self, record: Invoice, form: Any, *, on: date, who: dict[str, Any]) -> Invoice:
        chosen = form.cleaned_data
        return issue_official(record, number=chosen["number"], issued_on=chosen["issued_on"], on=on, **who)


class VoidOfficial(OfficialAction):
    name = "official_void"
    label = gettext_lazy("Official invoice voided")
    states = (State.ISSUED,)

    def become(self, record: Invoice, form: Any, *, on: date, who: dict[str, Any]) -> Invoice:
        return void_official(record, **who)


ACTIONS: tuple[RecordAction[Invoice], ...] = (
    CreditAction(), WriteOffAction(), RequestOfficial(), IssueOfficial(), WithdrawOfficial(), VoidOfficial()
)
