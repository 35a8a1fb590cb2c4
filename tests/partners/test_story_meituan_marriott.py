"""Meituan and Marriott, both ways: levels here are worth status there, newcomers there get coupons here, and with one
more rule in the file their status is worth a level here.

The shipped file has no rule from Marriott to Meituan, since the sources describe none: the story adds one.
"""

from collections.abc import Iterator
from copy import deepcopy
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.utils import timezone

from benefits.models import Grant
from benefits.services.grants import use_grant
from benefits.services.quotes import quote_order
from memberships.models import Enrolment, Member, Programme
from memberships.programme_files.documents import Document
from memberships.services.enrolments import enrol_member, is_open_to
from operations.dates import business_date
from partners.errors import StatusMatchError
from partners.models import DeadLetter, InboundEvent, Partner, StatusMatch
from partners.services.dead_letters import Replayed, replay_letters
from partners.services.status_matches import match_outbound
from tests.benefits.pricing_stories import goods
from tests.memberships.factories import TODAY, a_person, an_operator
from tests.memberships.order_stories import order
from tests.partner import PartnersForTests
from tests.partners.story_house import StoryHouse, opened_house
from tests.programmes.stories import evaluated, in_effect, noon, shipped, tier_of

pytestmark = pytest.mark.django_db(transaction=True)

DAY = timedelta(days=1)
#: Of a match made today for twelve months.
LAST_DAY = date(2028, 1, 14)
#: What the story adds to the file.
TITANIUM = {
    "code": "titanium-platinum", "partner": "marriott", "direction": "inbound",
    "tier": {"group": "levels", "code": "platinum"}, "partner_tier": "Titanium", "months": 12, "renewed": False,
}


