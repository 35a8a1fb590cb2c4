"""Which column of the file is which column of the importer."""

import unicodedata
from collections import Counter
from collections.abc import Iterator, Sequence

from django.utils.translation import get_language

from operations.errors import FileRefusedError
from operations.imports.faults import Fault
from operations.imports.fields import ImportField
from operations.imports.reader import Record

#: The column an error file adds; it is passed over when the mended file comes back.
REASON_HEADERS = ("错误原因", "reason")
#: Spaces, hyphens and underscores, and a byte order mark that the encoding does not take off.
PASSED_OVER = " _-\t\n\r\ufeff"
#: A header is named in full, a file that is no list at all is not.
MAX_FAULTS = 100


def fold(header: str) -> str:
    """Headers are the same when they differ in width, case, spaces, hyphens and underscores only."""
    folded = unicodedata.normalize("NFKC", header).casefold()
    return "".join(character for character in folded if character not in PASSED_OVER)


FOLDED_REASONS = frozenset(fold(name) for name in REASON_HEADERS)


def is_reason(header: str) -> bool:
    """Whether it is the column that an error file adds."""
    return fold(header) in FOLDED_REASONS


def match_headers(
    header: Record, fields: Sequence[ImportField], *, is_secret: bool = False
) -> list[ImportField | None]:
    """The field of each column, None for the reason column; FileRefusedError names every fault of the header.

    Blank cells behind the last header are no columns. Of a file of secrets no cell that is no header is quoted: its
    first line may be a row.
    """
    by_header = {fold(name): field for field in fields for name in field.headers}
    cells = _without_trailing_blanks(header.cells)
    matched = [by_header.get(fold(cell)) for cell in cells]
    if not any(matched):
        known = ", ".join(field.header(get_language() or "zh-hans") for field in fields)
        quoted = "" if is_secret else ", ".join(cells)[:200]
        raise FileRefusedError(Fault(header.line, "", quoted, "no_header", known))
    faults = list(_faults(header.line, cells, matched, fields, is_secret=is_secret))
    if faults:
        raise FileRefusedError(*faults[:MAX_FAULTS])
    return matched


def _faults(
    line: int, cells: Sequence[str], matched: Sequence[ImportField | None], fields: Sequence[ImportField], *,
    is_secret: bool,
) -> Iterator[Fault]:
    language = get_language() or "zh-hans"
    for field in fields:
        if field.is_required and field not in matched:
            yield Fault(line, field.header(language), "", "missing_header", field.header(language))
    seen: Counter[str] = Counter()
    known = ", ".join(field.header(language) for field in fields)
    for number, (cell, match) in enumerate(zip(cells, matched, strict=True), start=1):
        if match is not None:
            seen[match.staged] += 1
            if seen[match.staged] == 2:
                yield Fault(line, cell, cell, "header_twice")
        elif not cell.strip():
            yield Fault(line, "", "", "blank_header", str(number))
        elif not is_reason(cell):
            # Of secrets, by its place.
            quoted = f"#{number}" if is_secret else cell
            yield Fault(line, quoted, quoted, "unknown_header", known)


def _without_trailing_blanks(cells: Sequence[str]) -> Sequence[str]:
    last = max((place for place, cell in enumerate(cells) if cell.strip()), default=-1)
    return cells[: last + 1]
