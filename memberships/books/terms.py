"""Terms against each other, against their cards and against the payments for them."""

from django.utils.translation import gettext_lazy as _

from memberships.books.tables import TableCheck
from memberships.models import Member, Subscription


class Terms(TableCheck):
    """The paid days of each member's cards.

    A term without a payment is fine before the first paid one of its card: it was sold at the desk, or imported. From
    the first paid term on, each has its payment.
    """

    name = "terms"
    label = _("members' terms")
    model = Member
    faults = {
        "term_out_of_line": _("the term does not follow the one before"),
        "paid_until_of_terms": _("the last paid day is not the end of the last term"),
        "started_on_of_terms": _("the card did not start with its first term"),
        "term_not_paid": _("the term was not paid for, although one before it was"),
    }
    page = Subscription
