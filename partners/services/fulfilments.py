"""Fulfilments: what partners say of them becomes their state here, and what is still wanted is queued.

That they exist, and what is wanted of them, a trigger on grants sees to (sql/fulfilments). Partners speak by answers to
our commands and by events, unordered and repeated; the number of their own count decides, so that the same words come
to the same state in whatever order they are heard.
"""

from collections.abc import Collection, Iterable, Sequence
from datetime import date, datetime
from json import dumps

import structlog
from django.db import transaction
from kombu.exceptions import OperationalError

from operations.audit import because
from operations.models import User
from partners.connectors.base import Word as Word
from partners.models import Fulfilment, FulfilmentEvent
from partners.services import statements

log = structlog.get_logger(__name__)
#: The errors of what is wanted although it is revoked, by the partner or by us: nothing revives it.
REVOKED_BY_PARTNER, REVOKED_BEFORE = "revoked_by_partner", "revoked_before"


def note_state(
    fulfilment: Fulfilment, state: str, *, sequence: int | None, reference: str = "", detail: str = "",
    command: str = "", day: date | None = None, on: date, at: datetime, actor: User | None = None,
) -> bool:
    """Take one word of a partner: `note_states` for one. Whether it was news; `fulfilment` is not read again."""
    word = Word(fulfilment.pk, state, sequence, reference, detail, command, day)
    return bool(note_states([word], on=on, at=at, actor=actor))


@transaction.atomic
def note_states(
    words: Sequence[Word], *, on: date, at: datetime, actor: User | None = None
) -> list[Word]:
    """THE place where partners' words become our states, for any number of them, in any order and however often.

    The highest number of a fulfilment's words decides; older ones are kept as events and change nothing. Then what is
    still wanted is queued. Returns the words that were newer than what was known. Locks the fulfilments in the order
    of their ids.
    """
    ids = lock_fulfilments(word.fulfilment for word in words)
    news = take_words(words, on=on, at=at, actor=actor)
    queue_next(ids, on=on, at=at)
    return news


def lock_fulfilments(ids: Iterable[int]) -> list[int]:
    """Hold these fulfilments to the end of the transaction, in order of id; returns those there are."""
    found = statements.rows("fulfilments/lock", ids=sorted(set(ids)))
    return [row[0] for row in found]


def take_words(words: Sequence[Word], *, on: date, at: datetime, actor: User | None) -> list[Word]:
    """The set-based part of `note_states`; the fulfilments are held already, and nothing is queued."""
    if not words:
        return []
    found = statements.rows(
        "fulfilments/note_words", words=_as_json(words, on=on), on=on, at=at, actor=actor and actor.pk
    )
    return [words[place] for (place,) in found]


def queue_next(ids: Collection[int], *, on: date, at: datetime, is_new_wish: bool = False) -> None:
    """Queue what these fulfilments, which are held, need next; give up what a partner refuses. Nudges on commit.

    `is_new_wish`: what was refused the last time is tried anew.
    """
    if ids:
        statements.rows("fulfilments/queue", ids=sorted(ids), is_new_wish=is_new_wish, on=on, at=at)
        nudge_on_commit()


@transaction.atomic
def replay(
    ids: Collection[int], *, on: date, at: datetime, actor: User | None, reason: str = ""
) -> list[int]:
    """Take up fulfilments that were given up: what they need is queued under a key of its own. Returns their ids.

    Those that are not given up (any more) are left alone, and so is what a partner revoked: nothing revives that.
    Locks the fulfilments in the order of their ids.
    """
    held = lock_fulfilments(ids)
    dead = list(
        Fulfilment.objects.dead().filter(pk__in=held).exclude(state=Fulfilment.State.REVOKED).order_by("pk")
    )
    taken = [fulfilment.pk for fulfilment in dead]
    with because(reason, actor=actor):
        Fulfilment.objects.filter(pk__in=taken).update(dead_at=None, error="")
        FulfilmentEvent.objects.bulk_create(
            FulfilmentEvent(
                member_id=fulfilment.member_id, fulfilment=fulfilment, kind=FulfilmentEvent.Kind.REPLAYED,
                detail=reason[:200], on=on, at=at, actor=actor,
            )
            for fulfilment in dead
        )
        queue_next(taken, on=on, at=at, is_new_wish=True)
    return taken


def nudge_on_commit() -> None:
    """Have a worker look for due commands once the transaction is committed. A lost nudge costs seconds: beat looks."""
    transaction.on_commit(nudge)


def nudge() -> None:
    from partners.tasks import send_commands

    try:
        send_commands.apply_async(retry=False, expires=60)
    except (ConnectionError, OperationalError):
        log.warning("commands_not_nudged", exc_info=True)


def _as_json(words: Sequence[Word], *, on: date) -> str:
    """Words as the statement reads them."""
    return dumps([
        {
            "place": place, "fulfilment": word.fulfilment, "state": word.state, "sequence": word.sequence,
            "reference": word.reference.replace("\0", "")[:128], "reason": word.reason.replace("\0", "")[:150],
            "command": word.command, "day": (word.day or on).isoformat(),
        }
        for place, word in enumerate(words)
    ])
