"""What credit has of two records that become one: the record with a line, or with open money, is the one to keep."""

from datetime import date

from django.db.models import Sum
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from credit.models import CreditLine, Invoice, Receipt
from operations.merging import Conflict, MergePart


class CreditMergePart(MergePart):
    """Lines, invoices, receipts: all facts, none of which moves."""

    name = "credit"
    stays = (gettext_lazy("Closed credit lines with their invoices, receipts and decisions."),)

    def conflicts(self, former: int, survivor: int, *, on: date) -> list[Conflict]:
        return [*_lines(former, survivor), *_money(former)]


def _lines(former: int, survivor: int) -> list[Conflict]:
    lines = CreditLine.objects.filter(member__in=(former, survivor)).exclude(state=CreditLine.State.CLOSED)
    lines = lines.select_related("programme").order_by("pk")
    kept = {line.programme_id: line for line in lines if line.member_id == survivor}
    found = []
    for line in lines:
        if line.member_id != former:
            continue
        facts = {"programme": line.programme, "open": f"{line.open_amount:,}"}
        if other := kept.get(line.programme_id):
            words = _("Both have a credit line in “%(programme)s”, with %(open)s CNY and %(other)s CNY open: have that "
                      "of the number that would end paid and closed.")
            found.append(Conflict(words % {**facts, "other": f"{other.open_amount:,}"}))
        else:
            words = _("The number that would end has a credit line in “%(programme)s”, with %(open)s CNY open: merge "
                      "the other way round, or close the line.")
            found.append(Conflict(words % facts))
    return found


def _money(former: int) -> list[Conflict]:
    found = []
    invoices = Invoice.objects.open().filter(line__member=former)
    if count := invoices.count():
        words = _("%(count)s invoices of the number that would end are open: have them paid first.")
        found.append(Conflict(words % {"count": count}))
    unapplied = Receipt.objects.with_unapplied().filter(line__member=former)
    if amount := unapplied.aggregate(total=Sum("unapplied"))["total"]:
        words = _("%(amount)s CNY of the number that would end are not applied to anything: allocate or pay them back.")
        found.append(Conflict(words % {"amount": f"{amount:,}"}))
    return found
