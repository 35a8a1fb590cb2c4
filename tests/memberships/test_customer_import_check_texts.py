"""Any text in any column survives the way into the staging table, character by character."""

import csv
import io
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from memberships.models import Plan, StagedEnterpriseCustomer
from operations.imports.exports import guard_formula
from operations.imports.widgets import Folding
from operations.models import ImportBatch
from tests.cells import trimmed
from tests.customer_files import a_row
from tests.customer_imports import checked, counts, file_of
from tests.memberships.factories import an_annual_card, jd_plus_enterprise

pytestmark = pytest.mark.django_db

ODD_TEXTS = [
    "\\N", "NULL", "null", '""', '"', "'", "\\", "\\.", "a\n\\.\nb", "{a,b}", "{", "[1]", "$1", "%s %(x)s", "a\tb",
    "a\rb", "a\nb", "a\r\nb", "😀👨‍👩‍👧",
    "𠮷野家", "a,b", ";", "<b>", "\x01\x1f\x7f", "x\u2028y", "\ue000", "é", "nan", "true",
    "0x1F", "--", "=1+1", "'=1+1", "@SUM(A1)", "+x", "＝1+1", "1.0", "1e5",
]
NO_NUL = st.characters(codec="utf-8", exclude_characters="\0")
HEADER = [
    "企业名称", "统一社会信用代码", "联系人", "手机号", "邮箱", "省份", "城市", "行业", "企业规模", "标签", "会员卡",
    "申请额度", "申请账期", "外部编号", "备注",
]
TEXT_COLUMNS = {
    "企业名称": "legal_name", "联系人": "contact_name", "省份": "province", "城市": "city", "行业": "industry",
    "备注": "remarks",
}


@pytest.fixture(autouse=True)
def classic() -> Plan:
    return an_annual_card(jd_plus_enterprise(), code="classic", name="经典卡", name_en="Classic card")


def kept(text: str, folding: Folding = Folding.WIDTH) -> str | None:
    """What the engine makes of a cell: no guard, usual letters for full-width ones, no white space around it."""
    bare = text[1:] if text[:1] == "'" and guard_formula(text[1:]) == text else text
    return trimmed(bare, folding)


def staged(batch: ImportBatch) -> list[StagedEnterpriseCustomer]:
    return list(StagedEnterpriseCustomer.objects.filter(batch_id=batch.pk).order_by("line"))


def test_texts_that_look_like_something_else_survive_in_every_column() -> None:
    rows = [a_row(number, **dict.fromkeys(TEXT_COLUMNS, text)) for number, text in enumerate(ODD_TEXTS, start=1)]
    batch = checked(file_of(*rows))
    assert counts(batch) == {"new": len(rows)}
    for row, text in zip(staged(batch), ODD_TEXTS, strict=True):
        for name in TEXT_COLUMNS.values():
            folding = Folding.NONE if name == "remarks" else Folding.WIDTH
            assert getattr(row, name) == kept(text, folding), repr(text)


def test_an_external_id_is_text_whatever_it_looks_like() -> None:
    texts = ["00123", "1e5", "2024.10", "TRUE", "\\N", "{1}", "A-1"]
    batch = checked(file_of(*(a_row(number, 外部编号=text) for number, text in enumerate(texts, start=1))))
    assert [row.external_id for row in staged(batch)] == texts


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(texts=st.lists(st.text(alphabet=NO_NUL, max_size=30), max_size=12))
def test_any_remark_survives(texts: list[str]) -> None:
    batch = checked(file_of(*(a_row(number, 备注=text) for number, text in enumerate([*texts, "x"], start=1))))
    for row, text in zip(staged(batch), [*texts, "x"], strict=True):
        said = kept(text, Folding.NONE)
        assert row.remarks == (None if said in ("-", "－") else said)


CELLS = st.one_of(
    st.text(alphabet=NO_NUL, max_size=12),
    st.sampled_from([*ODD_TEXTS, "-", "", "1.10105E+17", "classic", "9133", "专精特新"]),
)


@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(rows=st.lists(st.lists(CELLS, min_size=1, max_size=16), min_size=1, max_size=8))
def test_any_row_is_either_taken_or_named(rows: list[list[str]]) -> None:
    text = io.StringIO()
    csv.writer(text).writerows([HEADER, *rows])
    batch = checked(text.getvalue().encode())
    assert batch.state == ImportBatch.State.CHECKED, batch.faults
    assert sum(counts(batch).values()) == batch.rows_read
    assert all(bool(row.faults) == (row.verdict == "invalid") for row in staged(batch))


@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(content=st.binary(max_size=60), header=st.sampled_from([b"", b"legal name,credit code,plan\n"]))
def test_any_bytes_give_a_preview_or_a_reason(content: bytes, header: bytes) -> None:
    batch = checked(header + content)
    if batch.state == ImportBatch.State.REFUSED:
        reasons: list[Any] = batch.faults
        assert reasons and all(reason["code"] != "check_stopped" for reason in reasons)
    else:
        assert batch.state == ImportBatch.State.CHECKED
