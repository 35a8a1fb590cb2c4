"""After-sales rights of members: what they held on the day of purchase decides."""

from datetime import timedelta

import pytest

from benefits.after_sales import Purchase, Refusal
from benefits.models import Benefit
from benefits.services.after_sales import answer_after_sales
from benefits.services.benefit_terms import keep_terms
from tests.benefits.benefit_stories import TODAY, a_benefit, a_person, of_card, plus, with_card

pytestmark = pytest.mark.django_db
DAYS = timedelta(days=1)
PHONE = Purchase(TODAY + 5 * DAYS, "手机", True, "replace")


def replacement() -> Benefit:
    """180 days of a new one instead of a repair, for those with the card."""
    benefit = a_benefit("replace-180", kind="after_sales", terms={
        "remedies": ["replace"], "faults": ["quality"], "days": 180, "self_operated_only": True,
        "categories": ["手机", "家电", "数码", "电脑"],
    })
    of_card(benefit)
    return benefit


def test_phone_bought_with_the_card_is_replaced_until_the_180th_day() -> None:
    benefit = replacement()
    member = with_card().member
    last = PHONE.bought_on + 180 * DAYS
    answer = answer_after_sales(member, PHONE, on=last)
    assert answer.is_yes and answer.last_day == last
    assert answer.right and answer.right.code == benefit.code
    assert answer_after_sales(member, PHONE, on=last + 1 * DAYS).refusal is Refusal.TOO_LATE


def test_right_that_was_held_at_the_purchase_stays_when_the_card_is_over() -> None:
    replacement()
    card = with_card()
    bought_late = Purchase(TODAY + 360 * DAYS, "手机", True, "replace")
    lapsed = TODAY + 450 * DAYS
    assert answer_after_sales(card.member, bought_late, on=lapsed).is_yes
    bought_after = Purchase(lapsed, "手机", True, "replace")
    assert answer_after_sales(card.member, bought_after, on=lapsed).refusal is Refusal.NO_RIGHT


def test_card_that_came_after_the_purchase_brings_no_right_to_it() -> None:
    replacement()
    member = a_person()
    with_card(member=member, on=TODAY)
    before = Purchase(TODAY - 1 * DAYS, "手机", True, "replace")
    answer = answer_after_sales(member, before, on=TODAY)
    assert (answer.is_yes, answer.refusal) == (False, Refusal.NO_RIGHT)


def test_terms_of_the_day_of_purchase_hold_though_they_were_cut_later() -> None:
    benefit = replacement()
    keep_terms(plus(), on=TODAY)
    member = with_card().member
    benefit.terms = {**benefit.terms, "days": 90}
    benefit.save()
    keep_terms(plus(), on=TODAY + 30 * DAYS)
    on = PHONE.bought_on + 150 * DAYS
    assert answer_after_sales(member, PHONE, on=on).is_yes
    later = Purchase(TODAY + 30 * DAYS, "手机", True, "replace")
    assert answer_after_sales(member, later, on=later.bought_on + 91 * DAYS).refusal is Refusal.TOO_LATE
