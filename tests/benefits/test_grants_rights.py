"""What is given by itself: it begins with the right, rests in grace, and ends with it."""

from datetime import date, timedelta

import pytest

from benefits.models import Benefit, BenefitRule, Grant
from benefits.services.choices import choose, swap
from benefits.services.grants import end_grant, follow_rights, give_back_grant, use_grant
from benefits.services.segments import put_into_segment, take_out_of_segment
from benefits.signals import benefit_granted, grant_changed
from memberships.models import Member, Subscription
from memberships.services.lapses import lapse_subscription
from memberships.services.subscriptions import cancel_subscription
from operations.models import OutboxMessage
from tests.benefits.benefit_stories import (
    TODAY,
    a_benefit,
    a_group,
    a_key,
    a_person,
    a_wallet_of,
    at,
    of_all,
    of_card,
    of_tier,
    on_tier,
    plus,
    the_ladder,
    with_card,
)
from tests.memberships.factories import renew
from tests.memberships.night_stories import run_job
from tests.memberships.tier_stories import by_hand

pytestmark = pytest.mark.django_db

LAST_PAID = date(2028, 1, 14)
LAST_OF_GRACE = date(2028, 1, 24)


def iqiyi(**facts: object) -> Benefit:
    """A partner's subscription that comes with the yearly card."""
    benefit = a_benefit("iqiyi", kind="partner_subscription")
    of_card(benefit, is_automatic=True, **facts)
    return benefit


def follow(member: Member, *, on: date) -> list[Grant]:
    return follow_rights(member, on=on, at=at(on), actor=None)


def held(member: Member) -> list[tuple[str, str, date, date | None]]:
    """Benefit, state, first and last day of everything the member was given, in order."""
    return list(
        Grant.objects.filter(member=member).order_by("pk")
        .values_list("benefit__code", "state", "valid_from", "valid_until")
    )


def states(member: Member) -> list[str]:
    return [state for _code, state, _first, _last in held(member)]


def told(member: Member) -> list[str]:
    """What the outbox tells of the member's grants, in order."""
    messages = OutboxMessage.objects.filter(owner=member.pk, topic__startswith="grant.").order_by("pk")
    return list(messages.values_list("topic", flat=True))


def test_enrolling_gives_at_once_what_is_for_all_who_are_enrolled() -> None:
    of_all(a_benefit("gift", kind="gift", valid_days=10), is_automatic=True)
    wallet = a_wallet_of(a_person())
    assert held(wallet.member) == [("gift", "live", TODAY, TODAY + timedelta(days=9))]
    a_wallet_of(wallet.member)
    assert told(wallet.member) == ["grant.started"]


def test_buying_the_card_gives_the_partner_subscription_at_once() -> None:
    iqiyi()
    heard = []
    benefit_granted.connect(receiver := lambda **facts: heard.append((facts["grant"].benefit.code, facts["on"])))
    card = with_card()
    benefit_granted.disconnect(receiver)
    assert held(card.member) == [("iqiyi", "live", TODAY, None)]
    grant = Grant.objects.get(member=card.member)
    assert (grant.subscription, grant.rule.plan_code) == (card, "annual")
    assert heard == [("iqiyi", TODAY)]
    assert told(card.member) == ["grant.started"]


def test_following_again_changes_nothing() -> None:
    iqiyi()
    card = with_card()
    for day in (0, 1, 100):
        assert follow(card.member, on=TODAY + timedelta(days=day)) == []
    assert told(card.member) == ["grant.started"]


def test_it_rests_in_grace_goes_on_when_paid_and_ends_when_the_card_lapses() -> None:
    iqiyi()
    card = with_card()
    follow(card.member, on=LAST_PAID)
    assert states(card.member) == ["live"]
    follow(card.member, on=LAST_PAID + timedelta(days=1))
    assert states(card.member) == ["in_grace"]
    renew(card)
    heard = []
    grant_changed.connect(receiver := lambda **facts: heard.append(facts["grant"].state))
    follow(card.member, on=LAST_PAID + timedelta(days=3))
    grant_changed.disconnect(receiver)
    assert (states(card.member), heard) == (["live"], ["live"])
    follow(card.member, on=date(2029, 1, 24))
    assert states(card.member) == ["in_grace"]
    follow(card.member, on=date(2029, 1, 25))
    assert held(card.member) == [("iqiyi", "ended", TODAY, date(2029, 1, 24))]
    assert told(card.member) == [
        "grant.started", "grant.changed", "grant.changed", "grant.changed", "grant.ended"
    ]


def test_a_cancelled_card_keeps_it_to_its_last_paid_day() -> None:
    iqiyi()
    card = with_card()
    cancel_subscription(card, on=date(2027, 3, 1), reason="too dear", actor=None)
    follow(card.member, on=LAST_PAID)
    assert states(card.member) == ["live"]
    follow(card.member, on=LAST_PAID + timedelta(days=1))
    assert held(card.member) == [("iqiyi", "ended", TODAY, LAST_PAID)]


