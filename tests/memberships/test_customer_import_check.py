"""The check of a list of customers: what each row means, and what is wrong with it."""

from decimal import Decimal
from typing import Any

import pytest
from django.db import connection
from django.utils.translation import override

from memberships.demo import credit_code
from memberships.models import EnterpriseCustomer, Plan, StagedEnterpriseCustomer
from memberships.models.programmes import Audience
from operations.models import ImportBatch
from tests.customer_files import a_bad_row, a_row, csv_file
from tests.customer_imports import applied, checked, codes, counts, faults, file_of
from tests.memberships.factories import an_annual_card, jd_plus, jd_plus_enterprise

pytestmark = pytest.mark.django_db

CODE_1 = credit_code("330106", 1)
MISTYPED = CODE_1[:-1] + ("0" if CODE_1[-1] != "0" else "1")
ENGLISH = ["Legal name", "Credit Code", "contact", "mobile", "email", "province", "plan"]
CAPS: dict[str, Any] = {"credit_limit_cap": Decimal("2000000.00"), "credit_term_days_cap": 61}


@pytest.fixture(autouse=True)
def classic() -> Plan:
    programme = jd_plus_enterprise()
    an_annual_card(programme, code="premium", name="尊享卡", name_en="Premium card", **CAPS)
    return an_annual_card(programme, code="classic", name="经典卡", name_en="Classic card", **CAPS)


def staged(batch: ImportBatch) -> StagedEnterpriseCustomer:
    """The only row of a file, typed."""
    return StagedEnterpriseCustomer.objects.get(batch_id=batch.pk)


def fault_of(batch: ImportBatch) -> tuple[int, str, str, str]:
    """Line, column, value and code of the only fault."""
    (fault,) = faults(batch)
    return fault.line, fault.column, fault.value, fault.code


# --- new, changed, unchanged


def test_a_firm_that_is_not_there_is_new() -> None:
    batch = checked(file_of(a_row(1)))
    assert counts(batch) == {"new": 1}
    assert not EnterpriseCustomer.objects.exists()


def test_a_file_that_comes_again_says_nothing_new() -> None:
    applied(file_of(a_row(1), a_row(2)))
    assert counts(checked(file_of(a_row(2), a_row(1)))) == {"unchanged": 2}


@pytest.mark.parametrize("cells", [{"省份": ""}, {"省份": "  "}, {"省份": "　"}])
def test_a_blank_cell_leaves_its_field_as_it_is(cells: dict[str, str]) -> None:
    applied(file_of(a_row(1)))
    assert counts(checked(file_of(a_row(1, **cells)))) == {"unchanged": 1}


def test_a_column_that_is_absent_leaves_its_field_as_it_is() -> None:
    applied(file_of(a_row(1, 备注="老客户", 城市="杭州市", 外部编号="E-1")))
    row = {name: a_row(1)[name] for name in ("会员卡", "统一社会信用代码", "企业名称")}
    assert counts(checked(file_of(row))) == {"unchanged": 1}


@pytest.mark.parametrize("mark", ["-", "－", " - "])
def test_a_hyphen_clears_a_field(mark: str) -> None:
    applied(file_of(a_row(1)))
    assert counts(checked(file_of(a_row(1, 省份=mark)))) == {"changed": 1}
    applied(file_of(a_row(1, 省份=mark)))
    assert EnterpriseCustomer.objects.get().province == ""
    assert counts(checked(file_of(a_row(1, 省份=mark)))) == {"unchanged": 1}


@pytest.mark.parametrize("column", ["企业名称", "统一社会信用代码", "会员卡"])
@pytest.mark.parametrize(
    ("cell", "code"), [("-", "cannot_clear"), ("－", "cannot_clear"), ("", "required"), (" ", "required")]
)
def test_a_required_field_is_neither_cleared_nor_left_out(column: str, cell: str, code: str) -> None:
    line, _column, value, found = fault_of(checked(file_of(a_row(1, **{column: cell}))))
    assert (line, value, found) == (2, cell, code)


