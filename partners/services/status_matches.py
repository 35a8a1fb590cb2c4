"""Status match: a tier here for a tier there, one for a person and period, with its evidence.

Outbound, our tier gives theirs: the match is written down, then the partner is told (status_calls.py), and it holds
from the partner's yes on. Inbound, theirs gives ours: what they present puts the member's wallet on our tier until the
match ends, unless it stands higher by itself. Every match ends by its last day; a night ends it, renews it while the
tier lasts where the rule says so, and revokes what lost its tier (jobs/status_matches.py).
"""

from collections.abc import Collection
from datetime import date, datetime, timedelta
from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import Q
from django.utils.translation import gettext as _

from benefits.models import Grant
from benefits.services.grants import give
from memberships.dates import add_months
from memberships.errors import KeyConflictError
from memberships.models import Enrolment, Member, TierStanding
from memberships.models.tiers import Cause
from memberships.services.members import lock_member
from memberships.services.tiers import set_tier
from operations.audit import because
from operations.models import User
from operations.services.outbox import put_message
from partners.errors import StatusMatchError
from partners.models import Partner, RegistrationGift, StatusMatch, StatusMatchRule

Direction, State = StatusMatchRule.Direction, StatusMatch.State
DAY = timedelta(days=1)
#: Why a renewal is closed whose match the partner ended.
ENDED_BY_PARTNER = "ended_by_partner"


def rule_for(
    partner: Partner, direction: str, *, on: date, tier_id: int | None = None, partner_tier: str | None = None
) -> StatusMatchRule | None:
    """The rule in force for our tier, or for the partner's; of several the newest."""
    rules = StatusMatchRule.objects.filter(
        Q(ends_on=None) | Q(ends_on__gte=on), partner=partner, direction=direction, starts_on__lte=on
    ).select_related("tier__group", "partner")
    if tier_id is not None:
        rules = rules.filter(tier=tier_id)
    if partner_tier is not None:
        rules = rules.filter(partner_tier=partner_tier)
    return rules.order_by("-starts_on", "-pk").first()


@transaction.atomic
def match_outbound(
    member: Member, partner: Partner, *, rule: StatusMatchRule | None = None, key: str, on: date, at: datetime,
    actor: User | None, reason: str = "",
) -> StatusMatch:
    """Ask the partner for the tier that the member's own is worth there; it holds from the partner's yes on.

    By that `rule`, if the member stands on its tier or higher; without one, by the rule of the highest tier for which
    there is one. A repeat under the same key returns the first match.
    Raises StatusMatchError (no rule, no such tier, a match in these days), KeyConflictError.
    """
    member = lock_member(member.pk)
    if (first := _first(member, partner, Direction.OUTBOUND, key)) is not None:
        return first
    rule, standing = _standing_by(rule, member, on=on) if rule else _highest(member, partner, on=on)
    evidence = {
        "tier": standing.tier.code, "since": standing.since.isoformat(), "cause": standing.cause,
        "enrolment": standing.enrolment_id,
    }
    until = add_months(on, rule.months) - DAY
    return _write(
        member, rule, key=key, evidence=evidence, valid_from=on, valid_until=until, state=State.REQUESTED,
        next_attempt_at=at, on=on, at=at, actor=actor, reason=reason,
    )


def _standing_by(rule: StatusMatchRule, member: Member, *, on: date) -> tuple[StatusMatchRule, TierStanding]:
    """That rule, and the standing that it rests on: on its tier, or higher in its group, as the night looks at it."""
    standings = TierStanding.objects.filter(member=member, group=rule.tier.group_id, tier__rank__gte=rule.tier.rank)
    standing = standings.select_related("tier", "enrolment").order_by("-tier__rank").first()
    if standing is None:
        raise StatusMatchError(_("The member does not stand on “%(tier)s” or higher.") % {"tier": rule.tier})
    return rule, standing


def _highest(member: Member, partner: Partner, *, on: date) -> tuple[StatusMatchRule, TierStanding]:
    """The member's highest standing for which there is a rule, and the rule."""
    standings = TierStanding.objects.filter(member=member).select_related("tier", "enrolment")
    for standing in standings.order_by("-tier__rank"):
        rule = rule_for(partner, Direction.OUTBOUND, on=on, tier_id=standing.tier_id)
        if rule is not None:
            return rule, standing
    raise StatusMatchError(_("No tier of the member is worth one at %(partner)s.") % {"partner": partner})


