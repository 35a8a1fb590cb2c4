"""Which column is which: any order, either language, and every fault of a header named."""

import pytest
from django.utils.translation import override
from hypothesis import given
from hypothesis import strategies as st

from memberships.importers import EnterpriseCustomerResource
from operations.errors import FileRefusedError
from operations.imports.faults import Fault
from operations.imports.fields import ImportField
from operations.imports.headers import MAX_FAULTS, fold, match_headers
from operations.imports.reader import Record

FIELDS: list[ImportField] = EnterpriseCustomerResource().get_import_fields()
REQUIRED = ["企业名称", "统一社会信用代码", "会员卡"]


def matched(*cells: str) -> list[str]:
    return [field.staged if field else "" for field in match_headers(Record(1, list(cells)), FIELDS)]


def refused(*cells: str) -> list[Fault]:
    with override("en"), pytest.raises(FileRefusedError) as error:
        match_headers(Record(3, list(cells)), FIELDS)
    return list(error.value.faults)


@given(st.permutations(FIELDS), st.lists(st.booleans(), min_size=len(FIELDS), max_size=len(FIELDS)))
def test_headers_stand_in_any_order_and_either_language(fields: list[ImportField], chinese: list[bool]) -> None:
    cells = [field.headers[0 if is_chinese else 1] for field, is_chinese in zip(fields, chinese, strict=True)]
    assert matched(*cells) == [field.staged for field in fields]


@pytest.mark.parametrize(
    "header",
    ["legal name", "LEGAL NAME", " Legal_Name ", "legal-name", "ｌｅｇａｌ　name", "legal\nname", "\ufefflegal name"],
)
def test_width_case_and_spaces_of_a_header_do_not_matter(header: str) -> None:
    assert fold(header) == "legalname"


def test_no_two_columns_share_a_header() -> None:
    headers = [fold(header) for field in FIELDS for header in field.headers]
    assert len(headers) == len(set(headers))


def test_a_subset_of_the_columns_is_enough_when_it_has_the_required_ones() -> None:
    assert matched(*REQUIRED) == ["legal_name", "credit_code", "plan_id"]


@pytest.mark.parametrize("header", ["错误原因", "reason", " Reason "])
def test_the_reason_column_of_an_error_file_is_passed_over(header: str) -> None:
    assert matched(*REQUIRED, header)[-1] == ""


def test_trailing_commas_of_a_spreadsheet_are_no_columns() -> None:
    assert matched(*REQUIRED, "", " ", "") == ["legal_name", "credit_code", "plan_id"]


def test_every_missing_header_is_named_in_the_operator_s_language() -> None:
    faults = refused("联系人")
    assert [(fault.code, fault.column, fault.line) for fault in faults] == [
        ("missing_header", "legal name", 3),
        ("missing_header", "unified social credit code", 3),
        ("missing_header", "plan code", 3),
    ]


def test_every_unknown_header_is_named_as_it_was_read() -> None:
    faults = refused(*REQUIRED, "地址", "电话")
    assert [(fault.code, fault.value) for fault in faults] == [("unknown_header", "地址"), ("unknown_header", "电话")]
    assert "legal name, unified social credit code" in faults[0].expected


def test_a_header_that_comes_twice_is_named_once_even_in_two_languages() -> None:
    faults = refused(*REQUIRED, "手机号", "mobile", "MOBILE")
    assert [(fault.code, fault.column, fault.value) for fault in faults] == [("header_twice", "mobile", "mobile")]


def test_a_blank_header_between_others_is_named_by_its_place() -> None:
    (fault,) = refused("企业名称", "", *REQUIRED[1:])
    with override("en"):
        assert (fault.code, fault.message) == ("blank_header", "Column 2 has no header.")


@pytest.mark.parametrize("cells", [["阿里", "9111", "classic"], ["x"], ["错误原因"], ["企业名称,统一社会信用代码"]])
def test_a_file_without_a_header_is_refused(cells: list[str]) -> None:
    (fault,) = refused(*cells)
    assert fault.code == "no_header"


def test_all_kinds_of_faults_are_named_together() -> None:
    assert {fault.code for fault in refused("企业名称", "name", "地址", "", "会员卡")} == {
        "missing_header", "header_twice", "unknown_header", "blank_header",
    }


def test_a_million_headers_are_refused_in_little_time_and_few_words() -> None:
    assert len(refused("企业名称", *["x", "name"] * 100_000)) == MAX_FAULTS
    assert matched(*REQUIRED, *[""] * 200_000) == ["legal_name", "credit_code", "plan_id"]
