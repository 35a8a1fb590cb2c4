"""Workbooks (XLSX) for the rest of the house: a process of its own reads them, this is where its rows come in.

What a file is, is told by how it begins; its name must say the same. A workbook of a few kilobytes can hold gigabytes,
so the reader (workbook_process.py) has little memory and time. Whatever becomes of it, the caller gets rows and notes,
or a FileRefusedError that says why.
"""

import csv
import hashlib
import io
import json
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any, NamedTuple

import structlog

from operations.errors import FileRefusedError
from operations.imports.cells import CellFault
from operations.imports.faults import Fault
from operations.imports.files import refusal
from operations.imports.limits import Limits
from operations.imports.merges import letters_of
from operations.imports.reader import Record

log = structlog.get_logger(__name__)
#: What stands in ImportBatch.encoding of a workbook.
XLSX = "xlsx"
LIMITS = Limits()
#: To look at what sheets there are, while somebody waits for the page.
GLANCE_SECONDS = 20
PROJECT = Path(__file__).resolve().parents[2]
PROCESS = "operations.imports.workbook_process"
BLOCK = 1 << 20


class Sheet(NamedTuple):
    """A sheet as it can be chosen; `rows` are the first of it."""

    name: str
    is_hidden: bool
    is_filled: bool
    rows: list[list[str]]


def sha256_of(stream: IO[bytes]) -> str:
    """The hash of a file, from its beginning."""
    stream.seek(0)
    digest = hashlib.sha256()
    while block := stream.read(BLOCK):
        digest.update(block)
    return digest.hexdigest()


def look_at(stream: IO[bytes]) -> list[Sheet]:
    """The sheets of a workbook, by a glance at the beginning of each. FileRefusedError."""
    sheets: list[Sheet] = []
    with _reading(stream, None, LIMITS._replace(seconds=GLANCE_SECONDS)) as messages:
        for message in messages:
            sheets = [Sheet(**sheet) for sheet in message["sheets"]]
    return sheets


def only_sheet(sheets: list[Sheet]) -> Sheet | None:
    """The one sheet with anything in it; None where there are several. FileRefusedError where there is none."""
    filled = [sheet for sheet in sheets if sheet.is_filled]
    if not filled:
        raise refusal("empty_file")
    return filled[0] if len(filled) == 1 else None


def as_csv(data: bytes) -> bytes:
    """The first sheet with anything in it as CSV in UTF-8, blank rows where they are; for files of some thousand rows.

    FileRefusedError also for a cell that cannot be told for certain.
    """
    stream, out = io.BytesIO(data), io.StringIO(newline="")
    sheet = next((sheet.name for sheet in look_at(stream) if sheet.is_filled), None)
    if sheet is None:
        raise refusal("empty_file")
    writer, last = csv.writer(out), 0
    with open_sheet(stream, sheet) as rows:
        for line, cells, faults in rows:
            if faults:
                raise FileRefusedError(*(
                    Fault(line, letters_of(place), fault.value, fault.code, fault.expected)
                    for place, fault in faults.items()
                ))
            writer.writerows([] for _blank in range(last + 1, line))
            writer.writerow(cells)
            last = line
    return out.getvalue().encode()


class SheetRows:
    """The records of one sheet, in order. Once all were read, `notes` say what an operator should know of it."""

    def __init__(self, messages: Iterator[dict[str, Any]]) -> None:
        self._messages = messages
        #: Which part of the sheet was read, and about how many characters, cells and faults that was.
        self.share, self._weight = 0.0, 0
        self.notes: list[dict[str, Any]] = []

    def __iter__(self) -> Iterator[Record]:
        for message in self._messages:
            self.share = message.get("share", self.share)
            self.notes = message.get("end", self.notes)
            self._weight += message.get("weight", 0)
            for line, cells, *faults in message.get("rows", ()):
                yield Record(line, cells, {place: CellFault(*fault) for place, *fault in faults[0]} if faults else {})

    def tell(self) -> int:
        """How much came so far: what blocks of records are measured by."""
        return self._weight


@contextmanager
def open_sheet(stream: IO[bytes], sheet: str) -> Iterator[SheetRows]:
    """The rows of the sheet of that name; a process reads them while they are asked for. FileRefusedError."""
    with _reading(stream, sheet, LIMITS) as messages:
        yield SheetRows(messages)


@contextmanager
def _reading(
    stream: IO[bytes], sheet: str | None, limits: Limits
) -> Iterator[Iterator[dict[str, Any]]]:
    """The messages of a process that reads the workbook; it is ended with the block."""
    task = json.dumps({"sheet": sheet, "limits": limits._asdict()})
    with _real_file(stream) as file, tempfile.TemporaryFile() as errors:
        # It inherits no environment, which holds our secrets, and needs none.
        process = subprocess.Popen(  # nosec B603
            [sys.executable, "-m", PROCESS, task], stdin=file, stdout=subprocess.PIPE, stderr=errors, cwd=PROJECT,
            env={},
        )
        try:
            yield _messages(process, errors, limits)
        finally:
            process.kill()
            process.wait()
            if process.stdout:
                process.stdout.close()


def _messages(process: "subprocess.Popen[bytes]", errors: IO[bytes], limits: Limits) -> Iterator[dict[str, Any]]:
    """What the process says; FileRefusedError when it refuses the file, or did not come to its end."""
    assert process.stdout
    is_ended = False
    for line in process.stdout:
        message = json.loads(line)
        if "refused" in message:
            raise FileRefusedError(Fault(**message["refused"]))
        is_ended = is_ended or "end" in message or "sheets" in message
        yield message
    if process.wait() or not is_ended:
        raise _broken_off(process.returncode, errors, limits)


def _broken_off(code: int, errors: IO[bytes], limits: Limits) -> FileRefusedError:
    """Why the process ended before its end."""
    errors.seek(0)
    said = errors.read()[-2000:].decode(errors="replace")
    log.warning("workbook_process_ended", code=code, said=said)
    if code == -signal.SIGXCPU:
        return refusal("workbook_too_large", value=f"> {limits.seconds}", expected=f"{limits.seconds} seconds")
    if "MemoryError" in said:
        return refusal("workbook_too_large", value=f"> {limits.memory >> 20}", expected=f"{limits.memory >> 20} MB")
    if code in (-signal.SIGKILL, -signal.SIGTERM):
        return refusal("check_stopped", line=0)
    return refusal("bad_workbook", expected=f"{PROCESS}: {code}")


@contextmanager
def _real_file(stream: IO[bytes]) -> Iterator[IO[bytes]]:
    """The stream as a file that another process can read from any place; of any other storage, a copy on disk."""
    stream.seek(0)
    try:
        stream.fileno()
    except (OSError, AttributeError):
        with tempfile.TemporaryFile() as copy:
            shutil.copyfileobj(stream, copy, BLOCK)
            copy.seek(0)
            yield copy
    else:
        yield stream
