"""Pools of voucher codes. A code is personal money: it is sealed and hashed as the file is read, block by block.

In staging rows, faults, previews, error files and the trail stands what it ends in, and nothing more, also where the
header is missing or columns are swapped. The stored file
holds the codes as they came; it is erased once it is applied (services/voucher_import.py: erase_files).
"""

import re
from collections.abc import Callable, Iterable, Sequence
from datetime import date
from typing import Any

import polars as pl
from django.utils.translation import gettext_lazy as _
from import_export.resources import ModelResource

from memberships.importers.widgets import DateWidget
from operations.crypto import keyed_hash_many, seal_many
from operations.imports.checking import Layout, normalised
from operations.imports.fields import ImportField
from operations.imports.importer import CrossCheck, Importer
from operations.imports.widgets import CellError, CodeWidget, RecordWidget, TextWidget, is_whole, unambiguous
from operations.models import ImportBatch
from partners.models import Offer, StagedVoucherCode, VoucherCode
from partners.services import voucher_import
from partners.services.vouchers import PURPOSE


class VoucherCodeWidget(CodeWidget):
    """A code; its value is what may be seen of it: the last third, four characters at the most."""

    PATTERN = r"[!-~]{6,64}"

    def clean(self, value: Any, row: Any = None, **kwargs: Any) -> str:
        text = str(super().clean(value, row, **kwargs))
        if not re.fullmatch(self.PATTERN, text):
            raise CellError("bad_voucher_code")
        return seen_of(text)

    def value(self, text: pl.Expr) -> pl.Expr:
        return ending_of(text)

    def fault(self, text: pl.Expr) -> pl.Expr:
        is_broken = text.is_not_null() & ~is_whole(text, self.PATTERN)
        return pl.coalesce(super().fault(text), pl.when(is_broken).then(pl.lit("bad_voucher_code")))


#: What is meant as a day, also if there is none such; eight digits may be a code.
A_DAY = r"[0-9]{4}([-/.][0-9]{1,2}[-/.][0-9]{1,2}|年[0-9]{1,2}月[0-9]{1,2}日)"


