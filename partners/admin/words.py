"""What is stored in short words, as people read it: types of events, states in statements, steps of fulfilments."""

from typing import Any

from django.utils.functional import Promise
from django.utils.translation import get_language, gettext_lazy
from django.utils.translation import gettext as _

from partners.connectors.base import Outcome
from partners.models import Command, Fulfilment, FulfilmentEvent, InboundEvent
from partners.services.reasons import reason_in_words

Kind = FulfilmentEvent.Kind
EVENT_TYPES: dict[str, Promise] = {
    "fulfilment.accepted": gettext_lazy("fulfilment accepted"), "fulfilment.active": gettext_lazy("fulfilment active"),
    "fulfilment.suspended": gettext_lazy("fulfilment suspended"),
    "fulfilment.revoked": gettext_lazy("fulfilment revoked"), "fulfilment.failed": gettext_lazy("fulfilment failed"),
    "benefit.used": gettext_lazy("benefit used"), "status.matched": gettext_lazy("status matched"),
    "status.ended": gettext_lazy("status ended"), "status.presented": gettext_lazy("status presented"),
    "member.registered": gettext_lazy("member registered there"),
}
OUTCOMES: dict[str, Promise] = {
    Outcome.DONE: gettext_lazy("done"), Outcome.ACCEPTED: gettext_lazy("accepted, and under way"),
    Outcome.FAILED: gettext_lazy("refused"), Outcome.UNKNOWN: gettext_lazy("no clear answer"),
    Outcome.LATER: gettext_lazy("to be sent again later"), "never_sent": gettext_lazy("was never sent"),
}
#: Words of statements that no fulfilment has: those of uses.
USES: dict[str, Promise] = {"used": gettext_lazy("used"), "returned": gettext_lazy("taken back")}
#: What a message that came too late ends with.
OLD = "old"


def type_in_words(type: str) -> str:
    """Of an event; as the partner says it where nobody knows it."""
    return str(EVENT_TYPES.get(type, type))


def state_in_words(state: str) -> str:
    """Of a line in a statement; as it is stored where nobody knows it."""
    return str({**dict(Fulfilment.State.choices), **USES}.get(state, state))


def error_in_words(error: str) -> str:
    """A code, and behind it what was said; the code in words."""
    code, _blank, said = error.partition(" ")
    words = reason_in_words(code)
    return error if words == code else " · ".join(filter(None, (words, said)))


def step_in_words(step: FulfilmentEvent) -> str:
    """What was said at a step: an outcome, a code and the partner's own words, one after another."""
    if step.kind == Kind.SENT:
        return str(dict(Command.Kind.choices).get(step.detail, step.detail))
    if step.kind in (Kind.ANSWERED, Kind.UNKNOWN):
        outcome, _blank, rest = step.detail.partition(" ")
        code, _blank, said = rest.partition(" ")
        return " · ".join(filter(None, (str(OUTCOMES.get(outcome, outcome)), reason_in_words(code), said)))
    if step.kind == Kind.TOLD:
        return _told(step.detail)
    return reason_in_words(step.detail)


def _told(detail: str) -> str:
    """As in “message 12 · old news”."""
    words = detail.split()
    number = words.pop(0)[1:] if words and words[0].startswith("#") else ""
    is_old = bool(words) and words[-1] == OLD
    code = " ".join(words[:-1] if is_old else words)
    shown = (
        _("message %(number)s") % {"number": number} if number else "", reason_in_words(code),
        _("old news") if is_old else "",
    )
    return " · ".join(filter(None, shown))


def failure_in_words(event: InboundEvent) -> str:
    """Why an event could not be handled. It is kept in one language: to readers of others its code says it first."""
    reasons: dict[str, Any] = {
        "unknown-type": _("events of this type are not known here"), "unknown-order": _("no such order was given"),
        "unknown-member": _("there is no such member"), "unknown-benefit": _("no such benefit is fulfilled by it"),
        "unexpected": _("something went wrong here"),
    }
    code = str(event.answer.get("reason", "")) if event.state == InboundEvent.State.DEAD else ""
    if not event.error or code not in reasons or (get_language() or "zh").startswith("zh"):
        return event.error
    return f"{reasons[code]} · {event.error}"
