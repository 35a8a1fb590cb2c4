"""The first sheet of an XLSX workbook as CSV, read by a process of its own with little memory and time.

A workbook of a few kilobytes can hold gigabytes. So what it says it unpacks to is looked at before anything is opened,
and the reader (openpyxl, a row at a time) runs where it can exhaust nothing but itself: `python -m
operations.imports.workbooks` reads the workbook from stdin and writes CSV to stdout. It knows nothing of Django.
"""

import csv
import io
import resource
import subprocess
import sys
import zipfile
from collections.abc import Iterable
from datetime import date, datetime
from pathlib import Path
from typing import Any

#: How a file that is a ZIP archive begins, as every XLSX does.
MAGIC = b"PK\x03\x04"
MAX_UNPACKED = 300 << 20
MAX_ROWS, MAX_COLUMNS = 300_000, 64
MEMORY, SECONDS = 1 << 30, 90
PROJECT = Path(__file__).resolve().parents[2]


class WorkbookError(Exception):
    """It is no workbook, or larger than is read here."""


def is_workbook(data: bytes) -> bool:
    """Whether the bytes are an XLSX file, by how they begin."""
    return data.startswith(MAGIC)


def csv_of(data: bytes) -> bytes:
    """The first sheet as CSV in UTF-8. WorkbookError."""
    try:
        unpacked = sum(entry.file_size for entry in zipfile.ZipFile(io.BytesIO(data)).infolist())
    except (zipfile.BadZipFile, OSError, ValueError) as error:
        raise WorkbookError("ZIP") from error
    if unpacked > MAX_UNPACKED:
        raise WorkbookError(f"{unpacked} > {MAX_UNPACKED} bytes")
    try:
        done = subprocess.run(  # nosec B603
            [sys.executable, "-m", "operations.imports.workbooks"], input=data, capture_output=True, cwd=PROJECT,
            timeout=SECONDS, check=True, preexec_fn=_limit,
        )
    except subprocess.SubprocessError as error:
        raise WorkbookError(f"≤ {MAX_ROWS} × {MAX_COLUMNS}, XLSX") from error
    return done.stdout


def _limit() -> None:
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    resource.setrlimit(resource.RLIMIT_CPU, (SECONDS, SECONDS))


def write_csv(rows: Iterable[tuple[Any, ...]], out: Any) -> None:
    """Rows of cells as CSV; ends with an error where there are more than are read."""
    writer = csv.writer(out)
    for number, row in enumerate(rows):
        if number >= MAX_ROWS:
            sys.exit("too many rows")
        cells = [text_of(cell) for cell in row]
        while cells and not cells[-1]:
            cells.pop()
        writer.writerow(cells)


def text_of(cell: Any) -> str:
    """A cell as it would stand in a CSV file; a number that lost digits shows it (1.10105e+17)."""
    if cell is None:
        return ""
    if isinstance(cell, datetime | date):
        return cell.isoformat()[:10]
    if isinstance(cell, float) and cell.is_integer() and abs(cell) < 1e15:
        return str(int(cell))
    return str(cell)


def main() -> None:
    from openpyxl import load_workbook  # type: ignore[import-untyped]

    book = load_workbook(io.BytesIO(sys.stdin.buffer.read()), read_only=True, data_only=True)
    # What a workbook says of its own size is not believed.
    sheet = book.worksheets[0]
    sheet.reset_dimensions()
    out = io.TextIOWrapper(sys.stdout.buffer, encoding="utf-8", newline="")
    write_csv(sheet.iter_rows(max_col=MAX_COLUMNS, values_only=True), out)
    out.flush()


if __name__ == "__main__":
    main()
