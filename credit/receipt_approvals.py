"""What of receipts and invoices takes two people over a limit: money said to have come in, paid back, written off."""

from datetime import date, datetime
from decimal import Decimal

from django.db.models import Model
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from credit.approvals import CreditAction
from credit.errors import money
from credit.models import CreditEntry, Invoice, Receipt
from credit.services.allocations import by_hand, left_of, refuse_more
from credit.services.lines import lock_line
from credit.services.receipt_offers import ENTER_RECEIPT, RECOVER, REFUND_RECEIPT, WRITE_OFF
from credit.services.receipts import Incoming, enter_receipt, refund_receipt, refuse_receipt
from credit.services.write_offs import recover, write_off
from operations.approvals import Description, Outcome, Payload, fingerprint
from operations.models import User


class AmountAction(CreditAction):
    """The amount of the payload is what counts."""

    def amount(self, payload: Payload) -> Decimal | None:
        return Decimal(payload["amount"])


class EnterReceipt(AmountAction):
    """Payload: the fields of services/receipts.Incoming, the day and the amount as text."""

    name = ENTER_RECEIPT
    label = gettext_lazy("enter a receipt by hand")
    permission = "credit.allocate_receipt"

    @staticmethod
    def incoming(payload: Payload) -> Incoming:
        told = {name: payload[name] for name in Incoming._fields}
        told |= {"amount": Decimal(payload["amount"]), "received_on": date.fromisoformat(payload["received_on"])}
        return Incoming(**told)

    def check(self, payload: Payload, *, actor: User, on: date, at: datetime) -> None:
        refuse_receipt(self.incoming(payload), on=on)

    def describe(self, payload: Payload) -> Description:
        told = self.incoming(payload)
        words = _("Enter a receipt of %(amount)s CNY of “%(payer)s”, received on %(day)s.")
        return Description(
            words % {"amount": money(told.amount), "payer": told.payer_name, "day": told.received_on},
            (
                (_("Amount (CNY)"), money(told.amount)), (_("Payer"), told.payer_name),
                (_("Payer's account"), told.payer_account), (_("Reference"), told.reference),
                (_("Bank reference"), told.key), (_("Received on"), str(told.received_on)),
            ),
        )

    def execute(
        self, payload: Payload, *, actor: User, checker: User | None, reason: str, on: date, at: datetime
    ) -> Outcome:
        receipt = enter_receipt(
            self.incoming(payload), on=on, at=at, actor=actor, checker=checker, approval=self.approval_of(checker)
        )
        words = _("The receipt of %(amount)s CNY is “%(state)s”; %(paid)s CNY of it pay invoices.") % {
            "amount": money(receipt.amount), "state": receipt.get_state_display(), "paid": money(receipt.allocated)
        }
        return Outcome(words, {"receipt": receipt.pk})


class RefundReceipt(AmountAction):
    """Payload: {"receipt", "amount", "key"}."""

    name = REFUND_RECEIPT
    label = gettext_lazy("pay unapplied credit back")
    permission = "credit.allocate_receipt"

    @staticmethod
    def receipt(payload: Payload) -> Receipt:
        return Receipt.objects.select_related("line", "member").get(pk=payload["receipt"])

    def subject(self, payload: Payload) -> Model | None:
        return self.receipt(payload)

    def lock(self, payload: Payload) -> None:
        line_id = self.receipt(payload).line_id
        if line_id is not None:
            lock_line(line_id)

    def seen(self, payload: Payload) -> str:
        receipt = self.receipt(payload)
        return fingerprint(receipt.state, receipt.line_id, receipt.unapplied)

    def check(self, payload: Payload, *, actor: User, on: date, at: datetime) -> None:
        by_hand(payload["key"])
        refuse_more(Decimal(payload["amount"]), self.receipt(payload).unapplied, _("unapplied of the receipt"))

    def describe(self, payload: Payload) -> Description:
        receipt = self.receipt(payload)
        amount = money(Decimal(payload["amount"]))
        words = _("Pay %(amount)s CNY of the receipt “%(receipt)s” back to member %(member)s.")
        return Description(
            words % {"amount": amount, "receipt": receipt, "member": receipt.member},
            (
                (_("Amount (CNY)"), amount), (_("Unapplied (CNY)"), money(receipt.unapplied)),
                (_("Payer"), receipt.payer_name), (_("Payer's account"), receipt.payer_account),
                (_("Key"), payload["key"]),
            ),
        )

    def execute(
        self, payload: Payload, *, actor: User, checker: User | None, reason: str, on: date, at: datetime
    ) -> Outcome:
        entry = refund_receipt(
            self.receipt(payload), Decimal(payload["amount"]), key=payload["key"], on=on, at=at, actor=actor,
            reason=reason, checker=checker, approval=self.approval_of(checker),
        )
        return Outcome(_("%(amount)s CNY were paid back.") % {"amount": money(entry.amount)}, {"entry": entry.pk})


