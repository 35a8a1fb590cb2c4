"""Workbooks as people send them: what their cells say, and what is told of them."""

import io
from collections.abc import Iterable
from datetime import datetime, time, timedelta
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest
from openpyxl import Workbook  # type: ignore[import-untyped]
from xlsxwriter import Workbook as WrittenBook  # type: ignore[import-untyped]

from operations.errors import FileRefusedError
from operations.imports.workbooks import LIMITS, look_at, open_sheet, sha256_of

#: Spreadsheets know no zones.
DAY = datetime(2027, 1, 15)  # noqa: DTZ001


def saved(book: Any) -> bytes:
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def a_book(*rows: Iterable[Any]) -> Any:
    """A workbook of one sheet, by openpyxl; its first row is the header."""
    book = Workbook()
    for row in rows:
        book.active.append(row)
    return book


def read(data: bytes, sheet: str = "Sheet") -> tuple[list[tuple[int, list[str]]], dict[str, str], list[dict[str, Any]]]:
    """Rows with their numbers, what is wrong by cell, and the notes."""
    with open_sheet(io.BytesIO(data), sheet) as found:
        records = list(found)
    faults = {
        f"{chr(65 + place)}{record.line}": fault.code for record in records for place, fault in record.faults.items()
    }
    return [(record.line, record.cells) for record in records], faults, found.notes


def cells(data: bytes, sheet: str = "Sheet") -> list[str]:
    """The one row below the header, which has nothing wrong."""
    rows, faults, _notes = read(data, sheet)
    assert faults == {}
    (_line, found) = rows[-1]
    return found


def refused(data: bytes, sheet: str = "Sheet") -> str:
    with pytest.raises(FileRefusedError) as error:
        read(data, sheet)
    (fault,) = error.value.faults
    return fault.code


def with_format(value: Any, number_format: str) -> bytes:
    book = a_book(["a"], [value])
    book.active["A2"].number_format = number_format
    return saved(book)


def test_cells_say_what_the_operator_sees() -> None:
    data = saved(a_book(
        list("abcdefgh"),
        [" 文字 ", 13800138000, 0.1 + 0.2, 1.5e-7, True, DAY.date(), DAY + timedelta(hours=9.5), time(9, 30)],
    ))  # fmt: skip
    assert cells(data) == [
        " 文字 ", "13800138000", "0.3", "0.00000015", "TRUE", "2027-01-15", "2027-01-15 09:30:00", "09:30:00",
    ]


@pytest.mark.parametrize(
    ("value", "number_format", "shown"),
    [
        (0.15, "0%", "15%"), (0.12345, "0.0%", "12.345%"), (15, r"0\%", "15"), (7, "000000", "000007"),
        (1234.5, "#,##0.00", "1234.5"),
        (46402, 'yyyy"年"m"月"d"日"', "2027-01-15"), (46402.0, "yyyy-mm-dd hh:mm:ss", "2027-01-15"),
        (46402.5, "m/d/yy", "2027-01-15 12:00:00"), (1.5, "[h]:mm:ss", "36:00:00"), (-3, "General", "-3"),
        (-0.0, "General", "0"), (99_999_999_999_999, "0", "99999999999999"),
    ],
)
def test_numbers_are_read_by_their_format(value: float, number_format: str, shown: str) -> None:
    assert cells(with_format(value, number_format)) == [shown]


@pytest.mark.parametrize(
    ("value", "number_format", "code"),
    [
        (100_000_000_000_000, "General", "spreadsheet_number"), (6222020200112233445, "0", "spreadsheet_number"),
        (-1e14, "General", "spreadsheet_number"), (1e20, "0%", "spreadsheet_number"),
        ("=1+1", "General", "no_stored_value"),
        (-1, "yyyy-mm-dd", "bad_cell"), (1e9, "yyyy-mm-dd", "bad_cell"), ("_x0000_", "@", "control_character"),
        ("_xD800_", "@", "control_character"),
    ],
)
def test_what_cannot_be_told_for_certain_is_wrong_with_its_cell(value: Any, number_format: str, code: str) -> None:
    rows, faults, _notes = read(with_format(value, number_format))
    assert (rows[0], faults) == ((1, ["a"]), {"A2": code})


def test_days_of_1904_are_days() -> None:
    out = io.BytesIO()
    book = WrittenBook(out, {"date_1904": True})
    sheet = book.add_worksheet("Sheet")
    sheet.write(0, 0, "a")
    sheet.write_datetime(1, 0, DAY, book.add_format({"num_format": "yyyy-mm-dd"}))
    book.close()
    assert cells(out.getvalue()) == ["2027-01-15"]