def test_a_lapse_at_the_desk_ends_it_by_its_signal() -> None:
    iqiyi()
    card = with_card()
    day = LAST_OF_GRACE + timedelta(days=1)
    lapse_subscription(card, on=day, at=at(day), actor=None)
    assert states(card.member) == ["ended"]


def test_the_next_card_gives_another_one() -> None:
    iqiyi()
    card = with_card()
    later = date(2028, 6, 1)
    with_card(on=later, member=card.member)
    assert held(card.member) == [
        ("iqiyi", "ended", TODAY, later - timedelta(days=1)), ("iqiyi", "live", later, None),
    ]
    assert told(card.member) == ["grant.started", "grant.ended", "grant.started"]


def test_a_card_that_begins_later_gives_it_on_its_first_day() -> None:
    iqiyi()
    card = with_card()
    cancel_subscription(card, on=TODAY, reason="another name", actor=None)
    second = with_card(on=TODAY, member=card.member)
    assert second.started_on == date(2028, 1, 15)
    assert len(held(card.member)) == 1
    follow(card.member, on=date(2028, 1, 15))
    assert states(card.member) == ["ended", "live"]


def test_a_refund_ends_it() -> None:
    iqiyi()
    card = with_card()
    day = date(2027, 2, 1)
    Subscription.objects.filter(pk=card.pk).update(refunded_on=day, ended_on=day)
    card.terms.update(ends_on=day)
    follow(card.member, on=day)
    assert states(card.member) == ["live"]
    follow(card.member, on=day + timedelta(days=1))
    assert held(card.member) == [("iqiyi", "ended", TODAY, day)]


def test_climbing_on_keeps_what_a_rule_gives_from_a_tier_on() -> None:
    video = a_benefit("video", kind="partner_subscription")
    the_ladder()
    of_tier(video, "silver", and_above=True, is_automatic=True)
    wallet = on_tier("silver")
    assert states(wallet.member) == ["live"]
    by_hand(wallet, "gold", on=date(2027, 3, 1))
    assert states(wallet.member) == ["live"]
    by_hand(wallet, "normal", on=date(2027, 4, 1))
    assert held(wallet.member) == [("video", "ended", TODAY, date(2027, 3, 31))]
    by_hand(wallet, "gold", on=date(2027, 5, 1))
    assert states(wallet.member) == ["ended", "live"]


def test_of_two_rules_the_best_is_given_once_and_one_goes_on_when_the_other_ends() -> None:
    video = a_benefit("video", kind="partner_subscription")
    of_card(video, is_automatic=True, code="by-card")
    of_all(video, is_automatic=True, code="by-enrolment")
    card = with_card()
    a_wallet_of(card.member)
    follow(card.member, on=TODAY)
    assert states(card.member) == ["live"]
    follow(card.member, on=LAST_PAID + timedelta(days=1))
    # The enrolment's right is not in grace: it is the better one now.
    assert [
        (grant.rule.code, grant.state) for grant in Grant.objects.filter(member=card.member).order_by("pk")
    ] == [("by-card", "ended"), ("by-enrolment", "live")]


def test_rules_that_add_up_give_one_each() -> None:
    coupon = a_benefit("coupon", kind="coupon", combine="sum", valid_days=30, terms={"amount": "58"})
    of_card(coupon, is_automatic=True, code="by-card")
    of_all(coupon, is_automatic=True, code="by-enrolment")
    card = with_card()
    a_wallet_of(card.member)
    follow(card.member, on=TODAY)
    last = TODAY + timedelta(days=29)
    assert held(card.member) == [("coupon", "live", TODAY, last)] * 2


def test_a_used_coupon_is_not_given_again_while_the_right_goes_on_but_is_with_the_next_right() -> None:
    coupon = a_benefit("coupon", kind="coupon", valid_days=30, terms={"amount": "58"})
    of_card(coupon, is_automatic=True)
    card = with_card()
    grant = Grant.objects.get(member=card.member)
    use_grant(grant, order_number="JD1", on=TODAY, at=at(TODAY), actor=None)
    assert follow(card.member, on=date(2027, 3, 1)) == []
    with_card(on=date(2028, 6, 1), member=card.member)
    assert states(card.member) == ["used", "live"]


def test_what_ran_out_or_was_ended_by_hand_is_not_given_again() -> None:
    coupon = a_benefit("coupon", kind="coupon", valid_days=30, terms={"amount": "58"})
    gift = a_benefit("gift", kind="gift")
    of_card(coupon, is_automatic=True)
    of_card(gift, is_automatic=True)
    card = with_card()
    end_grant(
        Grant.objects.get(benefit=gift), reason="sent back", on=TODAY + timedelta(days=2),
        at=at(TODAY), actor=None,
    )
    run_job("expire_grants", on=TODAY + timedelta(days=30))
    assert states(card.member) == ["ended", "ended"]
    assert follow(card.member, on=TODAY + timedelta(days=31)) == []


