"""Cells on their way into a spreadsheet: nothing that a member of the public typed may run there."""

import csv
import io
from collections.abc import Iterable, Iterator

FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r")


def guard_formula(cell: str) -> str:
    """The cell, behind an apostrophe where a spreadsheet would take it for a formula ("-" alone is our mark)."""
    return f"'{cell}" if cell.startswith(FORMULA_STARTS) and cell != "-" else cell


def csv_lines(header: list[str], rows: Iterable[Iterable[str]], *, encoding: str = "utf-8-sig") -> Iterator[bytes]:
    """A CSV file, a line at a time, formulas guarded."""
    yield _line(header).encode(encoding)
    for row in rows:
        # The byte order mark stands before the header only.
        yield _line(map(guard_formula, row)).encode("utf-8" if encoding == "utf-8-sig" else encoding)


def _line(cells: Iterable[str]) -> str:
    text = io.StringIO()
    csv.writer(text).writerow(cells)
    return text.getvalue()
