"""A file of orders with rows that cannot be recorded: each is named with its row, column and value."""

from datetime import timedelta
from typing import Any

import pytest

from memberships.models import Enrolment, Order
from memberships.models.programmes import Enrols
from operations.models import User
from tests.memberships.factories import TODAY, a_firm, a_person, an_operator, jd_plus
from tests.memberships.order_import_stories import checked, counts, faults, found
from tests.memberships.order_stories import a_rule, a_shopper, give_back, order
from tests.memberships.points_stories import a_wallet, earn
from tests.order_files import a_return, an_order, order_file

pytestmark = pytest.mark.django_db


@pytest.fixture
def xiaomei() -> User:
    return an_operator()


@pytest.fixture
def wallet() -> Enrolment:
    return a_shopper()


@pytest.fixture
def member(wallet: Enrolment) -> str:
    return wallet.member.number


@pytest.mark.parametrize(
    ("column", "value", "code"),
    [
        ("订单号", "", "required"), ("订单号", "-", "cannot_clear"), ("订单号", "1.10105E+17", "spreadsheet_number"),
        ("订单号", "9" * 49, "too_long"),
        ("会员号", "", "required"), ("会员号", "00000000019", "bad_member_number"),
        ("会员号", "李雷", "bad_member_number"),
        ("会员号", "1.0E+10", "spreadsheet_number"), ("会员号", "99999999999999999999", "bad_member_number"),
        ("计划", "", "required"), ("计划", "plus", "unknown_programme"),
        ("金额", "-1", "bad_amount"), ("金额", "1.999", "bad_amount"), ("金额", "NaN", "bad_amount"),
        ("金额", "=1+1", "bad_amount"), ("金额", "1E5", "bad_amount"), ("金额", "1234567890123", "bad_amount"),
        ("下单日期", "2027-02-30", "bad_date"), ("下单日期", "15/01/2027", "bad_date"),
        ("下单日期", "46037", "bad_date"),
        ("下单日期", "2027-01-16", "future_date"), ("下单日期", "2027-01-15T10:00", "bad_date"),
        ("退货原订单号", "nowhere", "unknown_order"), ("退货原订单号", "A", "returns_a_return"),
        ("店铺", "store-1", "store_not_allowed"), ("品类", "x" * 65, "too_long"),
    ],
)
def test_a_bad_cell_is_named(xiaomei: User, member: str, column: str, value: str, code: str) -> None:
    batch = checked(order_file(an_order("A", member, **{column: value})), by=xiaomei)
    assert found(batch) == [(2, column, value, code)]


@pytest.mark.parametrize("day", ["2027/1/5", "2027.01.05", "2027年1月5日", "２０２７－０１－０５"])
def test_a_day_is_read_in_the_ways_people_write_it(xiaomei: User, member: str, day: str) -> None:
    assert counts(checked(order_file(an_order("A", member, 下单日期=day)), by=xiaomei)) == {"new": 1}


def test_a_member_number_is_read_with_spaces_hyphens_and_in_any_width(xiaomei: User, member: str) -> None:
    wide = "".join(chr(ord(digit) + 0xFEE0) for digit in member)
    for number in (f"{member[:4]} {member[4:]}", f"{member[:4]}-{member[4:]}", wide):
        assert counts(checked(order_file(an_order("A", number)), by=xiaomei)) == {"new": 1}


def test_nobody_has_the_number(xiaomei: User, member: str) -> None:
    stranger = type(a_person())(pk=98_765_432).number
    batch = checked(order_file(an_order("A", stranger)), by=xiaomei)
    assert found(batch) == [(2, "会员号", stranger, "unknown_member")]


def test_members_who_cannot_earn_are_named(xiaomei: User, wallet: Enrolment) -> None:
    outsider, firm, closed = a_person(), a_firm(), a_wallet(a_person(), wallet.programme).member
    closed.closed_on = TODAY
    closed.save()
    rows = [an_order(str(place), one.number) for place, one in enumerate((outsider, firm, closed))]
    codes = [code for *_where, code in found(checked(order_file(*rows), by=xiaomei))]
    assert codes == ["not_enrolled", "wrong_audience", "member_closed"]


