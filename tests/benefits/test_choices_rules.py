"""Choosing N of M: by the deadline, within the cost cap, and the exchange of what is not used yet."""

from collections.abc import Iterator, Sequence
from datetime import date, timedelta
from decimal import Decimal
from functools import partial

import pytest
from django.utils import translation

from benefits.errors import (
    BenefitKeyError,
    ChoiceCostError,
    ChoiceTooLateError,
    ChosenAlreadyError,
    NotAnOptionError,
    NotChosenError,
    NotEntitledError,
    NotSwappableError,
    SwapsUsedUpError,
    TooManyChoicesError,
    UsedAlreadyError,
)
from benefits.models import Benefit, BenefitRule, Choice, ChoiceGroup, Grant, Usage
from benefits.services.choices import choice_state, choose, swap
from benefits.services.grants import follow_rights, use_grant
from benefits.services.redemptions import redeem
from memberships.models import Member
from operations.errors import KeyConflictError
from tests.benefits.benefit_stories import (
    TODAY,
    a_benefit,
    a_group,
    a_key,
    a_person,
    at,
    of_card,
    of_tier,
    on_tier,
    used,
    with_card,
)
from tests.memberships.factories import renew
from tests.memberships.points_stories import at_once
from tests.memberships.tier_stories import by_hand

pytestmark = pytest.mark.django_db
DEADLINE = date(2027, 2, 13)


@pytest.fixture(autouse=True)
def _in_english() -> Iterator[None]:
    with translation.override("en"):
        yield


def options(*codes: str, **facts: object) -> tuple[ChoiceGroup, list[Benefit]]:
    """A group for those with the yearly card, two of which may be chosen within 30 days and exchanged once."""
    benefits = [a_benefit(code) for code in codes]
    group = a_group(*benefits, **{"picks": 2, "deadline_days": 30, "swaps": 1, **facts})  # type: ignore[arg-type]
    for benefit in benefits:
        of_card(benefit, 3, "month", choice_group=group)
    return group, benefits


def pick(
    member: Member, group: ChoiceGroup, benefits: Benefit | Sequence[Benefit], *, on: date = TODAY, key: str = ""
) -> list[Choice]:
    return choose(member, group, benefits, key=key or a_key(), on=on, at=at(on), actor=None)


def exchange(
    member: Member, group: ChoiceGroup, put_away: Benefit, take: Benefit, *, on: date = TODAY, key: str = ""
) -> Choice:
    return swap(member, group, put_away, take, key=key or a_key(), on=on, at=at(on), actor=None)


def mine(member: Member, group: ChoiceGroup, *, on: date = TODAY) -> list[str]:
    state = choice_state(member, group, on=on)
    assert state is not None
    return [option.benefit.code for option in state.chosen]


def test_two_of_four_are_chosen_at_once_or_one_after_the_other() -> None:
    group, (video, music, _books, _sport) = options("video", "music", "books", "sport")
    first, second = with_card(), with_card()
    assert [choice.benefit for choice in pick(first.member, group, [music, video])] == [video, music]
    pick(second.member, group, video)
    pick(second.member, group, music, on=DEADLINE)
    assert mine(first.member, group) == ["video", "music"]
    assert mine(second.member, group, on=DEADLINE) == ["video", "music"]
    state = choice_state(first.member, group, on=TODAY)
    assert state is not None
    assert (state.free, state.swaps_left, state.choosable_until) == (0, 1, DEADLINE)
    assert (state.window_from, state.window_until) == (TODAY, date(2028, 1, 15))


def test_a_third_one_is_one_too_many_and_nothing_of_it_is_kept() -> None:
    group, (video, music, books) = options("video", "music", "books")
    card = with_card()
    with pytest.raises(TooManyChoicesError, match="2 may be chosen for a window, and 2 of them still"):
        pick(card.member, group, [video, music, books])
    pick(card.member, group, [video, music])
    with pytest.raises(TooManyChoicesError) as error:
        pick(card.member, group, books)
    assert (error.value.picks, error.value.free) == (2, 0)
    assert mine(card.member, group) == ["video", "music"]


