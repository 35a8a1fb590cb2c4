"""What the box of the header finds of credit: invoices by number, receipts by the bank's."""

from typing import Any

from django.db.models import Q, QuerySet
from django.utils.translation import gettext_lazy as _

from credit.admin.display import firm_of
from credit.admin.invoices import by_invoice_number
from credit.models import Invoice, Receipt
from operations.admin.finders import Finder, Found
from operations.admin.search import SearchKind


class FindInvoices(Finder):
    """Invoices, by their whole number."""

    name = "invoices"
    model = Invoice
    icon = "receipt"
    kinds = (by_invoice_number(),)

    def records(self) -> QuerySet[Any]:
        return Invoice.objects.select_related("member__customer")

    def describe(self, record: Invoice) -> Found:
        detail = f"{firm_of(record)} · {record.amount:,} CNY · {record.due_on:%Y-%m-%d}"
        return Found(record.number, detail, self.page_of(record))


class FindReceipts(Finder):
    """Receipts, by the bank's whole number."""

    name = "receipts"
    model = Receipt
    icon = "payments"
    kinds = (SearchKind(_("bank reference"), lambda term: Q(key=term), is_free=True),)

    def records(self) -> QuerySet[Any]:
        return Receipt.objects.select_related("member__customer")

    def describe(self, record: Receipt) -> Found:
        said = (
            firm_of(record) if record.member else "", f"{record.amount:,} CNY", f"{record.received_on:%Y-%m-%d}",
            record.get_state_display(),
        )
        return Found(record.key, " · ".join(filter(None, said)), self.page_of(record))


FINDERS = (FindInvoices, FindReceipts)
