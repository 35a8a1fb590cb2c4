"""Cells on their way into a CSV file: nothing that a member of the public typed may run in a spreadsheet, and no code
may become a number there. (operations/sheets.py writes the same cells as XLSX.)

A text that begins like a formula stands behind an apostrophe. A text that a spreadsheet would read as a number or a day
(a code with leading noughts, a number of eighteen digits, "1-2") is written as ="0012", which Excel and WPS show as it
is; a bare apostrophe would be part of the code, and quotes alone say nothing there. Imports take both off again.
"""

import csv
import io
import re
from collections.abc import Iterable, Iterator
from datetime import date, datetime
from decimal import Decimal

from django.utils import timezone
from django.utils.translation import gettext as _

#: What a cell may hold. An instant is written by the clock of Shanghai.
Cell = str | int | bool | Decimal | date | datetime | None

#: The full-width ones too: a spreadsheet set to Chinese or Japanese may read them as formulas.
FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")
#: Marks that clear a field, which are no formulas.
CLEAR_MARKS = ("-", "－")
#: What an import takes off again: an apostrophe before a formula.
GUARDED = r"^'([=+\-@\t\r\n＝＋－＠])"
#: And the frame of a code.
FRAMED = r"^=\"([^\"]*)\"$"
#: Texts that a spreadsheet would take for a number, a day, a time or a truth.
_LIKE_A_NUMBER = re.compile(
    r"\s*(\d[\d,]*([.]\d*)?|[.]\d+)([Ee][+-]?\d+)?\s*%?\s*|\d{1,4}[-/.]\d{1,4}([-/.]\d{1,4})?|\d{1,3}:\d{2}(:\d{2})?"
    r"|true|false", re.IGNORECASE,
)


def guard_formula(cell: str) -> str:
    """The cell, behind an apostrophe where a spreadsheet would take it for a formula."""
    return f"'{cell}" if cell.startswith(FORMULA_STARTS) and cell not in CLEAR_MARKS else cell


def csv_lines(
    header: list[str], rows: Iterable[Iterable[Cell]], *, encoding: str = "utf-8-sig"
) -> Iterator[bytes]:
    """A CSV file, a line at a time: texts guarded, codes framed; a number is written as one, also below nought."""
    yield csv_line(header).encode(encoding)
    for row in rows:
        # The byte order mark stands before the header only.
        yield csv_line(map(csv_cell, row)).encode("utf-8" if encoding == "utf-8-sig" else encoding)


def csv_cell(cell: Cell) -> str:
    """A cell as it stands in a CSV file."""
    if isinstance(cell, str):
        return f'="{cell}"' if _LIKE_A_NUMBER.fullmatch(cell) else guard_formula(cell)
    if isinstance(cell, datetime):
        return f"{local(cell):%Y-%m-%d %H:%M:%S}"
    if isinstance(cell, bool):
        return yes_or_no(cell)
    if isinstance(cell, Decimal):
        return f"{cell:f}"
    return "" if cell is None else str(cell)


def unguarded(cell: str) -> str:
    """The text of a cell that `csv_cell` wrote."""
    return re.sub(FRAMED, r"\1", cell) if re.match(FRAMED, cell) else re.sub(GUARDED, r"\1", cell)


def local(instant: datetime) -> datetime:
    """An instant by the clock of Shanghai; spreadsheets know no zones."""
    return timezone.make_naive(instant) if timezone.is_aware(instant) else instant


def yes_or_no(fact: bool) -> str:
    """A truth in words."""
    return _("yes") if fact else _("no")


def csv_line(cells: Iterable[str], *, end: str = "\r\n") -> str:
    """One record; a cell with any line break in it is quoted, whatever ends the record."""
    text = io.StringIO()
    csv.writer(text, lineterminator="\r\n").writerow(cells)
    return text.getvalue().removesuffix("\r\n") + end
