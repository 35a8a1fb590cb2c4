"""What a member is entitled to, by what, how much is left, which rule won and why."""

from collections.abc import Iterator
from datetime import date, timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import translation

from benefits.models import Benefit, BenefitRule
from benefits.services.benefit_terms import keep_terms
from benefits.services.entitlements import Entitlement, entitlement_to, entitlements_of
from memberships.models import Member
from memberships.models.programmes import Enrols
from memberships.services.subscriptions import cancel_subscription
from tests.benefits.benefit_stories import (
    TODAY,
    a_benefit,
    a_group,
    a_person,
    a_wallet_of,
    chosen,
    of_all,
    of_card,
    of_tier,
    on_tier,
    plus,
    the_ladder,
    used,
    with_card,
)
from tests.memberships.factories import a_firm, jd_plus, renew
from tests.memberships.tier_stories import by_hand

pytestmark = pytest.mark.django_db
LAST_PAID = date(2028, 1, 14)


@pytest.fixture(autouse=True)
def _in_english() -> Iterator[None]:
    with translation.override("en"):
        yield


def line(member: Member, benefit: Benefit, *, on: date = TODAY, category: str = "") -> Entitlement:
    found = entitlement_to(member, benefit, on=on, category=category)
    assert found is not None
    return found


def figures(member: Member, benefit: Benefit, *, on: date = TODAY) -> tuple[int | None, int, int | None, date | None]:
    """Quota, used, left, next reset."""
    found = line(member, benefit, on=on)
    return found.quota, found.used, found.left, found.resets_on


def test_twelve_consultations_a_year_are_counted_from_the_day_of_the_card() -> None:
    consult = a_benefit("consult")
    rule = of_card(consult, 12, "year", basis="anniversary")
    card = with_card()
    for _use in range(12):
        used(card.member, rule, on=date(2027, 3, 1))
    assert figures(card.member, consult, on=date(2027, 3, 1)) == (12, 12, 0, date(2028, 1, 15))
    renew(card)
    assert figures(card.member, consult, on=date(2028, 1, 15)) == (12, 0, 12, date(2029, 1, 15))


def test_a_card_of_the_31st_begins_its_months_on_the_last_days_of_short_ones() -> None:
    free = a_benefit("free")
    rule = of_card(free, 1, "month", basis="anniversary")
    card = with_card(on=date(2027, 1, 31))
    used(card.member, rule, on=date(2027, 2, 28))
    assert figures(card.member, free, on=date(2027, 3, 30)) == (1, 1, 0, date(2027, 3, 31))
    assert figures(card.member, free, on=date(2027, 2, 27)) == (1, 0, 1, date(2027, 2, 28))


def test_a_card_in_grace_begins_no_new_year_and_there_is_no_next_reset() -> None:
    consult = a_benefit("consult")
    rule = of_card(consult, 12, "year", basis="anniversary")
    card = with_card()
    used(card.member, rule, on=date(2027, 3, 1), quantity=10)
    used(card.member, rule, on=LAST_PAID + timedelta(days=2), quantity=2)
    found = line(card.member, consult, on=LAST_PAID + timedelta(days=3))
    assert (found.used, found.left, found.resets_on, found.is_in_grace) == (12, 0, None, True)
    assert str(found.won.source) == "card “Annual card” since 2027-01-15, in its days of grace until 2028-01-24"
    assert entitlement_to(card.member, consult, on=date(2028, 1, 25)) is None


def test_a_cancelled_card_entitles_to_its_last_paid_day_and_no_further_window_comes() -> None:
    consult = a_benefit("consult")
    of_card(consult, 12, "term")
    card = with_card()
    cancel_subscription(card, on=date(2027, 6, 1), reason="moved away", actor=None)
    assert figures(card.member, consult, on=LAST_PAID) == (12, 0, 12, None)
    assert entitlement_to(card.member, consult, on=LAST_PAID + timedelta(days=1)) is None


def test_past_days_are_answered_by_the_facts_of_then() -> None:
    video, pass_ = a_benefit("video"), a_benefit("lounge")
    of_card(video)
    the_ladder()
    of_tier(pass_, "gold")
    rule = of_all(pass_, code="for-all", ends_on=date(2027, 5, 31))
    wallet = on_tier("gold")
    card = with_card(member=wallet.member)
    by_hand(wallet, "silver", on=date(2027, 4, 1))
    cancel_subscription(card, on=date(2027, 4, 1), reason="moved away", actor=None)
    assert [found.won.rule.code for found in entitlements_of(wallet.member, on=date(2028, 3, 1))] == []
    march = {found.benefit.code: found for found in entitlements_of(wallet.member, on=date(2027, 3, 1))}
    assert set(march) == {"video", "lounge"}
    assert {claim.rule for claim in (march["lounge"].won, *march["lounge"].others)} > {rule}
    assert {claim.rule.code for claim in [line(wallet.member, pass_, on=date(2027, 4, 1)).won]} == {"for-all"}


