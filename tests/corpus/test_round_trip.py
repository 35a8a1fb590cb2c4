"""Any table of any text, as programs write it: it comes back cell for cell, or is refused with a reason."""

import csv
import io
import json
import re
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.utils.translation import override
from hypothesis import HealthCheck, assume, example, given, settings
from hypothesis import strategies as st
from openpyxl import Workbook  # type: ignore[import-untyped]
from openpyxl.cell.cell import ILLEGAL_CHARACTERS_RE  # type: ignore[import-untyped]
from xlsxwriter import Workbook as WorkbookWriter  # type: ignore[import-untyped]

from operations.errors import FileRefusedError
from operations.imports.cells import CONTROL, CellFault
from operations.imports.faults import MESSAGES
from operations.imports.files import inspect_file
from operations.imports.kinds import TEXT, kind_of_file
from operations.imports.reader import read_records
from operations.imports.strings import ESCAPED
from operations.imports.workbook_process import Messages, read
from operations.imports.workbooks import LIMITS, XLSX

#: Halves of characters are no text: no program could write them.
ANY_TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
LIKELY = st.sampled_from([
    "", " ", "0012", "911101080000000018", "1.10E+17", "=1+1", "-", "'", '"', '""', ",", ";", "\t", "\n", "\r\n", "\r",
    "\\", "\ufeff", "\u200b", "\u3000", "NULL", "NaN", "N/A", "#N/A", "TRUE", "_x0041_", "_x000D_", "\x00", "\x1f",
    "\x7f", "\x85", "京东", "𠮷野家", "é", "联通", "😀", "a\u0301", "<b>", "&amp;", "]]>", "3/4", "2027-01-15", "50%",
])  # fmt: skip
TABLES = st.lists(st.lists(LIKELY | ANY_TEXT, min_size=1, max_size=4), min_size=1, max_size=6)
Rows = list[list[str]]
#: A machine that is busy draws slowly, which says nothing of what is drawn.
BUSY: dict[str, Any] = {"deadline": None, "suppress_health_check": [HealthCheck.too_slow]}
#: What NULs are taken for: of a file of little else, for UTF-16.
NO_TEXT = ("nul_bytes", "utf16")


def filled(rows: Rows) -> Rows:
    """The rows that hold anything."""
    return [row for row in rows if any(cell.strip() for cell in row)]


def read_text(content: bytes) -> Rows | str:
    """The records of a text file; the code of what refuses it."""
    try:
        stream = io.BytesIO(content)
        assert kind_of_file(stream, "list.csv") == TEXT
        facts = inspect_file(stream)
        return [record.cells for record in read_records(stream, facts.encoding)]
    except FileRefusedError as refused:
        return reason(refused)


def reason(refused: FileRefusedError) -> str:
    """The code of a refusal, which says something in either language."""
    [fault] = refused.faults
    for language in ("en", "zh-hans"):
        with override(language):
            assert fault.message
    return fault.code


# --- text


@settings(max_examples=400, **BUSY)
@given(
    rows=TABLES, end=st.sampled_from(["\r\n", "\n", "\r"]), encoding=st.sampled_from(["utf-8", "utf-8-sig", "gb18030"]),
    quotes=st.sampled_from([csv.QUOTE_MINIMAL, csv.QUOTE_ALL, csv.QUOTE_NONNUMERIC]),
)
@example(rows=[["é"]], end="\n", encoding="utf-8", quotes=csv.QUOTE_ALL)
@example(rows=[["联通"], ["\x85"]], end="\r", encoding="gb18030", quotes=csv.QUOTE_MINIMAL)
def test_what_csv_writers_write_comes_back_or_is_refused(rows: Rows, end: str, encoding: str, quotes: Any) -> None:
    """With a header in Chinese, as our lists have it: a file in GB18030 is told by it.

    The writer of Python 3.11 leaves a return bare where lines end otherwise: no reader could tell it from the end of a
    line, so cells with one are written in quotes.
    """
    if any(set(cell) & set("\r\n") for row in rows for cell in row):
        quotes = csv.QUOTE_ALL
    out = io.StringIO(newline="")
    table = [["企业名称"], *rows]
    csv.writer(out, lineterminator=end, quoting=quotes).writerows(table)
    found = read_text(out.getvalue().encode(encoding))
    if isinstance(found, str):
        assert found in NO_TEXT and "\x00" in out.getvalue()
    else:
        assert found == filled(table)


