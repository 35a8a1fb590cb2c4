"""Meituan x Marriott: a tier here for a tier there, both ways, with evidence, renewal and revocation."""

from collections.abc import Iterator
from datetime import date, datetime, timedelta
from typing import Any

import pytest
from django.utils import timezone, translation

from benefits.models import Grant
from memberships.admin.display import today
from memberships.models import Enrolment, Tier, TierGroup, TierStanding
from memberships.models.tiers import Cause
from operations.models import JobRun, User
from operations.services.dry_runs import start_dry_run
from operations.services.jobs import start_run
from operations.tasks import work_on_run
from partners.errors import StatusMatchError
from partners.models import (
    Breaker,
    DeadLetter,
    InboundEvent,
    Partner,
    RegistrationGift,
    StatusMatch,
    StatusMatchRule,
)
from partners.services.dead_letters import replay_letters
from partners.services.health import health_of
from partners.services.status_calls import send_due
from partners.services.status_matches import match_inbound, match_outbound, note_partners_word, revoke_match
from tests.benefits.benefit_stories import a_benefit
from tests.memberships.admin_pages import a_superuser, signed_in
from tests.memberships.points_stories import morning
from tests.memberships.tier_stories import a_climber, a_ladder, by_hand, evaluate, tier_of
from tests.partner import PartnersForTests
from tests.partners import fulfilment_stories
from tests.partners.partner_stories import a_partner, an_event, send_event

ON = date(2027, 3, 1)
State, Direction = StatusMatch.State, StatusMatchRule.Direction


@pytest.fixture(autouse=True)
def _in_english() -> Iterator[None]:
    with translation.override("en"):
        yield


def the_rules(partner: Partner, **facts: Any) -> None:
    """Black Gold gives Silver, Black Diamond gives Gold; their Titanium gives our platinum."""
    tiers = {tier.code: tier for tier in Tier.objects.filter(group=a_ladder())}
    pairs = [
        (Direction.OUTBOUND, "black-gold", "Silver"), (Direction.OUTBOUND, "black-diamond", "Gold"),
        (Direction.INBOUND, "platinum", "Titanium"),
    ]
    for direction, ours, theirs in pairs:
        StatusMatchRule.objects.create(
            partner=partner, code=f"{direction}-{ours}", direction=direction, tier=tiers[ours], partner_tier=theirs,
            **{"months": 12, "is_renewed": direction == Direction.OUTBOUND, "starts_on": date(2020, 1, 1), **facts},
        )


@pytest.fixture
def marriott(db: None) -> Partner:
    partner = a_partner("marriott")
    the_rules(partner)
    return partner


def a_wallet(tier: str = "normal", *, on: date = ON) -> Enrolment:
    wallet = a_climber(TierGroup.objects.get(code="levels"), on=on)
    if tier != "normal":
        by_hand(wallet, tier, on=on)
    return wallet


def asked(wallet: Enrolment, partner: Partner, key: str = "m1", *, on: date = ON) -> StatusMatch:
    return match_outbound(wallet.member, partner, key=key, on=on, at=morning(on), actor=None)


def presented(wallet: Enrolment, partner: Partner, key: str = "p1", *, on: date = ON, **facts: Any) -> StatusMatch:
    return match_inbound(
        wallet.member, partner, "Titanium", key=key, evidence={"card": "MB123"}, on=on, at=morning(on), actor=None,
        **facts,
    )


def confirmed(match: StatusMatch, *, on: date = ON) -> StatusMatch:
    return note_partners_word(match, "matched", number="MA1", on=on, at=morning(on))


def night(on: date) -> None:
    run = start_run("follow_status_matches", business_date=on, actor=None, at=morning(on))
    work_on_run(run.pk)
    assert JobRun.objects.get(pk=run.pk).state == "succeeded"


# --- our tier for theirs


def test_black_gold_is_worth_silver_for_a_year_from_the_partners_yes_on(marriott: Partner) -> None:
    match = asked(a_wallet("black-gold"), marriott)
    assert (match.rule.partner_tier, match.state) == ("Silver", State.REQUESTED)
    assert (match.valid_from, match.valid_until) == (ON, date(2028, 2, 29))
    assert match.evidence["tier"] == "black-gold"
    assert confirmed(match).state == State.ACTIVE
    assert asked(a_wallet("black-diamond"), marriott, "m2").rule.partner_tier == "Gold"


def test_gold_is_worth_nothing_there(marriott: Partner) -> None:
    with pytest.raises(StatusMatchError, match="worth"):
        asked(a_wallet("gold"), marriott)


def test_a_person_has_one_match_in_a_period_and_a_repeat_is_the_same(marriott: Partner) -> None:
    wallet = a_wallet("black-gold")
    first = asked(wallet, marriott)
    assert asked(wallet, marriott) == first
    with pytest.raises(StatusMatchError, match="already"):
        asked(wallet, marriott, "m2")


