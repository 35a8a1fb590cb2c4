"""Payments against their terms, events and refunds."""

from django.utils.translation import gettext_lazy as _

from memberships.books.tables import TableCheck
from memberships.models import Payment


class Payments(TableCheck):
    """Each payment and what belongs to it."""

    name = "payments"
    label = _("payments")
    model = Payment
    faults = {
        "paid_without_term": _("the money was taken, and neither a term was given for it nor a refund"),
        "term_of_payment": _("the term is not the one that the payment was for"),
        "state_of_events": _("the state is not the one that the events tell"),
        "attempts_of_events": _("the attempts are not those that the events tell"),
        "amount_of_events": _("the amount is not the one that the gateway took by the events"),
        "refunded_of_refunds": _("the sum refunded is not that of the refunds"),
        "refunds_of_events": _("the refunds are not those that the events tell"),
    }
    page = Payment
    values = dict(Payment.State.choices)
