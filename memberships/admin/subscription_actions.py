"""What can be done to a card by hand: renew it, cancel it."""

from datetime import date, timedelta
from typing import Any

from django.contrib import messages
from django.http import HttpRequest
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from memberships.admin.actions import Asked, ConfirmForm, RecordAction, Told, who_and_when
from memberships.admin.payment_actions import CHANGE, tell
from memberships.admin.payment_page import UNPAID, money
from memberships.models import Subscription
from memberships.services import statements
from memberships.services.renewals import renew_subscription
from memberships.services.subscriptions import cancel_subscription
from operations.admin.reasons import record_url

Status = Subscription.Status


class CardAction(RecordAction[Any]):
    """A card comes with its annotated status, its plan, and the payments that are owed or under way."""

    permission = CHANGE

    def seen(self, record: Any) -> str:
        payments = [f"{payment.pk}-{payment.attempt}-{payment.state}" for payment in record.unpaid_payments]
        return " ".join(map(str, (record.paid_until, record.ended_on, record.plan_id, *payments)))

    def page_of(self, record: Any) -> str:
        return record_url(record)


def has_unpaid(subscription: Any) -> bool:
    return any(payment.state in UNPAID for payment in subscription.unpaid_payments)


class RenewAction(CardAction):
    """The charge of the next term, as the night would make it, now."""

    name = "renew"
    label = gettext_lazy("Renew now")
    variant = "primary"

    def is_offered(self, record: Any, *, on: date) -> bool:
        method = record.payment_method
        return (
            record.ended_on is None and record.paid_until is not None and not has_unpaid(record)
            and method is not None and method.removed_on is None
            and record.paid_until - timedelta(days=record.plan.lead_days) <= on
            and on <= record.paid_until + timedelta(days=record.plan.grace_days)
        )

    def asked(self, record: Any, data: Any, *, seen: str, on: date) -> Asked:
        quotes = statements.rows("renewals/quote", on=on, card=record.pk)
        if not quotes:
            return Asked(refusal=_("Nothing is due for this card now."))
        ((amount, number, first, last, _method),) = quotes
        return Asked(
            ConfirmForm(data, seen=seen),
            facts=(
                (_("Amount"), money(amount)),
                (_("Term"), f"{number}: {first:%Y-%m-%d} – {last:%Y-%m-%d}"),
                (_("Payment method"), record.payment_method),
            ),
            note=_("The gateway is asked for the money at once."),
        )

    def do(self, record: Any, form: Any, *, on: date, request: HttpRequest) -> Told:
        return tell(renew_subscription(record, on=on, **who_and_when(request, form)))


class CancelAction(CardAction):
    """The end of a card with its last paid day."""

    name = "cancel"
    label = gettext_lazy("Cancel the card")

    def is_offered(self, record: Any, *, on: date) -> bool:
        return record.cancelled_on is None and record.status in (Status.PENDING, Status.ACTIVE, Status.IN_GRACE)

    def asked(self, record: Any, data: Any, *, seen: str, on: date) -> Asked:
        return Asked(
            ConfirmForm(data, seen=seen),
            facts=((_("Paid until"), record.paid_until or "–"),),
            note=_("Paid days go on to the end of the term. A card with no paid day left ends at once."),
        )

    def do(self, record: Any, form: Any, *, on: date, request: HttpRequest) -> Told:
        cancelled = cancel_subscription(
            record, on=on, reason=form.cleaned_data["reason"], actor=request.user,  # type: ignore[arg-type]
        )
        return Told(messages.SUCCESS, _("The card is cancelled; it ends on %(day)s.") % {"day": cancelled.ended_on})


ACTIONS: tuple[CardAction, ...] = (RenewAction(), CancelAction())
