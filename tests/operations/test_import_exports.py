"""Exports: the import's columns, formulas guarded, personal data masked, and back again without a change."""

import csv
import io
import re
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import pytest
from django.utils.translation import override
from hypothesis import given
from hypothesis import strategies as st

from memberships.importers import EnterpriseCustomerResource
from memberships.models import CreditRequest, EnterpriseCustomer, Plan
from operations.imports.exports import csv_line, csv_lines, guard_formula
from operations.masking import MASKED, MASKS
from tests.customer_files import a_row
from tests.customer_imports import applied, checked, codes, counts, file_of
from tests.memberships.factories import a_firm, an_annual_card, jd_plus_enterprise

pytestmark = pytest.mark.django_db
PERSONAL = ["联系人", "手机号", "邮箱", "contact", "mobile", "email"]


@pytest.fixture(autouse=True)
def classic() -> Plan:
    return an_annual_card(jd_plus_enterprise(), code="classic", name="经典卡", name_en="Classic card")


def exported(language: str = "zh-hans") -> list[dict[str, str]]:
    content = b"".join(lines_of(language))
    return list(csv.DictReader(io.StringIO(content.decode("utf-8-sig"), newline="")))


def lines_of(language: str) -> Iterator[bytes]:
    fields = EnterpriseCustomerResource.columns(is_masked=True)
    customers = EnterpriseCustomerResource().filter_export(EnterpriseCustomer.objects.order_by("pk"))
    with override(language):
        rows = [[field.cell(customer) for field in fields] for customer in customers.iterator()]
    return csv_lines([field.header(language) for field in fields], rows)


FULL = {
    "城市": "杭州市", "行业": "批发", "企业规模": "大型", "标签": "专精特新,世界500强", "申请额度": "1000.00",
    "申请账期": "30", "外部编号": "E-1", "备注": '老客户, "重要"\n=1+1',
}


def test_an_export_holds_the_columns_of_the_import_with_personal_data_masked() -> None:
    applied(file_of(a_row(1, **FULL)))
    (row,) = exported()
    masked = {"联系人": "韩**", "手机号": "139****0001", "邮箱": "b***@example.com"}
    assert row == {**a_row(1), **FULL, **masked, "标签": "世界500强,专精特新"}


def test_an_english_export_has_english_headers_and_codes() -> None:
    applied(file_of(a_row(1, **FULL)))
    (row,) = exported("en")
    assert (row["size"], row["flags"], row["plan code"]) == ("large", "fortune500,specialised", "classic")


@pytest.mark.parametrize("language", ["zh-hans", "en"])
def test_what_was_exported_comes_back_unchanged_without_the_masked_columns(language: str) -> None:
    empty, odd = dict.fromkeys(FULL, ""), {**FULL, "外部编号": "-3", "备注": "@x"}
    applied(file_of(a_row(1, **FULL), a_row(2, **empty), a_row(3, **odd)))
    rows = [{name: cell for name, cell in row.items() if name not in PERSONAL} for row in exported(language)]
    assert counts(checked(file_of(*rows))) == {"unchanged": 3}


def test_masked_cells_that_come_back_are_refused_and_write_nothing_over() -> None:
    applied(file_of(a_row(1)))
    assert codes(checked(file_of(*exported()))) == [(2, "masked_value")] * 3


def test_a_firm_without_contact_card_and_request_is_exported_with_blank_cells() -> None:
    firm = a_firm(legal_name="=cmd|' /C calc'!A0")
    firm.contacts.all().delete()
    (row,) = exported()
    assert row["企业名称"] == "'=cmd|' /C calc'!A0"
    assert {row[name] for name in ("联系人", "手机号", "邮箱", "会员卡", "申请额度", "申请账期")} == {""}


def test_a_withdrawn_request_and_a_second_contact_are_not_exported() -> None:
    applied(file_of(a_row(1, 申请额度="1000")))
    CreditRequest.objects.update(state="withdrawn", limit=Decimal(5))
    EnterpriseCustomer.objects.get().member.contacts.create(is_primary=False, name="李雷")
    (row,) = exported()
    assert (row["申请额度"], row["联系人"]) == ("", "韩**")


def test_the_resource_exports_by_itself_just_as_well(django_assert_num_queries: Any) -> None:
    applied(file_of(*(a_row(number, 备注="=1+1") for number in range(1, 6))))
    with django_assert_num_queries(1), override("zh-hans"):
        dataset = EnterpriseCustomerResource().export(EnterpriseCustomer.objects.order_by("pk"))
    assert dataset.headers[:2] == ["企业名称", "统一社会信用代码"]
    assert [row["备注"] for row in dataset.dict] == ["'=1+1"] * 5
    assert {row["联系人"] for row in dataset.dict} == {"韩**"}


@given(st.text())
def test_no_cell_of_an_export_begins_like_a_formula(text: str) -> None:
    guarded = guard_formula(text)
    assert guarded in ("-", "－") or not guarded.startswith(tuple("=+-@\t\r\n＝＋－＠"))
    assert guard_formula(guarded) == guarded


@given(st.lists(st.text(), min_size=1), st.sampled_from(["\n", "\r", "\r\n"]))
def test_a_line_is_one_record_whatever_ends_it(cells: list[str], end: str) -> None:
    assert list(csv.reader(io.StringIO(csv_line(cells, end=end), newline=""))) == [cells]


@given(st.text(min_size=1), st.from_regex(r"1[3-9][0-9]{9}", fullmatch=True), st.emails())
def test_a_masked_value_is_known_as_one(name: str, mobile: str, email: str) -> None:
    for kind, value in {"name": name, "mobile": mobile, "email": email}.items():
        assert re.fullmatch(MASKED[kind], MASKS[kind](value), re.DOTALL)
