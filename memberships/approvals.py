"""What of memberships takes two people over a limit: giving money back."""

from datetime import date, datetime
from decimal import Decimal
from functools import partial
from typing import Any

from django.db import transaction
from django.db.models import Model, Sum
from django.utils.formats import number_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from memberships.models import Payment, Refund
from memberships.services.members import lock_member
from memberships.services.refunds import refuse_refund, request_refund, send_refund
from operations.approvals import ApprovalAction, Description, Outcome, Payload, fingerprint
from operations.models import User


class RefundPayment(ApprovalAction):
    """Payload: {"payment", "amount", "ends_card", "refunds": how many the payment had}; the amount is CNY.

    Weighed by all that is given back of the payment with it, so that many small refunds weigh as much as one.
    """

    name = "refund_payment"
    label = gettext_lazy("refund a payment")
    unit = "CNY"
    permission = "memberships.refund_payment"

    @staticmethod
    def payload_of(payment: Payment, *, amount: Decimal, ends_card: bool, refunds: int) -> dict[str, Any]:
        """What giving back so much of a payment is, which had so many refunds when it was looked at."""
        return {"payment": payment.pk, "amount": f"{amount:.2f}", "ends_card": ends_card, "refunds": refunds}

    def amount(self, payload: Payload) -> Decimal | None:
        # Those that there were when it was looked at: a repeat weighs what it weighed.
        before = Refund.objects.filter(payment=payload["payment"], number__lte=payload["refunds"])
        given = before.exclude(state=Refund.State.DECLINED).aggregate(sum=Sum("amount"))["sum"]
        return Decimal(payload["amount"]) + (given or 0)

    def check(self, payload: Payload, *, actor: User, on: date, at: datetime) -> None:
        payment = self._payment(payload)
        refuse_refund(payment, Decimal(payload["amount"]), ends_card=payload["ends_card"], reason="–", on=on)

    def describe(self, payload: Payload) -> Description:
        payment = self._payment(payload)
        summary = (
            _("Give back %(amount)s CNY of a payment for %(plan)s of member %(member)s; the card ends.")
            if payload["ends_card"]
            else _("Give back %(amount)s CNY of a payment for %(plan)s of member %(member)s; the card goes on.")
        )
        amount = number_format(Decimal(payload["amount"]), 2)
        named = {"amount": amount, "plan": payment.plan, "member": payment.member.number}
        return Description(
            summary % named,
            (
                (_("Paid (CNY)"), number_format(payment.amount, 2)),
                (_("Refunded before (CNY)"), number_format(payment.refunded, 2)),
                (_("To be given back (CNY)"), amount),
                (_("Goes back to"), str(payment.method)),
            ),
        )

    def subject(self, payload: Payload) -> Model | None:
        return self._payment(payload)

    def lock(self, payload: Payload) -> None:
        lock_member(self._payment(payload).member_id)

    def seen(self, payload: Payload) -> str:
        payment = self._payment(payload)
        card = payment.subscription
        return fingerprint(payment.state, payment.refunded, payment.refunds.count(), card.ended_on, card.paid_until)

    def execute(
        self, payload: Payload, *, actor: User, checker: User | None, reason: str, on: date, at: datetime
    ) -> Outcome:
        refund, is_new = request_refund(
            self._payment(payload), amount=Decimal(payload["amount"]), ends_card=payload["ends_card"],
            expected_refunds=payload["refunds"], on=on, at=at, reason=reason, actor=actor,
        )
        if is_new:
            # What goes wrong there is found by the job that asks about open refunds.
            transaction.on_commit(partial(send_refund, refund, on=on, at=at, actor=actor), robust=True)
        return Outcome(_("The refund is booked and sent to the gateway."), {"refund": refund.pk})

    @staticmethod
    def _payment(payload: Payload) -> Payment:
        related = ("subscription", "term", "method", "plan", "member")
        return Payment.objects.select_related(*related).get(pk=payload["payment"])
