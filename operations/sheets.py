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

from openpyxl import Workbook  # type: ignore[import-untyped]
from openpyxl.cell import WriteOnlyCell  # type: ignore[import-untyped]
from openpyxl.styles import Font  # type: ignore[import-untyped]
from openpyxl.utils import get_column_letter  # type: ignore[import-untyped]

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


class Sheet:
    """A workbook of one sheet, written row by row; `widths` are those of its columns from A on, in letters.

    `header` stands on top and stays in sight; rows beyond what a sheet holds go on in a further one, below it again.
    """

    def __init__(self, title: str, widths: Sequence[int], header: Sequence[str] = ()) -> None:
        self._book = Workbook(write_only=True)
        self._title, self._widths, self._header = re.sub(r"[\[\]:*?/\\]", " ", title)[:28], widths, header
        self._styles: dict[tuple[str, bool], object] = {}
        self._begin(self._title)

    def _begin(self, title: str) -> None:
        self._sheet, self._rows = self._book.create_sheet(title), 0
        for place, width in enumerate(self._widths, start=1):
            self._sheet.column_dimensions[get_column_letter(place)].width = width
        if self._header:
            self._sheet.freeze_panes = "A2"
            self.write(self._header, is_bold=True)

    def write(self, row: Iterable[Cell], *, is_bold: bool = False) -> None:
        """One more row."""
        if self._rows == MOST_ROWS:
            self._begin(f"{self._title} {len(self._book.worksheets) + 1}")
        self._rows += 1
        self._sheet.append([self._cell(value, is_bold=is_bold) for value in row])

    def save(self, file: IO[bytes]) -> None:
        """Write the workbook; nothing can be added any more."""
        self._book.save(file)

    def file(self) -> bytes:
        """The workbook; nothing can be written any more."""
        file = io.BytesIO()
        self.save(file)
        return file.getvalue()

    def _cell(self, value: Cell, *, is_bold: bool) -> Any:
        if value is None or value == "":
            return None
        written, style = _written(value)
        cell = WriteOnlyCell(self._sheet, written)
        if isinstance(written, str):
            cell.data_type = "s"
        cell._style = self._style(style, is_bold=is_bold)
        return cell

    def _style(self, style: str, *, is_bold: bool) -> object:
        """A style is made once; a cell that names its own looks it up in the workbook, millions of times."""
        found = self._styles.get((style, is_bold))
        if found is None:
            cell = WriteOnlyCell(self._sheet, "")
            cell.number_format = TEXT if style == QUOTED else style
            if is_bold:
                cell.font = Font(bold=True)
            cell._style.quotePrefix = int(style == QUOTED)
            found = self._styles[style, is_bold] = cell._style
        return found


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
