"""What can be done to a receipt: say whose it is, set it aside, take it back, pay an invoice of it, pay it back."""

from datetime import date
from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpRequest
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from unfold.widgets import UnfoldAdminSelectWidget, UnfoldAdminTextInputWidget

from credit.admin.line_actions import money_field
from credit.errors import money
from credit.masking import mask_account
from credit.models import CreditEntry, CreditLine, Invoice, Receipt
from credit.services.allocations import allocate
from credit.services.receipt_offers import offer_move, offer_refund
from credit.services.receipts import take_receipt_up
from memberships.admin.actions import Asked, ConfirmForm, Fact, RecordAction, Told, who_and_when
from memberships.admin.points_actions import NOTE, tell
from memberships.models import Member, Programme
from operations.admin.reasons import record_url

ALLOCATE = "credit.allocate_receipt"
State = Receipt.State


def moved(
    record: Receipt, state: str, who: dict[str, Any], *, on: date, line: CreditLine | None = None
) -> Told:
    """What came of it, or that it waits for another person; `who` is actor, instant and reason."""
    return tell(offer_move(record, state, line=line, on=on, **{**who, "reason": who["reason"] or _("matched by hand")}))


class ReceiptDeskAction(RecordAction[Receipt]):
    """Something that is done to a receipt in some of its states."""

    permission = ALLOCATE
    states: tuple[str, ...] = ()
    note: Any = ""

    def is_offered(self, record: Receipt, *, on: date) -> bool:
        return record.state in self.states

    def seen(self, record: Receipt) -> str:
        return f"{record.state} {record.line_id} {record.allocated} {record.refunded}"

    def asked(self, record: Receipt, data: Any, *, seen: str, on: date) -> Asked:
        if not self.is_offered(record, on=on):
            return Asked(refusal=_("The receipt is “%(state)s”.") % {"state": record.get_state_display()})
        return Asked(self.form(record, data, seen=seen), facts=facts_of(record), note=self.note)

    def form(self, record: Receipt, data: Any, *, seen: str) -> Any:
        return ConfirmForm(data, seen=seen)

    def page_of(self, record: Receipt) -> str:
        return record_url(record)


def facts_of(receipt: Receipt) -> tuple[Fact, ...]:
    """What stands above every form about a receipt."""
    return (
        (_("Payer"), receipt.payer_name), (_("Payer's account"), mask_account(receipt.payer_account) or "–"),
        (_("Payer's reference"), receipt.reference or "–"), (_("Amount (CNY)"), money(receipt.amount)),
        (_("Received on"), receipt.received_on), (_("Unapplied (CNY)"), money(receipt.unapplied)),
    )


class MatchForm(ConfirmForm):
    """Whose it is: a member's number, and the programme where more than one gives credit."""

    first_fields = ("member", "programme")
    member = forms.CharField(label=gettext_lazy("Member number"), max_length=24, widget=UnfoldAdminTextInputWidget())
    programme = forms.ModelChoiceField(
        Programme.objects.none(), label=gettext_lazy("Programme"), empty_label=None, widget=UnfoldAdminSelectWidget()
    )

    def __init__(self, data: Any, *, seen: str) -> None:
        super().__init__(data, seen=seen)
        programmes = Programme.objects.exclude(credit_policies=None).order_by("pk")
        field: Any = self.fields["programme"]
        field.queryset = programmes
        if len(programmes) == 1:
            field.initial, field.widget = programmes[0], forms.HiddenInput()
        self.fields["reason"].label, self.fields["reason"].required = gettext_lazy("Note"), False

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or self.cleaned_data
        key = Member.pk_of(cleaned.get("member", "").strip())
        lines = CreditLine.objects.in_use().filter(member=key or 0, programme=cleaned.get("programme"))
        cleaned["line"] = lines.first()
        if cleaned["line"] is None and "member" not in self.errors:
            self.add_error("member", _("There is no credit line of that member."))
        return cleaned


class MatchAction(ReceiptDeskAction):
    """It is this firm's; it pays invoices by the policy's order."""

    name = "match"
    label = gettext_lazy("Match")
    states = (State.UNMATCHED,)
    note = gettext_lazy("It pays invoices at once, by the order of the credit policy; the rest is unapplied credit.")

    def form(self, record: Receipt, data: Any, *, seen: str) -> Any:
        return MatchForm(data, seen=seen)

    def do(self, record: Receipt, form: Any, *, on: date, request: HttpRequest) -> Told:
        return moved(record, State.MATCHED, who_and_when(request, form), on=on, line=form.cleaned_data["line"])


class SetAsideAction(ReceiptDeskAction):
    """No firm's payment at all."""

    name = "set_aside"
    label = gettext_lazy("Set aside")
    states = (State.UNMATCHED,)
    note = gettext_lazy("For what is no firm's payment: interest of the bank, a transfer of our own.")

    def do(self, record: Receipt, form: Any, *, on: date, request: HttpRequest) -> Told:
        return moved(record, State.SET_ASIDE, who_and_when(request, form), on=on)


