"""From bytes to records: CSV with any line ends, quoted line breaks, and a line number for every record."""

import csv
import io
from collections.abc import Iterator
from typing import BinaryIO, NamedTuple

from operations.imports.files import refusal


class Record(NamedTuple):
    """One record of the file and the (physical) line it begins on."""

    line: int
    cells: list[str]


def read_records(stream: BinaryIO, encoding: str) -> Iterator[Record]:
    """The records that hold anything, in order; FileRefusedError where quotes do not match.

    `newline=""` lets LF, CRLF and CR end a line and keeps line breaks inside quotes as they are.
    """
    stream.seek(0)
    text = io.TextIOWrapper(stream, encoding=encoding, errors="strict", newline="")
    reader = csv.reader(text, strict=True)
    line = 1
    try:
        for cells in reader:
            if any(cells) and not _is_blank(cells):
                yield Record(line, cells)
            line = reader.line_num + 1
    except csv.Error:
        raise refusal("unclosed_quote", line=line) from None
    finally:
        text.detach()


def _is_blank(cells: list[str]) -> bool:
    """Only white space in it: a row that a spreadsheet left behind."""
    return not cells[0].strip() and not any(cell.strip() for cell in cells)


def line_end_of(stream: BinaryIO) -> str:
    """The line end of the file's first line, so that the error file can be like it."""
    stream.seek(0)
    head = stream.read(1 << 16)
    if b"\r\n" in head:
        return "\r\n"
    return "\r" if b"\r" in head and b"\n" not in head else "\n"