def test_width_spaces_and_hyphens_of_codes_and_phones_do_not_matter() -> None:
    applied(file_of(a_row(1)))
    wide = CODE_1.translate({ord(character): ord(character) + 0xFEE0 for character in CODE_1})
    spaced = " ".join(CODE_1[place : place + 4] for place in range(0, 18, 4)).lower()
    for code in (wide, spaced, f"{CODE_1[:8]}-{CODE_1[8:]}"):
        row = a_row(1, 统一社会信用代码=code, 手机号="+86 139-0000-0001", 会员卡="ＣＬＡＳＳＩＣ")
        assert counts(checked(file_of(row))) == {"unchanged": 1}


def test_a_plan_is_known_by_its_code_and_its_name_in_both_languages() -> None:
    applied(file_of(a_row(1)))
    for plan in ("Classic", "经典卡", "classic card", "jd-plus-enterprise/classic"):
        assert counts(checked(file_of(a_row(1, 会员卡=plan)))) == {"unchanged": 1}
    assert counts(checked(file_of(a_row(1, 会员卡="premium")))) == {"changed": 1}


def test_a_plan_that_is_not_on_sale_is_named_with_those_that_are() -> None:
    (fault,) = faults(checked(file_of(a_row(1, 会员卡="gold"))))
    assert (fault.column, fault.value, fault.code) == ("会员卡", "gold", "unknown_plan")
    assert set(fault.expected.split(", ")) == {"classic", "premium"}


def test_a_code_that_two_programmes_share_is_not_guessed() -> None:
    stores = jd_plus(code="stores", audience=Audience.ENTERPRISE)
    an_annual_card(stores, code="classic", name="店铺卡", name_en="Store card")
    (fault,) = faults(checked(file_of(a_row(1))))
    assert (fault.code, set(fault.expected.split(", "))) == (
        "unknown_plan", {"jd-plus-enterprise/classic", "stores/classic", "premium"},
    )
    assert counts(checked(file_of(a_row(1, 会员卡="stores/classic"), a_row(2, 会员卡="店铺卡")))) == {"new": 2}


def test_flags_are_a_set_in_any_order() -> None:
    applied(file_of(a_row(1, 标签="专精特新，世界500强")))
    EnterpriseCustomer.objects.update(flags=["specialised", "fortune500"])
    assert counts(checked(file_of(a_row(1, 标签="世界500强/专精特新")))) == {"unchanged": 1}
    assert counts(checked(file_of(a_row(1, 标签="世界500强")))) == {"changed": 1}


# --- who is meant


def test_a_row_is_matched_by_its_external_id_where_the_code_is_unknown() -> None:
    applied(file_of(a_row(1, 外部编号="E-1")))
    batch = checked(file_of(a_row(2, 外部编号="E-1")))
    assert counts(batch) == {"changed": 1}
    assert staged(batch).object_id == EnterpriseCustomer.objects.get().pk


def test_a_code_and_an_external_id_of_two_customers_make_a_row_invalid() -> None:
    applied(file_of(a_row(1, 外部编号="E-1"), a_row(2, 外部编号="E-2")))
    batch = checked(file_of(a_row(1, 外部编号="E-2")))
    assert fault_of(batch) == (2, "统一社会信用代码", CODE_1, "two_customers")


def test_rows_that_mean_one_customer_by_code_and_by_external_id_are_invalid() -> None:
    applied(file_of(a_row(1, 外部编号="E-1")))
    batch = checked(file_of(a_row(1, 外部编号="E-9"), a_row(2, 外部编号="E-1")))
    assert codes(batch) == [(2, "same_customer_twice"), (3, "same_customer_twice")]


# --- rows of one file that meet


def test_identical_rows_are_duplicates_of_the_first() -> None:
    batch = checked(file_of(a_row(1), a_row(1), a_row(2), a_row(1)))
    assert counts(batch) == {"new": 2, "duplicate": 2}
    duplicates = StagedEnterpriseCustomer.objects.filter(batch_id=batch.pk, verdict="duplicate")
    assert list(duplicates.order_by("line").values_list("line", flat=True)) == [3, 5]


def test_rows_that_differ_in_width_and_spaces_only_are_identical() -> None:
    twin = a_row(
        1, 企业名称=" 杭州西溪商贸１有限公司 ", 手机号="139 0000 0001", 会员卡="经典卡", 统一社会信用代码=CODE_1.lower()
    )
    assert counts(checked(file_of(a_row(1), twin))) == {"new": 1, "duplicate": 1}