class TakeUpAction(ReceiptDeskAction):
    """Somebody's after all."""

    name = "take_up"
    label = gettext_lazy("Put back on the work list")
    states = (State.SET_ASIDE,)

    def do(self, record: Receipt, form: Any, *, on: date, request: HttpRequest) -> Told:
        take_receipt_up(record, on=on, **who_and_when(request, form))
        return Told(messages.SUCCESS, _("The receipt is on the work list again."))


class AllocateForm(ConfirmForm):
    """Which invoice, and how much of it."""

    first_fields = ("invoice", "amount")
    invoice = forms.ModelChoiceField(
        Invoice.objects.none(), label=gettext_lazy("Invoice"), empty_label=None, widget=UnfoldAdminSelectWidget()
    )
    amount = money_field(
        gettext_lazy("Amount (CNY)"), gettext_lazy("Blank: as much as goes."), is_required=False
    )

    def __init__(self, data: Any, *, receipt: Receipt, **options: Any) -> None:
        super().__init__(data, **options)
        field: Any = self.fields["invoice"]
        field.queryset = Invoice.objects.open().filter(line=receipt.line_id).order_by("due_on", "pk")
        field.label_from_instance = _invoice_in_words
        self.fields["reason"].label, self.fields["reason"].required = gettext_lazy("Note"), False


def _invoice_in_words(invoice: Invoice) -> str:
    words = _("%(number)s: %(open)s CNY open, due on %(day)s")
    return words % {"number": invoice.number, "open": money(invoice.outstanding), "day": invoice.due_on}


class AllocateAction(ReceiptDeskAction):
    """What is unapplied pays an invoice that the operator chooses."""

    name = "allocate"
    label = gettext_lazy("Pay an invoice of it")
    states = (State.MATCHED,)

    def is_offered(self, record: Receipt, *, on: date) -> bool:
        return record.state == State.MATCHED and record.unapplied > 0

    def form(self, record: Receipt, data: Any, *, seen: str) -> Any:
        return AllocateForm(data, receipt=record, seen=seen)

    def do(self, record: Receipt, form: Any, *, on: date, request: HttpRequest) -> Told:
        chosen, times = form.cleaned_data, CreditEntry.objects.filter(receipt=record).count()
        entry = allocate(
            record, chosen["invoice"], amount=chosen["amount"], key=f"desk-allocate:{record.pk}:{times}", on=on,
            **who_and_when(request, form),
        )
        words = _("%(amount)s CNY pay invoice “%(invoice)s”.")
        return Told(messages.SUCCESS, words % {"amount": money(entry.amount), "invoice": chosen["invoice"]})


class RefundForm(ConfirmForm):
    """How much was paid back."""

    first_fields = ("amount",)
    amount = money_field(gettext_lazy("Amount (CNY)"))


class RefundAction(ReceiptDeskAction):
    """Unapplied credit goes back to the firm."""

    name = "refund"
    label = gettext_lazy("Pay back")
    note = NOTE

    def is_offered(self, record: Receipt, *, on: date) -> bool:
        return record.state == State.MATCHED and record.unapplied > 0

    def form(self, record: Receipt, data: Any, *, seen: str) -> Any:
        return RefundForm(data, seen=seen, initial={"amount": record.unapplied})

    def do(self, record: Receipt, form: Any, *, on: date, request: HttpRequest) -> Told:
        key = f"desk-refund:{record.pk}:{CreditEntry.objects.filter(receipt=record).count()}"
        return tell(offer_refund(
            record, form.cleaned_data["amount"], key=key, on=on, **who_and_when(request, form)
        ))


class UnmatchAction(ReceiptDeskAction):
    """It was another's."""

    name = "unmatch"
    label = gettext_lazy("Not this firm's")
    states = (State.MATCHED,)
    note = gettext_lazy("What it paid is open again, and it goes back to the work list.")

    def do(self, record: Receipt, form: Any, *, on: date, request: HttpRequest) -> Told:
        return moved(record, State.UNMATCHED, who_and_when(request, form), on=on)


class BounceAction(ReceiptDeskAction):
    """The bank took it back."""

    name = "bounce"
    label = gettext_lazy("Bounced")
    variant = "danger"
    states = (State.MATCHED, State.UNMATCHED)
    note = gettext_lazy(
        "The bank took it back: exactly what it had paid is open again, and what was paid back of it is claimed."
    )

    def do(self, record: Receipt, form: Any, *, on: date, request: HttpRequest) -> Told:
        return moved(record, State.BOUNCED, who_and_when(request, form), on=on)


ACTIONS: tuple[RecordAction[Receipt], ...] = (
    MatchAction(), AllocateAction(), SetAsideAction(), TakeUpAction(), RefundAction(), UnmatchAction(), BounceAction()
)
