"""What rules and partners make of matches later on: renewals by what holds then, ends that the partner tells of."""

import json
from datetime import date, timedelta
from typing import Any

import pytest

from benefits.models import Grant
from memberships.models import TierStanding
from memberships.models.tiers import Cause
from partners.models import Partner, RegistrationGift, StatusMatch, StatusMatchRule
from partners.services.events import Message, receive_event
from tests.benefits.benefit_stories import a_benefit
from tests.memberships.points_stories import morning
from tests.memberships.tier_stories import by_hand, evaluate, tier_of
from tests.partners.partner_stories import a_partner
from tests.partners.test_status_matches import ON, a_wallet, asked, confirmed, night, presented, the_rules

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)
State = StatusMatch.State


@pytest.fixture
def marriott(db: None) -> Partner:
    partner = a_partner("marriott")
    the_rules(partner)
    return partner


def tells(partner: Partner, type: str, *, id: str, on: date, handled: date | None = None, **data: Any) -> str:
    """What becomes of an event of that day, which reaches us on another, if said."""
    body = json.dumps({"type": type, "timestamp": morning(on).isoformat(), "data": data}).encode()
    handled = handled or on
    message = Message(id, type, body, {}, morning(on))
    return str(receive_event(partner, message, on=handled, at=morning(handled))["state"])


def test_who_rose_since_is_renewed_at_what_the_higher_tier_is_worth(marriott: Partner) -> None:
    wallet = a_wallet("black-gold")
    match = confirmed(asked(wallet, marriott))
    by_hand(wallet, "black-diamond", on=ON + 30 * DAY)
    night(match.valid_until - DAY)
    renewal = StatusMatch.objects.get(renews=match)
    assert (renewal.rule.partner_tier, renewal.state) == ("Gold", State.REQUESTED)
    assert (renewal.evidence["tier"], renewal.evidence["since"]) == ("black-diamond", (ON + 30 * DAY).isoformat())


def test_a_new_version_of_a_rule_renews_by_its_own_terms_and_one_that_ends_renews_nothing(marriott: Partner) -> None:
    match = confirmed(asked(a_wallet("black-gold"), marriott))
    former = match.rule
    StatusMatchRule.objects.filter(pk=former.pk).update(ends_on=ON + 60 * DAY)
    facts = {"partner": marriott, "direction": former.direction, "tier": former.tier, "starts_on": ON + 61 * DAY}
    new = StatusMatchRule.objects.create(
        code=former.code, partner_tier="Silver Elite", months=24, is_renewed=False, **facts
    )
    night(match.valid_until - 2 * DAY)
    assert not StatusMatch.objects.filter(renews=match).exists(), "the rule in force then renews nothing"
    StatusMatchRule.objects.filter(pk=new.pk).update(is_renewed=True)
    night(match.valid_until - DAY)
    renewal = StatusMatch.objects.get(renews=match)
    assert (renewal.rule, renewal.valid_from) == (new, match.valid_until + DAY)
    assert renewal.valid_until == date(2030, 2, 28), "24 months"


def test_an_inbound_match_that_the_partner_ends_leaves_nothing_of_its_tier(marriott: Partner) -> None:
    wallet = a_wallet()
    match, left = presented(wallet, marriott), ON + 10 * DAY
    own = a_wallet("black-gold")
    stays = presented(own, marriott, "p2")
    for number, of in enumerate((match, match, stays)):
        state = tells(marriott, "status.ended", id=f"left-{number}", on=left, match=of.key, reason="left the programme")
        assert state == ("old" if number == 1 else "done"), "a repeat changes nothing"
    match.refresh_from_db()
    standing = TierStanding.objects.get(enrolment=wallet)
    assert (match.state, match.ended_on) == (State.REVOKED, left)
    assert (standing.tier.code, standing.cause, standing.held_until) == ("platinum", Cause.MATCH, left)
    for one in (wallet, own):
        evaluate(one, on=left + DAY)
    assert (tier_of(wallet), tier_of(own)) == ("normal", "black-gold")


def test_who_registered_is_given_what_there_was_on_that_day_however_late_it_is_told(marriott: Partner) -> None:
    coupon = a_benefit("welcome", kind="coupon")
    RegistrationGift.objects.create(
        partner=marriott, programme=coupon.programme, benefit=coupon, starts_on=date(2020, 1, 1), ends_on=ON
    )
    early, late = a_wallet().member, a_wallet().member
    tells(marriott, "member.registered", id="r1", on=ON, handled=ON + 3 * DAY, member=early.number)
    tells(marriott, "member.registered", id="r2", on=ON + DAY, handled=ON + 3 * DAY, member=late.number)
    assert [grant.member for grant in Grant.objects.all()] == [early]
