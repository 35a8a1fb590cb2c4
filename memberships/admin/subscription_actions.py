"""What can be done to a card by hand: pay for it, renew it, cancel it, take it up again."""

from datetime import date, timedelta
from typing import Any, NamedTuple

from django.contrib import messages
from django.http import HttpRequest
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from memberships.admin.actions import Asked, ConfirmForm, Fact, RecordAction, Told, who_and_when
from memberships.admin.payment_actions import CHANGE, CHARGE_NOTE, NO_METHOD, MethodForm, span, tell, usable_methods
from memberships.admin.payment_page import money
from memberships.dates import term_bounds
from memberships.models import Payment, Plan, Subscription
from memberships.services import statements
from memberships.services.first_terms import pay_first_term, reactivate_subscription, version_on_sale
from memberships.services.renewals import renew_subscription
from memberships.services.resumptions import resume_subscription, why_not_resumed, with_what_follows
from memberships.services.subscriptions import cancel_subscription, first_free_day
from operations.admin.reasons import record_url
from operations.errors import PlusdeskError

Status = Subscription.Status
RESUME_NOTE = gettext_lazy(
    "The card goes on after its last paid day: the next term is charged as if it had not been cancelled. The member is "
    "told."
)
OPEN = (Payment.State.REQUESTED, Payment.State.UNKNOWN)


class CardAction(RecordAction[Any]):
    """A card comes with its annotated status, its plan and method, and the payments that are owed or under way."""

    permission = CHANGE

    def seen(self, record: Any) -> str:
        payments = [f"{payment.pk}-{payment.attempt}-{payment.state}" for payment in record.unpaid_payments]
        return " ".join(map(str, (record.paid_until, record.ended_on, record.plan_id, *payments)))

    def page_of(self, record: Any) -> str:
        return record_url(record)


class ChargeAction(CardAction):
    """Something that charges one of the member's payment methods at once."""

    variant = "primary"
    note: Any = CHARGE_NOTE

    def charge(self, record: Any, *, on: date) -> "Charge | None":
        """What would be charged; None: nothing. PlusdeskError when it cannot be."""
        raise NotImplementedError

    def asked(self, record: Any, data: Any, *, seen: str, on: date) -> Asked:
        try:
            charge = self.charge(record, on=on) if self.is_offered(record, on=on) else None
        except PlusdeskError as error:
            return Asked(refusal=str(error))
        if charge is None:
            return Asked(refusal=_("Nothing is to be charged for this card now."))
        if not usable_methods(record.member_id).exists():
            return Asked(refusal=NO_METHOD)
        form = MethodForm(data, seen=seen, member_id=record.member_id, method_id=record.payment_method_id)
        return Asked(form, facts=charge.facts(), note=self.note)


class Charge(NamedTuple):
    """What would be charged for which term."""

    amount: Any
    first: date
    last: date | None

    def facts(self) -> tuple[Fact, ...]:
        term = span(self.first, self.last) if self.last else _("from %(day)s") % {"day": self.first}
        return (_("Amount"), money(self.amount)), (_("Term"), term)


class RenewAction(ChargeAction):
    """The charge of the next term, as the night would make it, now."""

    name = "renew"
    label = gettext_lazy("Renew now")

    def is_offered(self, record: Any, *, on: date) -> bool:
        return (
            record.ended_on is None and record.paid_until is not None and not record.unpaid_payments
            and record.paid_until - timedelta(days=record.plan.lead_days) <= on
            and on <= record.paid_until + timedelta(days=record.plan.grace_days)
        )

    def charge(self, record: Any, *, on: date) -> Charge | None:
        """As the night says it; where it says nothing for want of a method, by the plan."""
        for amount, _number, first, last, _method in statements.rows("renewals/quote", on=on, card=record.pk):
            return Charge(amount, first, last)
        if record.payment_method is not None and record.payment_method.removed_on is None:
            return None
        first = record.paid_until + timedelta(days=1)
        plan = Plan.objects.on_sale(on=first).filter(programme=record.programme_id, code=record.plan.code).first()
        return Charge((plan or record.plan).price, first, None)

    def do(self, record: Any, form: Any, *, on: date, request: HttpRequest) -> Told:
        chosen = form.cleaned_data["method"]
        method = chosen if chosen.pk != record.payment_method_id else None
        return tell(renew_subscription(record, method=method, on=on, **who_and_when(request, form)))


class PayAction(ChargeAction):
    """The charge of the first term of a card that was asked for."""

    name = "pay"
    label = gettext_lazy("Pay for the card")

    def is_offered(self, record: Any, *, on: date) -> bool:
        is_open = any(payment.state in OPEN for payment in record.unpaid_payments)
        return record.started_on is None and record.ended_on is None and not is_open

    def charge(self, record: Any, *, on: date) -> Charge | None:
        return first_term(record, on=on)

    def do(self, record: Any, form: Any, *, on: date, request: HttpRequest) -> Told:
        method = form.cleaned_data["method"]
        return tell(pay_first_term(record, method=method, on=on, **who_and_when(request, form)))


class ReactivateAction(ChargeAction):
    """A new card in the place of a lapsed one."""

    name = "reactivate"
    label = gettext_lazy("Take the card up again")
    note = gettext_lazy("The member gets a new card of this plan. The gateway is asked for the money at once.")

    def is_offered(self, record: Any, *, on: date) -> bool:
        return bool(record.status == Status.LAPSED)

    def charge(self, record: Any, *, on: date) -> Charge | None:
        return first_term(record, on=on)

    def do(self, record: Any, form: Any, *, on: date, request: HttpRequest) -> Told:
        method = form.cleaned_data["method"]
        payment = reactivate_subscription(record, method=method, on=on, **who_and_when(request, form))
        new_card = reverse("admin:memberships_subscription_change", args=[payment.subscription_id])
        return tell(payment)._replace(url=new_card)


def first_term(record: Any, *, on: date) -> Charge:
    """What the first term of a card costs when it is paid for today. PlanNotOnSaleError."""
    plan = version_on_sale(record.plan, on=on)
    first, last = term_bounds(first_free_day(record.member, record.programme, on=on), plan.term_months, 1)
    return Charge(plan.price, first, last)


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


class ResumeAction(CardAction):
    """A cancellation is taken back while the card is still paid for."""

    name = "resume"
    label = gettext_lazy("Resume the renewal")

    def is_offered(self, record: Any, *, on: date) -> bool:
        return record.cancelled_on is not None and record.refunded_on is None and record.status == Status.ACTIVE

    def asked(self, record: Any, data: Any, *, seen: str, on: date) -> Asked:
        found = with_what_follows(Subscription.objects.filter(pk=record.pk)).get()
        if why := why_not_resumed(found, on=on):
            return Asked(refusal=why)
        method = found.payment_method
        facts = (
            (_("Cancelled on"), found.cancelled_on), (_("Paid until"), found.paid_until),
            (_("Payment method"), method if method is not None and method.removed_on is None else "–"),
        )
        return Asked(ConfirmForm(data, seen=seen), facts=facts, note=RESUME_NOTE)

    def do(self, record: Any, form: Any, *, on: date, request: HttpRequest) -> Told:
        resumed = resume_subscription(
            record, on=on, reason=form.cleaned_data["reason"], actor=request.user,  # type: ignore[arg-type]
        )
        words = _("The cancellation is taken back; the card is paid until %(day)s.")
        return Told(messages.SUCCESS, words % {"day": resumed.paid_until})


ACTIONS: tuple[CardAction, ...] = (PayAction(), RenewAction(), ReactivateAction(), CancelAction(), ResumeAction())
