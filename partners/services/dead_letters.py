"""Replaying dead letters, one or many. Nothing of them is edited: what was kept is tried once more, as it is."""

from collections.abc import Iterable, Sequence
from datetime import date, datetime
from typing import NamedTuple

from django.db import OperationalError

from operations.models import User
from partners.errors import EventStateError
from partners.models import DeadLetter, InboundEvent
from partners.services import fulfilments, status_matches
from partners.services.events import replay_event


class Replayed(NamedTuple):
    """What came of it: fulfilments and matches that are queued, events that were handled; what is dead still."""

    queued: int
    handled: int
    dead: int
    matches: int = 0


def replay_letters(
    letters: Iterable[DeadLetter], *, on: date, at: datetime, actor: User | None, reason: str
) -> Replayed:
    """Take dead letters up: fulfilments all at once, matches too, each event in a transaction of its own, oldest first.

    What fails again stays, with its new reason; what somebody else replayed meanwhile is left alone. A fulfilment's
    command has a number that the partner has not seen; a fulfilment that the partner itself ended for ever stays dead.
    """
    chosen = list(letters)
    wanted = [letter.fulfilment_id for letter in chosen if letter.kind == DeadLetter.Kind.FULFILMENT]
    taken = fulfilments.replay([key for key in wanted if key], on=on, at=at, actor=actor, reason=reason)
    matches = status_matches.replay(
        [letter.match_id for letter in chosen if letter.match_id], at=at, actor=actor, reason=reason
    )
    events = InboundEvent.objects.filter(
        pk__in=[letter.event_id for letter in chosen if letter.kind == DeadLetter.Kind.EVENT],
        state=InboundEvent.State.DEAD,
    )
    handled, dead = _replay_events(list(events.order_by("pk")), on=on, at=at, actor=actor, reason=reason)
    return Replayed(len(taken), handled, dead + len(wanted) - len(taken), matches)


def _replay_events(
    events: Sequence[InboundEvent], *, on: date, at: datetime, actor: User | None, reason: str
) -> tuple[int, int]:
    """How many were handled, and how many are dead still."""
    handled = dead = 0
    for event in events:
        try:
            after = replay_event(event, on=on, at=at, actor=actor, reason=reason)
        except EventStateError:
            continue
        # A deadlock: nothing was changed, the letter is there to be replayed again.
        except OperationalError:
            dead += 1
            continue
        if after.state == InboundEvent.State.DEAD:
            dead += 1
        else:
            handled += 1
    return handled, dead