def test_uses_count_over_the_whole_window_as_it_is_known_today() -> None:
    consult = a_benefit("consult")
    rule = of_card(consult, 12, "year")
    card = with_card()
    used(card.member, rule, on=date(2027, 12, 1), quantity=5)
    assert figures(card.member, consult, on=TODAY) == (12, 5, 7, date(2028, 1, 1))


def test_of_several_rules_the_best_wins_and_the_answer_says_why() -> None:
    lounge = a_benefit("lounge")
    the_ladder()
    wallet = on_tier("gold")
    with_card(member=wallet.member)
    by_card = of_card(lounge, 3, "year", code="by-card")
    of_tier(lounge, "silver", 8, "year", and_above=True, code="by-tier")
    found = line(wallet.member, lounge)
    assert (found.won.rule.code, found.quota, [claim.rule.code for claim in found.others]) == (
        "by-tier", 8, ["by-card"]
    )
    assert found.won.words == "It goes first: it leaves 8, the other 3."
    assert found.others[0].words == "“by-tier” is better: it leaves 8, the other 3."
    assert str(found.won.source) == "tier “gold”, since 2027-01-15"
    # What is used counts against both, whatever rule it was under.
    used(wallet.member, by_card, quantity=2)
    assert figures(wallet.member, lounge) == (8, 2, 6, date(2028, 1, 1))
    of_all(lounge, None, code="for-all")
    found = line(wallet.member, lounge)
    assert (found.won.rule.code, found.left, found.won.words) == ("for-all", None, "It goes first: it has no quota.")


def test_rules_that_add_up_are_used_in_the_order_of_their_ends() -> None:
    coupons = a_benefit("coupons", combine="sum")
    monthly = of_card(coupons, 2, "month", code="monthly")
    of_all(coupons, 5, "year", code="yearly")
    card = with_card()
    a_wallet_of(card.member)
    used(card.member, monthly)
    found = line(card.member, coupons)
    assert (found.quota, found.used, found.left, found.resets_on) == (7, 1, 6, date(2027, 2, 1))
    assert (found.won.rule.code, found.won.words) == ("monthly", "It goes first: its window ends first.")
    assert found.others[0].words == "It counts as well; “monthly” is used first: its window ends first."
    used(card.member, monthly)
    found = line(card.member, coupons)
    assert (found.won.rule.code, found.left) == ("yearly", 5)
    assert found.won.words == "It goes first: something is left of it, and nothing of the other."


def test_a_past_day_is_told_by_how_rules_added_up_then_of_services_too() -> None:
    consult = a_benefit("consult")
    of_card(consult, 3, "month", code="one")
    of_card(consult, 5, "month", code="other")
    keep_terms(plus(), on=TODAY)
    member, later = with_card().member, TODAY + timedelta(days=7)
    consult.combine = "sum"
    consult.save()
    keep_terms(plus(), on=later)
    days = (TODAY, later - timedelta(days=1), later)
    assert [line(member, consult, on=day).quota for day in days] == [5, 5, 8]


def test_the_answer_is_in_the_readers_language() -> None:
    video = a_benefit("video", name="视频", name_en="Video")
    of_card(video)
    card = with_card()
    with translation.override("zh-hans"):
        found = line(card.member, video)
        assert str(found.benefit) == "视频"
        assert (str(found.won.source), found.won.words) == ("“年卡”，自 2027-01-15 起", "唯一适用的规则。")


def test_a_category_with_rules_of_its_own_goes_by_those() -> None:
    bogo = a_benefit("bogo", kind="buy_one_get_one")
    of_card(bogo, 1, "month", category="dental", code="dental")
    of_card(bogo, 5, "month", code="others")
    card = with_card()
    assert line(card.member, bogo, category="dental").won.rule.code == "dental"
    assert line(card.member, bogo, category="shoes").won.rule.code == "others"
    assert [(found.category, found.quota) for found in entitlements_of(card.member, on=TODAY)] == [
        ("", 5), ("dental", 1)
    ]


def test_each_store_has_a_line_of_its_own() -> None:
    shops = jd_plus(code="shops", enrols=Enrols.STORE, audience="enterprise")
    sticker = a_benefit("sticker", programme=shops)
    rule = of_all(sticker, 2, "month")
    firm = a_firm()
    first, second = (a_wallet_of(firm, programme=shops, scope=scope) for scope in ("one", "two"))
    used(firm, rule, wallet=first)
    assert [(found.store, found.left) for found in entitlements_of(firm, on=TODAY)] == [(first, 1), (second, 2)]