def test_a_tier_that_is_reached_again_gives_the_coupon_again_although_the_first_was_used() -> None:
    coupon = a_benefit("coupon", kind="coupon", terms={"amount": "58"})
    the_ladder()
    of_tier(coupon, "gold", is_automatic=True)
    wallet = on_tier("gold")
    use_grant(Grant.objects.get(), order_number="JD1", on=TODAY, at=at(TODAY), actor=None)
    by_hand(wallet, "normal", on=date(2027, 4, 1))
    assert Grant.objects.get().right_ended_on == date(2027, 4, 1)
    by_hand(wallet, "gold", on=date(2027, 5, 1))
    assert states(wallet.member) == ["used", "live"]
    # The first order comes back: the right of the first coupon is over.
    give_back_grant(
        Grant.objects.earliest("pk"), order_number="JD1", on=date(2027, 5, 2), at=at(date(2027, 5, 2)), actor=None
    )
    assert states(wallet.member) == ["ended", "live"]


def test_the_next_version_of_a_rule_goes_on_with_what_was_given() -> None:
    benefit = iqiyi(code="video")
    card = with_card()
    BenefitRule.objects.update(ends_on=date(2027, 6, 30))
    of_card(benefit, code="video", is_automatic=True, quota=3, starts_on=date(2027, 7, 1))
    follow(card.member, on=date(2027, 7, 1))
    assert states(card.member) == ["live"]
    BenefitRule.objects.filter(starts_on=date(2027, 7, 1)).update(ends_on=date(2027, 9, 30))
    follow(card.member, on=date(2027, 10, 1))
    assert held(card.member) == [("iqiyi", "ended", TODAY, date(2027, 9, 30))]


def test_a_retired_benefit_and_a_closed_member_hold_nothing_more() -> None:
    benefit = iqiyi()
    first, second = with_card(), with_card()
    Member.objects.filter(pk=first.member_id).update(closed_on=date(2027, 5, 1))
    follow(first.member, on=date(2027, 5, 1))
    assert states(first.member) == ["ended"]
    Benefit.objects.filter(pk=benefit.pk).update(retired_on=date(2027, 6, 1))
    follow(second.member, on=date(2027, 5, 31))
    assert states(second.member) == ["live"]
    follow(second.member, on=date(2027, 6, 1))
    assert states(second.member) == ["ended"]


def test_what_is_chosen_is_given_and_an_exchange_moves_it() -> None:
    video, music = (a_benefit(code, kind="partner_subscription") for code in ("video", "music"))
    group = a_group(video, music, swaps=1, deadline_days=30, defaults=("music",))
    for benefit in (video, music):
        of_card(benefit, is_automatic=True, choice_group=group)
    card = with_card()
    assert held(card.member) == []
    choose(card.member, group, video, key=a_key(), on=TODAY, at=at(TODAY), actor=None)
    assert held(card.member) == [("video", "live", TODAY, None)]
    later = TODAY + timedelta(days=40)
    swap(card.member, group, video, music, key=a_key(), on=later, at=at(later), actor=None)
    assert held(card.member) == [
        ("video", "ended", TODAY, later - timedelta(days=1)), ("music", "live", later, None)
    ]


def test_the_default_is_given_after_the_deadline() -> None:
    video, music = (a_benefit(code, kind="partner_subscription") for code in ("video", "music"))
    group = a_group(video, music, deadline_days=30, defaults=("music",))
    for benefit in (video, music):
        of_card(benefit, is_automatic=True, choice_group=group)
    card = with_card()
    follow(card.member, on=TODAY + timedelta(days=29))
    assert held(card.member) == []
    first = TODAY + timedelta(days=30)
    follow(card.member, on=first)
    assert held(card.member) == [("music", "live", first, None)]


def test_a_segment_gives_and_takes() -> None:
    gift = a_benefit("family-gift", kind="gift")
    of_all(gift, is_automatic=True, segment="families")
    wallet = a_wallet_of(a_person())
    put_into_segment(wallet.member, "families", since=TODAY, on=TODAY, at=at(TODAY), actor=None)
    assert states(wallet.member) == ["live"]
    later = TODAY + timedelta(days=5)
    take_out_of_segment(wallet.member, "families", first_day_without=later, on=later, at=at(later), actor=None)
    assert held(wallet.member) == [("family-gift", "ended", TODAY, later - timedelta(days=1))]
    put_into_segment(wallet.member, "families", since=later, on=later, at=at(later), actor=None)
    assert states(wallet.member) == ["ended", "live"]


def test_a_night_made_up_for_leaves_what_began_since_alone() -> None:
    iqiyi()
    card = with_card()
    run_job("follow_rights", on=TODAY - timedelta(days=1))
    assert states(card.member) == ["live"]


def test_programmes_do_not_mix() -> None:
    iqiyi()
    assert plus().code == "jd-plus"
    wallet = a_wallet_of(a_person())
    assert follow(wallet.member, on=TODAY) == []