def test_escapes_and_rich_texts_are_texts() -> None:
    out = io.BytesIO()
    book = WrittenBook(out)
    sheet, bold = book.add_worksheet("Sheet"), book.add_format({"bold": True})
    sheet.write_row(0, 0, ["a", "b", "c"])
    sheet.write_string(1, 0, "_x0041_")
    sheet.write_rich_string(1, 1, "一", bold, " 二", "三")
    sheet.write_string(1, 2, "x\r\ny\t😀")
    book.close()
    assert cells(out.getvalue()) == ["_x0041_", "一 二三", "x\r\ny\t😀"]


def test_rows_keep_their_numbers_over_blank_ones() -> None:
    book = a_book([], ["a", "b", None], [], [None, "x"], [" "], ["y"])
    rows, _faults, _notes = read(saved(book))
    assert rows == [(2, ["a", "b"]), (4, ["", "x"]), (6, ["y", ""])]


def test_merged_areas_are_never_blank_cells() -> None:
    book = a_book(["a", "b"], ["x", 1], [None, 2], ["y", None])
    book.active.merge_cells("A2:A3")
    book.active.merge_cells("A4:B4")
    rows, faults, _notes = read(saved(book))
    assert rows[2] == (3, ["", "2"])
    assert faults == {"A3": "merged_cells", "B4": "merged_cells"}


def test_merged_header_is_named() -> None:
    book = a_book(["a", None, "c"], [1, 2, 3])
    book.active.merge_cells("A1:B1")
    assert read(saved(book))[1] == {"B1": "merged_cells"}


def test_hidden_rows_and_columns_and_formulas_are_noted() -> None:
    book = a_book(list("abc"), *([number, number, number] for number in range(2, 10)))
    for row in (3, 4, 5, 8):
        book.active.row_dimensions[row].hidden = True
    book.active.column_dimensions["B"].hidden = True
    rows, _faults, notes = read(saved(book))
    assert len(rows) == 9
    assert notes == [
        {"code": "hidden_rows", "count": 4, "ranges": [[3, 5], [8, 8]], "has_more": False},
        {"code": "hidden_columns", "count": 1, "ranges": [["B", "B"]], "has_more": False},
    ]


def test_formulas_give_their_stored_value() -> None:
    out = io.BytesIO()
    book = WrittenBook(out)
    sheet = book.add_worksheet("Sheet")
    sheet.write_row(0, 0, ["a", "b", "c"])
    sheet.write_formula(1, 0, "=1+1", None, 2)
    sheet.write_formula(1, 1, '="x"&"y"', None, "xy")
    sheet.write_formula(1, 2, "=1/0", None, "#DIV/0!")
    book.close()
    rows, faults, notes = read(out.getvalue())
    assert rows[1] == (2, ["2", "xy", "#DIV/0!"])
    assert faults == {"C2": "error_value"}
    assert notes == [{"code": "formulas", "count": 3, "first": "A2"}]


def test_sheets_are_looked_at_with_their_first_rows() -> None:
    book = a_book(["a"], *([number] for number in range(10)))
    book.create_sheet("空")
    book.create_sheet("藏").append(["x"])
    book["藏"].sheet_state = "veryHidden"
    found = look_at(io.BytesIO(saved(book)))
    assert [(sheet.name, sheet.is_hidden, sheet.is_filled) for sheet in found] == [
        ("Sheet", False, True), ("空", False, False), ("藏", True, True),
    ]
    assert found[0].rows == [["a"], ["0"], ["1"], ["2"]]


def test_no_sheet_of_that_name_is_read() -> None:
    assert refused(saved(a_book(["a"])), "Tabelle1") == "no_such_sheet"


def test_limits_are_those_of_the_process(monkeypatch: pytest.MonkeyPatch) -> None:
    data = saved(a_book(["a"], *(["x" * 50] for _row in range(30))))
    for name, most, code in (
        ("unpacked", 1000, "workbook_too_large"), ("entries", 3, "workbook_too_large"),
        ("rows", 20, "workbook_too_large"), ("cell", 49, "cell_too_large"),
    ):
        monkeypatch.setattr("operations.imports.workbooks.LIMITS", LIMITS._replace(**{name: most}))
        assert refused(data) == code


def test_a_file_is_left_where_it_was_read(tmp_path: Path) -> None:
    path = tmp_path / "a.xlsx"
    path.write_bytes(saved(a_book(["a"], *([str(number) * 20] for number in range(5000)))))
    with path.open("rb") as stream:
        assert stream.read(2) == b"PK"
        look_at(stream)
        assert sha256_of(stream) == sha256(path.read_bytes()).hexdigest()
