"""The official invoice (发票) for an invoice: requested, issued with its number, voided. It moves no money.

A voided one may be issued anew. Each step is kept with who took it, when, and why where they said. Each may be
repeated: the second time finds it done, and keeps no step.
"""

from datetime import date, datetime

from django.db import transaction
from django.utils.translation import gettext as _

from credit.errors import OfficialInvoiceError
from credit.models import Invoice, OfficialInvoiceStep
from operations.models import User

State = Invoice.Official
LENGTH, REASON = 32, 200
#: From which states each is come to.
FROM = {
    State.REQUESTED: (State.NONE, State.VOIDED), State.NONE: (State.REQUESTED,),
    State.ISSUED: (State.NONE, State.REQUESTED, State.VOIDED), State.VOIDED: (State.ISSUED,),
}


def request_official(invoice: Invoice, *, at: datetime, actor: User | None, reason: str = "") -> Invoice:
    """The firm wants one. Raises OfficialInvoiceError."""
    return _become(invoice, _step(State.REQUESTED, at=at, actor=actor, reason=reason))


def withdraw_request(invoice: Invoice, *, at: datetime, actor: User | None, reason: str = "") -> Invoice:
    """The firm does not want one after all. Raises OfficialInvoiceError."""
    return _become(invoice, _step(State.NONE, at=at, actor=actor, reason=reason))


def issue_official(
    invoice: Invoice, *, number: str, issued_on: date, on: date, at: datetime, actor: User | None, reason: str = ""
) -> Invoice:
    """It was issued, under the tax authority's number. Raises OfficialInvoiceError."""
    number = number.strip()
    if not number or len(number) > LENGTH:
        raise OfficialInvoiceError(_("An official invoice has a number of up to 32 characters."))
    if not invoice.invoiced_on <= issued_on <= on:
        raise OfficialInvoiceError(_("It is issued on the invoice's day or later, and not in days to come."))
    step = _step(State.ISSUED, at=at, actor=actor, reason=reason)
    step.number, step.issued_on = number, issued_on
    return _become(invoice, step)


def void_official(invoice: Invoice, *, at: datetime, actor: User | None, reason: str = "") -> Invoice:
    """It was voided (作废/红冲); number and day stay, as what was voided. Raises OfficialInvoiceError."""
    return _become(invoice, _step(State.VOIDED, at=at, actor=actor, reason=reason))


def _step(state: State, *, at: datetime, actor: User | None, reason: str) -> OfficialInvoiceStep:
    return OfficialInvoiceStep(state=state, at=at, actor=actor, reason=reason.strip()[:REASON])


@transaction.atomic
def _become(invoice: Invoice, step: OfficialInvoiceStep) -> Invoice:
    """Take the step; what is voided keeps number and day. Locks the invoice."""
    there = Invoice.objects.select_for_update(no_key=True).get(pk=invoice.pk)
    if there.kind == Invoice.Kind.CLAIM:
        raise OfficialInvoiceError(_("What is claimed back was not sold: there is no official invoice for it."))
    if step.state == State.VOIDED:
        step.number, step.issued_on = there.official_number, there.official_on
    if (there.official_state, there.official_number, there.official_on) == (step.state, step.number, step.issued_on):
        return there
    if there.official_state not in FROM[State(step.state)]:
        raise OfficialInvoiceError(
            _("The official invoice is “%(state)s”.") % {"state": there.get_official_state_display()}
        )
    Invoice.objects.filter(pk=there.pk).update(
        official_state=step.state, official_number=step.number, official_on=step.issued_on
    )
    step.invoice, step.member_id = there, there.member_id
    step.save(force_insert=True)
    return Invoice.objects.get(pk=there.pk)
