"""Marriott at the sandbox: status matches both ways, and members who are new there."""

from datetime import date
from typing import Any

import pytest

from config.embedded import processes
from memberships.gateways.sandbox.calls import CallError
from partners.sandbox.client import Answer
from tests.partner import Listener, PartnerForTests, PartnersForTests


@pytest.fixture
def marriott(partners: PartnersForTests) -> PartnerForTests:
    return partners.partner("marriott")


def match(marriott: PartnerForTests, id: str, match: str = "S1", **fields: Any) -> Answer:
    data = {
        "match": match, "member": "M100", "tier": "Silver", "valid_from": "2027-01-01", "valid_until": "2027-12-31",
        "evidence": "Meituan Black Gold",
    }  # fmt: skip
    return marriott.client.post("/status-matches", data | fields, id=id)


def end(marriott: PartnerForTests, id: str, key: str = "S1") -> Answer:
    data = {"match": key, "on": "2027-06-01", "reason": "tier_lost"}
    return marriott.client.post("/status-matches/end", data, id=id)


def test_black_gold_becomes_silver_and_ends(marriott: PartnerForTests) -> None:
    answer = match(marriott, "1")
    assert (answer.status, answer.data["state"], answer.data["sequence"]) == (200, "matched", 1)
    assert answer.data["number"].startswith("MA") and answer.is_genuine
    assert match(marriott, "1").body == answer.body
    assert marriott.client.get("/status-matches/S1").data == answer.data
    assert marriott.client.get("/orders/1").data == answer.data
    ended = end(marriott, "2")
    assert (ended.status, ended.data["state"], ended.data["sequence"], ended.data["reason"]) == (
        200, "ended", 2, "tier_lost",
    )  # fmt: skip
    assert end(marriott, "3").data == ended.data
    assert match(marriott, "4").data["reason"] == "ended"


def test_a_person_has_one_match_in_a_period(marriott: PartnerForTests) -> None:
    match(marriott, "1")
    second = match(marriott, "2", match="S2", tier="Gold", valid_from="2027-12-31", valid_until="2028-12-30")
    assert (second.status, second.data["state"], second.data["reason"]) == (409, "failed", "already_matched")
    assert match(marriott, "3", match="S2", valid_from="2028-01-01", valid_until="2028-12-31").status == 200
    assert match(marriott, "4", match="S3", member="M200").status == 200
    end(marriott, "5")
    assert match(marriott, "6", match="S4", tier="Gold").status == 200


def test_the_same_match_under_another_id_is_the_same_and_another_under_its_key_is_refused(
    marriott: PartnerForTests,
) -> None:
    first = match(marriott, "1")
    assert match(marriott, "2").data == first.data
    assert match(marriott, "3", tier="Gold").data["reason"] == "already_matched"
    assert match(marriott, "1", tier="Gold").data["code"] == "key_conflict"


def test_what_the_partner_does_not_have_fails(marriott: PartnerForTests) -> None:
    assert match(marriott, "1", tier="Black Diamond").data["reason"] == "unknown_tier"
    assert end(marriott, "2").data["reason"] == "not_matched"
    assert match(marriott, "3", valid_until="2026-12-31").status == 400
    assert marriott.client.post("/status-matches/end", {"match": "S1", "reason": ""}, id="4").status == 400
    assert marriott.client.get("/status-matches/S1").status == 404


def test_a_match_may_be_confirmed_later(
    partners: PartnersForTests, marriott: PartnerForTests, listener: Listener
) -> None:
    marriott.change(is_async=True, confirm_after_ms=None)
    answer = match(marriott, "1")
    assert (answer.status, answer.data["state"]) == (202, "accepted")
    assert marriott.confirm() == 1
    partners.wait_until_sent()
    (told,) = listener.taken()
    assert (told["event"]["type"], told["event"]["data"]["sequence"]) == ("status.matched", 2)
    marriott.change(confirm_after_ms=0)
    match(marriott, "2", match="S2", member="M200")
    assert processes.wait_until(lambda: listener.types() == ["status.matched"] * 2, seconds=10)


def test_the_partner_ends_a_status_by_itself_and_tells(
    partners: PartnersForTests, marriott: PartnerForTests, listener: Listener
) -> None:
    match(marriott, "1")
    ended = marriott.end_match("S1", reason="left_the_programme")
    partners.wait_until_sent()
    assert [told["event"]["data"] for told in listener.taken()] == [ended]
    assert listener.types() == ["status.ended"] and ended["state"] == "ended"
    with pytest.raises(CallError, match="400"):
        marriott.end_match("S9", reason="")


def test_the_other_way_a_member_of_theirs_asks_for_our_tier_and_new_members_are_told(
    partners: PartnersForTests, marriott: PartnerForTests, listener: Listener
) -> None:
    marriott.present_status("M100", "Gold", evidence="card 123", valid_until=date(2027, 12, 31))
    marriott.register_member("M200", on=date(2027, 1, 15))
    partners.wait_until_sent()
    told = {taken["event"]["type"]: taken["event"]["data"] for taken in listener.taken()}
    assert told == {
        "status.presented": {
            "member": "M100", "tier": "Gold", "evidence": "card 123", "valid_until": "2027-12-31",
        },
        "member.registered": {"member": "M200", "registered_on": "2027-01-15"},
    }  # fmt: skip