def test_a_lost_tier_ends_the_match_and_the_partner_is_told(marriott: Partner) -> None:
    wallet = a_wallet("black-gold")
    match = confirmed(asked(wallet, marriott))
    night(ON + timedelta(days=1))
    match.refresh_from_db()
    assert match.state == State.ACTIVE
    by_hand(wallet, "gold", on=ON + timedelta(days=1))
    night(ON + timedelta(days=2))
    match.refresh_from_db()
    assert match.state == State.REVOKED and match.next_attempt_at is not None


def test_a_match_is_renewed_while_the_tier_lasts_and_ends_by_its_last_day(marriott: Partner) -> None:
    match = confirmed(asked(a_wallet("black-gold"), marriott))
    for day in (-8, -6, -5, 1):
        night(match.valid_until + timedelta(days=day))
    match.refresh_from_db()
    assert match.state == State.ENDED
    renewed = StatusMatch.objects.get(renews=match)
    assert (renewed.valid_from, renewed.valid_until) == (date(2028, 3, 1), date(2029, 2, 28))
    assert renewed.state == State.REQUESTED


def test_a_revoked_match_takes_its_renewal_along(marriott: Partner) -> None:
    match = confirmed(asked(a_wallet("black-gold"), marriott))
    day = match.valid_until - timedelta(days=3)
    night(day)
    revoke_match(match, on=day, at=morning(day), actor=None, reason="会员要求")
    renewed = StatusMatch.objects.get(renews=match)
    assert (renewed.state, renewed.reason) == (State.REVOKED, "会员要求") and renewed.next_attempt_at is not None


def test_a_match_that_the_partner_ends_takes_the_renewal_along_that_we_asked_for(marriott: Partner) -> None:
    match = confirmed(asked(a_wallet("black-gold"), marriott))
    day = match.valid_until - timedelta(days=3)
    night(day)
    note_partners_word(match, "ended", number="MA1", error="fraud", on=day, at=morning(day))
    renewal = StatusMatch.objects.get(renews=match)
    assert (renewal.state, renewal.reason, renewal.ended_on) == (State.REVOKED, "ended_by_partner", day)
    assert renewal.next_attempt_at == morning(day), "the partner is told that we do not want it any more"
    assert note_partners_word(renewal, "matched", number="MA2", on=day, at=morning(day)).state == State.REVOKED


def test_a_renewal_in_whose_days_there_is_another_match_is_left_out(marriott: Partner) -> None:
    match = confirmed(asked(a_wallet("black-gold"), marriott))
    begins = match.valid_until + timedelta(days=1)
    StatusMatch.objects.create(
        member=match.member, partner=marriott, rule=match.rule, direction=match.direction, key="by-hand",
        valid_from=begins, valid_until=begins, state=State.REQUESTED, on=ON, at=morning(ON),
    )
    night(match.valid_until - timedelta(days=3))
    assert not StatusMatch.objects.filter(renews=match).exists()


def test_a_lost_tier_ends_what_the_partner_has_not_answered_too_and_silence_ends_by_the_last_day(
    marriott: Partner,
) -> None:
    wallet = a_wallet("black-gold")
    lost, unanswered = asked(wallet, marriott), asked(a_wallet("black-diamond"), marriott, "m2")
    by_hand(wallet, "gold", on=ON)
    night(ON + timedelta(days=1))
    night(unanswered.valid_until)
    unanswered.refresh_from_db()
    assert unanswered.state == State.REQUESTED
    night(unanswered.valid_until + timedelta(days=1))
    lost.refresh_from_db()
    unanswered.refresh_from_db()
    assert (lost.state, lost.reason) == (State.REVOKED, "tier_lost")
    assert (unanswered.state, unanswered.reason, unanswered.next_attempt_at) == (State.REFUSED, "unanswered", None)
    page = signed_in(a_superuser()).get(f"/admin/partners/statusmatch/{lost.pk}/change/")
    assert "the tier that it was for is held no longer" in page.content.decode()


def test_a_dry_run_says_what_the_night_would_do_and_does_nothing(marriott: Partner, admin_user: User) -> None:
    over = today() - timedelta(days=400)
    match = confirmed(asked(a_wallet("black-gold", on=over), marriott, on=over), on=over)
    run = start_dry_run("follow_status_matches", business_date=today(), actor=admin_user, at=timezone.now())
    work_on_run(run.pk)
    assert list(run.items.values_list("key", "kind")) == [(match.pk, "end")]
    match.refresh_from_db()
    assert match.state == State.ACTIVE