def test_a_default_of_a_higher_tier_takes_no_place_from_who_is_not_entitled_to_it() -> None:
    """The lounge is by default, for gold members; music is for all. A silver member has music by default."""
    wallet = on_tier("silver")
    lounge, music = a_benefit("lounge"), a_benefit("music")
    group = a_group(lounge, music, picks=1, deadline_days=30, window="year", defaults=("lounge", "music"))
    of_tier(lounge, "gold", choice_group=group, is_automatic=True)
    of_tier(music, "normal", and_above=True, choice_group=group, is_automatic=True)
    later = TODAY + timedelta(days=31)
    assert mine(wallet.member, group, on=later) == ["music"]
    follow_rights(wallet.member, on=later, at=at(later), actor=None)
    assert [grant.benefit for grant in Grant.objects.filter(member=wallet.member)] == [music]


def test_a_key_of_any_length_that_is_allowed_serves_several_choices_and_an_exchange() -> None:
    group, (video, music, books) = options("video", "music", "books", defaults=("video",))
    card, other = with_card(), with_card()
    key = "k" * 64
    first = pick(card.member, group, [video, music], key=key)
    assert pick(card.member, group, [music, video], key=key) == first
    with pytest.raises(KeyConflictError):
        pick(card.member, group, video, key=key)
    late = DEADLINE + timedelta(days=1)
    swapped = exchange(other.member, group, video, books, on=late, key=key)
    assert exchange(other.member, group, video, books, on=late, key=key) == swapped
    assert max(len(own) for own in Choice.objects.values_list("key", flat=True)) == 64


def test_after_the_deadline_defaults_fill_what_was_not_chosen() -> None:
    group, (_video, music, books) = options("video", "music", "books", defaults=("video", "music"))
    card = with_card()
    pick(card.member, group, books)
    late = DEADLINE + timedelta(days=1)
    with pytest.raises(ChoiceTooLateError, match="2027-02-13") as error:
        pick(card.member, group, music, on=late)
    assert error.value.until == DEADLINE
    assert mine(card.member, group, on=DEADLINE) == ["books"]
    assert mine(card.member, group, on=late) == ["video", "books"]


def test_options_within_the_cost_cap_only() -> None:
    costs = {"video": "60", "music": "30", "books": "50"}
    group, (video, books, music) = options(
        "video", "books", "music", costs=costs, cost_cap=Decimal(100), defaults=("video", "books", "music")
    )
    card = with_card()
    with pytest.raises(ChoiceCostError, match=r"100(\.00)? CNY together; these come to 110") as error:
        pick(card.member, group, [video, books])
    assert (error.value.cap, error.value.cost) == (Decimal(100), Decimal(110))
    # Books would cost too much beside the video, and no default after it is taken instead.
    assert mine(card.member, group, on=DEADLINE + timedelta(days=1)) == ["video"]
    pick(card.member, group, [video, music])
    with pytest.raises(ChoiceCostError):
        exchange(card.member, group, music, books)
    exchange(card.member, group, video, books)
    assert mine(card.member, group) == ["books", "music"]


def test_an_option_is_exchanged_once_before_its_first_use_also_after_the_deadline() -> None:
    group, (video, music, books) = options("video", "music", "books")
    card = with_card()
    pick(card.member, group, [video, music])
    late = DEADLINE + timedelta(days=60)
    used(card.member, BenefitRule.objects.get(benefit=music), on=late)
    with pytest.raises(UsedAlreadyError):
        exchange(card.member, group, music, books, on=late)
    choice = exchange(card.member, group, video, books, on=late)
    assert (choice.replaces.benefit, choice.replaces.swapped_on) == (video, late)
    assert mine(card.member, group, on=late) == ["music", "books"]
    # Until then it was the other one.
    assert mine(card.member, group, on=late - timedelta(days=1)) == ["video", "music"]
    with pytest.raises(SwapsUsedUpError):
        exchange(card.member, group, books, video, on=late)


def test_a_default_is_exchanged_too_and_does_not_come_back() -> None:
    group, (video, music, books) = options("video", "music", "books", defaults=("video", "music"), swaps=2)
    card = with_card()
    late = DEADLINE + timedelta(days=1)
    choice = exchange(card.member, group, video, books, on=late)
    assert (choice.replaces.is_default, choice.replaces.benefit) == (True, video)
    assert mine(card.member, group, on=late) == ["music", "books"]
    exchange(card.member, group, music, video, on=late)
    assert mine(card.member, group, on=late) == ["video", "books"]


