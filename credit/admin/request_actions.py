"""What can be done to a credit request: grant it, for less perhaps, decline it, withdraw it."""

from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpRequest
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from unfold.widgets import UnfoldAdminSelectWidget, UnfoldAdminTextareaWidget

from credit.admin.line_actions import day_field, money_field
from credit.admin.request_page import Allowed, allowed_by
from credit.admin.terms_form import TermsForm
from credit.errors import money
from credit.line_approvals import GrantCredit
from credit.services.decisions import decline_request
from credit.services.requests import withdraw_request
from memberships.admin.actions import Asked, ConfirmForm, Fact, RecordAction, Told, who_and_when
from memberships.admin.points_actions import NOTE, tell
from memberships.models import CreditRequest, Subscription
from operations.admin.reasons import record_url
from operations.services.approvals import ask

DECIDE = "credit.decide_credit"
#: When a line is looked at again, unless another day is said.
REVIEW_DAYS = 180
State = CreditRequest.State


class RequestAction(RecordAction[CreditRequest]):
    """Something that ends a request."""

    permission = DECIDE

    def is_offered(self, record: CreditRequest, *, on: date) -> bool:
        return record.state == State.OPEN

    def seen(self, record: CreditRequest) -> str:
        return f"{record.state} {record.limit} {record.term_days}"

    def asked(self, record: CreditRequest, data: Any, *, seen: str, on: date) -> Asked:
        return Asked(ConfirmForm(data, seen=seen), facts=facts_of(record), refusal=self.refused(record))

    def refused(self, record: CreditRequest) -> str:
        if record.state == State.OPEN:
            return ""
        return _("The request is decided already: %(state)s.") % {"state": record.get_state_display()}

    def page_of(self, record: CreditRequest) -> str:
        return record_url(record)


def facts_of(asked: CreditRequest) -> tuple[Fact, ...]:
    """What stands above every form about a request."""
    customer = getattr(asked.member, "customer", None)
    return (
        (_("Legal name"), customer.legal_name if customer else "–"), (_("Member"), asked.member.number),
        (_("Requested limit (CNY)"), "–" if asked.limit is None else money(asked.limit)),
        (_("Requested term (days)"), asked.term_days or "–"), (_("Requested on"), asked.requested_on),
    )


class GrantForm(TermsForm):
    """By which card, up to what, on which terms."""

    first_fields = (
        "card", "limit", "term_kind", "days", "statement_day", "repayment_day", "longest_days", "rolling", "review_on",
        "evidence",
    )
    card = forms.ModelChoiceField(
        Subscription.objects.none(), label=gettext_lazy("Card"), empty_label=None, widget=UnfoldAdminSelectWidget()
    )
    limit = money_field(gettext_lazy("Limit (CNY)"))
    review_on = day_field(gettext_lazy("Next review"), is_required=False)
    evidence = forms.CharField(
        label=gettext_lazy("Evidence"), max_length=500, required=False,
        widget=UnfoldAdminTextareaWidget(attrs={"rows": 2}),
        help_text=gettext_lazy("What was looked at besides: reports, guarantees. Name no personal data here."),
    )

    def __init__(self, data: Any, *, cards: list[Subscription], **options: Any) -> None:
        super().__init__(data, unchosen=_("the terms of the card"), **options)
        field: Any = self.fields["card"]
        field.queryset = Subscription.objects.filter(pk__in=[card.pk for card in cards]).select_related("plan")
        field.label_from_instance = lambda card: str(card.plan)


class GrantAction(RequestAction):
    """The card has its line, or its line another limit, from today."""

    name = "grant"
    label = gettext_lazy("Grant the request")
    variant = "primary"

    def asked(self, record: CreditRequest, data: Any, *, seen: str, on: date) -> Asked:
        if refusal := self.refused(record):
            return Asked(refusal=refusal)
        allowed = allowed_by(record, on=on)
        if not allowed:
            return Asked(refusal=_("The firm holds no card that gives credit."))
        most = allowed[0].offer.limit
        initial = {
            "card": allowed[0].card.pk, "limit": min(record.limit or most, most),
            "review_on": on + timedelta(days=REVIEW_DAYS),
        }
        form = GrantForm(data, seen=seen, cards=[each.card for each in allowed], initial=initial)
        return Asked(form, facts=(*facts_of(record), *_offers(allowed)), note=NOTE)

    def do(self, record: CreditRequest, form: Any, *, on: date, request: HttpRequest) -> Told:
        chosen = form.cleaned_data
        payload = GrantCredit.payload_of(
            record, chosen["card"], limit=Decimal(chosen["limit"]), terms=form.terms(), review_on=chosen["review_on"],
            facts={"evidence": chosen["evidence"]} if chosen["evidence"].strip() else None,
        )
        return tell(ask(GrantCredit.name, payload, on=on, **who_and_when(request, form)))


def _offers(allowed: list[Allowed]) -> tuple[Fact, ...]:
    """What each card allows, and what the firm lacks for it."""
    return tuple(
        (
            each.card.plan,
            _("up to %(limit)s CNY, %(terms)s") % {"limit": money(each.offer.limit), "terms": each.terms}
            + ("" if each.is_reached else " · " + _("minimum standing not reached")),
        )
        for each in allowed
    )


class DeclineAction(RequestAction):
    """Nothing is granted."""

    name = "decline"
    label = gettext_lazy("Decline the request")

    def do(self, record: CreditRequest, form: Any, *, on: date, request: HttpRequest) -> Told:
        allowed = allowed_by(record, on=on)
        decline_request(record, on=on, card=allowed[0].card if allowed else None, **who_and_when(request, form))
        return Told(messages.SUCCESS, _("The request is declined."))


class WithdrawAction(RequestAction):
    """The firm does not ask any more."""

    name = "withdraw"
    label = gettext_lazy("Withdraw")

    def do(self, record: CreditRequest, form: Any, *, on: date, request: HttpRequest) -> Told:
        withdraw_request(record, actor=request.user, reason=form.cleaned_data["reason"])  # type: ignore[arg-type]
        return Told(messages.SUCCESS, _("The request is withdrawn."))


ACTIONS: tuple[RecordAction[CreditRequest], ...] = (GrantAction(), DeclineAction(), WithdrawAction())
