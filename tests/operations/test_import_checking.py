"""Columns of cells on their way to values: normalised fast, and just as slowly would have done."""

import polars as pl
from hypothesis import example, given, settings
from hypothesis import strategies as st

from memberships.importers import EnterpriseCustomerResource
from operations.imports.checking import Layout, check_columns, collect_faults, frame_of, normalised
from operations.imports.fields import ImportField
from operations.imports.reader import Record
from operations.imports.widgets import Folding
from tests.cells import trimmed

FIELDS: dict[str, ImportField] = {field.staged: field for field in EnterpriseCustomerResource().get_import_fields()}
TEXTS = st.one_of(st.text(max_size=10), st.text(alphabet="'=+-@ aé１㈱ｶﾞ企、\u0301\u1100\u1161\uf900", max_size=6))


def by_hand(text: str, folding: Folding) -> str | None:
    bare = text[1:] if text[:1] == "'" and text[1:2] and text[1] in "=+-@\t\r\n＝＋－＠" else text
    return trimmed(bare, folding)


@settings(max_examples=150, deadline=None)
@given(st.lists(TEXTS, min_size=1, max_size=30), st.sampled_from(Folding))
@example(["'=1", "'", "''=1", "ａ", "企业", "", " ", "ｶﾞ", "e\u0301", "\xad", "\u200b企业 \ufeff"], Folding.NFKC)
@example(["①", "Ⅱ期（北京）", "ａ", "\u3000", "\u200b企业 \ufeff", "\u200b", "，"], Folding.WIDTH)
@example(["①", "您好，ａ", "\u3000", "\u200b企业 \ufeff", "\u200b", " \u3000x"], Folding.NONE)
def test_cells_are_folded_as_their_column_says_and_the_raw_ones_stay(texts: list[str], folding: Folding) -> None:
    raw = pl.Series("raw", texts, dtype=pl.String)
    assert normalised(raw, folding).to_list() == [by_hand(text, folding) for text in texts]
    assert raw.to_list() == texts


def rows_checked(names: list[str], rows: list[list[str]], width: int | None = None) -> pl.DataFrame:
    layout = Layout([FIELDS.get(name) for name in names], width or len(names))
    block = [Record(line, cells) for line, cells in enumerate(rows, start=2)]
    return collect_faults(check_columns(frame_of(block, layout), layout), layout, {})


def test_cleared_fields_are_listed_as_postgresql_takes_them() -> None:
    found = rows_checked(["province", "city", "credit_code"], [["-", "－", ""], ["x", "", ""], ["'-", "y", ""]])
    assert found["clears"].to_list() == ["{province,city}", None, "{province}"]
    assert found["province"].to_list() == [None, "x", None]


def test_columns_that_are_passed_over_have_no_values() -> None:
    found = rows_checked(["province", "reason"], [["浙江省", "-"]])
    assert set(found.columns) == {"line", "province", "faults", "clears"}


def test_a_ragged_row_has_one_fault_and_no_values() -> None:
    found = rows_checked(["province", "mobile"], [["浙江省"], ["x", "1", "z"], ["x", ""]])
    assert found["province"].to_list() == [None, None, "x"]
    assert [text and text.count("ragged_row") for text in found["faults"]] == [1, 1, None]
    assert "bad_mobile" not in str(found["faults"].to_list())


def test_blank_cells_may_stand_below_blank_headers_and_others_may_not() -> None:
    found = rows_checked(["province"], [["x"], ["x", "", " "], ["x", "", "y"], ["x", "", "", ""]], width=3)
    assert [text is None for text in found["faults"]] == [True, True, False, True]
