"""Cells on their way into a spreadsheet: nothing that a member of the public typed may run there."""

import csv
import io
from collections.abc import Iterable, Iterator
from decimal import Decimal

#: The full-width ones too: a spreadsheet set to Chinese or Japanese may read them as formulas.
FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")
#: Marks that clear a field, which are no formulas.
CLEAR_MARKS = ("-", "－")
#: What an import takes off again: an apostrophe before a formula.
GUARDED = r"^'([=+\-@\t\r\n＝＋－＠])"


def guard_formula(cell: str) -> str:
    """The cell, behind an apostrophe where a spreadsheet would take it for a formula."""
    return f"'{cell}" if cell.startswith(FORMULA_STARTS) and cell not in CLEAR_MARKS else cell


def csv_lines(
    header: list[str], rows: Iterable[Iterable[str | Decimal]], *, encoding: str = "utf-8-sig"
) -> Iterator[bytes]:
    """A CSV file, a line at a time, formulas guarded; a number is written as one, also below nought."""
    yield csv_line(header).encode(encoding)
    for row in rows:
        # The byte order mark stands before the header only.
        yield csv_line(map(_cell, row)).encode("utf-8" if encoding == "utf-8-sig" else encoding)


def _cell(cell: str | Decimal) -> str:
    return str(cell) if isinstance(cell, Decimal) else guard_formula(cell)


def csv_line(cells: Iterable[str], *, end: str = "\r\n") -> str:
    """One record; a cell with any line break in it is quoted, whatever ends the record."""
    text = io.StringIO()
    csv.writer(text, lineterminator="\r\n").writerow(cells)
    return text.getvalue().removesuffix("\r\n") + end
