"""A partner's statement of a month: what it bills, and the differences that were planted in it."""

import csv
import io
from datetime import UTC, datetime
from typing import Any

import pytest

from memberships.gateways.sandbox.calls import CallError
from partners.sandbox.statements import COLUMNS
from tests.partner import Listener, PartnerForTests, PartnersForTests

MONTH = "2027-01"


@pytest.fixture
def iqiyi(partners: PartnersForTests) -> PartnerForTests:
    return partners.partner("iqiyi")


def statement(partner: PartnerForTests, month: str = MONTH) -> list[dict[str, str]]:
    answer = partner.client.get(f"/statement?month={month}")
    assert answer.status == 200 and answer.is_genuine
    lines = csv.DictReader(io.StringIO(answer.body.decode(), newline=""))
    assert lines.fieldnames == COLUMNS
    return list(lines)


def test_what_was_ever_active_is_billed_once_in_the_month_of_its_first_day(
    partners: PartnersForTests, iqiyi: PartnerForTests
) -> None:
    partners.set_clock(datetime(2027, 1, 20, 16, 30, tzinfo=UTC))
    iqiyi.change(price="12.50", prices={"vip-month": "19.80"})
    iqiyi.order("1", order="F1")
    iqiyi.order("2", order="F2", sku="vip-month", starts_on="2027-01-31")
    iqiyi.order("3", order="F2", sku="vip-month", command="revoke", starts_on="2027-01-31")
    iqiyi.order("4", order="F3", starts_on="2027-02-01")
    iqiyi.order("5", order="F4", command="revoke")
    iqiyi.order("6", order="F5", sku="refused")
    lines = statement(iqiyi)
    assert [(line["order"], line["state"], line["amount"]) for line in lines] == [
        ("F1", "active", "12.50"), ("F2", "revoked", "19.80"),
    ]  # fmt: skip
    assert lines[0]["reference"] == iqiyi.client.get("/fulfilments/F1").data["reference"]
    assert (lines[0]["started_on"], lines[0]["ended_on"], lines[0]["currency"]) == ("2027-01-01", "", "CNY")
    assert lines[1]["ended_on"] == "2027-01-21"
    assert [line["order"] for line in statement(iqiyi, "2027-02")] == ["F3"]
    assert statement(iqiyi, "2027-03") == []


def test_a_partner_may_bill_each_month_begun(partners: PartnersForTests, iqiyi: PartnerForTests) -> None:
    iqiyi.change(billed="month", price="1.2500")
    iqiyi.order("1", order="F1", ends_on="2027-03-31")
    iqiyi.order("2", order="F2", ends_on=None)
    partners.set_clock(datetime(2027, 2, 10, tzinfo=UTC))
    iqiyi.order("3", order="F2", command="revoke")
    billed = {month: [line["order"] for line in statement(iqiyi, month)]
              for month in ("2026-12", "2027-01", "2027-02", "2027-03", "2027-04")}  # fmt: skip
    assert list(billed.values()) == [[], ["F1", "F2"], ["F1", "F2"], ["F1"], []]
    assert statement(iqiyi)[0]["amount"] == "1.2500"


def test_usages_that_we_redeemed_are_billed_by_their_day_in_shanghai(
    partners: PartnersForTests, listener: Listener
) -> None:
    health = partners.partner("jd-health")
    health.change(prices={"consultation": "30.00"})
    listener.answer = lambda event: (
        200, {"outcome": "refused" if event["data"]["member"] == "M2" else "redeemed"},
    )  # fmt: skip
    at = datetime(2026, 12, 31, 16, tzinfo=UTC)
    (usage,) = health.use_benefit("M1", "consultation", quantity=2, at=at)
    health.use_benefit("M2", "consultation", at=at)
    partners.wait_until_sent()
    (line,) = statement(health)
    assert (line["order"], line["sku"], line["state"], line["amount"]) == (usage, "consultation", "used", "60.00")
    assert line["started_on"] == "2027-01-01"


def test_differences_are_planted_found_again_and_taken_out(iqiyi: PartnerForTests) -> None:
    for number in range(30):
        iqiyi.order(f"{number}-1", order=f"F{number}")
    true = statement(iqiyi)
    planted = iqiyi.plant(MONTH, seed=3, drop=3, invent=2, amount=["F7"], state=2, duplicate=4)
    assert iqiyi.planted(MONTH) == planted and len(planted) == 12
    lines = statement(iqiyi)
    assert len(lines) == 30 - 3 + 2 + 4
    kinds: dict[str, list[dict[str, Any]]] = {}
    for plant in planted:
        kinds.setdefault(plant["kind"], []).append(plant)
    present = [line["order"] for line in lines]
    assert all(plant["was"] and plant["order"] not in present for plant in kinds["drop"])
    assert all(plant["was"] is None and plant["now"] in lines for plant in kinds["invent"])
    assert [(plant["order"], plant["was"]["amount"], plant["now"]["amount"]) for plant in kinds["amount"]] == [
        ("F7", "10.00", "11.00"),
    ]  # fmt: skip
    assert all(plant["now"]["state"] == "revoked" and plant["now"] in lines for plant in kinds["state"])
    assert all(present.count(plant["order"]) == 2 for plant in kinds["duplicate"])
    touched = {plant["order"] for plant in planted}
    assert len(touched) == 12
    assert [line for line in lines if line["order"] not in touched] == [
        line for line in true if line["order"] not in touched
    ]  # fmt: skip
    iqiyi.unplant(MONTH)
    assert statement(iqiyi) == true and iqiyi.planted(MONTH) == []


@pytest.mark.parametrize(
    "differences",
    [{"drop": 2}, {"drop": -1}, {"drop": ["F9"]}, {"drop": ["F1"], "amount": ["F1"]}, {"paint": 1}, {"state": True}],
)
def test_what_cannot_be_planted_is_refused(iqiyi: PartnerForTests, differences: dict[str, Any]) -> None:
    iqiyi.order("1")
    with pytest.raises(CallError, match="400"):
        iqiyi.plant(MONTH, **differences)
    assert len(statement(iqiyi)) == 1


@pytest.mark.parametrize("month", ["", "2027", "2027-13", "27-01"])
def test_a_month_that_is_none_is_refused(iqiyi: PartnerForTests, month: str) -> None:
    assert iqiyi.client.get(f"/statement?month={month}").status == 400