def test_a_coupon_that_was_used_is_a_use_too() -> None:
    coupon, music = a_benefit("coupon", kind="coupon", terms={"amount": "58"}), a_benefit("music")
    group = a_group(coupon, music, swaps=1)
    of_card(coupon, choice_group=group, is_automatic=True)
    of_card(music, choice_group=group)
    card = with_card()
    pick(card.member, group, coupon)
    use_grant(Grant.objects.get(), order_number="JD1", on=TODAY, at=at(TODAY), actor=None)
    with pytest.raises(UsedAlreadyError):
        exchange(card.member, group, coupon, music)


def test_the_next_term_is_chosen_for_anew() -> None:
    group, (video, music) = options("video", "music")
    card = with_card()
    pick(card.member, group, [video, music])
    renew(card)
    next_term = date(2028, 1, 15)
    assert mine(card.member, group, on=next_term) == []
    pick(card.member, group, video, on=next_term)
    assert mine(card.member, group, on=next_term) == ["video"]


def test_a_window_chosen_in_stays_until_it_is_over_though_the_tier_it_was_counted_from_is_lost() -> None:
    """Gold since January, a card since April, either of which entitles. Gold is lost in May: there is neither a second
    choice, nor is the first one lost. Who never chose has the window of the card that is left."""
    group, (video, music) = options("video", "music", picks=1, window="year", basis="anniversary")
    for benefit in (video, music):
        of_tier(benefit, "gold", 3, "month", choice_group=group, is_automatic=True)
    BenefitRule.objects.update(is_automatic=True)
    chose, idle = on_tier("gold"), on_tier("gold")
    for wallet in (chose, idle):
        with_card(member=wallet.member, on=date(2027, 4, 1))
    pick(chose.member, group, video)
    for wallet in (chose, idle):
        by_hand(wallet, "normal", on=date(2027, 5, 1))
    may, after = date(2027, 5, 20), date(2028, 1, 15)
    state = choice_state(chose.member, group, on=may)
    assert state is not None
    assert (state.window_from, state.window_until, state.choosable_until) == (TODAY, after, DEADLINE)
    assert mine(chose.member, group, on=may) == ["video"]
    with pytest.raises(ChoiceTooLateError):
        pick(chose.member, group, music, on=may)
    follow_rights(chose.member, on=may, at=at(may), actor=None)
    assert [held.benefit for held in Grant.objects.held(on=may).filter(member=chose.member)] == [video]
    assert mine(chose.member, group, on=after) == []
    # Only then the days to choose in the card's window begin for who chose; those of the other one are long over.
    for member, until in ((chose.member, date(2028, 2, 13)), (idle.member, date(2027, 4, 30))):
        later = choice_state(member, group, on=after)
        assert later is not None
        assert (later.window_from, later.choosable_until) == (date(2027, 4, 1), until)


def test_who_was_refunded_and_joined_again_chooses_anew_once_the_window_of_the_first_choice_is_over() -> None:
    """The choice of January is kept for its year, though the card was refunded in June: refunds give no second choice.
    The new card's window goes on behind it, and the days to choose in it begin when the kept one is over."""
    group, (video, music) = options("video", "music", picks=1, defaults=("music",))
    BenefitRule.objects.update(is_automatic=True)
    card = with_card()
    pick(card.member, group, video)
    refunded, rejoined, after = date(2027, 6, 14), date(2027, 6, 24), date(2028, 1, 15)
    card.terms.update(ends_on=refunded)
    card.refunded_on = card.ended_on = refunded
    card.save()
    with_card(member=card.member, on=rejoined)
    assert mine(card.member, group, on=rejoined) == ["video"]
    with pytest.raises(ChoiceTooLateError):
        pick(card.member, group, music, on=rejoined)
    state = choice_state(card.member, group, on=after)
    assert state is not None
    assert (state.window_from, state.opened_on, state.choosable_until) == (rejoined, after, date(2028, 2, 13))
    # No default is given before the days to choose are over.
    follow_rights(card.member, on=after, at=at(after), actor=None)
    assert not Grant.objects.held(on=after).filter(member=card.member).exists()
    assert mine(card.member, group, on=date(2028, 2, 14)) == ["music"]
    pick(card.member, group, video, on=after)
    assert mine(card.member, group, on=date(2028, 2, 14)) == ["video"]


