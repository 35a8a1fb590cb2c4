"""The official invoice (发票) for an invoice: requested, issued with its number, voided. It moves no money.

A voided one may be issued anew. Each of these may be repeated: the second time finds it done.
"""

from datetime import date

from django.db import transaction
from django.utils.translation import gettext as _

from credit.errors import OfficialInvoiceError
from credit.models import Invoice

State = Invoice.Official
LENGTH = 32
#: From which states each is come to.
FROM = {
    State.REQUESTED: (State.NONE, State.VOIDED), State.NONE: (State.REQUESTED,),
    State.ISSUED: (State.NONE, State.REQUESTED, State.VOIDED), State.VOIDED: (State.ISSUED,),
}


def request_official(invoice: Invoice) -> Invoice:
    """The firm wants one. Raises OfficialInvoiceError."""
    return _become(invoice, State.REQUESTED, number="", day=None)


def withdraw_request(invoice: Invoice) -> Invoice:
    """The firm does not want one after all. Raises OfficialInvoiceError."""
    return _become(invoice, State.NONE, number="", day=None)


def issue_official(invoice: Invoice, *, number: str, issued_on: date, on: date) -> Invoice:
    """It was issued, under the tax authority's number. Raises OfficialInvoiceError."""
    number = number.strip()
    if not number or len(number) > LENGTH:
        raise OfficialInvoiceError(_("An official invoice has a number of up to 32 characters."))
    if not invoice.invoiced_on <= issued_on <= on:
        raise OfficialInvoiceError(_("It is issued on the invoice's day or later, and not in days to come."))
    return _become(invoice, State.ISSUED, number=number, day=issued_on)


def void_official(invoice: Invoice) -> Invoice:
    """It was voided (作废/红冲); number and day stay, as what was voided. Raises OfficialInvoiceError."""
    return _become(invoice, State.VOIDED, number=None, day=None)


@transaction.atomic
def _become(invoice: Invoice, state: State, *, number: str | None, day: date | None) -> Invoice:
    """Without a number, the one there is stays."""
    there = Invoice.objects.select_for_update(no_key=True).get(pk=invoice.pk)
    if number is None:
        number, day = there.official_number, there.official_on
    if (there.official_state, there.official_number, there.official_on) == (state, number, day):
        return there
    if there.official_state not in FROM[state]:
        raise OfficialInvoiceError(
            _("The official invoice is “%(state)s”.") % {"state": there.get_official_state_display()}
        )
    Invoice.objects.filter(pk=there.pk).update(official_state=state, official_number=number, official_on=day)
    return Invoice.objects.get(pk=there.pk)