@pytest.mark.parametrize("order", [("matched", "ended"), ("ended", "matched"), ("ended", "matched", "matched")])
def test_the_partners_end_has_the_last_word_in_any_order(marriott: Partner, order: tuple[str, ...]) -> None:
    match = asked(a_wallet("black-gold"), marriott)
    for number, state in enumerate(order):
        body = an_event(f"status.{state}", match=match.key, number="MA1", reason="")
        assert send_event("marriott", body, id=f"e{number}").status_code == 200
    match.refresh_from_db()
    assert match.state == State.REVOKED


# --- their tier for ours


def test_titanium_brings_platinum_as_long_as_the_match_lasts(marriott: Partner) -> None:
    wallet = a_wallet()
    match = presented(wallet, marriott, presented_until=date(2027, 8, 31))
    standing = TierStanding.objects.get(enrolment=wallet)
    assert (standing.tier.code, standing.cause, standing.held_until) == ("platinum", Cause.MATCH, date(2027, 8, 31))
    evaluate(wallet, on=date(2027, 8, 31))
    assert tier_of(wallet) == "platinum"
    night(date(2027, 9, 1))
    evaluate(wallet, on=date(2027, 9, 1))
    match.refresh_from_db()
    assert match.state == State.ENDED and tier_of(wallet) == "normal"


def test_who_stands_higher_by_themselves_stays_there(marriott: Partner) -> None:
    wallet = a_wallet("black-gold")
    assert presented(wallet, marriott).state == State.ACTIVE
    assert tier_of(wallet) == "black-gold"


def test_a_revoked_match_takes_its_tier_along(marriott: Partner) -> None:
    wallet = a_wallet()
    match = presented(wallet, marriott)
    revoked = revoke_match(match, on=ON, at=morning(ON), actor=None, reason="伪造的会员卡")
    assert revoked.state == State.REVOKED
    assert revoke_match(match, on=ON, at=morning(ON), actor=None, reason="again").reason == "伪造的会员卡"
    evaluate(wallet, on=ON + timedelta(days=1))
    assert tier_of(wallet) == "normal"


def test_a_tier_that_is_over_and_one_nobody_knows_are_refused(marriott: Partner) -> None:
    wallet = a_wallet()
    with pytest.raises(StatusMatchError, match="ended"):
        presented(wallet, marriott, presented_until=ON - timedelta(days=1))
    with pytest.raises(StatusMatchError, match="no tier"):
        match_inbound(wallet.member, marriott, "Wood", key="w", evidence={}, on=ON, at=morning(ON), actor=None)
    assert tier_of(wallet) == "normal" and not StatusMatch.objects.exists()


def test_what_the_partner_presents_is_matched_once_and_what_is_wrong_is_a_dead_letter(marriott: Partner) -> None:
    wallet = a_wallet(on=today())
    body = an_event("status.presented", member=wallet.member.number, tier="Titanium", evidence="card MB123")
    for _delivery in range(3):
        answer = send_event("marriott", body, id="presented-1")
        assert answer.status_code == 200 and answer.json()["state"] == "done"
    assert StatusMatch.objects.count() == 1 and tier_of(wallet) == "platinum"
    wrong = an_event("status.presented", member=wallet.member.number, tier="Wood", evidence="")
    assert send_event("marriott", wrong, id="presented-2").status_code == 202
    assert InboundEvent.objects.get(event_id="presented-2").state == InboundEvent.State.DEAD


def test_a_new_registrant_gets_coupons_of_58_and_30_once(marriott: Partner) -> None:
    wallet = a_wallet(on=today())
    for amount in (58, 30):
        coupon = a_benefit(f"coupon-{amount}", kind="coupon", face_value=amount, valid_days=30)
        RegistrationGift.objects.create(
            partner=marriott, programme=coupon.programme, benefit=coupon, starts_on=date(2020, 1, 1)
        )
    body = an_event("member.registered", member=wallet.member.number, registered_on=today().isoformat())
    for id in ("r1", "r1", "r2"):
        assert send_event("marriott", body, id=id).status_code == 200
    held = Grant.objects.filter(member=wallet.member).order_by("pk")
    assert [grant.benefit.face_value for grant in held] == [58, 30]
    assert {grant.valid_until for grant in held} == {today() + timedelta(days=29)}


# --- at the desk