def test_regions_and_segments_narrow_a_rule() -> None:
    shops = jd_plus(code="firms", audience="enterprise")
    local, families = a_benefit("local", programme=shops), a_benefit("families", programme=shops)
    of_all(local, region="北京市")
    of_all(families, segment="families")
    there, elsewhere = a_firm(province="北京市"), a_firm(province="上海市")
    for firm in (there, elsewhere):
        a_wallet_of(firm, programme=shops)
    there.segments.create(segment="families", since=TODAY, until=TODAY)
    assert [found.benefit for found in entitlements_of(there, on=TODAY)] == [families, local]
    assert [found.benefit for found in entitlements_of(there, on=TODAY + timedelta(days=1))] == [local]
    assert entitlements_of(elsewhere, on=TODAY) == []
    assert [found.benefit for found in entitlements_of(elsewhere, on=TODAY, region="北京市")] == [local]


def test_options_that_are_not_chosen_are_listed_with_until_when_they_may_be() -> None:
    video, music = a_benefit("video"), a_benefit("music")
    group = a_group(video, music, deadline_days=30, defaults=("music",), swaps=1)
    for benefit in (video, music):
        of_card(benefit, choice_group=group)
    card = with_card()
    before = {found.benefit.code: found for found in entitlements_of(card.member, on=TODAY)}
    assert [before[code].is_entitled for code in ("video", "music")] == [False, False]
    choice = before["video"].choice
    assert choice is not None
    assert (choice.may_choose, choice.choosable_until, choice.may_swap) == (True, date(2027, 2, 13), False)
    after = line(card.member, music, on=date(2027, 2, 14))
    assert after.choice is not None
    assert (after.is_entitled, after.choice.is_default, after.choice.may_swap) == (True, True, True)
    chosen(card.member, group, video, window_from=TODAY)
    assert line(card.member, video).is_entitled
    assert line(card.member, music).won.words == "It would count if the benefit were chosen."


def test_nobody_has_a_right_by_a_benefit_or_a_group_that_is_over() -> None:
    video, music = a_benefit("video", retired_on=date(2027, 6, 1)), a_benefit("music")
    group = a_group(music, retired_on=date(2027, 6, 1), deadline_days=1, defaults=("music",))
    of_card(video)
    of_card(music, choice_group=group)
    card = with_card()
    assert len(entitlements_of(card.member, on=date(2027, 5, 31))) == 2
    assert entitlements_of(card.member, on=date(2027, 6, 1)) == []


def test_a_closed_member_a_stranger_and_a_day_before_all_have_none() -> None:
    video = a_benefit("video")
    of_card(video)
    card = with_card()
    assert entitlements_of(a_person(), on=TODAY) == []
    assert entitlements_of(card.member, on=TODAY - timedelta(days=1)) == []
    Member.objects.filter(pk=card.member_id).update(closed_on=date(2027, 2, 1))
    assert entitlements_of(card.member, on=date(2027, 2, 1)) == []


def test_who_joins_within_a_window_has_the_days_to_choose_from_then_on() -> None:
    video, music = a_benefit("video"), a_benefit("music")
    group = a_group(video, music, window="year", deadline_days=10, defaults=("music",))
    for benefit in (video, music):
        of_card(benefit, choice_group=group)
    card = with_card(on=date(2027, 6, 1))
    found = line(card.member, video, on=date(2027, 6, 10))
    assert found.choice is not None
    assert (found.choice.may_choose, found.choice.choosable_until) == (True, date(2027, 6, 10))
    assert line(card.member, music, on=date(2027, 6, 11)).is_entitled


def test_who_climbs_on_keeps_the_window_that_a_lower_tier_began() -> None:
    lounge = a_benefit("lounge")
    the_ladder()
    rule = of_tier(lounge, "silver", 3, "year", basis="anniversary", and_above=True)
    wallet = on_tier("silver")
    used(wallet.member, rule, quantity=3)
    by_hand(wallet, "gold", on=date(2027, 6, 1))
    assert figures(wallet.member, lounge, on=date(2027, 6, 1)) == (3, 3, 0, date(2028, 1, 15))


def test_under_ten_statements_whatever_the_number_of_benefits() -> None:
    counts = []
    the_ladder()
    wallet = on_tier("gold")
    card = with_card(member=wallet.member)
    options = [a_benefit() for _number in range(4)]
    group = a_group(*options, deadline_days=30, defaults=(options[0].code,), swaps=1)
    for benefit in options:
        of_card(benefit, 3, "month", choice_group=group)
    for number in (2, 15):
        for _benefit in range(number):
            benefit = a_benefit()
            of_card(benefit, 12, "year")
            of_tier(benefit, "silver", 3, "month", and_above=True)
            used(card.member, BenefitRule.objects.latest("pk"))
        with CaptureQueriesContext(connection) as queries:
            found = entitlements_of(card.member, on=date(2027, 3, 1))
        counts.append(len(queries))
    assert len(found) == 21
    assert counts[0] == counts[1] < 10, counts
