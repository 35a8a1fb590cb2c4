"""Credit notes take two people over a limit: they take back what a firm owes, or has paid."""

from datetime import date, datetime
from decimal import Decimal

from django.db.models import Model
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from credit.approvals import CreditAction
from credit.errors import ReasonMissingError, money
from credit.models import CreditNote, Invoice
from credit.services.invoices import cleaned_number, credit_invoice, refuse_note, repeated_note
from credit.services.lines import lock_line
from operations.approvals import Description, Outcome, Payload, fingerprint
from operations.models import Approval, User
from operations.services.approvals import ask

CREDIT_INVOICE = "credit_invoice"


class CreditInvoice(CreditAction):
    """Payload: {"invoice", "amount", "key", "number"}."""

    name = CREDIT_INVOICE
    label = gettext_lazy("credit an invoice")
    permission = "credit.invoice_credit"

    @staticmethod
    def invoice(payload: Payload) -> Invoice:
        return Invoice.objects.select_related("line", "member").get(pk=payload["invoice"])

    def amount(self, payload: Payload) -> Decimal | None:
        return Decimal(payload["amount"])

    def subject(self, payload: Payload) -> Model | None:
        return self.invoice(payload)

    def lock(self, payload: Payload) -> None:
        lock_line(self.invoice(payload).line_id)

    def seen(self, payload: Payload) -> str:
        invoice = self.invoice(payload)
        return fingerprint(invoice.paid, invoice.credited, invoice.written_off)

    def check(self, payload: Payload, *, actor: User, on: date, at: datetime) -> None:
        refuse_note(self.invoice(payload), Decimal(payload["amount"]))

    def describe(self, payload: Payload) -> Description:
        invoice, amount = self.invoice(payload), Decimal(payload["amount"])
        words = _("Credit %(amount)s CNY of invoice “%(invoice)s” of member %(member)s.")
        unapplied = max(amount - invoice.outstanding, Decimal(0))
        return Description(
            words % {"amount": money(amount), "invoice": invoice, "member": invoice.member},
            (
                (_("Amount (CNY)"), money(amount)), (_("Outstanding (CNY)"), money(invoice.outstanding)),
                (_("Given back as unapplied credit (CNY)"), money(unapplied)), (_("Key"), payload["key"]),
            ),
        )

    def execute(
        self, payload: Payload, *, actor: User, checker: User | None, reason: str, on: date, at: datetime
    ) -> Outcome:
        note = credit_invoice(
            self.invoice(payload), Decimal(payload["amount"]), key=payload["key"], number=payload["number"], on=on,
            at=at, actor=actor, reason=reason, checker=checker, approval=self.approval_of(checker),
        )
        return _told(note)


def offer_credit_note(
    invoice: Invoice, amount: Decimal, *, key: str, on: date, at: datetime, actor: User, reason: str, number: str = ""
) -> Outcome | Approval:
    """Credit an invoice, within what the actor does alone; else the request for it.

    What pages, commands and the API call; may be repeated, also once it was approved. Raises what `credit_invoice` and
    services/approvals.ask raise.
    """
    if not reason.strip():
        raise ReasonMissingError
    number = cleaned_number(number)
    if first := repeated_note(invoice, key, amount, number):
        return _told(first)
    payload = {"invoice": invoice.pk, "amount": str(amount), "key": key, "number": number}
    waits_as = f"{CREDIT_INVOICE}:{invoice.member_id}:{key}"
    return ask(CREDIT_INVOICE, payload, actor=actor, reason=reason, on=on, at=at, key=waits_as)


def _told(note: CreditNote) -> Outcome:
    words = _("Credit note “%(number)s” lowers the invoice by %(amount)s CNY.")
    return Outcome(words % {"number": note.number, "amount": money(note.amount)}, {"credit_note": note.pk})