@settings(**BUSY)
@given(rows=TABLES, encoding=st.sampled_from(["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32"]))
def test_what_says_nothing_of_its_encoding_comes_back_or_is_refused(rows: Rows, encoding: str) -> None:
    out = io.StringIO(newline="")
    csv.writer(out).writerows(rows)
    found = read_text(out.getvalue().encode(encoding))
    if encoding.startswith("utf-8"):
        # A mark of the order of bytes that is a text itself is no text of the first cell any more.
        text = out.getvalue()
        assume(not text.startswith("\ufeff"))
        assert found == "ambiguous_encoding" or found == filled(rows) or (found in NO_TEXT and "\x00" in text)
    else:
        assert isinstance(found, str)


@given(
    rows=st.lists(st.lists(st.sampled_from(["企业", "a", "1", "x y"]), min_size=2, max_size=2), min_size=1, max_size=3),
    delimiter=st.sampled_from(";\t|"),
)
def test_other_delimiters_make_one_column_that_no_header_knows(rows: Rows, delimiter: str) -> None:
    out = io.StringIO(newline="")
    csv.writer(out, delimiter=delimiter).writerows([["企业名称", "会员卡"], *rows])
    found = read_text(out.getvalue().encode())
    assert [len(cells) for cells in found] == [1] * (len(rows) + 1)


# --- workbooks


def read_workbook(content: bytes) -> tuple[Rows, dict[tuple[int, int], CellFault]]:
    """The rows of its first sheet by their numbers, blank ones where they are, and the cells that are refused."""
    assert kind_of_file(io.BytesIO(content), "list.xlsx") == XLSX
    out = io.BytesIO()
    read(io.BytesIO(content), "S", LIMITS, Messages(out, LIMITS))
    rows: Rows = []
    faults: dict[tuple[int, int], CellFault] = {}
    for message in map(json.loads, out.getvalue().splitlines()):
        for line, cells, *more in message.get("rows", ()):
            rows += [[] for _blank in range(line - 1 - len(rows))] + [cells]
            faults |= {(line, place): CellFault(*fault) for place, *fault in (more[0] if more else ())}
    return rows, faults


def by_openpyxl(rows: list[list[Any]], *, write_only: bool = False) -> bytes:
    book, out = Workbook(write_only=write_only), io.BytesIO()
    sheet = book.create_sheet("S") if write_only else book.active
    sheet.title = "S"
    for row in rows:
        sheet.append(row)
    book.save(out)
    return out.getvalue()


def by_xlsxwriter(rows: list[list[Any]], *, constant_memory: bool) -> bytes:
    out = io.BytesIO()
    book = WorkbookWriter(out, {"constant_memory": constant_memory, "strings_to_formulas": False, "in_memory": True})
    sheet = book.add_worksheet("S")
    for line, row in enumerate(rows):
        for place, cell in enumerate(row):
            sheet.write_string(line, place, cell)
    book.close()
    return out.getvalue()


def compare(rows: Rows, content: bytes, allowed: dict[str, str] | None = None) -> None:
    """Every cell is there as it was written, or refused by a code with a message."""
    found, faults = read_workbook(content)
    width = max(map(len, [*rows, *found]))
    lines = max(len(rows), len(found))
    for line in range(lines):
        written = (rows[line] if line < len(rows) else []) + [""] * width
        there = (found[line] if line < len(found) else []) + [""] * width
        for place in range(width):
            fault = faults.get((line + 1, place))
            if fault is None:
                assert there[place] == written[place] or not (there[place] + written[place]).strip()
            else:
                assert fault.code in MESSAGES and fault.code in {"control_character", *(allowed or ())}
                assert fault.code != "control_character" or CONTROL.search(written[place])


