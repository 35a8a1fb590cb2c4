"""What credit has of a member when an account is closed: lines and money block it; what was paid stays on the books."""

from datetime import date

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from credit.models import CreditLine, Invoice, Receipt
from operations.closing import ClosingPart


class CreditPart(ClosingPart):
    """Lines, invoices, receipts."""

    name = "credit"
    stays = (
        gettext_lazy("Invoices, receipts with their payers as the bank named them, and decisions: the law wants them "
                     "kept for ten years and longer."),
    )

    def blocks(self, owner: int, *, on: date) -> list[str]:
        found = []
        if CreditLine.objects.filter(member=owner).exclude(state=CreditLine.State.CLOSED).exists():
            found.append(_("A credit line is not closed."))
        if Invoice.objects.open().filter(line__member=owner).exists():
            found.append(_("Invoices are open."))
        if Receipt.objects.with_unapplied().filter(line__member=owner).exists():
            found.append(_("Money of the member is not applied to anything: allocate it or pay it back."))
        return found
