"""The invalid rows handed back: as they were read, with reasons, ready to be mended and to come again."""

import csv
import io

import pytest
from django.utils.translation import override

from memberships.models import EnterpriseCustomer, Plan
from operations.errors import ImportStateError
from operations.imports.faults import MESSAGES, Fault
from operations.models import ImportBatch
from operations.services.import_previews import preview_page
from operations.services.imports import discard_import
from tests.customer_files import HEADERS, a_bad_row, a_row, csv_file
from tests.customer_imports import AT, applied, checked, codes, counts, error_file, file_of
from tests.memberships.factories import an_annual_card, jd_plus_enterprise

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def classic() -> Plan:
    programme = jd_plus_enterprise()
    an_annual_card(programme, code="premium", name="尊享卡", name_en="Premium card")
    return an_annual_card(programme, code="classic", name="经典卡", name_en="Classic card")


def table(content: bytes, encoding: str = "utf-8-sig") -> list[list[str]]:
    return list(csv.reader(io.StringIO(content.decode(encoding), newline="")))


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030"])
def test_it_has_the_encoding_the_line_ends_and_the_column_order_of_the_file(encoding: str, end: str) -> None:
    row = {"备注": "𠮷, \"x\"", **a_bad_row(1)}
    content = file_of({"备注": "", **a_row(2)}, row, encoding=encoding).replace(b"\r\n", end.encode())
    found = error_file(checked(content))
    assert found.startswith(b"\xef\xbb\xbf") == (encoding == "utf-8-sig")
    assert found.decode(encoding).endswith(end) and found.count(end.encode()) == 2
    header, handed_back = table(found, encoding)
    assert header == ["备注", *HEADERS, "错误原因"]
    assert handed_back[:-1] == list(row.values())
    assert "1390000" in handed_back[-1]


def test_a_mended_error_file_comes_again_with_its_reason_column() -> None:
    batch = applied(file_of(a_row(1), a_bad_row(2)), skips_invalid=True)
    mended = error_file(batch).replace(b",1390000,", b",13900000002,")
    again = checked(mended)
    assert counts(again) == {"new": 1}
    assert counts(checked(error_file(batch))) == {"invalid": 1}


@pytest.mark.parametrize("header", ["错误原因", "Reason"])
def test_a_second_error_file_has_one_reason_column(header: str) -> None:
    batch = checked(file_of({header: "旧的原因", **a_bad_row(1)}))
    (columns, row) = table(error_file(batch))
    assert columns == [*HEADERS, "错误原因"]
    assert "旧的原因" not in row


def test_reasons_are_in_the_language_asked_for_and_all_of_a_row_are_there() -> None:
    batch = checked(file_of(a_row(1, 手机号="1", 邮箱="2")), language="en")
    (columns, row) = table(error_file(batch, language="en"))
    assert columns[-1] == "reason"
    assert row[-1] == (
        "手机号: “1” is no mainland mobile number (11 digits that begin with 13 to 19).; "
        "邮箱: “2” is no e-mail address."
    )


@pytest.mark.parametrize("formula", ["=1+1", "+1", "-1+2", "@SUM(A1)", "\t=1", "＝1+1", "'=1+1"])
def test_formulas_are_guarded_on_the_way_out_and_bare_again_on_the_way_in(formula: str) -> None:
    batch = checked(file_of(a_row(1, 企业名称=formula, 手机号="1")))
    (_columns, row) = table(error_file(batch))
    assert row[0] == (formula if formula.startswith("'") else f"'{formula}")
    again = checked(error_file(batch).replace(b",1,", b",13900000001,"))
    first = checked(file_of(a_row(1, 企业名称=formula)))
    assert [page.label for page in preview_page(again, "new")] == [page.label for page in preview_page(first, "new")]


def test_a_mark_that_clears_stays_what_it_is() -> None:
    batch = checked(file_of(a_row(1, 省份="-", 手机号="1")))
    assert table(error_file(batch))[1][5] == "-"


@pytest.mark.parametrize("end", [b"\n", b"\r\n", b"\r"])
def test_line_breaks_inside_cells_come_back_whatever_ends_the_lines(end: bytes) -> None:
    odd = "一\n二\r三\r\n四"
    content = file_of(a_row(1, 手机号="1", 备注="X")).replace(b"\r\n", end).replace(b"X", f'"{odd}"'.encode())
    assert table(error_file(checked(content)))[1][-2] == odd