def test_an_operator_matches_and_revokes_with_a_reason(marriott: Partner) -> None:
    desk, wallet = signed_in(a_superuser()), a_wallet("black-gold", on=today())
    url = "/admin/partners/statusmatch/match/"
    page = desk.get(url)
    rule = StatusMatchRule.objects.get(code="outbound-black-gold")
    data = {
        "seen": page.context["form"]["seen"].value(), "member": wallet.member.number, "rule": rule.pk,
        "reason": "会员申请",
    }
    for _click in range(2):
        answer = desk.post(url, data, follow=True)
        assert "asked" in answer.content.decode()
    match = StatusMatch.objects.get()
    page = desk.get(f"/admin/partners/statusmatch/{match.pk}/revoke/")
    seen = page.context["form"]["seen"].value()
    desk.post(f"/admin/partners/statusmatch/{match.pk}/revoke/", {"seen": seen, "reason": "误操作"})
    match.refresh_from_db()
    assert match.state == State.REVOKED and match.reason == "误操作"
    assert desk.get("/admin/partners/statusmatch/").status_code == 200
    diamond = desk.post(url, {**data, "seen": "y", "member": a_wallet("black-diamond", on=today()).member.number})
    assert StatusMatch.objects.latest("pk").rule == rule and diamond.status_code == 302, "the rule that was chosen"
    higher = {**data, "seen": "z", "rule": StatusMatchRule.objects.get(code="outbound-black-diamond").pk}
    assert "does not stand on" in desk.post(url, higher).content.decode()
    inbound = StatusMatchRule.objects.get(code="inbound-platinum")
    refused = desk.post(url, {**data, "seen": "x", "rule": inbound.pk})
    assert refused.status_code == 422 and "Say what was seen" in refused.content.decode()


# --- with the partner's own server


@pytest.mark.django_db(transaction=True)
def test_the_sandbox_matches_and_ends_also_when_it_answers_nothing_at_first(partners: PartnersForTests) -> None:
    marriott = fulfilment_stories.a_partner("marriott", at=partners)
    the_rules(marriott)
    sandbox = partners.partner("marriott")
    wallet = a_wallet("black-gold", on=today())
    match = asked(wallet, marriott, on=today())
    clock = _Clock()
    sandbox.order_faults(orders={"timeout_after": 1.0})
    assert send_due(clock=clock) == 1
    match.refresh_from_db()
    assert match.state == State.REQUESTED and match.error == "timeout"
    sandbox.clear_faults()
    clock.go_on(hours=2)
    send_due(clock=clock)
    match.refresh_from_db()
    assert match.state == State.ACTIVE and match.reference.startswith("MA")
    revoke_match(match, on=today(), at=clock(), actor=None, reason="误操作")
    send_due(clock=clock)
    match.refresh_from_db()
    assert match.next_attempt_at is None
    (told,) = [each for each in sandbox.client.get(f"/status-matches/{match.key}").data.items() if each[0] == "state"]
    assert told == ("state", "ended")


@pytest.mark.django_db(transaction=True)
def test_a_partner_that_is_down_is_left_alone_and_asked_no_more_after_the_last_attempt(
    partners: PartnersForTests, settings: Any
) -> None:
    settings.PARTNER_ATTEMPTS = 3
    marriott = fulfilment_stories.a_partner("marriott", at=partners, breaker_failures=2, in_flight=1)
    the_rules(marriott)
    sandbox = partners.partner("marriott")
    matches = [asked(a_wallet("black-gold", on=today()), marriott, f"m{number}", on=today()) for number in range(3)]
    clock = _Clock()
    sandbox.order_faults(is_down=True)
    assert send_due(clock=clock) == 2, "the third is not sent: the breaker opens"
    assert Breaker.objects.get(partner=marriott).state == Breaker.State.OPEN
    assert sorted(StatusMatch.objects.values_list("attempts", flat=True)) == [0, 1, 1]
    assert send_due(clock=clock) == 0
    for _trial in range(12):
        clock.go_on(hours=2)
        assert send_due(clock=clock) <= 1, "one call finds out whether it is back"
    assert set(StatusMatch.objects.values_list("state", "attempts", "next_attempt_at")) == {(State.REQUESTED, 3, None)}
    letters = DeadLetter.objects.filter(kind="match")
    assert {letter.match for letter in letters} == set(matches)
    assert health_of([marriott], on=today(), at=clock())[0].dead == 3
    page = signed_in(a_superuser()).get("/admin/partners/deadletter/").content.decode()
    assert all(f"/admin/partners/statusmatch/{match.pk}/change/" in page for match in matches)

    sandbox.clear_faults()
    replayed = replay_letters(letters, on=today(), at=clock(), actor=None, reason="Marriott is back")
    assert (replayed.matches, replayed.dead) == (3, 0)
    for _round in range(2):
        clock.go_on(hours=2)
        send_due(clock=clock)
    assert {match.state for match in StatusMatch.objects.all()} == {State.ACTIVE} and not DeadLetter.objects.exists()


class _Clock:
    """The machine's time, and hours ahead of it; before nine it is nine, when today's matches are asked for."""

    def __init__(self) -> None:
        self.ahead = max(timedelta(0), morning(today()) - timezone.now())

    def __call__(self) -> datetime:
        return timezone.now() + self.ahead

    def go_on(self, *, hours: int) -> None:
        self.ahead += timedelta(hours=hours)
