"""Commitments and campaigns in programme files: what is wrong is named, what changes is told, money moves with it."""

from collections.abc import Iterator
from copy import deepcopy
from typing import Any

import pytest
from django.utils import translation

from benefits.models import Brand, Budget, BudgetEntry, Campaign
from memberships.programme_files.documents import Document, check_against_tables, export_programme
from memberships.programme_files.faults import ProgrammeFileError
from tests.benefits.redemption_stories import differences
from tests.memberships.factories import TODAY
from tests.memberships.programme_stories import applied, club, faults, text, told

pytestmark = pytest.mark.django_db
SECTIONS: dict[str, Any] = {
    "commitments": [{"brand": "milk", "name": {"zh": "奶粉", "en": "Milk powder"}, "amount": "1000"}],
    "budgets": [
        {"code": "week", "name": {"zh": "家庭周", "en": "Week"}, "amount": "600"},
        {"code": "day", "name": {"zh": "会员日", "en": "Day"}, "amount": "400"},
    ],
    "campaigns": [
        {"code": "week", "name": {"zh": "家庭周", "en": "Family week"}, "brand": "milk", "sub_plan": "gravity",
         "budget": "week", "segment": "family"},
        {"code": "day", "name": {"zh": "会员日", "en": "Member day"}, "brand": "milk", "sub_plan": "plus_day",
         "budget": "day", "baseline": {"starts_on": "2026-12-01", "ends_on": "2026-12-31"}},
    ],
}


@pytest.fixture(autouse=True)
def _in_english() -> Iterator[None]:
    with translation.override("en"):
        yield


def branded(**sections: Any) -> Document:
    return club(**{**deepcopy(SECTIONS), **sections})


def with_amounts(committed: str, week: str, day: str) -> Document:
    sections = deepcopy(SECTIONS)
    sections["commitments"][0]["amount"] = committed
    for budget, amount in zip(sections["budgets"], (week, day), strict=True):
        budget["amount"] = amount
    return club(**sections)


def amounts() -> dict[str, tuple[int, int]]:
    return {each.code: (int(each.amount), int(each.reserved)) for each in Budget.objects.order_by("code")}


def test_what_a_file_says_of_brands_and_campaigns_is_told_applied_and_changed() -> None:
    words = told(branded())
    assert "New commitment of “milk”: 1,000 CNY" in words
    assert "New campaign “Family week” of “milk”: gravity plan" in words
    programme = applied(branded())
    assert str(Brand.objects.get()) == "Milk powder"
    assert amounts() == {"brand:milk": (1000, 1000), "week": (600, 0), "day": (400, 0)}
    assert told(branded()) == []
    exported = export_programme(programme, on=TODAY).sections
    assert [each["code"] for each in exported["campaigns"]] == ["week", "day"]
    # One gets what the other gives, also where the first stands first; and the brand adds something.
    changed = with_amounts("1200", "900", "300")
    assert "Commitment of “Milk powder”: amount (CNY) 1,000 → 1,200" in told(changed)
    applied(changed)
    assert amounts() == {"brand:milk": (1200, 1200), "week": (900, 0), "day": (300, 0)}
    kinds = BudgetEntry.objects.order_by("pk").values_list("kind", flat=True)
    assert list(kinds) == ["commit", "reserve", "reserve", "adjust", "release", "reserve"]
    campaigns = deepcopy(SECTIONS["campaigns"])
    campaigns[0].update(name={"zh": "亲子周", "en": "Parents' week"}, open_share="0.5")
    applied(branded(
        campaigns=campaigns, commitments=[{"brand": "milk", "amount": "1200"}], budgets=changed.sections["budgets"]
    ))
    week = Campaign.objects.get(code="week")
    assert (week.name, week.open_share, Brand.objects.get().name) == ("亲子周", 0.5, "奶粉")
    assert differences() == []


def test_campaigns_that_do_not_add_up_are_named() -> None:
    assert faults(text(branded())) == []
    sections = deepcopy(SECTIONS)
    sections["budgets"][1]["amount"] = "401"
    sections["campaigns"][0]["brand"] = "bread"
    sections["campaigns"].append({**sections["campaigns"][1], "code": "third", "brand": "milk", "budget": "none"})
    sections["commitments"].append({"brand": "milk", "amount": "0"})
    sections["benefits"] = [{
        "code": "coupon", "name": {"zh": "券", "en": "Coupon"}, "kind": "coupon", "budget": "week", "unit_cost": "1",
        "terms": {"amount": "5"}, "rules": [{"code": "all"}],
    }]
    found = "\n".join(faults(text(club(**sections))))
    for words in (
        "has no commitment in this file", "there is no budget “none”", "needs to be more than nothing",
        "is the code of commitments[0], too", "campaigns take more than the brand has committed",
        "rule “all” of benefit “coupon” is not for the segment “family”",
    ):
        assert words in found, found


def test_what_was_promised_or_belongs_to_a_campaign_does_not_change() -> None:
    with pytest.raises(ProgrammeFileError, match="there is no brand “bread”"):
        check_against_tables(branded(commitments=[
            *SECTIONS["commitments"], {"brand": "bread", "amount": "5"},
        ]), on=TODAY)
    applied(branded())
    with pytest.raises(ProgrammeFileError, match="1,000 CNY of it are reserved"):
        check_against_tables(with_amounts("900", "500", "400"), on=TODAY)
    campaigns = deepcopy(SECTIONS["campaigns"])
    campaigns[0]["budget"], campaigns[1]["budget"] = "day", "week"
    with pytest.raises(ProgrammeFileError, match="it is “week”, which does not change"):
        check_against_tables(branded(campaigns=campaigns), on=TODAY)
