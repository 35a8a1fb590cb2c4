"""Cells become values: the rule for one cell and its twin for a column say the same of any text."""

import unicodedata
from collections.abc import Sequence
from decimal import Decimal
from typing import Any

import polars as pl
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from stdnum.cn import uscc

from memberships.importers import FLAGS, SIZES
from operations.imports.widgets import (
    AmountWidget,
    CellError,
    ChoiceWidget,
    CodeWidget,
    CreditCodeWidget,
    EmailWidget,
    FlagsWidget,
    MobileWidget,
    TextWidget,
    WholeNumberWidget,
)

WIDGETS: dict[str, TextWidget] = {
    "text": TextWidget(5), "code": CodeWidget(12), "credit code": CreditCodeWidget(), "mobile": MobileWidget(),
    "email": EmailWidget(), "size": ChoiceWidget(SIZES), "flags": FlagsWidget(FLAGS), "amount": AmountWidget(),
    "whole number": WholeNumberWidget(),
}


@st.composite
def credit_codes(draw: Any) -> str:
    body = draw(st.from_regex(r"[0-9]{8}[0-9ABCDEFGHJKLMNPQRTUWXY]{9}", fullmatch=True))
    return str(body + uscc.calc_check_digit(body))


RIGHT = st.one_of(
    credit_codes(),
    st.from_regex(r"(\+86|0086|86)?1[3-9][0-9]{9}", fullmatch=True),
    st.emails(),
    st.from_regex(r"¥?[0-9]{1,3}(,[0-9]{3}){0,3}(\.[0-9]{1,2})?元?", fullmatch=True),
    st.from_regex(r"[+-]?[0-9]{1,3}(\.[0-9]{1,3})?([Ee][+-]?[0-9]{1,2})?", fullmatch=True),
    st.lists(st.sampled_from([*FLAGS, *SIZES]), min_size=1).map(",".join),
)
# What people put in, and what looks like something else than it is.
INSERTS = st.one_of(
    st.sampled_from(" -–−\t\n\r\x0b\x1c\x85\u200b\u202d\ufeff'.,;、|/@+eEß١５IOSVZ元¥"), st.characters(codec="utf-8")
)


@st.composite
def near_misses(draw: Any) -> str:
    """A right cell with a few characters put in, taken out or put over."""
    text = draw(RIGHT)
    for _slip in range(draw(st.integers(0, 3))):
        place = draw(st.integers(0, len(text)))
        text = text[:place] + draw(st.just("") | INSERTS) + text[place + draw(st.integers(0, 1)) :]
    return str(text)


def cells_of(text: str) -> list[str]:
    """As the engine hands cells on: NFKC, trimmed, not blank."""
    normal = pl.Series([unicodedata.normalize("NFKC", text)]).str.strip_chars()[0]
    return [normal] if normal else []


def by_column(widget: TextWidget, cells: Sequence[str | None]) -> list[tuple[Any, str | None]]:
    column = pl.DataFrame({"text": pl.Series(cells, dtype=pl.String)})
    text = pl.col("text")
    found = column.select(widget.value(text).alias("value"), widget.fault(text).alias("fault"))
    return [(None if fault else value, fault) for value, fault in found.iter_rows()]


def by_cell(widget: TextWidget, cell: str) -> tuple[Any, str | None]:
    try:
        return widget.clean(cell), None
    except CellError as error:
        return None, error.code


@pytest.mark.parametrize("name", WIDGETS)
@settings(max_examples=60, deadline=None)
@given(texts=st.lists(st.one_of(near_misses(), st.text(), INSERTS), min_size=1, max_size=20))
@example(texts=["91110105MA01234567", "1.10105E+17", "13800138000.0", "12E34", "13800138000\n", "1.0\n"])
@example(texts=["a@b.c", "a@例子.中国", "x" * 255 + "@x.com", "a" * 250 + "@b.cn", '"a b"@x.com', "a@[127.0.0.1]"])
def test_the_rule_for_a_column_is_the_rule_for_a_cell(name: str, texts: list[str]) -> None:
    widget = WIDGETS[name]
    cells = [cell for text in texts for cell in cells_of(text)]
    for cell, (value, fault) in zip(cells, by_column(widget, cells), strict=True):
        expected, code = by_cell(widget, cell)
        assert fault == code, repr(cell)
        if code is None:
            assert (Decimal(value) if isinstance(expected, Decimal) else value) == expected, repr(cell)


