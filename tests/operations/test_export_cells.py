"""Cells of exports, read back as programs read them: nothing runs, no code becomes a number, numbers are numbers."""

import csv
import io
import re
from collections.abc import Sequence
from datetime import UTC, date, datetime
from decimal import Decimal

import polars as pl
import pytest
from django.utils.safestring import mark_safe
from django.utils.translation import override
from hypothesis import given
from hypothesis import strategies as st
from openpyxl import load_workbook  # type: ignore[import-untyped]
from openpyxl.utils.escape import unescape  # type: ignore[import-untyped]

from operations.admin.list_columns import _shown
from operations.imports.checking import normalised
from operations.imports.exports import Cell, csv_lines, unguarded
from operations.sheets import MOST_LETTERS, Sheet

#: What people, cash registers and attackers type.
NAUGHTY = [
    "=1+1", "=cmd|' /C calc'!A0", "+8613800138000", "-3", "@SUM(A1)", "\t=1", "\r=1", "\n=1", "＝1+1", '="0012"',
    "0012", "911101080000000018", "6222021234567890123", "1.10E+17", "1-2", "3/4", "12:30", "TRUE", "50%", ".5",
    "中文,“引号”\r\n第二行", "a\x00b", "😀", "", " ", "13800138000", "2026-11-22", "1,234.50", "'",
    "<r>1</r>", "<r><t>1</t></r>", "<r>", "_x0041_", "a & b",
]
LIKE_A_NUMBER = re.compile(r"\s*\d+(,\d{3})*(\.\d*)?([eE][+-]?\d+)?%?\s*")


def read_csv(rows: Sequence[Sequence[Cell]]) -> list[list[str]]:
    content = b"".join(csv_lines(["列"], rows))
    assert content.startswith(b"\xef\xbb\xbf") and content.count(b"\xef\xbb\xbf") == 1
    return list(csv.reader(io.StringIO(content.decode("utf-8-sig"), newline="")))[1:]


@given(st.lists(st.one_of(st.sampled_from(NAUGHTY), st.text()), min_size=1, max_size=5))
def test_no_text_of_a_csv_file_runs_or_becomes_a_number_and_all_come_back(texts: list[str]) -> None:
    [cells] = read_csv([texts])
    for text, cell in zip(texts, cells, strict=True):
        assert not cell.startswith(tuple("=+-@\t\r\n＝＋－＠")) or cell in ("-", "－") or cell == f'="{text}"'
        assert '"' not in cell[2:-1] or not cell.startswith('="'), "what stands in the frame ends there"
        if not text.startswith("'"):
            assert unguarded(cell) == text
        assert not LIKE_A_NUMBER.fullmatch(cell), "a spreadsheet would read a number"


@given(st.lists(st.one_of(st.sampled_from(NAUGHTY), st.text(max_size=50)), min_size=1, max_size=5))
def test_no_text_of_a_workbook_is_anything_but_text(texts: list[str]) -> None:
    sheet = Sheet("导出", [10], ["列"])
    sheet.write([*texts, "end"])
    _header, row = list(load_workbook(io.BytesIO(sheet.file())).active.iter_rows(max_col=len(texts)))
    for text, cell in zip(texts, row, strict=True):
        assert cell.data_type in ("s", "inlineStr", "n") and (cell.data_type != "n" or cell.value is None)
        plain = re.sub("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]", " ", text.replace("\r\n", "\n").replace("\r", "\n"))
        assert unescape(cell.value or "").strip(" ") == plain.strip(" "), "but for what XML cannot say"
        if text.startswith(("=", "+", "-", "@", "\t")):
            assert cell.quotePrefix, "it stays a text when somebody edits it"
        assert cell.value is None or cell.number_format == "@"


def test_numbers_days_and_instants_are_what_they_are_in_both_kinds_of_file() -> None:
    at = datetime(2027, 1, 14, 16, 5, 9, tzinfo=UTC)
    row: list[Cell] = [
        Decimal("-1234.5"), 7, Decimal("0.0375"), date(2027, 1, 15), at, True, None, Decimal("12345678901234567.89"),
        Decimal("1E+3"),
    ]
    with override("zh-hans"):
        [cells] = read_csv([row])
        sheet = Sheet("Report: [a/b]", [10], ["列"] * 9)
        sheet.write(row)
    assert cells == [
        "-1234.5", "7", "0.0375", "2027-01-15", "2027-01-15 00:05:09", "是", "", "12345678901234567.89", "1000",
    ]
    found = load_workbook(io.BytesIO(sheet.file())).active[2]
    assert [cell.value for cell in found] == [
        -1234.5, 7, 0.0375, datetime(2027, 1, 15), datetime(2027, 1, 15, 0, 5, 9), "是", None,  # noqa: DTZ001 (spreadsheets know no zones)
        "12345678901234567.89", 1000,
    ], "a sum that a spreadsheet would round is a text"
    assert [cell.number_format for cell in found[:5]] == [
        "#,##0.00", "#,##0", "#,##0.0000", "yyyy-mm-dd", "yyyy-mm-dd hh:mm:ss"
    ]


def test_a_text_longer_than_a_cell_is_cut_and_a_sheet_that_is_full_goes_on_in_another(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("operations.sheets.MOST_ROWS", 3)
    sheet = Sheet("list", [10], ["code"])
    for number in range(5):
        sheet.write([f"{number:04}" + "x" * MOST_LETTERS * (number == 0)])
    first, second, third = load_workbook(io.BytesIO(sheet.file())).worksheets
    assert len(first["A2"].value) == MOST_LETTERS and first["A3"].value == "0001"
    assert [cell.value for cell in second["A"]] == ["code", "0002", "0003"] and third["A2"].value == "0004"
    assert first.freeze_panes == "A2"


def test_an_import_takes_the_frame_of_a_code_off_again() -> None:
    column = pl.Series(['="0012"', "'=1+1", '="a"b"', "0012"])
    assert normalised(column).to_list() == ["0012", "=1+1", '="a"b"', "0012"]


@pytest.mark.parametrize(
    ("html", "words"),
    [("<span>远航商贸<br><span>经典卡</span></span>", "远航商贸 经典卡"), ("<div>1,200.00</div>", Decimal(1200)),
     ('<a href="/x/">0012</a>', "0012"), ("<b>A</b>&amp;B", "A&B")],
)
def test_lines_of_a_cell_are_kept_apart_in_a_file(html: str, words: Cell) -> None:
    assert _shown(mark_safe(html), is_text=False, is_boolean=False) == words
