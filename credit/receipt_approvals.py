"""What of receipts and invoices takes two people over a limit: money entered by hand, moved, paid back, written off."""

from datetime import date, datetime
from decimal import Decimal
from typing import Any

from django.db import transaction
from django.db.models import Model
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from credit.approvals import AmountAction, CreditAction, InvoiceAction, WeighedByDay, lock_person
from credit.errors import money
from credit.masking import mask_account
from credit.models import CreditEntry, CreditLine, Receipt
from credit.services.allocations import by_hand, left_of, refuse_more
from credit.services.lines import lock_line
from credit.services.receipt_offers import (
    ENTER_RECEIPT,
    MOVE_RECEIPT,
    RECOVER,
    REFUND_RECEIPT,
    WRITE_OFF,
    entered_alone,
)
from credit.services.receipts import (
    Incoming,
    bounce_receipt,
    enter_receipt,
    match_receipt,
    refund_receipt,
    refuse_receipt,
    set_receipt_aside,
    unmatch_receipt,
)
from credit.services.write_offs import recover, write_off
from operations.approvals import Description, Outcome, Payload, fingerprint
from operations.models import User

State = Receipt.State


class EnterReceipt(CreditAction):
    """Payload: the fields of services/receipts.Incoming, the day and the amount as text, "entered_by", "entered_on".

    Weighed together with all that the same person entered alone on that business date, by hand or by files; what is
    entered already adds nothing.
    """

    name = ENTER_RECEIPT
    label = gettext_lazy("enter a receipt by hand")
    permission = "credit.allocate_receipt"
    personal = {"payer_account": mask_account}
    reveal_permission = "credit.reveal_receipt"

    @staticmethod
    def incoming(payload: Payload) -> Incoming:
        told = {name: payload[name] for name in Incoming._fields}
        told |= {"amount": Decimal(payload["amount"]), "received_on": date.fromisoformat(payload["received_on"])}
        return Incoming(**told)

    def amount(self, payload: Payload) -> Decimal | None:
        if Receipt.objects.filter(key=payload["key"]).exists():
            return Decimal(0)
        return Decimal(payload["amount"]) + entered_alone(payload["entered_by"], since=_entered_on(payload))

    def lock(self, payload: Payload) -> None:
        lock_person(payload["entered_by"])

    def check(self, payload: Payload, *, actor: User, on: date, at: datetime) -> None:
        refuse_receipt(self.incoming(payload), on=on)

    def describe(self, payload: Payload) -> Description:
        told = self.incoming(payload)
        alone = entered_alone(payload["entered_by"], since=_entered_on(payload))
        words = _("Enter a receipt of %(amount)s CNY of “%(payer)s”, received on %(day)s.")
        return Description(
            words % {"amount": money(told.amount), "payer": told.payer_name, "day": told.received_on},
            (
                (_("Amount (CNY)"), money(told.amount)), (_("Payer"), told.payer_name),
                (_("Payer's account"), mask_account(told.payer_account)), (_("Reference"), told.reference),
                (_("Bank reference"), told.key), (_("Received on"), str(told.received_on)),
                (_("Entered alone that day (CNY)"), money(alone)),
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


class MoveReceipt(CreditAction):
    """A receipt becomes a line's, nobody's, bounced, or set aside. Payload: {"receipt", "state", "line" or null}.

    Weighed by the whole receipt, since the whole of it changes hands; where it is so already, by nothing. What a rule
    matches as it comes in is not weighed.
    """

    name = MOVE_RECEIPT
    label = gettext_lazy("move a receipt")
    permission = "credit.allocate_receipt"

    def amount(self, payload: Payload) -> Decimal | None:
        receipt = _receipt(payload)
        is_done = receipt.state == payload["state"] and payload["line"] in (None, receipt.line_id)
        return Decimal(0) if is_done else receipt.amount

    def subject(self, payload: Payload) -> Model | None:
        return _receipt(payload)

    def lock(self, payload: Payload) -> None:
        line_id = payload["line"] or _receipt(payload).line_id
        if line_id is not None:
            lock_line(line_id)
        Receipt.objects.select_for_update(no_key=True).get(pk=payload["receipt"])

    def seen(self, payload: Payload) -> str:
        receipt = _receipt(payload)
        return fingerprint(receipt.state, receipt.line_id, receipt.allocated, receipt.refunded)

    def check(self, payload: Payload, *, actor: User, on: date, at: datetime) -> None:
        # It is tried and taken back: only the service knows what stands against it.
        with transaction.atomic():
            self._move(payload, on=on, at=at, actor=actor, reason=str(self.label))
            transaction.set_rollback(True)

    def describe(self, payload: Payload) -> Description:
        receipt, line = _receipt(payload), self._line(payload)
        words = {
            State.MATCHED: _("Match the receipt “%(receipt)s” to member %(member)s."),
            State.UNMATCHED: _("Take the receipt “%(receipt)s” from member %(member)s: what it paid is open again."),
            State.BOUNCED: _("The bank took the receipt “%(receipt)s” back: what it paid is open again."),
            State.SET_ASIDE: _("Set the receipt “%(receipt)s” aside: it is no firm's payment."),
        }[State(payload["state"])]
        return Description(words % {"receipt": receipt, "member": line or receipt.member}, (
            (_("Amount (CNY)"), money(receipt.amount)), (_("It pays (CNY)"), money(receipt.allocated)),
            (_("Payer"), receipt.payer_name), (_("Payer's account"), mask_account(receipt.payer_account)),
            (_("Reference"), receipt.reference), (_("Bank reference"), receipt.key),
        ))

    def execute(
        self, payload: Payload, *, actor: User, checker: User | None, reason: str, on: date, at: datetime
    ) -> Outcome:
        receipt = self._move(
            payload, on=on, at=at, actor=actor, reason=reason, checker=checker, approval=self.approval_of(checker)
        )
        matched = _("The receipt is %(member)s's; %(paid)s CNY of it pay invoices, %(left)s CNY are unapplied.")
        words = {
            State.MATCHED: matched,
            State.UNMATCHED: _("The receipt is on the work list again."),
            State.BOUNCED: _("The receipt has bounced: what it had paid is open again."),
            State.SET_ASIDE: _("The receipt is set aside."),
        }[State(receipt.state)]
        facts = {"member": receipt.line, "paid": money(receipt.allocated), "left": money(receipt.unapplied)}
        return Outcome(words % facts, {"receipt": receipt.pk})

    def _move(self, payload: Payload, **facts: Any) -> Receipt:
        """By the service; `facts` are those of services/receipts."""
        receipt, state = _receipt(payload), payload["state"]
        if state == State.MATCHED:
            return match_receipt(receipt, CreditLine.objects.get(pk=payload["line"]), **facts)
        moves = {
            State.UNMATCHED: unmatch_receipt, State.BOUNCED: bounce_receipt, State.SET_ASIDE: set_receipt_aside
        }
        return moves[state](receipt, **facts)

    @staticmethod
    def _line(payload: Payload) -> CreditLine | None:
        return CreditLine.objects.select_related("member").get(pk=payload["line"]) if payload["line"] else None


class RefundReceipt(WeighedByDay):
    """Payload: {"receipt", "amount", "key", "asked_by", "asked_on"}.

    Weighed by all that is paid back of the receipt with it, and by the day. Of a receipt that who asks entered by hand
    nothing is paid back without another person: nobody says alone that money came and sends it away.
    """

    name = REFUND_RECEIPT
    kind = CreditEntry.Kind.REFUND
    label = gettext_lazy("pay unapplied credit back")
    permission = "credit.allocate_receipt"

    def record(self, payload: Payload) -> Receipt:
        return _receipt(payload)

    def before(self, payload: Payload) -> Decimal:
        return _receipt(payload).refunded

    def amount(self, payload: Payload) -> Decimal | None:
        receipt = _receipt(payload)
        is_their_own = receipt.batch_id is None and receipt.actor_id == payload["asked_by"]
        return None if is_their_own and not self.is_done(payload) else super().amount(payload)

    def seen(self, payload: Payload) -> str:
        receipt = _receipt(payload)
        return fingerprint(receipt.state, receipt.line_id, receipt.unapplied)

    def check(self, payload: Payload, *, actor: User, on: date, at: datetime) -> None:
        by_hand(payload["key"])
        refuse_more(Decimal(payload["amount"]), _receipt(payload).unapplied, _("unapplied of the receipt"))

    def describe(self, payload: Payload) -> Description:
        receipt = _receipt(payload)
        amount = money(Decimal(payload["amount"]))
        words = _("Pay %(amount)s CNY of the receipt “%(receipt)s” back to member %(member)s.")
        return Description(
            words % {"amount": amount, "receipt": receipt, "member": receipt.member},
            (
                (_("Amount (CNY)"), amount), (_("Unapplied (CNY)"), money(receipt.unapplied)),
                (_("Paid back before (CNY)"), money(receipt.refunded)), (_("Payer"), receipt.payer_name),
                (_("Payer's account"), mask_account(receipt.payer_account)), (_("Key"), payload["key"]),
            ),
        )

    def execute(
        self, payload: Payload, *, actor: User, checker: User | None, reason: str, on: date, at: datetime
    ) -> Outcome:
        entry = refund_receipt(
            _receipt(payload), Decimal(payload["amount"]), key=payload["key"], on=on, at=at, actor=actor,
            reason=reason, checker=checker, approval=self.approval_of(checker),
        )
        return Outcome(_("%(amount)s CNY were paid back.") % {"amount": money(entry.amount)}, {"entry": entry.pk})


class WriteOffInvoice(WeighedByDay, InvoiceAction):
    """Payload: {"invoice", "amount", "key", "asked_by", "asked_on"}.

    Weighed by all that is written off of the invoice with it, and by the day.
    """

    kind = CreditEntry.Kind.WRITE_OFF
    name = WRITE_OFF
    label = gettext_lazy("write an invoice off")
    permission = "credit.write_off_invoice"

    def before(self, payload: Payload) -> Decimal:
        return self.invoice(payload).written_off

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
                (_("Written off before (CNY)"), money(invoice.written_off)), (_("Due on"), str(invoice.due_on)),
                (_("Key"), payload["key"]),
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
    """Payload: {"entry": a write-off, "amount", "key"}; weighed by all that is taken back of the write-off with it."""

    name = RECOVER
    label = gettext_lazy("take a write-off back")
    permission = "credit.write_off_invoice"

    @staticmethod
    def entry(payload: Payload) -> CreditEntry:
        return CreditEntry.objects.select_related("line", "invoice", "member").get(pk=payload["entry"])

    def record(self, payload: Payload) -> CreditEntry:
        return self.entry(payload)

    def before(self, payload: Payload) -> Decimal:
        entry = self.entry(payload)
        return entry.amount - left_of(entry)

    def subject(self, payload: Payload) -> Model | None:
        return self.entry(payload).invoice

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


ACTIONS = (EnterReceipt, MoveReceipt, RefundReceipt, WriteOffInvoice, RecoverWriteOff)


def _receipt(payload: Payload) -> Receipt:
    return Receipt.objects.select_related("line", "member").get(pk=payload["receipt"])


def _entered_on(payload: Payload) -> date:
    return date.fromisoformat(payload["entered_on"])
