"""What is done without calls, by hand or by a file's line: what came of it is an answer like an API's."""

from partners.connectors.base import Answer, Outcome, Word
from partners.models import Command

#: What a fulfilment is once a command is done.
STATE_AFTER = {
    Command.Kind.PROVISION: "active", Command.Kind.RESUME: "active", Command.Kind.SUSPEND: "suspended",
    Command.Kind.REVOKE: "revoked",
}


def done(command: Command, *, reference: str = "") -> Answer:
    """It is as it was wanted. `reference`: the partner's own number."""
    word = Word(command.fulfilment_id, STATE_AFTER[Command.Kind(command.kind)], None, reference=reference)
    return Answer(command.pk, None, Outcome.DONE, word=word)


def refused(command: Command, *, reason: str, reference: str = "") -> Answer:
    """It cannot be done. What was never provided has failed; otherwise the fulfilment stays what it is."""
    word = None
    if command.kind == Command.Kind.PROVISION:
        word = Word(command.fulfilment_id, "failed", None, reference=reference, reason=reason)
    return Answer(command.pk, None, Outcome.FAILED, reason, word=word)