def test_a_programme_by_store_wants_the_store(xiaomei: User) -> None:
    a_rule(jd_plus(code="stars", enrols=Enrols.STORE))
    batch = checked(order_file(an_order("A", a_person().number, 计划="stars")), by=xiaomei)
    assert found(batch) == [(2, "店铺", "", "store_required")]


def test_a_store_of_a_programme_that_is_not_open_to_the_member(xiaomei: User) -> None:
    jd_plus(code="stars", enrols=Enrols.STORE, open_share=0)
    batch = checked(order_file(an_order("A", a_person().number, 计划="stars", 店铺="S")), by=xiaomei)
    assert [code for *_where, code in found(batch)] == ["not_open_to_member"]


def test_differing_rows_of_one_number_are_all_invalid(xiaomei: User, member: str) -> None:
    rows = an_order("A", member), an_order("B", member), an_order("A", member, 金额="1")
    batch = checked(order_file(*rows), by=xiaomei)
    assert [(fault.line, fault.code, fault.expected) for fault in faults(batch)] == [
        (2, "conflicting_rows", "4"), (4, "conflicting_rows", "2"),
    ]


@pytest.mark.parametrize("cells", [{"金额": "100.01"}, {"品类": "fresh"}, {"下单日期": "2027-01-14"}])
def test_an_order_that_is_recorded_otherwise_is_refused(
    xiaomei: User, wallet: Enrolment, member: str, cells: dict[str, str]
) -> None:
    order(wallet, "A", "100.00")
    batch = checked(order_file(an_order("A", member, **cells)), by=xiaomei)
    assert found(batch) == [(2, "订单号", "A", "order_recorded_otherwise")]


def test_another_members_order_number_is_refused(xiaomei: User, wallet: Enrolment) -> None:
    order(wallet, "A", "100.00")
    other = a_wallet(a_person(), wallet.programme).member.number
    assert found(checked(order_file(an_order("A", other)), by=xiaomei))[0][3] == "order_recorded_otherwise"


def test_a_key_that_the_ledger_knows_is_refused(xiaomei: User, wallet: Enrolment, member: str) -> None:
    earn(wallet, 5, key="order:A")
    assert found(checked(order_file(an_order("A", member)), by=xiaomei))[0][3] == "order_key_taken"


# --- returns


def test_a_return_of_an_invalid_order_is_invalid(xiaomei: User, member: str) -> None:
    batch = checked(order_file(a_return("R", member, "A"), an_order("A", member, 下单日期="2027-01-16")), by=xiaomei)
    assert [(line, code) for line, _column, _value, code in found(batch)] == [(2, "unknown_order"), (3, "future_date")]


def test_returns_of_more_than_was_bought_are_named(xiaomei: User, wallet: Enrolment, member: str) -> None:
    give_back(order(wallet, "A", "100.00"), "R0", "50.00")
    rows: list[Any] = [
        a_return("R1", member, "A", 金额="30"), a_return("R2", member, "A", 金额="20.01"),
        an_order("B", member), a_return("R3", member, "B", 金额="100.01"),
    ]
    batch = checked(order_file(*rows), by=xiaomei)
    assert counts(batch) == {"new": 2, "invalid": 2}
    assert [(fault.line, fault.column, fault.code, fault.expected) for fault in faults(batch)] == [
        (3, "金额", "over_returned", "50.00"), (5, "金额", "over_returned", "100.00"),
    ]


def test_a_return_names_an_order_of_its_own_wallet_and_an_earlier_day(
    xiaomei: User, wallet: Enrolment, member: str
) -> None:
    other = a_wallet(a_person(), wallet.programme).member.number
    order(wallet, "A", "100.00")
    give_back(order(wallet, "C", "100.00"), "R", "10.00")
    yesterday = (TODAY - timedelta(days=1)).isoformat()
    rows = [
        a_return("R1", other, "A"), a_return("R2", member, "A", 下单日期=yesterday), a_return("R3", member, "R"),
        a_return("R4", other, "B"), an_order("B", member),
    ]
    codes = [(line, code) for line, _column, _value, code in found(checked(order_file(*rows), by=xiaomei))]
    assert codes == [
        (2, "order_of_another_wallet"), (3, "returned_before"), (4, "returns_a_return"), (5, "order_of_another_wallet"),
    ]
    assert Order.objects.count() == 3