@settings(max_examples=150, **BUSY)
@given(rows=TABLES, write_only=st.booleans())
def test_what_openpyxl_writes_comes_back_or_is_refused(rows: Rows, write_only: bool) -> None:
    """It writes a return as a break of lines, and takes "_x0041_" for what Excel shows as "A": so do these rows."""
    texts = [cell for row in rows for cell in row]
    assume(not any(ILLEGAL_CHARACTERS_RE.search(text) or ESCAPED.search(text) for text in texts))
    plain = [[cell.replace("\r\n", "\n").replace("\r", "\n") for cell in row] for row in rows]
    formulas = {"error_value": "", "no_stored_value": ""}
    compare(plain, by_openpyxl(rows, write_only=write_only), formulas)


@settings(max_examples=150, **BUSY)
@given(rows=TABLES, constant_memory=st.booleans())
@example(rows=[["_x0041_", "_x005F_"], ["\x01", "a\r\nb"]], constant_memory=True)
def test_what_xlsxwriter_writes_comes_back_or_is_refused(rows: Rows, constant_memory: bool) -> None:
    """As pandas does by it: each text in its cell, or all in one part. It marks one of two escapes in a row."""
    assume(not any(re.search(r"_x[0-9A-Fa-f]{4}_x[0-9A-Fa-f]{4}_", cell) for row in rows for cell in row))
    compare(rows, by_xlsxwriter(rows, constant_memory=constant_memory))


NUMBERS = st.integers(-(10**17), 10**17) | st.floats(allow_nan=False, allow_infinity=False)
#: A cell knows no time zone.
DAYS = st.datetimes(
    datetime(1900, 3, 1), datetime(9999, 12, 31)  # noqa: DTZ001
).map(lambda each: each.replace(microsecond=0))


@settings(max_examples=150, **BUSY)
@given(cells=st.lists(NUMBERS | st.booleans() | DAYS | st.dates(date(1900, 3, 1)) | st.none(), min_size=1, max_size=6))
@example(cells=[10**14, 99999999999999, -0.0, 0.1 + 0.2, 1e-300, 1.5e300, True, None])
def test_numbers_days_and_truths_come_back_as_they_are_shown_or_are_refused(cells: list[Any]) -> None:
    found, faults = read_workbook(by_openpyxl([["头"] * len(cells), cells]))
    row = (found[1] if len(found) > 1 else []) + [""] * len(cells)
    for place, cell in enumerate(cells):
        fault = faults.get((2, place))
        if fault is not None:
            # More digits than a spreadsheet keeps.
            assert fault.code == "spreadsheet_number" and abs(cell) >= 1e14
        elif cell is None:
            assert row[place] == ""
        elif isinstance(cell, bool):
            assert row[place] == str(cell).upper()
        elif isinstance(cell, date):
            moment = cell if isinstance(cell, datetime) else datetime.combine(cell, time())
            shown = datetime.fromisoformat(row[place])
            assert abs(shown - moment) < timedelta(milliseconds=1)
        else:
            assert float(row[place]) == pytest.approx(float(cell), rel=1e-14, abs=0)
            assert not isinstance(cell, int) or row[place] == str(cell)


@settings(max_examples=100, **BUSY)
@given(share=st.integers(-(10**6), 10**6), shape=st.sampled_from(["0%", "0.00%", "0.0%;[Red]-0.0%"]))
def test_percentages_come_back_as_percentages(share: int, shape: str) -> None:
    """In hundredths of a percent, however few places the cell shows."""
    book, out = Workbook(), io.BytesIO()
    book.active.title = "S"
    book.active.append(["头"])
    book.active.append([share / 10**4])
    book.active["A2"].number_format = shape
    book.save(out)
    found, faults = read_workbook(out.getvalue())
    assert not faults and found[1][0].endswith("%")
    assert Decimal(found[1][0][:-1]) * 100 == share