def test_a_choice_made_in_grace_ends_with_the_paid_term_not_with_the_grace() -> None:
    group, (video, music) = options("video", "music", deadline_days=None)
    card = with_card()
    in_grace = date(2028, 1, 20)
    pick(card.member, group, video, on=in_grace)
    assert mine(card.member, group, on=in_grace) == ["video"]
    renew(card)
    assert mine(card.member, group, on=in_grace) == []
    assert [choice.window_from for choice in pick(card.member, group, music, on=in_grace)] == [date(2028, 1, 15)]


def test_a_repeat_returns_the_first_result_and_another_body_is_refused() -> None:
    group, (video, music, books) = options("video", "music", "books")
    card = with_card()
    first = pick(card.member, group, [video, music], key="choose:1")
    assert pick(card.member, group, [music, video], key="choose:1") == first
    for other in ([video, books], [video]):
        with pytest.raises(KeyConflictError):
            pick(card.member, group, other, key="choose:1")
    swapped = exchange(card.member, group, video, books, key="swap:1")
    assert exchange(card.member, group, video, books, key="swap:1") == swapped
    with pytest.raises(KeyConflictError):
        exchange(card.member, group, music, video, key="swap:1")
    assert Choice.objects.count() == 3


def test_what_cannot_be_chosen_is_named() -> None:
    group, (video, music) = options("video", "music")
    strange, gone = a_benefit("strange"), a_benefit("gone")
    group.options.create(benefit=gone, rank=9)
    card = with_card()
    with pytest.raises(NotAnOptionError):
        pick(card.member, group, strange)
    with pytest.raises(NotAnOptionError):
        pick(card.member, group, [])
    with pytest.raises(NotEntitledError):
        pick(card.member, group, gone)
    with pytest.raises(NotEntitledError):
        pick(a_person(), group, video)
    with pytest.raises(BenefitKeyError):
        pick(card.member, group, video, key="with blank")
    with pytest.raises(NotSwappableError):
        exchange(card.member, group, video, music)
    pick(card.member, group, video)
    with pytest.raises(ChosenAlreadyError):
        pick(card.member, group, [video, music])
    assert Choice.objects.count() == 1


@pytest.mark.django_db(transaction=True)
def test_of_64_choices_at_once_as_many_succeed_as_may_be_chosen() -> None:
    group, benefits = options("video", "music", "books", "sport")
    member = with_card().member
    results = at_once(*(
        partial(pick, member, group, benefits[number % 4], key=f"at-once:{number}") for number in range(64)
    ))
    assert sum(isinstance(result, list) for result in results) == 2
    assert Choice.objects.filter(member=member, swapped_on=None).count() == 2
    assert Usage.objects.filter(member=member).count() == 4


@pytest.mark.django_db(transaction=True)
def test_of_many_exchanges_at_once_one_succeeds() -> None:
    group, (video, music, books, sport) = options("video", "music", "books", "sport")
    member = with_card().member
    pick(member, group, [video, music])
    results = at_once(*(
        partial(exchange, member, group, video, take, key=f"swap:{number}")
        for number, take in enumerate([books, sport] * 8)
    ))
    assert sum(isinstance(result, Choice) for result in results) == 1
    assert len(mine(member, group)) == 2


@pytest.mark.django_db(transaction=True)
def test_an_exchange_and_the_first_use_at_once_do_not_both_succeed() -> None:
    group, (video, music, books) = options("video", "music", "books", swaps=9)
    for number in range(6):
        member = with_card().member
        pick(member, group, [video, music])
        use = partial(
            redeem, member, video, key=f"use:{number}", on=TODAY, at=at(TODAY), actor=None
        )
        results = at_once(use, partial(exchange, member, group, video, books, key=f"swap:{number}"))
        errors = [type(result) for result in results if isinstance(result, Exception)]
        assert errors in ([UsedAlreadyError], [NotChosenError]), results
