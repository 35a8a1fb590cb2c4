"""The section `pricing` of a programme file: what it says, what is wrong with it, what it changes and keeps."""

from datetime import date, timedelta
from typing import Any

import pytest
from django.utils import translation

from benefits.models import Benefit, BenefitTerms, PricingPolicy
from benefits.services.quotes import policy_on
from memberships.programme_files.documents import Document, export_programme
from tests.benefits.benefit_stories import TODAY
from tests.memberships.programme_stories import applied, club, faults, text, told

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)
OFF: dict[str, Any] = {
    "code": "off", "name": {"zh": "折上折", "en": "Further off"}, "kind": "stacking_discount",
    "terms": {"percent": "95"}, "rules": [{"code": "card", "plan": "annual"}],
}


@pytest.fixture(autouse=True)
def _english() -> None:
    """The words that these stories quote."""
    translation.activate("en")


def priced(*steps: dict[str, Any], **rounding: str) -> Document:
    """The club's file with these steps; none: the usual ones."""
    section: dict[str, Any] = {"rounding": rounding} if rounding else {}
    return club(pricing={**section, "steps": list(steps)} if steps else section)


def test_section_without_a_word_takes_the_usual_steps() -> None:
    document = priced()
    programme = applied(document)
    kinds = [step.kind for step in policy_on(programme, on=TODAY).steps]
    assert kinds == [
        "promotion", "member_price", "buy_one_get_one", "stacking_discount", "instant_reduction", "coupon",
        "free_shipping",
    ]
    assert told(document) == []
    assert export_programme(programme, on=TODAY).content["pricing"] == {}
    assert told(export_programme(programme, on=TODAY)) == []


def test_file_that_says_everything_goes_in_and_comes_out_the_same() -> None:
    document = priced(
        {"kind": "promotion", "group": "price"},
        {"kind": "stacking_discount", "base": "list", "combine": "all", "group": "price", "optional": False,
         "cap_per_line": "50", "cap_per_order": "99.5", "self_operated_only": True, "not_categories": ["贵金属"]},
        {"kind": "coupon", "per_order": 2},
        mode="down", unit="jiao", per="order",
    )
    programme = applied(document)
    exported = export_programme(programme, on=TODAY)
    assert exported.content["pricing"] == document.content["pricing"]
    assert told(exported) == []
    policy = policy_on(programme, on=TODAY)
    assert (policy.rounding.mode, policy.rounding.unit, policy.rounding.per) == ("down", "jiao", "order")
    assert (policy.steps[1].base, policy.steps[1].is_optional, policy.steps[2].per_order) == ("list", False, 2)
    assert "cap_per_order: 99.5" in text(exported)


def test_new_version_holds_from_its_day_and_the_old_one_prices_the_days_before() -> None:
    programme = applied(priced({"kind": "coupon"}))
    later = TODAY + 30 * DAY
    document = priced({"kind": "stacking_discount"}, {"kind": "coupon", "per_order": 2}, mode="down")
    assert told(document, on=later) == [
        f"Prices: from {later.isoformat()} steps stacking discount → coupon (coupon, stacking discount), "
        "rounding to the nearest, halves up → rounded down"
    ]
    applied(document, on=later)
    assert [step.kind for step in policy_on(programme, on=later - DAY).steps] == ["coupon"]
    assert [step.kind for step in policy_on(programme, on=later).steps] == ["stacking_discount", "coupon"]
    assert [(row.starts_on, row.ends_on) for row in PricingPolicy.objects.order_by("starts_on")] == [
        (TODAY, later - DAY), (later, None),
    ]


def test_of_two_files_of_a_day_the_last_one_holds() -> None:
    programme = applied(priced({"kind": "coupon"}))
    applied(priced({"kind": "stacking_discount"}))
    assert [step.kind for step in policy_on(programme, on=TODAY).steps] == ["stacking_discount"]
    assert PricingPolicy.objects.count() == 1


def test_section_that_is_left_out_ends_the_policy() -> None:
    applied(priced({"kind": "coupon"}))
    later = TODAY + 30 * DAY
    last = (later - DAY).isoformat()
    assert told(club(), on=later) == [f"Prices: nothing is priced any more after {last}"]
    applied(club(), on=later)
    assert PricingPolicy.objects.get().ends_on == later - DAY
    assert told(club(), on=later) == []


def test_terms_of_benefits_are_kept_by_their_days() -> None:
    cheaper = {**OFF, "terms": {"percent": "90"}}
    applied(club(benefits=[OFF], pricing={}))
    later = TODAY + 30 * DAY
    applied(club(benefits=[cheaper], pricing={}), on=later)
    applied(club(benefits=[cheaper], pricing={}), on=later + 5 * DAY)
    assert _kept() == [({"percent": "95"}, TODAY, later - DAY), ({"percent": "90"}, later, None)]
    # Changed again on the day of its last change: that day has the last word.
    applied(club(benefits=[{**OFF, "terms": {"percent": "85"}}], pricing={}), on=later)
    assert _kept()[1:] == [({"percent": "85"}, later, None)]
    assert Benefit.objects.get().terms == {"percent": "85"}


def _kept() -> list[tuple[dict[str, Any], date, date | None]]:
    return list(BenefitTerms.objects.order_by("starts_on").values_list("terms", "starts_on", "ends_on"))


@pytest.mark.parametrize(
    ("steps", "said"),
    [
        ("[{kind: coupon}, {kind: coupon}]", "pricing.steps[0] is the same kind: each stands once"),
        ("[{kind: free_shipping}, {kind: coupon}]", "free shipping comes last"),
        ("[{kind: stacking_discount, per_order: 2}]", "goes with coupon, and only with it"),
        ("[{kind: coupon, combine: all}]", "does not go with coupon"),
        ("[{kind: promotion, optional: false}]", "it is never left out"),
        ("[{kind: discount}]", "“discount” is none of"), ("[]", "must not be empty"),
        ("[{kind: coupon, cap_per_order: -1}]", "-1 is less than 0"),
        ("[{kind: coupon, cap_per_order: 1.005}]", "1.005 has more than 2 decimals"),
        ("[{kind: coupon, per_order: 13}]", "13 is more than 12"),
    ],
)
def test_what_is_wrong_is_named(steps: str, said: str) -> None:
    source = text(club()) + f"\npricing:\n  steps: {steps}\n"
    found = faults(source)
    assert any(said in fault for fault in found), found