@transaction.atomic
def match_inbound(
    member: Member, partner: Partner, partner_tier: str, *, rule: StatusMatchRule | None = None, key: str,
    evidence: dict[str, Any], presented_until: date | None = None, on: date, at: datetime, actor: User | None,
    reason: str = "",
) -> StatusMatch:
    """Give the member our tier for the one that they hold at the partner, as long as both the rule and theirs last.

    By that `rule`, else by the newest about the partner's tier. `evidence`: what the partner, or an operator who saw
    it, says of their tier. Locks member and wallet.
    Raises StatusMatchError (no rule, no wallet in the programme, over already, a match in these days),
    KeyConflictError.
    """
    member = lock_member(member.pk)
    if (first := _first(member, partner, Direction.INBOUND, key)) is not None:
        return first
    rule = rule or rule_for(partner, Direction.INBOUND, on=on, partner_tier=partner_tier)
    if rule is None:
        raise StatusMatchError(
            _("“%(tier)s” of %(partner)s is worth no tier here.") % {"tier": partner_tier, "partner": partner}
        )
    wallet, until = _wallet_for(member, rule), _until(rule, presented_until, on=on)
    match = _write(
        member, rule, key=key, evidence={"tier": partner_tier, **evidence}, valid_from=on, valid_until=until,
        state=State.ACTIVE, next_attempt_at=None, on=on, at=at, actor=actor, reason=reason,
    )
    _raise_tier(wallet, match, on=on, at=at, actor=actor)
    _tell(match, on=on, at=at)
    return match


def _wallet_for(member: Member, rule: StatusMatchRule) -> Enrolment:
    """The member's in the programme of the rule's tier."""
    wallet = Enrolment.objects.filter(member=member, programme=rule.tier.group.programme_id).order_by("pk").first()
    if wallet is None:
        raise StatusMatchError(_("The member is not enrolled in “%(programme)s”.") % {
            "programme": rule.tier.group.programme
        })
    return wallet


def _until(rule: StatusMatchRule, presented_until: date | None, *, on: date) -> date:
    """The last day of a match that begins on that day."""
    until = add_months(on, rule.months) - DAY
    if presented_until is not None:
        until = min(until, presented_until)
    if until < on:
        raise StatusMatchError(
            _("The tier at %(partner)s ended on %(day)s.") % {"partner": rule.partner, "day": until}
        )
    return until


def _raise_tier(wallet: Enrolment, match: StatusMatch, *, on: date, at: datetime, actor: User | None) -> None:
    """Put the wallet on the matched tier; who stands there, or higher, by themselves stays."""
    tier = match.rule.tier
    standing = TierStanding.objects.filter(enrolment=wallet, group=tier.group_id).select_related("tier").first()
    if standing is not None and standing.tier.rank >= tier.rank:
        return
    set_tier(
        wallet, tier, held_until=match.valid_until, reason=_("status match %(key)s") % {"key": match.key},
        key=f"match:{match.pk}", on=on, at=at, actor=actor, cause=Cause.MATCH,
    )


@transaction.atomic
def revoke_match(match: StatusMatch, *, on: date, at: datetime, actor: User | None, reason: str) -> StatusMatch:
    """End a match before its day. The partner is told of an outbound one; an inbound one's tier is held no longer, and
    the next evaluation says what the points give. The renewal of it goes along. Revoking again changes nothing. Raises
    StatusMatchError.
    """
    lock_member(match.member_id)
    match = StatusMatch.objects.select_for_update().select_related("rule__tier").get(pk=match.pk)
    if match.state == State.REVOKED:
        return match
    if match.state not in (State.ACTIVE, State.REQUESTED):
        raise StatusMatchError(_("This match is over already."))
    _close(match, reason=reason, on=on, at=at, actor=actor)
    renewal = StatusMatch.objects.filter(renews=match, state__in=[State.REQUESTED, State.ACTIVE]).first()
    if renewal is not None:
        revoke_match(renewal, on=on, at=at, actor=actor, reason=reason)
    if match.direction == Direction.INBOUND:
        _release_tier(match, on=on, at=at, actor=actor, reason=reason)
    return match


def _close(match: StatusMatch, *, reason: str, on: date, at: datetime, actor: User | None) -> None:
    """Write it down; of an outbound one the partner is to be told."""
    match.state, match.ended_on, match.reason = State.REVOKED, on, reason[:200]
    match.attempts, match.dead_at = 0, None
    match.next_attempt_at = at if match.direction == Direction.OUTBOUND else None
    with because(reason, actor=actor):
        match.save(update_fields=["state", "ended_on", "reason", "attempts", "next_attempt_at", "dead_at"])
    _tell(match, on=on, at=at)


def _release_tier(match: StatusMatch, *, on: date, at: datetime, actor: User | None, reason: str) -> None:
    """A tier that stands by the match alone is held to this day; the evaluation lowers it."""
    standing = TierStanding.objects.filter(
        member=match.member_id, group=match.rule.tier.group_id, cause=Cause.MATCH, tier=match.rule.tier_id
    ).select_related("enrolment").first()
    if standing is not None and (standing.held_until is None or standing.held_until > on):
        set_tier(
            standing.enrolment, match.rule.tier, held_until=on, reason=reason, key=f"match:{match.pk}:revoked", on=on,
            at=at, actor=actor, cause=Cause.MATCH,
        )


