"""What a member had of the term that is to be given back."""

from datetime import date

from django.utils.formats import number_format
from django.utils.translation import gettext as _

from benefits.services.values import sums_of
from memberships.models import Payment
from memberships.refund_facts import Fact


class SavedInTerm:
    """The sums of the value statement of that term."""

    name = "saved_in_term"

    def tell(self, payment: Payment, *, on: date) -> Fact | None:
        terms = sums_of(payment.member, payment.programme, on=on)
        sums = next((each for each in terms if each.term_id is not None and each.term_id == payment.term_id), None)
        if sums is None or not sums.uses:
            return None
        words = _("%(uses)s uses, %(saved)s CNY") % {
            "uses": number_format(sums.uses), "saved": number_format(sums.saved, 2)
        }
        return _("Saved by benefits in this term"), words
