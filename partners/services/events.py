"""Events from partners: each is kept once, as it came, with what was made of it; and the calls that were refused.

A message whose signature was right is kept whatever becomes of it. What it asks for and its row are one transaction:
the row is claimed first (its id is unique for ever), so that of many deliveries of one event one does the work and the
others wait for it, and then give the same answer.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

import structlog
from django.conf import settings
from django.db import OperationalError, connection, transaction
from django.utils import translation
from django.utils.translation import gettext as _
from pydantic import ValidationError

from operations.api.bodies import read_json
from operations.api.problems import RefusedError, code_of
from operations.api.words import words_of
from operations.audit import because
from operations.dates import business_date
from operations.errors import KeyConflictError, PlusdeskError
from operations.models import User
from partners.errors import EventStateError
from partners.events.handling import Handled, Told, UnknownTypeError, event_handlers
from partners.models import InboundEvent, Partner
from partners.services.statements import rows, run

log = structlog.get_logger(__name__)

#: Under this code the calls of all who name no partner of ours are counted: codes are theirs to invent.
NOBODY = "-"
#: Why a call is refused; anything else is counted as "other".
REASONS = frozenset({
    "unknown-partner", "too-large", "length-required", "missing-header", "bad-id", "bad-timestamp", "too-old",
    "too-new", "bad-signature", "malformed", "unsupported-type", "invalid-request", "future-event", "key-conflict",
})
#: An event is dated at most so far ahead of our clock: what is to come has not happened.
AHEAD = timedelta(days=1)
#: What an event says of when it happened, beside its own timestamp.
MOMENTS = ("at", "registered_on")
#: As long as InboundEvent.error.
ERROR_LENGTH = 200


@dataclass(frozen=True)
class Message:
    """What came in, after its signature and form were found right."""

    event_id: str
    type: str
    body: bytes
    headers: dict[str, str]
    occurred_at: datetime


def receive_event(partner: Partner, message: Message, *, on: date, at: datetime) -> dict[str, Any]:
    """Keep the event and do what it asks for; what the partner is answered: `state` done, old or dead, and more.

    A repeat gets the first answer, whatever has become of the event since; KeyConflictError for another body. What
    cannot be done, or fails in a way that nobody foresaw, is kept as a dead letter: the partner need not send it again.
    OperationalError (a deadlock, a database that is gone) keeps nothing: then the partner does.
    """
    with transaction.atomic():
        claimed = rows(
            "events/claim", partner=partner.pk, event_id=message.event_id, type=message.type, body=message.body,
            headers=json.dumps(message.headers), occurred_at=message.occurred_at, received_at=at,
        )
        if claimed:
            event = InboundEvent.objects.get(pk=claimed[0][0])
            _handle(event, partner, on=on, at=at, actor=None)
            event.answer = {**event.answer, "id": event.event_id, "state": event.state}
            event.save(update_fields=["state", "answer", "error", "member", "fulfilment"])
            answer: dict[str, Any] = event.answer
            return answer
    return _answer_again(partner, message)


def replay_event(event: InboundEvent, *, on: date, at: datetime, actor: User | None, reason: str = "") -> InboundEvent:
    """Have the kept body handled once more; what fails again stays dead, with its new reason.

    The first answer stays what a repeat gets. EventStateError when it is no dead letter; locks the event first.
    """
    with transaction.atomic(), because(reason, actor=actor):
        event = InboundEvent.objects.select_for_update(of=("self",)).select_related("partner").get(pk=event.pk)
        if event.state != InboundEvent.State.DEAD:
            raise EventStateError
        answer = event.answer
        _handle(event, event.partner, on=on, at=at, actor=actor)
        event.answer, event.attempts = answer, event.attempts + 1
        event.save(update_fields=["state", "error", "attempts", "member", "fulfilment"])
    return event


def count_refused(code: str, reason: str, *, on: date) -> None:
    """Count a call that was refused and had no other effect. `code`: of a partner that is there, else NOBODY."""
    run("events/count_refused", code=code, reason=reason if reason in REASONS else "other", day=on)


def check_data(type: str, data: dict[str, Any]) -> Any:
    """What an event of that type says, in the form that its handler asks for; None of a type that nobody handles.

    InvalidRequestError names the places that are wrong.
    """
    handler = event_handlers.find(type)
    if handler is None:
        return None
    try:
        return handler.schema.model_validate(data)
    except ValidationError as error:
        raise InvalidRequestError(error) from None


def refuse_future(occurred_at: datetime, data: Any, *, at: datetime) -> None:
    """FutureEventError where an event, or what it says (None: of an unknown type), is dated more than AHEAD of `at`."""
    said = {"timestamp": occurred_at, **{f"data/{name}": getattr(data, name, None) for name in MOMENTS}}
    ahead = [f"body/{name}" for name, when in said.items() if _is_beyond(when, at + AHEAD)]
    if ahead:
        raise FutureEventError(ahead)


def _is_beyond(when: date | datetime | None, limit: datetime) -> bool:
    if isinstance(when, datetime):
        return when > limit
    return when is not None and when > business_date(limit)


class FutureEventError(RefusedError):
    """The event is dated further ahead than clocks differ; `faults` says where. The id is not spent."""

    http_status = 422

    def __init__(self, places: Sequence[str]) -> None:
        words = _("More than a day ahead of our clock.")
        super().__init__(
            _("An event that has not happened yet is not taken."),
            faults=[{"place": place, "words": words, "code": "future"} for place in places],
        )


class InvalidRequestError(RefusedError):
    """Parts of an event of a known type are missing or wrong; `faults` says which."""

    http_status = 422

    def __init__(self, error: ValidationError) -> None:
        faults = [
            {
                "place": "/".join(map(str, ("body", "data", *fault["loc"]))), "words": words_of(dict(fault)),
                "code": fault["type"],
            }
            for fault in error.errors(include_url=False)
        ]
        super().__init__(_("Parts of the event are missing or wrong."), faults=faults)


def _handle(event: InboundEvent, partner: Partner, *, on: date, at: datetime, actor: User | None) -> None:
    """Set on the event what became of it, and in `answer` what the partner is told; nothing of a failure stays."""
    with translation.override(settings.LANGUAGE_CODE):
        try:
            with transaction.atomic():
                handled = _ask_handler(event, partner, on=on, at=at, actor=actor)
                # Here, not at the commit, where the event would be lost with it.
                connection.check_constraints()
        except PlusdeskError as error:
            _bury(event, str(error), reason=code_of(type(error)), detail=str(error))
        except OperationalError:
            raise
        except Exception as error:
            log.exception("event_failed", partner=partner.code, type=event.type, key=event.pk)
            said = str(error).partition("\n")[0]
            _bury(event, f"{type(error).__name__}: {said}", reason="unexpected", detail=_("Something went wrong here"))
        else:
            event.state, event.error, event.answer = handled.state, "", handled.answer
            event.member, event.fulfilment = handled.member, handled.fulfilment


def _ask_handler(event: InboundEvent, partner: Partner, *, on: date, at: datetime, actor: User | None) -> Handled:
    handler = event_handlers.find(event.type)
    if handler is None:
        raise UnknownTypeError(event.type)
    told = Told(
        partner=partner, event_id=event.event_id, type=event.type,
        data=check_data(event.type, read_json(bytes(event.body))["data"]),
        occurred_at=event.occurred_at or event.received_at, at=at, on=on, actor=actor,
    )
    with because(f"{partner.code} {event.type} {event.event_id}", actor=actor):
        return handler.handle(told)


def _bury(event: InboundEvent, words: str, *, reason: str, detail: str) -> None:
    event.state, event.error = InboundEvent.State.DEAD, words.replace("\0", "")[:ERROR_LENGTH]
    event.answer = {"reason": reason, "detail": detail}


def _answer_again(partner: Partner, message: Message) -> dict[str, Any]:
    known = InboundEvent.objects.get(partner=partner, event_id=message.event_id)
    if bytes(known.body) != message.body:
        raise KeyConflictError(message.event_id)
    answer: dict[str, Any] = known.answer
    return answer