def test_differing_rows_of_one_code_are_all_invalid_and_name_each_other() -> None:
    batch = checked(file_of(a_row(1), a_row(2), a_row(1, 省份="江苏省"), a_row(1)))
    assert counts(batch) == {"new": 1, "invalid": 3}
    assert [(fault.line, fault.code, fault.expected) for fault in faults(batch)] == [
        (2, "conflicting_rows", "4, 5"), (4, "conflicting_rows", "2, 5"), (5, "conflicting_rows", "2, 4"),
    ]


def test_a_blank_cell_and_a_cleared_one_are_not_identical() -> None:
    batch = checked(file_of(a_row(1, 省份=""), a_row(1, 省份="-")))
    assert codes(batch) == [(2, "conflicting_rows"), (3, "conflicting_rows")]


def test_a_right_row_and_a_wrong_one_of_one_code_are_both_invalid() -> None:
    batch = checked(file_of(a_row(1), a_bad_row(1)))
    assert codes(batch) == [(2, "conflicting_rows"), (3, "bad_mobile"), (3, "conflicting_rows")]


def test_identical_wrong_rows_have_their_own_fault_only() -> None:
    assert codes(checked(file_of(a_bad_row(1), a_bad_row(1)))) == [(2, "bad_mobile"), (3, "bad_mobile")]
    differing = checked(file_of(a_bad_row(1), a_row(1, 手机号="1390")))
    assert codes(differing).count((2, "conflicting_rows")) == 1


def test_one_external_id_for_two_codes_makes_both_rows_invalid() -> None:
    batch = checked(file_of(a_row(1, 外部编号="E-1"), a_row(2, 外部编号="Ｅ-1"), a_row(3, 外部编号="E-3")))
    assert codes(batch) == [(2, "external_id_twice"), (3, "external_id_twice")]
    assert counts(batch) == {"new": 1, "invalid": 2}


# --- cells that break a rule


@pytest.mark.parametrize(
    ("column", "cell", "code"),
    [
        ("企业名称", "长" * 201, "too_long"),
        ("统一社会信用代码", "1.10105E+17", "spreadsheet_number"),
        ("统一社会信用代码", MISTYPED, "credit_code_checksum"),
        ("统一社会信用代码", "9133", "bad_credit_code"),
        ("手机号", "13800138000.0", "spreadsheet_number"),
        ("手机号", "0571-88888888", "bad_mobile"),
        ("邮箱", "buyer#example.com", "bad_email"),
        ("企业规模", "巨型", "bad_choice"),
        ("标签", "独角兽", "bad_choice"),
        ("申请额度", "很多", "bad_amount"),
        ("申请账期", "两个月", "bad_whole_number"),
        ("申请额度", "2,000,000.01", "over_cap"),
        ("申请账期", "62", "over_cap"),
        ("外部编号", "1.38E+10", "spreadsheet_number"),
        ("外部编号", "E" * 65, "too_long"),
        ("备注", "长" * 10_001, "too_long"),
        ("联系人", "韩**", "masked_value"),
        ("手机号", "139****0001", "masked_value"),
        ("邮箱", "b***@example.com", "masked_value"),
    ],
)
def test_a_broken_rule_is_named_with_line_column_and_value_as_read(
    column: str, cell: str, code: str
) -> None:
    assert fault_of(checked(file_of(a_row(1, **{column: cell})))) == (2, column, cell, code)


@pytest.mark.parametrize(
    "cells",
    [
        {"企业名称": "长" * 200},
        {"申请额度": "2,000,000.00", "申请账期": "61"},
        {"申请额度": "１００"},
        {"申请账期": "０"},
        {"备注": "长" * 10_000},
    ],
)
def test_what_is_just_allowed_is_taken(cells: dict[str, str]) -> None:
    assert counts(checked(file_of(a_row(1, **cells)))) == {"new": 1}


def test_the_cap_is_named_with_a_request_above_it() -> None:
    (fault,) = faults(checked(file_of(a_row(1, 申请额度="2000000.01"))))
    with override("en"):
        assert fault.message == "2000000.01 is above the highest allowed: 2000000.00."


