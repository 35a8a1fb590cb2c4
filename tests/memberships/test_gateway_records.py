"""The gateway's own list of money moved, and the history that a demo gives it."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest

from memberships.errors import GatewayUnreachableError
from memberships.gateways import GatewayRecord
from memberships.gateways.sandbox import entries
from memberships.gateways.sandbox.calls import CallError, Signer, call
from memberships.gateways.sandbox.client import SandboxGateway
from tests.gateway import GatewayForTests

NEW_YEAR = date(2027, 1, 1)


def listed(gateway: GatewayForTests, first: date, last: date) -> list[GatewayRecord]:
    return list(gateway.adapter.list_records(first=first, last=last))


def test_the_list_holds_charges_and_refunds_and_no_declines(gateway: GatewayForTests) -> None:
    gateway.set_clock(datetime(2027, 1, 1, 1, tzinfo=UTC))
    paid = gateway.charge("7-1", amount="99.00")
    gateway.charge("8-1", token="tok_soft_broke")
    given_back = gateway.refund("7-refund-1", of="7-1", amount="40.50")
    gateway.refund("7-refund-2", of="7-1", amount="99.00")
    assert [(record.key, record.reference, record.amount) for record in listed(gateway, NEW_YEAR, NEW_YEAR)] == [
        ("7-1", paid.reference, Decimal("99.00")), ("7-refund-1", given_back.reference, Decimal("-40.50")),
    ]  # fmt: skip


def test_a_day_of_the_list_is_a_day_in_shanghai(gateway: GatewayForTests) -> None:
    for key, at in [
        ("last-minute", "2026-12-31T15:59:59+00:00"), ("first", "2026-12-31T16:00:00+00:00"),
        ("last", "2027-01-01T23:59:59+08:00"), ("tomorrow", "2027-01-02T00:00:00+08:00"),
    ]:  # fmt: skip
        gateway.seed_charges([{"key": key, "token": "t", "amount": "1.00", "at": at}])
    assert [record.key for record in listed(gateway, NEW_YEAR, NEW_YEAR)] == ["first", "last"]
    assert [record.key for record in listed(gateway, date(2026, 12, 31), date(2027, 1, 2))] == [
        "last-minute", "first", "last", "tomorrow",
    ]  # fmt: skip


def test_a_long_list_comes_in_pages_each_record_once_in_the_order_of_days(gateway: GatewayForTests) -> None:
    days = [NEW_YEAR + timedelta(days=number % 3) for number in range(2 * entries.PAGE + 1)]
    gateway.seed_charges(
        {"key": f"{number}-1", "token": f"tok_{number}", "amount": "1.00", "at": f"{day}T12:00:00+08:00"}
        for number, day in enumerate(days)
    )
    records = listed(gateway, NEW_YEAR, NEW_YEAR + timedelta(days=2))
    assert [record.at.date() for record in records] == sorted(days)
    assert {record.key for record in records} == {f"{number}-1" for number in range(len(days))}
    assert len(listed(gateway, NEW_YEAR, NEW_YEAR)) == days.count(NEW_YEAR)
    assert len(gateway.charges()) == len(days)


def test_a_full_last_page_ends_the_list(gateway: GatewayForTests) -> None:
    gateway.seed_charges(
        {"key": f"{number}-1", "token": "t", "amount": "1.00", "at": "2027-01-01T12:00:00+08:00"}
        for number in range(entries.PAGE)
    )
    assert len(listed(gateway, NEW_YEAR, NEW_YEAR)) == entries.PAGE


def test_history_may_be_seeded_again_and_a_seeded_charge_be_sent_and_given_back(gateway: GatewayForTests) -> None:
    history = [
        {"key": "7-1", "token": "tok_ok_7", "amount": "99.00", "at": "2026-01-31T00:20:00+08:00"},
        {"key": "8-1", "token": "tok_ok_8", "amount": "99.00", "at": "2026-01-31T00:20:00+08:00", "outcome": "soft",
         "code": "insufficient_funds"},
    ]  # fmt: skip
    booked = gateway.seed_charges(history)
    assert gateway.seed_charges(history) == booked
    assert [(line["outcome"], line["code"]) for line in booked] == [
        ("succeeded", "paid"), ("soft", "insufficient_funds"),
    ]  # fmt: skip
    assert gateway.charge("7-1", token="tok_ok_7").reference == booked[0]["reference"]
    assert gateway.refund("r", of="7-1", amount="9.00", reference=booked[0]["reference"]).code == "refunded"


@pytest.mark.parametrize(
    "line", [{"at": "2026-01-31T00:20:00"}, {"at": "yesterday"}, {"outcome": "perhaps"}, {"amount": "-1"}, {"key": ""}]
)
def test_history_that_cannot_be_meant_so_is_refused_whole(gateway: GatewayForTests, line: dict[str, str]) -> None:
    good = {"key": "7-1", "token": "t", "amount": "1.00", "at": "2026-01-31T00:20:00+08:00"}
    with pytest.raises(CallError):
        gateway.seed_charges([good, good | {"key": "8-1"} | line])
    assert gateway.charges() == []


@pytest.mark.parametrize("path", ["/control/seed", "/control/clock", "/control/faults"])
@pytest.mark.parametrize("body", [[], "now", {"charges": 5}, {"charges": ["7-1"]}, {"at": 5}])
def test_a_control_call_that_makes_no_sense_is_refused(gateway: GatewayForTests, path: str, body: object) -> None:
    method = "POST" if path == "/control/seed" else "PUT"
    with pytest.raises(CallError) as refused:
        call(gateway.url, Signer(gateway.server.address.secret), method, path, data=body, timeout=5)
    assert refused.value.status == 400


def test_history_that_contradicts_the_books_or_itself_is_refused_whole(gateway: GatewayForTests) -> None:
    good = {"key": "7-1", "token": "t", "amount": "1.00", "at": "2026-01-31T00:20:00+08:00"}
    gateway.seed_charges([good])
    with pytest.raises(CallError, match="key_conflict"):
        gateway.seed_charges([good | {"key": "8-1"}, good | {"amount": "2.00"}])
    with pytest.raises(CallError, match="twice"):
        gateway.seed_charges([good | {"key": "9-1"}, good | {"key": "9-1", "amount": "2.00"}])
    assert [line["key"] for line in gateway.charges()] == ["7-1"]


def test_the_list_cannot_be_had_from_a_gateway_that_is_down(gateway: GatewayForTests) -> None:
    gateway.order_faults(is_down=True)
    with pytest.raises(GatewayUnreachableError, match="sandbox"):
        listed(gateway, NEW_YEAR, NEW_YEAR)


@pytest.mark.parametrize("fault", ["error_before", "unavailable", "reset_before", "forged"])
def test_a_list_that_is_not_the_gateways_word_is_none(gateway: GatewayForTests, fault: str) -> None:
    gateway.order_faults(queries={fault: 1})
    with pytest.raises(GatewayUnreachableError):
        listed(gateway, NEW_YEAR, NEW_YEAR)


def test_where_no_gateway_was_ever_started_none_is_reached() -> None:
    with pytest.raises(GatewayUnreachableError):
        list(SandboxGateway(name="sandbox").list_records(first=NEW_YEAR, last=NEW_YEAR))
