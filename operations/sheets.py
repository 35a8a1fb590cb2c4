"""Spreadsheets that we write: amounts are numbers, days are days, codes are texts, and nothing is a formula.

Every text has the type and the format of one ("@"), so that it stays one when somebody edits its cell; one that begins
like a formula is marked as quoted, as if it had been typed behind an apostrophe, which is no part of it.
"""

import io
import re
from collections.abc import Iterable, Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import IO, Any

from xlsxwriter import Workbook  # type: ignore[import-untyped]

from operations.imports.exports import FORMULA_STARTS, local, yes_or_no
from operations.imports.exports import Cell as Cell

CONTENT_TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
#: Rows of a sheet, and letters of a cell, that spreadsheets know of.
MOST_ROWS, MOST_LETTERS = 1_048_576, 32_767
#: Digits that a spreadsheet keeps of a number: a longer one is written as text.
DIGITS = 15
TEXT, QUOTED, WHOLE, AMOUNT, DAY, INSTANT = "@", "quoted", "#,##0", "#,##0.00", "yyyy-mm-dd", "yyyy-mm-dd hh:mm:ss"
#: What XML cannot say, or would not give back.
_UNSAID = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")
_BREAKS = re.compile(r"\r\n?")


class NotAvailable:
    """Stands for a cell that cannot be said: shown as #N/A, which imports refuse until something is entered there."""


class Sheet:
    """A workbook of one sheet, written row by row; `widths` are those of its columns from A on, in letters.

    `header` stands on top and stays in sight; rows beyond what a sheet holds go on in a further one, below it again.
    What was written waits on disk, so that a million rows take no more memory than one. The workbook is written to
    `into` when it is closed.
    """

    def __init__(
        self, title: str, widths: Sequence[int], header: Sequence[str] = (), *, into: IO[bytes] | None = None
    ) -> None:
        self._file = io.BytesIO() if into is None else into
        # Without zip64 a sheet of more than 2 GB, which shrinks to a tenth of that, could not be closed.
        self._book = Workbook(self._file, {"constant_memory": True, "use_zip64": True})
        self._title, self._widths, self._header = re.sub(r"[\[\]:*?/\\]", " ", title)[:28], widths, header
        self._formats: dict[tuple[str, bool], Any] = {}
        self._begin(self._title)

    def _begin(self, title: str) -> None:
        self._sheet, self._rows = self._book.add_worksheet(title), 0
        for place, width in enumerate(self._widths):
            self._sheet.set_column(place, place, width)
        if self._header:
            self._sheet.freeze_panes(1, 0)
            self.write(self._header, is_bold=True)

    def write(self, row: Iterable[Cell | NotAvailable], *, is_bold: bool = False) -> None:
        """One more row."""
        if self._rows == MOST_ROWS:
            self._begin(f"{self._title} {len(self._book.worksheets()) + 1}")
        for column, value in enumerate(row):
            if value is not None and value != "":
                self._write_cell(column, value, is_bold=is_bold)
        self._rows += 1

    def close(self) -> None:
        """Write the workbook; nothing can be added any more."""
        self._book.close()

    def file(self) -> bytes:
        """The workbook, which was to be kept in memory; nothing can be added any more."""
        assert isinstance(self._file, io.BytesIO)
        self.close()
        return self._file.getvalue()

    def _write_cell(self, column: int, value: Cell | NotAvailable, *, is_bold: bool) -> None:
        if isinstance(value, NotAvailable):
            self._sheet.write_formula(self._rows, column, "=NA()", None, "#N/A")
            return
        written, style = _written(value)
        cell_format = self._formats.get((style, is_bold)) or self._format(style, is_bold=is_bold)
        if not isinstance(written, str):
            write = self._sheet.write_datetime if isinstance(written, date) else self._sheet.write_number
            write(self._rows, column, written, cell_format)
        elif written.startswith("<r>") and written.endswith("</r>"):
            # The library takes such a text for runs of its own making, and would not escape it.
            self._sheet.write_rich_string(self._rows, column, written[0], written[1], written[2:], cell_format)
        else:
            self._sheet.write_string(self._rows, column, written, cell_format)

    def _format(self, style: str, *, is_bold: bool) -> Any:
        """Made once for each style."""
        made = self._formats[style, is_bold] = self._book.add_format({
            "num_format": TEXT if style == QUOTED else style, "bold": is_bold, "quote_prefix": style == QUOTED,
        })  # fmt: skip
        return made


def _written(value: Cell) -> tuple[object, str]:
    """What stands in the cell, and its format."""
    if isinstance(value, bool):
        value = yes_or_no(value)
    if isinstance(value, int | Decimal):
        if len(Decimal(value).as_tuple().digits) > DIGITS:
            return f"{value:f}" if isinstance(value, Decimal) else str(value), TEXT
        return value, WHOLE if isinstance(value, int) else _format(value)
    if isinstance(value, datetime):
        return local(value), INSTANT
    if isinstance(value, date):
        return value, DAY
    text = _UNSAID.sub(" ", _BREAKS.sub("\n", str(value)))[:MOST_LETTERS]
    return text, QUOTED if text.startswith(FORMULA_STARTS) else TEXT


def _format(value: Decimal) -> str:
    """Two places, or as many as the number has."""
    exponent = value.as_tuple().exponent
    return AMOUNT + "0" * max(0, -exponent - 2) if isinstance(exponent, int) else AMOUNT
