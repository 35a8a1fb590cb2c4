"""Uses of two records that were merged count against one quota: nobody has a benefit twice."""

from datetime import timedelta

import pytest
from django.utils.translation import override

from benefits.errors import QuotaUsedUpError
from benefits.services.redemptions import redeem as redeem_one
from memberships.services.merges import conflicts_of, undo_merge
from tests.benefits.benefit_stories import (
    TODAY,
    a_benefit,
    a_group,
    a_key,
    a_person,
    a_wallet_of,
    at,
    chosen,
    of_all,
    of_card,
    used,
    with_card,
)
from tests.memberships.merge_stories import an_asker, merged

pytestmark = pytest.mark.django_db


def test_uses_of_both_count_and_after_undoing_each_has_its_own() -> None:
    wash = a_benefit("wash")
    rule = of_all(wash, quota=3, window="month")
    former, survivor = a_person(), with_card().member
    for member in (former, survivor):
        a_wallet_of(member)
    used(former, rule, quantity=2)
    with override("en"):
        (note,) = conflicts_of(former, survivor, on=TODAY)
    assert not note.is_bar and "used 1 times" in note.words
    merge = merged(former, survivor)

    def redeem() -> None:
        redeem_one(survivor, wash, key=a_key(), on=TODAY, at=at(TODAY), actor=None)

    redeem()
    with pytest.raises(QuotaUsedUpError):
        redeem()
    undo_merge(merge, reason="并非同一人", on=TODAY, at=at(TODAY), actor=an_asker(), checker=None)
    redeem()


def test_what_was_chosen_and_used_is_not_chosen_a_second_time() -> None:
    film, book = a_benefit("film"), a_benefit("book")
    group = a_group(film, book)
    rules = {benefit: of_card(benefit, choice_group=group) for benefit in (film, book)}
    former, survivor = a_person(), with_card().member
    window = {"window_from": TODAY, "window_until": TODAY + timedelta(days=30)}
    chosen(former, group, film, **window)
    chosen(survivor, group, book, **window)
    assert [each.is_bar for each in conflicts_of(former, survivor, on=TODAY)] == [False]
    used(former, rules[film])
    with override("en"):
        bars = [each.words for each in conflicts_of(former, survivor, on=TODAY) if each.is_bar]
    assert len(bars) == 1 and "film" in bars[0] and "used 1 times" in bars[0]