class WriteOffInvoice(AmountAction):
    """Payload: {"invoice", "amount", "key"}."""

    name = WRITE_OFF
    label = gettext_lazy("write an invoice off")
    permission = "credit.write_off_invoice"

    @staticmethod
    def invoice(payload: Payload) -> Invoice:
        return Invoice.objects.select_related("line", "member").get(pk=payload["invoice"])

    def subject(self, payload: Payload) -> Model | None:
        return self.invoice(payload)

    def lock(self, payload: Payload) -> None:
        lock_line(self.invoice(payload).line_id)

    def seen(self, payload: Payload) -> str:
        return fingerprint(self.invoice(payload).outstanding)

    def check(self, payload: Payload, *, actor: User, on: date, at: datetime) -> None:
        by_hand(payload["key"])
        refuse_more(Decimal(payload["amount"]), self.invoice(payload).outstanding, _("open of the invoice"))

    def describe(self, payload: Payload) -> Description:
        invoice = self.invoice(payload)
        amount = money(Decimal(payload["amount"]))
        words = _("Write %(amount)s CNY of invoice “%(invoice)s” of member %(member)s off.")
        return Description(
            words % {"amount": amount, "invoice": invoice, "member": invoice.member},
            (
                (_("Amount (CNY)"), amount), (_("Outstanding (CNY)"), money(invoice.outstanding)),
                (_("Due on"), str(invoice.due_on)), (_("Key"), payload["key"]),
            ),
        )

    def execute(
        self, payload: Payload, *, actor: User, checker: User | None, reason: str, on: date, at: datetime
    ) -> Outcome:
        entry = write_off(
            self.invoice(payload), Decimal(payload["amount"]), key=payload["key"], on=on, at=at, actor=actor,
            reason=reason, checker=checker, approval=self.approval_of(checker),
        )
        return Outcome(_("%(amount)s CNY were written off.") % {"amount": money(entry.amount)}, {"entry": entry.pk})


class RecoverWriteOff(AmountAction):
    """Payload: {"entry": a write-off, "amount", "key"}."""

    name = RECOVER
    label = gettext_lazy("take a write-off back")
    permission = "credit.write_off_invoice"

    @staticmethod
    def entry(payload: Payload) -> CreditEntry:
        return CreditEntry.objects.select_related("line", "invoice", "member").get(pk=payload["entry"])

    def subject(self, payload: Payload) -> Model | None:
        return self.entry(payload).invoice

    def lock(self, payload: Payload) -> None:
        lock_line(self.entry(payload).line_id)

    def seen(self, payload: Payload) -> str:
        return fingerprint(left_of(self.entry(payload)))

    def check(self, payload: Payload, *, actor: User, on: date, at: datetime) -> None:
        by_hand(payload["key"])
        refuse_more(Decimal(payload["amount"]), left_of(self.entry(payload)), _("left of the write-off"))

    def describe(self, payload: Payload) -> Description:
        entry = self.entry(payload)
        amount = money(Decimal(payload["amount"]))
        words = _("Take %(amount)s CNY of the write-off of invoice “%(invoice)s” of member %(member)s back.")
        return Description(
            words % {"amount": amount, "invoice": entry.invoice, "member": entry.member},
            (
                (_("Amount (CNY)"), amount), (_("Written off (CNY)"), money(left_of(entry))),
                (_("Written off on"), str(entry.on)), (_("Key"), payload["key"]),
            ),
        )

    def execute(
        self, payload: Payload, *, actor: User, checker: User | None, reason: str, on: date, at: datetime
    ) -> Outcome:
        entry = recover(
            self.entry(payload), Decimal(payload["amount"]), key=payload["key"], on=on, at=at, actor=actor,
            reason=reason, checker=checker, approval=self.approval_of(checker),
        )
        return Outcome(_("%(amount)s CNY are owed again.") % {"amount": money(entry.amount)}, {"entry": entry.pk})


ACTIONS = (EnterReceipt, RefundReceipt, WriteOffInvoice, RecoverWriteOff)
