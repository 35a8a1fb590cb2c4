"""Statements of banks: the payments that came in."""

import re
from datetime import date
from decimal import Decimal
from typing import Any

import polars as pl
from django.utils.translation import gettext_lazy as _
from import_export.resources import ModelResource

from credit.models import CreditEntry, Receipt, StagedReceipt
from credit.services import receipt_import
from credit.services.receipt_offers import ENTER_RECEIPT, RECEIPTS, entered_alone
from memberships.importers.widgets import DateWidget
from operations.approvals import Measure
from operations.dates import business_date
from operations.imports.fields import ImportField
from operations.imports.importer import Importer
from operations.imports.widgets import AmountWidget, CellError, CodeWidget, TextWidget, is_whole
from operations.models import ImportBatch


class ReceivedWidget(AmountWidget):
    """Yuan that came in. What went out has a minus, or nothing, in a bank's statement: it is no receipt."""

    NOTHING = r"[-−–] ?.*|\(.*\)|¥? ?0+(?:\.0{1,2})? ?元?"

    def clean(self, value: Any, row: Any = None, **kwargs: Any) -> Decimal:
        if re.fullmatch(self.NOTHING, str(value)):
            raise CellError("not_received")
        return super().clean(value, row, **kwargs)

    def fault(self, text: pl.Expr) -> pl.Expr:
        return pl.when(is_whole(text, self.NOTHING)).then(pl.lit("not_received")).otherwise(super().fault(text))


class ReceiptResource(ModelResource):
    """The columns of a bank's statement."""

    received_on = ImportField(
        attribute="received_on", staged="received_on", headers=("到账日", "received on", "到账日期", "value date"),
        widget=DateWidget(), is_required=True, hint=_("such as 2027-01-15"),
    )
    payer_name = ImportField(
        attribute="payer_name", staged="payer_name", headers=("付款户名", "payer", "付款人", "对方户名"),
        widget=TextWidget(200), is_required=True,
    )
    payer_account = ImportField(
        attribute="payer_account", staged="payer_account", headers=("付款账号", "payer account", "对方账号"),
        widget=CodeWidget(64), hint=_("known from earlier payments, it says whose this one is"),
    )
    amount = ImportField(
        attribute="amount", staged="amount", headers=("金额", "amount", "贷方金额"), widget=ReceivedWidget(),
        is_required=True, hint=_("in yuan; only what came in"),
    )
    reference = ImportField(
        attribute="reference", staged="reference", headers=("附言", "reference", "摘要"), widget=TextWidget(200),
        hint=_("with the numbers of the invoices it pays, where the payer wrote them"),
    )
    bank_number = ImportField(
        attribute="key", staged="bank_number", headers=("流水号", "bank number", "交易流水号"), widget=CodeWidget(64),
        is_required=True, hint=_("the bank's own number of the payment: it is booked once, however often it comes"),
    )
    our_account = ImportField(
        attribute="our_account", staged="our_account", headers=("收款账号", "our account"), widget=CodeWidget(31),
        hint=_("where several accounts of ours have numbers of their own"),
    )

    class Meta:
        model = Receipt
        import_id_fields = ["key"]
        fields = (
            "received_on", "payer_name", "payer_account", "amount", "reference", "bank_number", "our_account",
        )


class ReceiptImporter(Importer):
    """Payments are facts of the bank: new ones are booked, matched and allocated, others never changed nor undone."""

    name = RECEIPTS
    label = _("receipts of a bank statement")
    permission = "credit.allocate_receipt"
    resource = ReceiptResource
    staged = StagedReceipt
    written = (Receipt, CreditEntry)
    label_column = "bank_number"
    why_no_undo = _(
        "Receipts are facts of the bank and may have paid invoices by now: an import of them is not undone. "
        "One that is wrong is matched anew, set aside, or bounced."
    )

    def approval_measures(self, batch: ImportBatch) -> list[Measure]:
        """What it says came in, and what who uploaded it entered alone since: files book no more than the desk.

        Many small files weigh as much as one.
        """
        amount = receipt_import.total(batch)
        if amount and batch.uploaded_by_id is not None:
            since = business_date(batch.uploaded_at)
            amount += entered_alone(batch.uploaded_by_id, since=since, besides=batch)
        return [Measure(ENTER_RECEIPT, amount, "CNY")] if amount else []

    def notes(self, batch: ImportBatch) -> list[str]:
        return receipt_import.notes(batch)

    def resolve_file(self, batch: ImportBatch) -> None:
        receipt_import.resolve_repeats(batch)

    def compare(self, batch: ImportBatch, *, on: date, is_preview: bool) -> None:
        receipt_import.compare_with_receipts(batch, on=on)

    def apply(self, batch: ImportBatch, first: int, last: int, *, on: date) -> tuple[int, int]:
        return receipt_import.apply_rows(batch, first, last, on=on)
