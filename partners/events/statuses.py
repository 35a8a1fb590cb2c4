"""`status.matched`, `.ended`, `.presented` and `member.registered`: tiers at the partner, and who is new there."""

from hashlib import sha256
from typing import Annotated, Any, Literal

from ninja import Field, Schema
from pydantic import StringConstraints

from operations.api.fields import PLAIN, Day, Text200
from operations.dates import business_date
from partners.events.forms import Instant, Key, Word
from partners.events.handling import EventHandler, Handled, Told, UnknownOrderError, find_member
from partners.models import InboundEvent, StatusMatch
from partners.services.status_matches import give_registration_gifts, match_inbound, note_partners_word

Tier = Annotated[str, StringConstraints(min_length=1, max_length=64, pattern=PLAIN)]
Evidence = Annotated[str, StringConstraints(max_length=500, pattern=PLAIN)]


class MatchTold(Schema):
    """What became of a match: one that we asked for, or one that the partner presented."""

    match: Key = Field(description="Our number of the match.")
    number: Word | Literal[""] | None = Field(None, description="The partner's number of it.")
    reason: Text200 | None = Field(None, description="Why, where it ended.")
    at: Instant | None = None


class StatusPresented(Schema):
    """A member holds a tier at the partner, and wants ours for it."""

    member: Word = Field(description="The member's number, ours or the partner's.")
    tier: Tier = Field(description="The partner's tier.")
    evidence: Evidence | dict[str, Any] = Field("", description="What the partner says of it: card number, since when.")
    valid_until: Day | None = Field(None, description="The last day of the tier there.")


class MemberRegistered(Schema):
    """A member is new at the partner."""

    member: Word = Field(description="The member's number, ours or the partner's.")
    registered_on: Day | None = Field(None, description="The day; not given: the event's.")


class MatchChanged(EventHandler):
    """The partner's word on a match, either way; in any order the end has the last word."""

    schema = MatchTold

    def __init__(self, state: Literal["matched", "ended"]) -> None:
        self.state, self.name = state, f"status.{state}"

    def handle(self, told: Told) -> Handled:
        data: MatchTold = told.data
        match = StatusMatch.objects.select_related("member").filter(key=data.match, partner=told.partner).first()
        if match is None:
            raise UnknownOrderError(data.match)
        before = match.state
        match = note_partners_word(
            match, self.state, number=data.number or "", error=data.reason or "", on=told.on, at=told.at
        )
        state = InboundEvent.State.OLD if match.state == before else InboundEvent.State.DONE
        return Handled(state, {"state": match.state}, match.member)


class TierPresented(EventHandler):
    """Our tier for theirs; one match for each event, whatever it is called."""

    name = "status.presented"
    schema = StatusPresented

    def handle(self, told: Told) -> Handled:
        data: StatusPresented = told.data
        member = find_member(told.partner, data.member)
        evidence: dict[str, Any] = {"event": told.event_id, "said": data.evidence}
        match = match_inbound(
            member, told.partner, data.tier, key=f"in:{told.partner.pk}:{_short(told.event_id)}", evidence=evidence,
            presented_until=data.valid_until, on=told.on, at=told.at, actor=told.actor,
        )
        answer = {"match": match.key, "tier": match.rule.tier.code, "valid_until": match.valid_until.isoformat()}
        return Handled(InboundEvent.State.DONE, answer, member)


class NewRegistrant(EventHandler):
    """Gifts for who is new there, once for ever."""

    name = "member.registered"
    schema = MemberRegistered

    def handle(self, told: Told) -> Handled:
        data: MemberRegistered = told.data
        member = find_member(told.partner, data.member)
        # However late it is told, or replayed; a clock that is ahead of ours makes no day that has not come.
        day = data.registered_on or min(business_date(told.occurred_at), told.on)
        gifts = give_registration_gifts(
            member, told.partner, registered_on=day, on=told.on, at=told.at, actor=told.actor
        )
        return Handled(InboundEvent.State.DONE, {"gifts": [gift.key for gift in gifts]}, member)


def _short(event_id: str) -> str:
    """As much of an id as fits a key, and tells it from others."""
    return event_id if len(event_id) <= 40 else sha256(event_id.encode()).hexdigest()[:40]


HANDLERS = (MatchChanged("matched"), MatchChanged("ended"), TierPresented(), NewRegistrant())
