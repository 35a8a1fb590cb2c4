"""The operators' work list: what partners are told by hand, and what came of it.

A command of an offer by hand waits, "to be sent", until somebody says that it is done or that it cannot be done.
"""

from datetime import date, datetime

from django.db import transaction

from operations.models import User
from operations.services.reveals import ReasonMissingError
from partners.connectors import manual
from partners.connectors.base import Answer
from partners.errors import WorkDoneError
from partners.models import Command
from partners.services.commands import record_answers
from partners.services.fulfilments import lock_fulfilments


def mark_done(
    command: Command, *, on: date, at: datetime, actor: User, reference: str = "", note: str = ""
) -> Command:
    """The operator has done at the partner what was wanted; `reference`: the partner's own number.

    The same operator saying the same again changes nothing. Raises WorkDoneError.
    """
    return _answer(
        command, manual.done(command, reference=reference), state=Command.State.DONE, note=note, on=on, at=at,
        actor=actor,
    )


def mark_impossible(command: Command, *, reason: str, on: date, at: datetime, actor: User) -> Command:
    """It cannot be done: the fulfilment becomes a dead letter with that reason, for somebody to decide about.

    The same operator saying the same again changes nothing. Raises ReasonMissingError, WorkDoneError.
    """
    reason = reason.strip()
    if not reason:
        raise ReasonMissingError
    return _answer(
        command, manual.refused(command, reason=reason), state=Command.State.FAILED, note=reason, on=on, at=at,
        actor=actor,
    )


@transaction.atomic
def _answer(
    command: Command, answer: Answer, *, state: Command.State, note: str, on: date, at: datetime, actor: User
) -> Command:
    """Locks the fulfilment first, as everything that changes commands does."""
    lock_fulfilments([command.fulfilment_id])
    command = Command.objects.select_related("actor").get(pk=command.pk)
    if (command.state, command.actor, command.note) == (state, actor, note[:200]):
        return command
    if not Command.objects.waiting_for_hands().filter(pk=command.pk).exists():
        raise WorkDoneError
    record_answers([answer], on=on, at=at, actor=actor, note=note)
    command.refresh_from_db()
    return command
