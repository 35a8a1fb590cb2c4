"""Credit notes take two people over a limit: they take back what a firm owes, or has paid."""

from datetime import date, datetime
from decimal import Decimal

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from credit.approvals import InvoiceAction, WeighedByDay
from credit.errors import ReasonMissingError, ReservedKeyError, money
from credit.models import CreditEntry, CreditNote, Invoice
from credit.services.invoices import BACK, cleaned_number, credit_invoice, refuse_note, repeated_note
from operations.approvals import Description, Outcome, Payload, fingerprint
from operations.models import Approval, User
from operations.services.approvals import ask

CREDIT_INVOICE = "credit_invoice"


class CreditInvoice(WeighedByDay, InvoiceAction):
    """Payload: {"invoice", "amount", "key", "number", "asked_by", "asked_on"}.

    Weighed by all that is credited of the invoice with it, and by the day: many invoices weigh as much as one.
    """

    kind = CreditEntry.Kind.CREDIT_NOTE
    name = CREDIT_INVOICE
    label = gettext_lazy("credit an invoice")
    permission = "credit.invoice_credit"

    def before(self, payload: Payload) -> Decimal:
        return self.invoice(payload).credited

    def is_done(self, payload: Payload) -> bool:
        return CreditNote.objects.filter(member=self.invoice(payload).member_id, key=payload["key"]).exists()

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
                (_("Credited before (CNY)"), money(invoice.credited)),
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
    if key.startswith(BACK):
        raise ReservedKeyError(key)
    number = cleaned_number(number)
    if first := repeated_note(invoice, key, amount, number, reason=reason):
        return _told(first)
    waits_as = f"{CREDIT_INVOICE}:{invoice.member_id}:{key}"
    # Asked for again on a later day it is the same request.
    waiting = Approval.objects.waiting().filter(key=waits_as, maker=actor, expires_at__gt=at).first()
    asked_on = waiting.payload.get("asked_on") if waiting else on.isoformat()
    payload = {
        "invoice": invoice.pk, "amount": str(amount), "key": key, "number": number,
        **({"asked_by": actor.pk, "asked_on": asked_on} if asked_on else {}),
    }
    return ask(CREDIT_INVOICE, payload, actor=actor, reason=reason, on=on, at=at, key=waits_as)


def _told(note: CreditNote) -> Outcome:
    words = _("Credit note “%(number)s” lowers the invoice by %(amount)s CNY.")
    return Outcome(words % {"number": note.number, "amount": money(note.amount)}, {"credit_note": note.pk})