@transaction.atomic
def note_partners_word(
    match: StatusMatch, state: str, *, number: str, error: str = "", on: date, at: datetime
) -> StatusMatch:
    """Take what the partner says of a match: matched, ended, failed. What is older changes nothing.

    Where an outbound one ended, the renewal that we asked for and it has not answered is closed too, and the partner
    told so; a renewal that it granted is another match, which it ends by itself. Where an inbound one ended, our tier
    is held by it no longer, as when an operator revokes it. Locks the member of an inbound one, then the matches in
    the order of their ids.
    """
    if match.direction == Direction.INBOUND:
        lock_member(match.member_id)
    match = StatusMatch.objects.select_for_update(of=("self",)).select_related("rule__tier", "partner").get(pk=match.pk)
    becomes = {
        ("matched", State.REQUESTED): State.ACTIVE, ("failed", State.REQUESTED): State.REFUSED,
        ("ended", State.ACTIVE): State.REVOKED, ("ended", State.REQUESTED): State.REVOKED,
    }.get((state, State(match.state)))
    if number and not match.reference:
        match.reference = number[:128]
    if becomes is not None:
        match.state, match.next_attempt_at, match.dead_at, match.error = becomes, None, None, error[:200]
        if becomes != State.ACTIVE:
            match.ended_on = on
    elif state == "ended":
        match.next_attempt_at, match.dead_at = None, None
    match.save(update_fields=["reference", "state", "next_attempt_at", "dead_at", "error", "ended_on"])
    if becomes is not None:
        _tell(match, on=on, at=at)
    if becomes == State.REVOKED:
        _close_renewal(match, on=on, at=at)
        if match.direction == Direction.INBOUND:
            words = error or _("%(partner)s ended the match %(key)s") % {"partner": match.partner, "key": match.key}
            _release_tier(match, on=on, at=at, actor=None, reason=words[:200])
    return match


def _close_renewal(match: StatusMatch, *, on: date, at: datetime) -> None:
    renewals = StatusMatch.objects.select_for_update(of=("self",)).select_related("rule__tier")
    renewal = renewals.filter(renews=match, state=State.REQUESTED).first()
    if renewal is not None:
        _close(renewal, reason=ENDED_BY_PARTNER, on=on, at=at, actor=None)


@transaction.atomic
def replay(matches: Collection[int], *, at: datetime, actor: User | None, reason: str) -> int:
    """Have partners asked again about matches that were given up; how many those are. Locks them by their ids."""
    dead = StatusMatch.objects.select_for_update().filter(pk__in=matches, dead_at__isnull=False).order_by("pk")
    with because(reason, actor=actor):
        for match in dead:
            # It may have come there: one attempt was made, so that it is asked about first.
            match.dead_at, match.next_attempt_at, match.attempts, match.error = None, at, 1, ""
            match.save(update_fields=["dead_at", "next_attempt_at", "attempts", "error"])
    return len(dead)


@transaction.atomic
def give_registration_gifts(
    member: Member, partner: Partner, *, registered_on: date, on: date, at: datetime, actor: User | None
) -> list[Grant]:
    """What a member gets, once for ever, for registering anew at the partner. A repeat gives nothing more."""
    gifts = RegistrationGift.objects.filter(
        Q(ends_on=None) | Q(ends_on__gte=registered_on), partner=partner, starts_on__lte=registered_on
    ).select_related("benefit").order_by("pk")
    return [
        give(member, gift.benefit, key=f"registered:{partner.code}:{gift.benefit_id}"[:64], on=on, at=at, actor=actor)
        for gift in gifts
    ]


def _first(member: Member, partner: Partner, direction: str, key: str) -> StatusMatch | None:
    """The match of a repeat. KeyConflictError when the key was used for something else."""
    first = StatusMatch.objects.filter(key=key).select_related("rule__tier").first()
    if first is not None and (first.member_id, first.partner_id, first.direction) != (member.pk, partner.pk, direction):
        raise KeyConflictError(key)
    return first


def _write(member: Member, rule: StatusMatchRule, **facts: Any) -> StatusMatch:
    """The row; StatusMatchError where another match holds in some of these days."""
    try:
        with transaction.atomic(), because(facts["reason"], actor=facts["actor"]):
            return StatusMatch.objects.create(
                member=member, partner=rule.partner, rule=rule, direction=rule.direction, **facts
            )
    except IntegrityError as error:
        if "statusmatch_one_a_period" not in str(error):
            raise
        raise StatusMatchError(
            _("The member has a match with %(partner)s in these days already.") % {"partner": rule.partner}
        ) from error


def _tell(match: StatusMatch, *, on: date, at: datetime) -> None:
    put_message(
        "status_match.changed", f"status-match:{match.pk}:{match.state}", {
            "match": match.key, "member": match.member_id, "partner": match.partner.code,
            "direction": match.direction, "state": match.state, "tier": match.rule.tier.code,
            "partner_tier": match.rule.partner_tier, "valid_from": match.valid_from.isoformat(),
            "valid_until": match.valid_until.isoformat(), "on": on.isoformat(),
        }, owner=match.member_id, at=at,
    )