@pytest.mark.parametrize("name", WIDGETS)
def test_blank_cells_have_neither_value_nor_fault(name: str) -> None:
    assert by_column(WIDGETS[name], [None, None]) == [(None, None), (None, None)]
    assert by_column(WIDGETS[name], []) == []


@settings(max_examples=100, deadline=None)
@given(code=credit_codes())
def test_every_code_with_a_right_check_character_is_taken(code: str) -> None:
    spaced = "-".join(code[place : place + 4] for place in range(0, 18, 4)).lower()
    assert by_column(CreditCodeWidget(), [code, spaced]) == [(code, None), (code, None)]


@settings(max_examples=100, deadline=None)
@given(code=credit_codes(), place=st.integers(0, 17), other=st.sampled_from(CreditCodeWidget.ALPHABET))
def test_one_mistyped_character_never_passes(code: str, place: int, other: str) -> None:
    mistyped = code[:place] + other + code[place + 1 :]
    ((_value, fault),) = by_column(CreditCodeWidget(), [mistyped])
    assert (fault is None) == (mistyped == code)


@pytest.mark.parametrize(
    ("name", "cell", "value"),
    [
        ("mobile", "138 0013-8000", "13800138000"),
        ("mobile", "+86 138 0013 8000", "13800138000"),
        ("mobile", "\u202d13800138000\u202c", "13800138000"),
        ("amount", "1,000,000.00", "1000000.00"),
        ("amount", "100", "100"),
        ("amount", "¥ 100.5 元", "100.5"),
        ("whole number", "61", 61),
        ("size", "LARGE", "large"),
        ("size", "大型", "large"),
        ("flags", "世界500强、专精特新", "{fortune500,specialised}"),
        ("flags", "专精特新 世界500强;专精特新", "{fortune500,specialised}"),
        ("flags", "Fortune500|specialised", "{fortune500,specialised}"),
        ("code", "12E34", "12E34"),
        ("code", "2024.10", "2024.10"),
    ],
)
def test_a_cell_that_is_meant_well_is_understood(name: str, cell: str, value: Any) -> None:
    assert by_column(WIDGETS[name], [cell]) == [(value, None)]


@pytest.mark.parametrize(
    ("name", "cell", "fault"),
    [
        ("credit code", "1.10105E+17", "spreadsheet_number"),
        ("credit code", "91110105MA0123456", "bad_credit_code"),
        ("credit code", "9111010５" * 3, "bad_credit_code"),
        ("mobile", "13800138000.0", "spreadsheet_number"),
        ("mobile", "1.38E+10", "spreadsheet_number"),
        ("mobile", "12800138000", "bad_mobile"),
        ("mobile", "138001380001", "bad_mobile"),
        ("code", "1.38E+10", "spreadsheet_number"),
        ("code", "1E+17", "spreadsheet_number"),
        ("code", "X" * 13, "too_long"),
        ("email", "nobody", "bad_email"),
        ("email", "a@b", "bad_email"),
        ("email", "a" * 250 + "@b.cn", "bad_email"),
        ("amount", "12.345", "bad_amount"),
        ("amount", "-5", "bad_amount"),
        ("amount", "1e6", "bad_amount"),
        ("amount", "abc", "bad_amount"),
        ("amount", "1,00", "bad_amount"),
        ("amount", "1" * 13, "bad_amount"),
        ("whole number", "61.5", "bad_whole_number"),
        ("whole number", "12345", "bad_whole_number"),
        ("size", "巨型", "bad_choice"),
        ("flags", "专精特新,独角兽", "bad_choice"),
        ("flags", ",", "bad_choice"),
    ],
)
def test_a_cell_that_breaks_the_rule_is_named(name: str, cell: str, fault: str) -> None:
    assert by_column(WIDGETS[name], [cell]) == [(None, fault)]


@pytest.mark.parametrize("name", WIDGETS)
def test_a_very_long_cell_is_judged_at_once(name: str) -> None:
    long_cells = ["1" * 100_000, "a" * 100_000 + "@", "a." * 50_000, "1," * 50_000, "- " * 50_000 + "x"]
    assert len(by_column(WIDGETS[name], long_cells)) == len(long_cells)
