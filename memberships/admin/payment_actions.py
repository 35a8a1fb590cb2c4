"""What can be done to a payment by hand: try it again, give it back."""

from datetime import date
from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpRequest
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from unfold.widgets import UnfoldAdminSelectWidget

from memberships.admin.actions import Asked, ConfirmForm, RecordAction, Told, who_and_when
from memberships.admin.payment_page import money, sentence, words_of
from memberships.models import Payment, PaymentMethod
from memberships.services.payments import retry_payment

State = Payment.State
CHANGE = "memberships.change_subscription"
REFUND = "memberships.refund_payment"


def card_url(payment: Payment) -> str:
    """The card's page, at the payment."""
    card = reverse("admin:memberships_subscription_change", args=[payment.subscription_id])
    return f"{card}#payment-{payment.pk}"


def usable_methods(member_id: int) -> Any:
    """The member's payment methods that can be charged."""
    return PaymentMethod.objects.filter(member=member_id, removed_on=None).order_by("-pk")


class MethodField(forms.ModelChoiceField):
    """One of a member's payment methods that can be charged."""

    def __init__(self, member_id: int) -> None:
        super().__init__(
            usable_methods(member_id), label=gettext_lazy("Payment method"), empty_label=None,
            widget=UnfoldAdminSelectWidget(),
        )


class MethodForm(ConfirmForm):
    """By which of the member's payment methods."""

    first_fields = ("method",)

    def __init__(self, data: Any, *, member_id: int, method_id: int | None, **options: Any) -> None:
        super().__init__(data, initial={"method": method_id}, **options)
        self.fields["method"] = MethodField(member_id)
        self.order_fields([*self.first_fields, "reason", "seen"])


def tell(payment: Payment) -> Told:
    """What became of a charge, in words."""
    if payment.state == State.SUCCEEDED:
        return Told(
            messages.SUCCESS,
            _("%(amount)s were paid, for %(first)s to %(last)s.")
            % {"amount": money(payment.amount), "first": payment.starts_on, "last": payment.ends_on},
        )
    if payment.state == State.DECLINED:
        return Told(messages.ERROR, sentence(payment))
    return Told(messages.WARNING, _("The gateway has not answered yet; it is being asked what became of the charge."))


class RetryAction(RecordAction[Payment]):
    """The next attempt of a declined payment, now."""

    name = "retry"
    label = gettext_lazy("Try the payment again")
    permission = CHANGE
    variant = "primary"

    def is_offered(self, record: Payment, *, on: date) -> bool:
        return record.state == State.DECLINED

    def seen(self, record: Payment) -> str:
        return f"{record.attempt} {record.state}"

    def asked(self, record: Payment, data: Any, *, seen: str, on: date) -> Asked:
        if record.state != State.DECLINED:
            return Asked(refusal=_("Only a declined payment is tried again."))
        if not usable_methods(record.member_id).exists():
            return Asked(refusal=_("The member has no payment method that could be charged."))
        method = record.subscription.payment_method_id or record.method_id
        return Asked(
            MethodForm(data, seen=seen, member_id=record.member_id, method_id=method),
            facts=(
                (_("Amount"), money(record.amount)),
                (_("Term"), f"{record.starts_on:%Y-%m-%d} – {record.ends_on:%Y-%m-%d}"),
                (_("Attempt"), record.attempt + 1),
                (_("Last answer"), words_of(record.code) or "–"),
            ),
            note=_("The gateway is asked for the money at once. If it declines, the payment stays owed."),
        )

    def do(self, record: Payment, form: Any, *, on: date, request: HttpRequest) -> Told:
        method = form.cleaned_data["method"]
        return tell(retry_payment(record, method=method, on=on, **who_and_when(request, form)))

    def page_of(self, record: Payment) -> str:
        return card_url(record)


ACTIONS: tuple[RecordAction[Payment], ...] = (RetryAction(),)
