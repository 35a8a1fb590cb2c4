"""Lists of invoices of other systems: what firms bought on credit."""

import re
from datetime import date
from typing import Any

import polars as pl
from django.utils.translation import gettext_lazy as _
from import_export.resources import ModelResource

from credit.models import CreditEntry, Invoice, StagedInvoice
from credit.services import invoice_import
from memberships.importers.widgets import DateWidget, MemberNumberWidget, ProgrammeWidget
from memberships.models import Programme
from operations.imports.fields import ImportField
from operations.imports.importer import Importer
from operations.imports.widgets import (
    SPREADSHEET_NUMBER,
    AmountWidget,
    CellError,
    CodeWidget,
    CreditCodeWidget,
    Folding,
    RecordWidget,
    TextWidget,
    is_whole,
)
from operations.models import ImportBatch


class CustomerWidget(TextWidget):
    """A firm, by its unified social credit code or its member number, each with its check digit."""

    folding = Folding.NFKC

    def __init__(self) -> None:
        super().__init__()
        self.code, self.number = CreditCodeWidget(), MemberNumberWidget()

    def clean(self, value: Any, row: Any = None, **kwargs: Any) -> str:
        if re.fullmatch(SPREADSHEET_NUMBER, str(value)):
            raise CellError("spreadsheet_number")
        for widget in (self.code, self.number):
            try:
                return str(widget.clean(value, row, **kwargs))
            except CellError:
                continue
        raise CellError("bad_customer")

    def value(self, text: pl.Expr) -> pl.Expr:
        return (
            pl.when(self.code.fault(text).is_null()).then(self.code.value(text)).otherwise(self.number.value(text))
        )

    def fault(self, text: pl.Expr) -> pl.Expr:
        is_neither = self.code.fault(text).is_not_null() & self.number.fault(text).is_not_null()
        return (
            pl.when(is_whole(text, SPREADSHEET_NUMBER)).then(pl.lit("spreadsheet_number"))
            .when(is_neither).then(pl.lit("bad_customer"))
        )


class InvoiceResource(ModelResource):
    """The columns of a list of invoices."""

    customer = ImportField(
        attribute="customer", staged="customer", headers=("客户", "customer", "统一社会信用代码", "会员号"),
        widget=CustomerWidget(), is_required=True, hint=_("credit code or member number"),
    )
    programme = ImportField(
        attribute="programme_id", staged="programme_id", headers=("计划", "programme", "program"),
        widget=TextWidget(), hint=_("code or name; only where the firm has several"),
    )
    number = ImportField(
        attribute="number", staged="number", headers=("账单号", "invoice number", "invoice"), widget=CodeWidget(48),
        is_required=True, hint=_("once for ever: payers write it into their reference"),
    )
    order_number = ImportField(
        attribute="order_number", staged="order_number", headers=("订单号", "order number", "order"),
        widget=CodeWidget(48),
    )
    amount = ImportField(
        attribute="amount", staged="amount", headers=("金额", "amount"), widget=AmountWidget(), is_required=True,
        hint=_("in yuan"),
    )
    invoiced_on = ImportField(
        attribute="invoiced_on", staged="invoiced_on", headers=("账单日期", "invoiced on", "date", "日期"),
        widget=DateWidget(), is_required=True, hint=_("such as 2027-01-15; it is due by the line's terms of that day"),
    )

    class Meta:
        model = Invoice
        import_id_fields = ["number"]
        fields = ("customer", "programme", "number", "order_number", "amount", "invoiced_on")


class InvoiceImporter(Importer):
    """Invoices draw on their lines: what a rule stops, or does not fit into the limit, is named and left out."""

    name = "invoices"
    label = _("invoices on credit")
    permission = "credit.invoice_credit"
    resource = InvoiceResource
    staged = StagedInvoice
    written = (Invoice, CreditEntry)
    label_column = "number"
    why_no_undo = _(
        "Invoices are owed, and may be paid by now: an import of them is not undone. "
        "What is wrong is put right by a credit note."
    )

    def records(self, *, on: date) -> dict[str, RecordWidget]:
        """The programmes there are."""
        return {"programme_id": ProgrammeWidget(Programme.objects.order_by("code"))}

    def notes(self, batch: ImportBatch) -> list[str]:
        return invoice_import.notes(batch)

    def resolve_file(self, batch: ImportBatch) -> None:
        invoice_import.resolve_repeats(batch)

    def compare(self, batch: ImportBatch, *, on: date, is_preview: bool) -> None:
        invoice_import.compare_with_lines(batch, on=on)

    def apply(self, batch: ImportBatch, first: int, last: int, *, on: date) -> tuple[int, int]:
        return invoice_import.apply_rows(batch, first, last, on=on)
