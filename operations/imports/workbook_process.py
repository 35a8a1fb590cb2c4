"""Reads a workbook where it can exhaust nothing but itself: `python -m operations.imports.workbook_process JSON`.

The workbook is stdin, a file that can be read from any place; what was found goes to stdout, a line of JSON for every
few hundred rows. Memory and processor time are limited before the first byte of it is looked at. No Django, no
settings, no secrets: the process is started without an environment.
"""

import io
import json
import os
import resource
import sys
from collections.abc import Callable
from typing import IO, Any

from operations.imports.limits import Limits, WorkbookError, too_large

#: A message ends at whichever comes first: so many rows, or about so many characters, cells and faults of cells.
MESSAGE_ROWS, MESSAGE_WEIGHT = 1_000, 1 << 20
#: A cell, and a fault of one, take as much memory as so many characters, whatever is in them.
CELL_WEIGHT, FAULT_WEIGHT = 8, 200
#: What a glimpse of a sheet shows, and how far it reads for it.
GLIMPSE_ROWS, GLIMPSE_COLUMNS, GLIMPSE_LETTERS = 4, 8, 40
GLIMPSE_BYTES, GLIMPSE_STRINGS = 4 << 20, 20_000


class Shared(io.RawIOBase):
    """A file that another process has open, too: it is read without moving the place where that one reads."""

    def __init__(self, descriptor: int) -> None:
        self._descriptor, self._place = descriptor, 0

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        starts = {os.SEEK_SET: 0, os.SEEK_CUR: self._place, os.SEEK_END: os.fstat(self._descriptor).st_size}
        self._place = max(0, starts[whence] + offset)
        return self._place

    def tell(self) -> int:
        return self._place

    def readinto(self, buffer: Any) -> int:
        data = os.pread(self._descriptor, len(buffer), self._place)
        buffer[: len(data)] = data
        self._place += len(data)
        return len(data)


class Messages:
    """Rows on their way out, several at a time: [line, cells] or [line, cells, [[place, code, value, expected], …]]."""

    def __init__(self, out: IO[bytes], limits: Limits) -> None:
        self._out, self._limits = out, limits
        self._rows, self._weight, self._all = list[Any](), 0, 0
        #: Which part of the sheet was read.
        self.share: Callable[[], float] = lambda: 0.0

    def __call__(self, line: int, cells: list[str], faults: dict[int, Any]) -> None:
        row: list[Any] = [line, cells]
        if faults:
            row.append([[place, *fault] for place, fault in faults.items()])
        self._rows.append(row)
        self._count(line, sum(map(len, cells)))
        self._weight += CELL_WEIGHT * len(cells) + FAULT_WEIGHT * len(faults)
        if len(self._rows) >= MESSAGE_ROWS or self._weight >= MESSAGE_WEIGHT:
            self.flush()

    def _count(self, line: int, characters: int) -> None:
        """WorkbookError where a row, or all of them, have more characters than a list has."""
        if characters > self._limits.record:
            raise WorkbookError("row_too_large", line=line, expected=str(self._limits.record))
        self._weight += characters
        self._all += characters
        if self._all > self._limits.characters:
            raise too_large(f"> {self._limits.characters}", self._limits.characters, "characters")

    def flush(self) -> None:
        """Send what is there."""
        if self._rows:
            self.send({"rows": self._rows, "weight": self._weight, "share": self.share()})
        self._rows, self._weight = [], 0

    def send(self, message: dict[str, Any]) -> None:
        """A message; no line break stands in one."""
        self._out.write(json.dumps(message, ensure_ascii=False, separators=(",", ":")).encode() + b"\n")
        self._out.flush()


def read(file: IO[bytes], sheet: str, limits: Limits, messages: Messages) -> None:
    """Send the rows of the sheet of that name, then its notes."""
    from operations.imports.cells import read_styles
    from operations.imports.merges import find_merges
    from operations.imports.packages import Package
    from operations.imports.sheet_reader import SheetReader
    from operations.imports.strings import read_strings

    package = Package(file, limits)
    found = next((each for each in package.sheets if each.name == sheet), None)
    if found is None:
        names = ", ".join(each.name for each in package.sheets)
        raise WorkbookError("no_such_sheet", value=sheet, expected=names)
    merges = find_merges(package.blocks(found.part), limits)
    reader = SheetReader(messages, read_strings(package), read_styles(package), merges, limits)
    messages.share = lambda: package.share
    package.parse(found.part, "worksheet", reader.handlers_of)
    messages.flush()
    messages.send({"end": reader.notes()})


def look(file: IO[bytes], limits: Limits, messages: Messages) -> None:
    """Send what sheets there are, with a glimpse of each."""
    from operations.imports.cells import read_styles
    from operations.imports.merges import Merges
    from operations.imports.packages import Package
    from operations.imports.sheet_reader import Glimpse, SheetReader
    from operations.imports.strings import read_strings

    package = Package(file, limits)
    strings = read_strings(package, count=GLIMPSE_STRINGS, most=GLIMPSE_BYTES)
    styles, sheets = read_styles(package), []
    for sheet in package.sheets:
        glimpse = Glimpse(GLIMPSE_ROWS, GLIMPSE_COLUMNS, GLIMPSE_LETTERS)
        reader = SheetReader(glimpse, strings, styles, Merges(), limits)
        is_whole = package.parse(sheet.part, "worksheet", reader.handlers_of, most=GLIMPSE_BYTES)
        sheets.append({
            "name": sheet.name, "is_hidden": sheet.is_hidden, "is_filled": bool(glimpse.rows) or not is_whole,
            "rows": glimpse.rows,
        })
    messages.send({"sheets": sheets})


def main(task: dict[str, Any], file: IO[bytes], out: IO[bytes]) -> None:
    limits = Limits(**task["limits"])
    resource.setrlimit(resource.RLIMIT_AS, (limits.memory, limits.memory))
    # At the first limit the process is told so by a signal of its own, at the second it is killed.
    resource.setrlimit(resource.RLIMIT_CPU, (limits.seconds, limits.seconds + 5))
    messages = Messages(out, limits)
    try:
        if task["sheet"] is None:
            look(file, limits, messages)
        else:
            read(file, task["sheet"], limits, messages)
    except WorkbookError as error:
        messages.send({"refused": error.as_json()})
    except MemoryError:
        messages.send({"refused": too_large(f"> {limits.memory >> 20}", limits.memory >> 20, "MB").as_json()})


if __name__ == "__main__":
    main(json.loads(sys.argv[1]), io.BufferedReader(Shared(sys.stdin.fileno())), sys.stdout.buffer)
