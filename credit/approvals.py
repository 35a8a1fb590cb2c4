"""What the approval actions of credit share: rows keep who asked, who approved, and by which request."""

from datetime import date
from decimal import Decimal

from django.db.models import Model
from django.utils.functional import Promise

from credit.models import CreditEntry, Invoice, Receipt
from credit.services.allocations import by_hand
from credit.services.lines import lock_line
from credit.services.receipt_offers import booked_alone
from operations.approvals import ApprovalAction, Payload
from operations.audit import said
from operations.models import Approval, User


class CreditAction(ApprovalAction):
    """Something that moves a limit or money of a line."""

    unit: str | Promise = "CNY"

    @staticmethod
    def approval_of(checker: User | None) -> Approval | None:
        """The request that is being executed, for the row that keeps it; None where nobody had to approve.

        `operations.services.approvals` says which it is to the audit trail, and so to whoever asks.
        """
        return None if checker is None else Approval.objects.get(pk=said("approval"))


class AmountAction(CreditAction):
    """Payload: {"amount", "key", …}: so much of a record is booked under a key.

    Weighed by what comes of the record with it, so that many small amounts weigh as much as one. A repeat of a key that
    is done adds nothing.
    """

    def record(self, payload: Payload) -> Receipt | Invoice | CreditEntry:
        """What it is booked on."""
        raise NotImplementedError

    def before(self, payload: Payload) -> Decimal:
        """What was booked of the record in this way before, and not taken back."""
        raise NotImplementedError

    def is_done(self, payload: Payload) -> bool:
        """Whether the key was booked before."""
        member_id = self.record(payload).member_id
        return CreditEntry.objects.filter(member=member_id, key=by_hand(payload["key"])).exists()

    def amount(self, payload: Payload) -> Decimal | None:
        return Decimal(0) if self.is_done(payload) else self.before(payload) + Decimal(payload["amount"])

    def subject(self, payload: Payload) -> Model | None:
        return self.record(payload)

    def lock(self, payload: Payload) -> None:
        line_id = self.record(payload).line_id
        if line_id is not None:
            lock_line(line_id)


class InvoiceAction(AmountAction):
    """Payload: {"invoice", "amount", "key", …}."""

    @staticmethod
    def invoice(payload: Payload) -> Invoice:
        return Invoice.objects.select_related("line", "member").get(pk=payload["invoice"])

    def record(self, payload: Payload) -> Invoice:
        return self.invoice(payload)


class WeighedByDay(AmountAction):
    """Payload: "asked_by" and "asked_on" besides.

    Weighed at least by all that the same person did of the kind alone on that business date, of whatever records.
    """

    #: What it books.
    kind: CreditEntry.Kind

    def amount(self, payload: Payload) -> Decimal | None:
        amount = super().amount(payload)
        # Requests that waited before the day was weighed do not say it.
        if not amount or "asked_by" not in payload:
            return amount
        alone = booked_alone(payload["asked_by"], self.kind, on=date.fromisoformat(payload["asked_on"]))
        return max(amount, alone + Decimal(payload["amount"]))

    def lock(self, payload: Payload) -> None:
        if "asked_by" in payload:
            lock_person(payload["asked_by"])
        super().lock(payload)


def lock_person(user_id: int) -> None:
    """Of two that a person does at once the later one is weighed with the first."""
    User.objects.select_for_update(no_key=True).get(pk=user_id)