def seen_of(code: str) -> str:
    """What may be seen of a code."""
    return code[len(code) - min(4, len(code) // 3) :]


def ending_of(text: pl.Expr) -> pl.Expr:
    """What may be seen of codes."""
    return text.str.tail((text.str.len_chars() // 3).clip(0, 4).cast(pl.Int64))


class OfferWidget(RecordWidget):
    """An offer of codes: by the partner's product number, or by its benefit's code or name."""

    code = "unknown_offer"

    def __init__(self, offers: Iterable[Offer]) -> None:
        self.offers = {offer.pk: offer for offer in offers}
        super().__init__(unambiguous(
            (word, str(offer.pk)) for offer in self.offers.values()
            for word in (offer.sku, offer.benefit.code, offer.benefit.name, offer.benefit.name_en) if word
        ))

    @property
    def expected(self) -> str:
        return ", ".join(offer.sku for offer in self.offers.values())

    def name(self, offer_id: int) -> str:
        """The benefit in the language of the moment, with the partner's product number."""
        offer = self.offers.get(offer_id) or Offer.objects.select_related("benefit").get(pk=offer_id)
        return f"{offer.benefit} · {offer.sku}"


class VoucherCodeResource(ModelResource):
    """The columns of a pool of codes."""

    offer = ImportField(
        attribute="offer_id", staged="offer_id", headers=("权益", "offer", "benefit"), widget=TextWidget(),
        is_required=True, hint=_("the partner's product number, or the benefit's code or name"),
    )
    code = ImportField(
        attribute="ending", staged="ending", headers=("券码", "code", "voucher code"), widget=VoucherCodeWidget(),
        is_required=True, hint=_("6 to 64 characters; sealed at once, only its end is shown"),
    )
    expires_on = ImportField(
        attribute="expires_on", staged="expires_on", headers=("有效期至", "expires on", "last day"),
        widget=DateWidget(), hint=_("the last day on which it is good; blank: it has none"),
    )

    class Meta:
        model = VoucherCode
        import_id_fields = ["code"]
        fields = ("offer", "code", "expires_on")


class VoucherCodeImporter(Importer):
    """Codes are added to the pools of offers; what is known already stays as it is."""

    name = "voucher-codes"
    label = _("voucher codes")
    permission = "partners.import_vouchercode"
    resource = VoucherCodeResource
    staged = StagedVoucherCode
    written = (VoucherCode,)
    label_column = "ending"
    is_secret = True
    why_no_undo = _(
        "Codes of an import may have been given to members by now: it is not undone. "
        "Void the codes instead, where they must not be given."
    )

    def records(self, *, on: date) -> dict[str, RecordWidget]:
        """The offers of codes that are in force, or will be."""
        return {"offer_id": OfferWidget(voucher_import.open_offers(on=on))}

    def cross_check(self, layout: Layout, *, on: date) -> CrossCheck:
        """A last day is not past; and here the codes are sealed, before anything of the block is kept."""
        columns = {field.staged for field in layout.fields if field is not None}
        if "ending" not in columns:
            return CrossCheck()
        raw = pl.col("raw:ending")
        read = raw.map_batches(normalised, return_dtype=pl.String)
        sealed: list[pl.Expr] = [
            read.map_batches(_hex(seal_many), return_dtype=pl.String).alias("code"),
            read.map_batches(_hex(_hashes), return_dtype=pl.String).alias("code_hash"),
            # What faults quote as read.
            pl.when(read.is_null()).then(pl.lit("")).otherwise("…" + ending_of(read)).alias("raw:ending"),
            # Columns may be swapped: what is no known offer and no day may be a code.
            *(_quoted(name) for name in ("offer_id", "expires_on") if name in columns),
        ]
        if "expires_on" not in columns:
            return CrossCheck(sealed)
        fault = pl.col("fault:expires_on")
        is_past = fault.is_null() & (pl.col("expires_on") < on)
        past = pl.when(is_past).then(pl.lit("past_date")).otherwise(fault).alias("fault:expires_on")
        return CrossCheck([*sealed, past], {"expires_on:past_date": pl.lit(on.isoformat())})

    def handed_back(self, cell: str, staged: str | None, *, is_wrong: bool = False) -> str:
        """A code by what it ends in: who has the file finds the row by its line, and others are not to have the code.

        In a row that does not fit the header any cell may be one; and where columns are swapped, what is no known
        offer and no day.
        """
        text = cell.strip()
        may_be_code = staged in ("ending", None) or (is_wrong and not re.fullmatch(A_DAY, text))
        return f"…{seen_of(text)}" if may_be_code and text else cell

    def resolve_file(self, batch: ImportBatch) -> None:
        voucher_import.resolve_repeats(batch)

    def compare(self, batch: ImportBatch, *, on: date, is_preview: bool) -> None:
        voucher_import.compare_with_codes(batch)

    def apply(self, batch: ImportBatch, first: int, last: int, *, on: date) -> tuple[int, int]:
        return voucher_import.apply_rows(batch, first, last)


def _quoted(name: str) -> pl.Expr:
    """The column that faults quote: what is wrong in it by what it ends in, unless it is a day."""
    raw = pl.col(f"raw:{name}")
    read = raw.map_batches(normalised, return_dtype=pl.String)
    may_be_code = pl.col(f"fault:{name}").is_not_null() & read.is_not_null() & ~is_whole(read, A_DAY)
    return pl.when(may_be_code).then("…" + ending_of(read)).otherwise(raw).alias(f"raw:{name}")


def _hashes(codes: Iterable[str]) -> list[bytes]:
    return keyed_hash_many(codes, purpose=PURPOSE)


def _hex(sealing: Callable[[Sequence[str]], list[bytes]]) -> Callable[[pl.Series], pl.Series]:
    """A column of what becomes of each text, as a COPY reads bytes; null stays null."""

    def apply(column: pl.Series) -> pl.Series:
        texts: list[str | None] = column.to_list()
        done = iter(sealing([text for text in texts if text is not None]))
        made = [None if text is None else rf"\x{next(done).hex()}" for text in texts]
        return pl.Series(column.name, made, dtype=pl.String)

    return apply