@pytest.fixture
def house(partners: PartnersForTests, live_server: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[StoryHouse]:
    """Meituan's file is in effect, and Marriott is at the sandbox, which tells of everything twice."""
    with opened_house(partners, live_server.url, monkeypatch) as house:
        in_effect(shipped("meituan"))
        house.open_accounts()
        house.at("marriott").order_faults(copies=2)
        yield house


def meituan() -> Programme:
    return Programme.objects.get(code="meituan")


def a_member(*, spent: str = "") -> Enrolment:
    """Somebody to whom the programme is open, who ordered for so much."""
    while not is_open_to(meituan(), (person := a_person()).pk):
        pass
    wallet = enrol_member(person, meituan(), on=TODAY, at=noon(TODAY), actor=None)
    if spent:
        order(wallet, f"A{wallet.pk}", spent)
        evaluated(wallet, on=TODAY)
    return wallet


def asked(wallet: Enrolment, key: str) -> StatusMatch:
    """The member asks for what their level is worth at Marriott."""
    marriott = Partner.objects.get(code="marriott")
    today = business_date(timezone.now())
    return match_outbound(wallet.member, marriott, key=key, on=today, at=timezone.now(), actor=None)


def now(match: StatusMatch) -> StatusMatch:
    return StatusMatch.objects.select_related("rule").get(pk=match.pk)


def known_there(house: StoryHouse, match: StatusMatch) -> dict[str, Any]:
    """What Marriott says of the match."""
    data: dict[str, Any] = house.at("marriott").client.get(f"/status-matches/{match.key}").data
    return data


def with_titanium() -> Document:
    document = shipped("meituan")
    document.sections["status_match"] = [*deepcopy(document.sections["status_match"]), TITANIUM]
    return document


def presented(house: StoryHouse, wallet: Enrolment, tier: str) -> str:
    """The member shows Marriott's card, Marriott tells us: what became of that."""
    house.at("marriott").present_status(
        wallet.member.number, tier, evidence="card MB123", valid_until=date(2027, 12, 31)
    )
    house.hear()
    return InboundEvent.objects.order_by("-pk")[0].state


# --- a level here, status there


def test_black_gold_is_silver_there_and_black_diamond_gold(house: StoryHouse) -> None:
    black_gold, black_diamond = a_member(spent="4000"), a_member(spent="5000")
    assert (tier_of(black_gold), tier_of(black_diamond)) == ("black-gold", "black-diamond")
    silver, gold = asked(black_gold, "m1"), asked(black_diamond, "m2")
    assert silver.state == StatusMatch.State.REQUESTED, "Marriott has not said yes"
    house.tick()
    for match, wallet, tier in ((silver, black_gold, "Silver"), (gold, black_diamond, "Gold")):
        there = known_there(house, match)
        assert (there["tier"], there["state"], there["member"]) == (tier, "matched", wallet.member.number)
        assert (there["valid_from"], there["valid_until"]) == (TODAY.isoformat(), LAST_DAY.isoformat())
        assert (now(match).state, now(match).reference) == ("active", there["number"])


def test_platinum_is_worth_nothing_there_and_nobody_is_matched_twice(house: StoryHouse) -> None:
    with pytest.raises(StatusMatchError, match="worth"):
        asked(a_member(spent="3999.99"), "m1")
    wallet = a_member(spent="4000")
    first = asked(wallet, "m2")
    house.tick()
    with pytest.raises(StatusMatchError, match="already"):
        asked(wallet, "m3")
    assert StatusMatch.objects.get() == first
    assert len(house.at("marriott").commands()) == 1


def test_a_match_is_renewed_while_the_level_lasts_and_revoked_there_when_it_is_lost(house: StoryHouse) -> None:
    wallet = a_member(spent="4000")
    match = asked(wallet, "m1")
    house.tick()
    house.night(LAST_DAY - 6 * DAY)
    renewed = StatusMatch.objects.get(renews=match)
    assert (renewed.valid_from, renewed.state) == (LAST_DAY + DAY, "active")
    house.night(LAST_DAY + DAY)
    assert now(match).state == "ended" and now(renewed).state == "active"
    # 2029 begins without a point: Black Gold falls by a step.
    house.go_to(date(2029, 1, 1))
    evaluated(wallet, on=date(2029, 1, 1))
    assert tier_of(wallet) == "platinum"
    house.night(date(2029, 1, 2))
    assert now(renewed).state in ("revoked", "ended")
    assert known_there(house, renewed)["state"] == "ended"


def test_what_marriott_ends_by_itself_is_ended_here(house: StoryHouse) -> None:
    match = asked(a_member(spent="5000"), "m1")
    house.tick()
    house.at("marriott").end_match(match.key, reason="account closed")
    house.hear()
    assert now(match).state == "revoked" and now(match).error == "account closed"
    house.tick()
    assert known_there(house, match)["state"] == "ended"


# --- new there, coupons here


def test_who_is_new_there_gets_58_and_30_and_their_orders_cost_less(house: StoryHouse) -> None:
    member = a_member().member
    assert payable(member) == 400
    for _time in range(2):
        house.at("marriott").register_member(member.number, on=TODAY)
    house.hear()
    coupons = Grant.objects.filter(member=member).select_related("benefit").order_by("pk")
    assert [each.benefit.face_value for each in coupons] == [58, 30], "once, however often it is told"
    assert {each.valid_until for each in coupons} == {TODAY + 29 * DAY}
    assert payable(member) == 342, "the better of both, one for an order"
    use_grant(coupons[0], order_number="first", on=TODAY, at=timezone.now(), actor=None)
    assert payable(member) == 370
    assert payable(member, order_number="first") == 342, "what was paid can be told again"
    assert payable(member, on=TODAY + 30 * DAY) == 400, "the other one is over"
    says = house.page_says(member, "benefits")
    assert "Marriott newcomer's coupon of 58 used" in says and "Marriott newcomer's coupon of 30 live" in says


def payable(member: Member, *, on: date = TODAY, order_number: str = "") -> Decimal:
    """What a night for 400 yuan costs."""
    return quote_order(member, meituan(), [goods("night", 400)], on=on, order_number=order_number).payable


def test_somebody_whom_nobody_knows_is_kept_for_people_and_gets_nothing(house: StoryHouse) -> None:
    house.at("marriott").register_member("M000000000", on=TODAY)
    house.hear()
    (letter,) = DeadLetter.objects.all()
    assert letter.subject == "member.registered" and not Grant.objects.exists()


# --- status there, a level here


def test_titanium_is_worth_nothing_until_the_file_says_so_and_then_platinum(house: StoryHouse) -> None:
    wallet = a_member()
    assert presented(house, wallet, "Titanium") == InboundEvent.State.DEAD
    assert tier_of(wallet) == "normal" and not StatusMatch.objects.exists()
    in_effect(with_titanium())
    letters = DeadLetter.objects.all()
    replayed = replay_letters(
        letters, on=TODAY, at=timezone.now(), actor=an_operator(), reason="the rule is in effect"
    )
    assert replayed == Replayed(queued=0, handled=1, dead=0)
    match = StatusMatch.objects.select_related("rule").get()
    assert (match.direction, match.state, match.valid_until) == ("inbound", "active", date(2027, 12, 31))
    assert match.evidence["tier"] == "Titanium" and match.evidence["said"] == "card MB123"
    assert tier_of(wallet) == "platinum"


def test_a_presented_status_lasts_as_long_as_it_does_there(house: StoryHouse) -> None:
    in_effect(with_titanium())
    wallet, richer = a_member(), a_member(spent="4000")
    assert presented(house, wallet, "Titanium") == InboundEvent.State.DONE
    assert presented(house, richer, "Titanium") == InboundEvent.State.DONE
    assert (tier_of(wallet), tier_of(richer)) == ("platinum", "black-gold"), "who stands higher stays there"
    assert presented(house, a_member(), "Ambassador") == InboundEvent.State.DEAD, "no rule is about it"
    assert presented(house, wallet, "Titanium") == InboundEvent.State.DEAD, "the member is matched already"
    house.night(date(2028, 1, 1))
    evaluated(wallet, on=date(2028, 1, 1))
    assert {match.state for match in StatusMatch.objects.all()} == {"ended"}
    assert tier_of(wallet) != "platinum"
