"""What can be done to a payment by hand: try it again, give it back."""

from datetime import date
from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpRequest
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from unfold.widgets import UnfoldAdminDecimalFieldWidget, UnfoldAdminRadioSelectWidget, UnfoldAdminSelectWidget

from memberships.admin.actions import Asked, ConfirmForm, RecordAction, Told, who_and_when
from memberships.admin.payment_page import left_to_refund, money, sentence, words_of
from memberships.approvals import RefundPayment
from memberships.models import Payment, PaymentMethod, Refund
from memberships.refund_facts import facts_of
from memberships.services.renewals import pay_subscription
from operations.admin.approval_pages import waits_in_words
from operations.models import Approval
from operations.services.approvals import ask

State = Payment.State
CHARGE_NOTE = gettext_lazy(
    "The gateway is asked for the money at once; from then on the card is renewed by this method."
)
NO_METHOD = gettext_lazy("The member has no payment method that could be charged.")
CHANGE = "memberships.change_subscription"
REFUND = "memberships.refund_payment"


def card_url(payment: Payment) -> str:
    """The card's page, at the payment."""
    card = reverse("admin:memberships_subscription_change", args=[payment.subscription_id])
    return f"{card}#payment-{payment.pk}"


def usable_methods(member_id: int) -> Any:
    """The member's payment methods that can be charged."""
    return PaymentMethod.objects.filter(member=member_id, removed_on=None).order_by("-pk")


def span(first: date, last: date) -> str:
    """First and last day."""
    return f"{first:%Y-%m-%d} – {last:%Y-%m-%d}"


class MethodField(forms.ModelChoiceField):  # type: ignore[type-arg]
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
    """The next attempt of a declined payment, now; the method that is named becomes the card's."""

    name = "retry"
    label = gettext_lazy("Try the payment again")
    permission = CHANGE
    variant = "primary"

    def is_offered(self, record: Payment, *, on: date) -> bool:
        # A declined first term is paid for anew, from its card: its days begin when it is paid.
        return record.state == State.DECLINED and record.purpose == Payment.Purpose.RENEWAL

    def seen(self, record: Payment) -> str:
        return f"{record.attempt} {record.state}"

    def asked(self, record: Payment, data: Any, *, seen: str, on: date) -> Asked:
        if not self.is_offered(record, on=on):
            return Asked(refusal=_("Only a declined payment of a renewal is tried again."))
        if not usable_methods(record.member_id).exists():
            return Asked(refusal=NO_METHOD)
        method = record.subscription.payment_method_id or record.method_id
        return Asked(
            MethodForm(data, seen=seen, member_id=record.member_id, method_id=method),
            facts=(
                (_("Amount"), money(record.amount)),
                (_("Term"), span(record.starts_on, record.ends_on)),
                (_("Attempt"), record.attempt + 1),
                (_("Last answer"), words_of(record.code) or "–"),
            ),
            note=CHARGE_NOTE,
        )

    def do(self, record: Payment, form: Any, *, on: date, request: HttpRequest) -> Told:
        chosen, card = form.cleaned_data["method"], record.subscription
        method = chosen if chosen.pk != card.payment_method_id else None
        return tell(pay_subscription(card, method=method, on=on, **who_and_when(request, form)))

    def page_of(self, record: Payment) -> str:
        return card_url(record)


class RefundForm(ConfirmForm):
    """How much, and what becomes of the card."""

    amount = forms.DecimalField(
        label=gettext_lazy("Amount (CNY)"), max_digits=12, decimal_places=2, widget=UnfoldAdminDecimalFieldWidget()
    )
    card = forms.ChoiceField(
        label=gettext_lazy("The card"),
        choices=[
            ("ends", gettext_lazy("ends today: the days that this payment paid for are taken back")),
            ("goes_on", gettext_lazy("keeps its paid days")),
        ],
        widget=UnfoldAdminRadioSelectWidget(),
    )
    first_fields = ("amount", "card")


class RefundAction(RecordAction[Payment]):
    """Money given back of a payment; comes with `has_open_refund`."""

    name = "refund"
    label = gettext_lazy("Refund the payment")
    permission = REFUND

    def is_offered(self, record: Payment, *, on: date) -> bool:
        is_refundable = record.state == State.SUCCEEDED and left_to_refund(record) > 0
        return is_refundable and not record.has_open_refund  # type: ignore[attr-defined]

    def seen(self, record: Payment) -> str:
        return f"{record.state} {record.refunded} {record.refunds.count()}"

    def asked(self, record: Payment, data: Any, *, seen: str, on: date) -> Asked:
        if not self.is_offered(record, on=on):
            return Asked(refusal=_("Nothing of this payment can be refunded now."))
        left = left_to_refund(record)
        return Asked(
            RefundForm(data, seen=seen, initial={"amount": left}),
            facts=(
                (_("Paid"), money(record.amount)),
                (_("Refunded"), money(record.refunded)),
                (_("Left"), money(left)),
                (_("Term"), span(record.starts_on, record.ends_on)),
                *facts_of(record, on=on),
                (_("Goes back to"), record.method),
            ),
            note=_("The gateway is asked at once; over your limit, when a second person has approved."),
        )

    def do(self, record: Payment, form: Any, *, on: date, request: HttpRequest) -> Told:
        payload = RefundPayment.payload_of(
            record, amount=form.cleaned_data["amount"], ends_card=form.cleaned_data["card"] == "ends",
            refunds=int(form.cleaned_data["seen"].rpartition(" ")[2]),
        )
        result = ask(RefundPayment.name, payload, on=on, **who_and_when(request, form))
        if isinstance(result, Approval):
            return Told(messages.WARNING, waits_in_words(result))
        return tell_refund(Refund.objects.get(pk=result.data["refund"]))

    def page_of(self, record: Payment) -> str:
        return card_url(record)


def tell_refund(refund: Refund) -> Told:
    """What became of a refund, in words."""
    if refund.state == Refund.State.SUCCEEDED:
        card = refund.payment.subscription
        if refund.ends_card and card.refunded_on is not None:
            text = _("%(amount)s were given back; the card has ended.")
        elif card.ended_on is not None and card.ended_on <= refund.requested_on:
            text = _("%(amount)s were given back; the card was over before.")
        else:
            text = _("%(amount)s were given back; the card keeps its paid days.")
        return Told(messages.SUCCESS, text % {"amount": money(refund.amount)})
    if refund.state == Refund.State.DECLINED:
        why = words_of(refund.code) or _("no reason given")
        return Told(messages.ERROR, _("The gateway declined the refund: %(why)s.") % {"why": why})
    return Told(messages.WARNING, _("The gateway has not answered yet; it is being asked what became of the refund."))


ACTIONS: tuple[RecordAction[Payment], ...] = (RetryAction(), RefundAction())
