"""Uses of two records that were merged count against one quota: nobody has a benefit twice."""

from datetime import date, timedelta

import pytest
from django.db import connection
from django.utils.translation import override

from benefits.errors import QuotaUsedUpError
from benefits.models import Benefit, Grant
from benefits.pricing.errors import CouponNotHeldError
from benefits.services.coupons import use_coupons
from benefits.services.grants import use_grant
from benefits.services.quotes import coupons_held
from benefits.services.redemptions import redeem as redeem_one
from memberships.models import Member
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
    plus,
    used,
    with_card,
)
from tests.memberships.factories import renew
from tests.memberships.merge_stories import an_asker, merged

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)


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


def test_what_was_used_in_a_term_stays_used_when_the_card_goes_with_the_merge() -> None:
    wash, film = a_benefit("wash"), a_benefit("film")
    for benefit in (wash, film):
        of_card(benefit, quota=1, window="term")
    former, survivor = with_card(on=TODAY - 40 * DAY).member, a_person()

    def redeem(member: Member, benefit: Benefit, *, on: date = TODAY) -> None:
        redeem_one(member, benefit, key=a_key(), on=on, at=at(on), actor=None)

    redeem(former, wash, on=TODAY - 5 * DAY)
    merge = merged(former, survivor)
    with pytest.raises(QuotaUsedUpError):
        redeem(survivor, wash)
    redeem(survivor, film)
    undo_merge(merge, reason="并非同一人", on=TODAY, at=at(TODAY), actor=an_asker(), checker=None)
    redeem(former, film)


def test_what_came_with_the_card_and_was_used_is_not_given_again_and_what_is_held_begins_anew() -> None:
    coupon = a_benefit("freight", kind="coupon", valid_days=300)
    of_card(coupon, is_automatic=True)
    former, survivor = with_card().member, a_person()
    grant = Grant.objects.get(member=former)
    merge = merged(former, survivor)
    own = Grant.objects.get(member=survivor)
    # One for one: the other's follows a right that ended with its number.
    assert [each.key for each in coupons_held(survivor, plus(), on=TODAY)] == [own.key]
    with pytest.raises(CouponNotHeldError):
        use_coupons(survivor, [grant.key], order_number="A-1", on=TODAY, at=at(TODAY), actor=None)
    undo_merge(merge, reason="并非同一人", on=TODAY, at=at(TODAY), actor=an_asker(), checker=None)
    assert [each.state for each in Grant.objects.filter(member=survivor)] == ["ended"]
    use_grant(grant, order_number="A-1", on=TODAY, at=at(TODAY), actor=None)
    with override("en"):
        (bar,) = [each.words for each in conflicts_of(former, survivor, on=TODAY) if each.is_bar]
    assert "came with the card" in bar and "freight" in bar


def test_the_fee_of_the_running_term_is_told_once_under_the_number_that_has_the_card() -> None:
    former, survivor = with_card(on=TODAY - 400 * DAY).member, a_person(on=TODAY - 400 * DAY)
    renew(former.subscriptions.get())

    def fees(member: Member) -> list[tuple[date, str]]:
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT starts_on, fee FROM benefits_value_spans(%s, %s, %s) ORDER BY starts_on",
                [plus().pk, member.pk, member.pk],
            )
            return [(starts_on, str(fee)) for starts_on, fee in cursor.fetchall()]

    before = fees(former)
    (first, price), (second, _price) = before
    merge = merged(former, survivor)
    assert fees(former) == [(first, price), (second, "0")] and fees(survivor) == [(second, price)]
    undo_merge(merge, reason="并非同一人", on=TODAY, at=at(TODAY), actor=an_asker(), checker=None)
    assert (fees(former), fees(survivor)) == (before, [])