def test_ragged_rows_keep_their_cells_and_get_their_reason() -> None:
    rows = [[*a_row(1).values()][:-2], [*a_row(2).values(), "x"]]
    content = csv_file([]) + "".join(",".join(row) + "\r\n" for row in rows).encode()
    batch = checked(content)
    (_columns, short, long) = table(error_file(batch))
    assert short[:-1] == [*rows[0], "", ""]
    assert long[:-1] == rows[1]
    assert all(row[-1] for row in (short, long))


def test_rows_outlive_the_preview_that_was_dropped() -> None:
    batch = checked(file_of(a_row(1), a_bad_row(2)))
    discard_import(batch, actor=None, at=AT)
    assert len(table(error_file(batch))) == 2


@pytest.mark.parametrize("content", [b"", b"no,header\n"])
def test_a_file_that_was_refused_whole_has_no_rows_to_hand_back(content: bytes) -> None:
    with pytest.raises(ImportStateError):
        error_file(checked(content))


def test_a_file_without_invalid_rows_has_none_to_hand_back() -> None:
    with pytest.raises(ImportStateError):
        error_file(checked(file_of(a_row(1))))


# --- the preview


def test_the_preview_comes_in_pages_of_fifty_by_line() -> None:
    batch = checked(file_of(*(a_row(number) for number in range(1, 121))))
    first = preview_page(batch, "new")
    assert [row.line for row in first] == list(range(2, 52))
    assert [row.line for row in preview_page(batch, "new", after_line=51)] == list(range(52, 102))
    assert [row.line for row in preview_page(batch, "new", after_line=101)] == list(range(102, 122))
    assert preview_page(batch, "new", after_line=121) == []
    assert preview_page(batch, "invalid") == []


def test_a_page_of_the_preview_costs_few_queries(django_assert_max_num_queries: "pytest.FixtureRequest") -> None:
    batch = checked(file_of(*(a_row(number, 企业规模="大型", 标签="专精特新") for number in range(1, 61))))
    with django_assert_max_num_queries(4):  # type: ignore[operator]
        assert len(preview_page(batch, "new")) == 50


def test_cells_are_shown_in_words_with_personal_data_masked() -> None:
    row = a_row(1, 企业规模="large", 标签="fortune500", 申请额度="1,000.5")
    with override("zh-hans"):
        (shown,) = preview_page(checked(file_of(row)), "new")
    assert shown.cells["联系人"] == "韩**"
    assert shown.cells["手机号"] == "139****0001"
    assert shown.cells["邮箱"] == "b***@example.com"
    assert shown.cells["会员卡"] == "经典卡"
    assert shown.cells["申请额度"] == "1000.50"


def test_a_change_shows_field_before_and_after_with_personal_data_masked() -> None:
    applied(file_of(a_row(1, 企业规模="大型", 标签="")))
    contact = {"联系人": "李雷", "手机号": "13700000000", "邮箱": "-"}
    row = a_row(1, 企业规模="小型", 标签="世界500强,专精特新", 会员卡="premium", **contact)
    with override("en"):
        (shown,) = preview_page(checked(file_of(row)), "changed")
    assert [(change.label, change.before, change.after) for change in shown.changes] == [
        ("contact", "韩**", "李**"),
        ("mobile", "139****0001", "137****0000"),
        ("email", "b***@example.com", ""),
        ("size", "large", "small"),
        ("flags", "", "Fortune Global 500, specialised and sophisticated (SRDI)"),
        ("plan code", "classic", "premium"),
    ]
    assert EnterpriseCustomer.objects.get().size == "large"


@pytest.mark.parametrize("language", ["zh-hans", "en"])
@pytest.mark.parametrize("code", MESSAGES)
def test_every_code_has_a_message_in_both_languages(code: str, language: str) -> None:
    fault = Fault(7, "手机号", "100%s", code, "50%")
    with override(language):
        assert "%(" not in fault.message and fault.message
    assert Fault.from_json(fault.as_json()) == fault


def test_the_state_of_a_refused_file_shows_its_reason() -> None:
    batch = checked(b"")
    assert (batch.state, codes(batch)) == (ImportBatch.State.REFUSED, [(1, "empty_file")])
