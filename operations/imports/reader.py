"""From bytes to records: CSV with any line ends, quoted line breaks, and a line number for every record."""

import csv
import io
from collections.abc import Generator, Iterator, Mapping
from itertools import islice
from types import MappingProxyType
from typing import BinaryIO, NamedTuple, Protocol

from operations.imports.cells import CellFault
from operations.imports.files import refusal
from operations.imports.limits import MAX_CELL, MAX_COLUMNS, MAX_RECORD

#: A block of records ends at whichever comes first, so that memory grows neither with the rows nor with their length.
BLOCK_ROWS = 20_000
BLOCK_BYTES = 8 << 20
STRIDE = 20
#: Characters of lines that become one record, before it is known how many cells that makes: a list of them takes more
#: memory than they do.
MAX_UNREAD = 8 * MAX_RECORD


class Record(NamedTuple):
    """One record of the file and the (physical) line it begins on, or the number of its row.

    `faults`: cells of a workbook that cannot be told for certain, by their place. No text can be taken for one.
    """

    line: int
    cells: list[str]
    faults: Mapping[int, CellFault] = MappingProxyType({})


def read_records(stream: BinaryIO, encoding: str) -> Generator[Record, None, None]:
    """The records that hold anything, in order; FileRefusedError where quotes do not match.

    `newline=""` lets LF, CRLF and CR end a line and keeps line breaks inside quotes as they are.
    """
    stream.seek(0)
    text = io.TextIOWrapper(stream, encoding=encoding, errors="strict", newline="")
    csv.field_size_limit(MAX_CELL)
    lines = _Lines(text)
    reader = csv.reader(lines, strict=True)
    line = 1
    try:
        for cells in reader:
            if len(cells) > MAX_COLUMNS:
                raise refusal("too_many_columns", line=line, value=str(len(cells)), expected=str(MAX_COLUMNS))
            all_of_it = "".join(cells)
            if len(all_of_it) > MAX_RECORD:
                raise refusal("row_too_large", line=line, expected=str(MAX_RECORD))
            # A row of white space only is one that a spreadsheet left behind.
            if all_of_it and not all_of_it.isspace():
                yield Record(line, cells)
            line, lines.unread = reader.line_num + 1, 0
    except _TooMuchError:
        raise refusal("row_too_large", line=line, expected=str(MAX_RECORD)) from None
    except csv.Error as error:
        # A cell over the limit that goes on over several lines is a quote that is not closed.
        is_one_line = reader.line_num == line and "field limit" in str(error)
        code = "cell_too_large" if is_one_line else "unclosed_quote"
        raise refusal(code, line=line, expected=str(MAX_CELL)) from None
    finally:
        text.detach()


class _TooMuchError(Exception):
    """Lines without an end become one record."""


class _Lines:
    """The lines of a text; `unread` characters of them became no record so far."""

    def __init__(self, text: Iterator[str]) -> None:
        self._text, self.unread = text, 0

    def __iter__(self) -> Iterator[str]:
        for line in self._text:
            self.unread += len(line)
            if self.unread > MAX_UNREAD:
                raise _TooMuchError
            yield line


class Measured(Protocol):
    """What knows how much of it was read."""

    def tell(self) -> int: ...


def read_blocks(records: Iterator[Record], stream: Measured) -> Iterator[list[Record]]:
    """The records of a stream in lists that are small in rows and in bytes."""
    block: list[Record] = []
    began_at = stream.tell()
    while stride := list(islice(records, STRIDE)):
        block += stride
        if len(block) >= BLOCK_ROWS or stream.tell() - began_at >= BLOCK_BYTES:
            yield block
            block, began_at = [], stream.tell()
    if block:
        yield block


def line_end_of(stream: BinaryIO) -> str:
    """The line end of the file's first line, so that the error file can be like it."""
    stream.seek(0)
    head = stream.read(1 << 20)
    found = next((byte for byte in head if byte in b"\r\n"), ord("\n"))
    if found == ord("\n"):
        return "\n"
    return "\r\n" if head[head.index(b"\r") :].startswith(b"\r\n") else "\r"
