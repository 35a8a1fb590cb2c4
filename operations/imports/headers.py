"""Which column of the file is which column of the importer."""

import unicodedata
from collections.abc import Sequence

from django.utils.translation import get_language

from operations.errors import FileRefusedError
from operations.imports.faults import Fault
from operations.imports.fields import ImportField
from operations.imports.reader import Record

#: The column an error file adds; it is passed over when the mended file comes back.
REASON_HEADERS = ("错误原因", "reason")


def fold(header: str) -> str:
    """Headers are the same when they differ in width, case, spaces, hyphens and underscores only."""
    folded = unicodedata.normalize("NFKC", header).casefold()
    return "".join(character for character in folded if character not in " _-\t\n\r\u3000")


def match_headers(header: Record, fields: Sequence[ImportField]) -> list[ImportField | None]:
    """The field of each column, None for the reason column; FileRefusedError names every fault of the header."""
    by_header = {fold(name): field for field in fields for name in field.headers}
    reasons = {fold(name) for name in REASON_HEADERS}
    cells = _without_trailing_blanks(header.cells)
    language = get_language() or "zh-hans"
    known = ", ".join(field.header(language) for field in fields)
    matched = [by_header.get(fold(cell)) for cell in cells]
    if not any(matched):
        raise FileRefusedError(Fault(header.line, "", ", ".join(cells)[:200], "no_header", known))
    faults = [
        Fault(header.line, cell, cell, "unknown_header", known)
        for cell, field in zip(cells, matched, strict=True)
        if field is None and fold(cell) not in reasons
    ]
    faults += [
        Fault(header.line, field.header(language), cell, "header_twice")
        for place, (cell, field) in enumerate(zip(cells, matched, strict=True))
        if field is not None and field in matched[:place]
    ]
    faults += [
        Fault(header.line, field.header(language), "", "missing_header", field.header(language))
        for field in fields
        if field.is_required and field not in matched
    ]
    if faults:
        raise FileRefusedError(*faults)
    return matched


def _without_trailing_blanks(cells: list[str]) -> list[str]:
    while cells and not cells[-1].strip():
        cells = cells[:-1]
    return cells