def test_a_row_with_several_faults_names_them_all() -> None:
    batch = checked(file_of(a_row(1, 手机号="1", 邮箱="2", 会员卡="3")))
    assert [fault.code for fault in faults(batch)] == ["bad_mobile", "bad_email", "unknown_plan"]


def test_ragged_rows_are_named_and_their_cells_believed_nowhere() -> None:
    short, long = ",".join(list(a_row(1).values())[:-1]), ",".join([*a_row(2).values(), "x"])
    content = csv_file([a_row(1)]) + f"{short}\r\n{long}\r\n".encode()
    batch = checked(content)
    assert [(fault.line, fault.code, fault.value, fault.expected) for fault in faults(batch)] == [
        (3, "ragged_row", "6", "7"), (4, "ragged_row", "8", "7"),
    ]
    assert counts(batch) == {"new": 1, "invalid": 2}


def test_cells_below_a_blank_header_are_not_passed_over_in_silence() -> None:
    row = ",".join(a_row(1).values())
    header = ",".join(a_row(1))
    assert counts(checked(f"{header},,\n{row},,\n".encode())) == {"new": 1}
    assert codes(checked(f"{header},,\n{row},,secret\n".encode())) == [(2, "ragged_row")]


def test_a_quoted_empty_last_column_is_a_blank_cell() -> None:
    row = ",".join(a_row(1).values())
    assert counts(checked(f'{",".join(a_row(1))},remarks\n{row},""\n'.encode())) == {"new": 1}


def test_the_row_numbers_are_those_of_the_file() -> None:
    row = {**a_row(1), "备注": "一\n二\r\n三"}
    content = file_of(row, {**a_bad_row(2), "备注": ""})
    assert codes(checked(b"\n\n" + content)) == [(7, "bad_mobile")]


def test_columns_are_named_as_the_file_names_them_whatever_the_operator_reads() -> None:
    chinese = checked(file_of(a_bad_row(1)), language="en")
    assert faults(chinese)[0].column == "手机号"
    english = csv_file([a_row(1), a_row(1, 省份="江苏省")], headers=ENGLISH)
    assert faults(checked(english, language="zh-hans"))[0].column == "Credit Code"


# --- files as a whole


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030"])
def test_encodings_and_line_ends_do_not_matter(encoding: str, end: str) -> None:
    content = file_of(a_row(1), a_row(2), encoding=encoding).replace(b"\r\n", end.encode())
    batch = checked(content + end.encode() * 3 + b",,,,,," + end.encode())
    assert (batch.encoding, counts(batch), batch.rows_read) == (encoding, {"new": 2}, 2)


def test_a_file_of_a_header_only_is_checked_and_holds_nothing() -> None:
    batch = checked(csv_file([]))
    assert (batch.state, counts(batch), batch.rows_read) == (ImportBatch.State.CHECKED, {}, 0)


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"", "empty_file"),
        (b"\xef\xbb\xbf", "empty_file"),
        (b"\r\n,,\r\n", "empty_file"),
        ("企业名称".encode("utf-16"), "utf16"),
        (b"legal name\0,plan", "nul_bytes"),
        (csv_file([a_row(1)]) + b'"', "unclosed_quote"),
        (csv_file([a_row(1)], headers=[*list(a_row(1))[:-1], "企业名称"]), "missing_header"),
        (csv_file([a_row(1)]).split(b"\r\n", 1)[1], "no_header"),
        (b"\xef\xbb\xbf" + "企业名称".encode("gb18030"), "unknown_encoding"),
    ],
)
def test_a_file_that_cannot_be_read_is_refused_whole_with_its_own_code(content: bytes, code: str) -> None:
    batch = checked(content)
    assert (batch.state, batch.new, faults(batch)[0].code) == (ImportBatch.State.REFUSED, 0, code)
    with connection.cursor() as cursor:
        cursor.execute("SELECT to_regclass(%s)", [f"memberships_staged_enterprise_customer_{batch.pk}"])
        assert cursor.fetchone() == (None,)


def test_a_header_twice_refuses_the_file() -> None:
    content = csv_file([{**a_row(1), "mobile": ""}], headers=[*a_row(1), "mobile"])
    assert [fault.code for fault in faults(checked(content))] == ["header_twice"]
