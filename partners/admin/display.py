"""How partners, fulfilments and events are shown: colours of states, figures in words."""

from typing import Any

from django.urls import reverse
from django.utils.formats import number_format
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from partners.models import Breaker, Command, DeadLetter, Fulfilment, FulfilmentEvent, InboundEvent, Partner
from partners.services.health import MOST, Calls

FULFILMENT_COLOURS = {
    Fulfilment.State.REQUESTED: "info", Fulfilment.State.ACCEPTED: "info", Fulfilment.State.ACTIVE: "success",
    Fulfilment.State.SUSPENDED: "warning", Fulfilment.State.REVOKED: "", Fulfilment.State.FAILED: "danger",
}
COMMAND_COLOURS = {
    Command.State.QUEUED: "info", Command.State.SENT: "info", Command.State.UNKNOWN: "warning",
    Command.State.DONE: "success", Command.State.FAILED: "danger",
}
EVENT_COLOURS = {
    InboundEvent.State.DONE: "success", InboundEvent.State.OLD: "", InboundEvent.State.DEAD: "danger",
}
STEP_COLOURS = {
    FulfilmentEvent.Kind.WANTED: "info", FulfilmentEvent.Kind.SENT: "", FulfilmentEvent.Kind.ANSWERED: "success",
    FulfilmentEvent.Kind.UNKNOWN: "warning", FulfilmentEvent.Kind.TOLD: "info",
    FulfilmentEvent.Kind.GIVEN_UP: "danger", FulfilmentEvent.Kind.REPLAYED: "warning",
}
BREAKER_COLOURS = {
    Breaker.State.CLOSED: "success", Breaker.State.OPEN: "danger", Breaker.State.HALF_OPEN: "warning",
}


def breaker_in_words(state: str) -> str:
    """What a circuit breaker does; its own words, since other things are open and closed, too."""
    words = {
        Breaker.State.CLOSED: _("lets calls pass"), Breaker.State.OPEN: _("sends nothing"),
        Breaker.State.HALF_OPEN: _("tries one call"),
    }
    return str(words[Breaker.State(state)])


def partner_link(partner: Partner) -> SafeString:
    """The partner's name, leading to its page."""
    url = reverse("admin:partners_partner_change", args=[partner.pk])
    return format_html('<a class="desk-link" href="{}">{}</a>', url, partner)


def fulfilment_link(fulfilment: Fulfilment | None) -> SafeString | str:
    """Our number of it, leading to its page."""
    if fulfilment is None:
        return ""
    url = reverse("admin:partners_fulfilment_change", args=[fulfilment.pk])
    return format_html('<a class="desk-link" href="{}">{}</a>', url, fulfilment)


def letter_url(letter: DeadLetter) -> str:
    """The page of what is dead."""
    if letter.kind == DeadLetter.Kind.FULFILMENT:
        return reverse("admin:partners_fulfilment_change", args=[letter.fulfilment_id])
    if letter.kind == DeadLetter.Kind.MATCH:
        return reverse("admin:partners_statusmatch_change", args=[letter.match_id])
    return reverse("admin:partners_inboundevent_change", args=[letter.event_id])


def capped(count: int) -> str:
    """A count that stops at MOST, in digits."""
    return f"{MOST:,}+" if count > MOST else f"{count:,}"


def success_in_words(calls: Calls) -> str:
    """As in “98.5 % of 1,200”; a dash where there was nothing."""
    if calls.success is None:
        return "–"
    # Rounded down: what failed once was not all of it.
    share = int(calls.success * 1000) / 10
    return _("%(share)s%% of %(count)s") % {
        "share": number_format(share, 1).removesuffix(".0"), "count": f"{calls.count:,}",
    }


def latency_in_words(calls: Calls) -> str:
    """The median and the 95th percentile, as in “120 / 900 ms”."""
    if calls.median_ms is None or calls.p95_ms is None:
        return "–"
    return f"{calls.median_ms:,} / {calls.p95_ms:,} ms"


def refusal_in_words(reason: str) -> str:
    """Why calls were refused."""
    words: dict[str, Any] = {
        "unknown-partner": _("unknown partner"), "too-large": _("body too large"),
        "length-required": _("body without a length"), "missing-header": _("not signed"), "bad-id": _("bad id"),
        "bad-timestamp": _("bad timestamp"), "too-old": _("signed too long ago"),
        "too-new": _("signed in the future"), "bad-signature": _("wrong signature"), "malformed": _("unreadable"),
        "unsupported-type": _("not JSON"), "invalid-request": _("not in the form that is expected"),
        "future-event": _("dated in the future"),
        "key-conflict": _("id used for something else"), "other": _("other reasons"),
    }
    return str(words.get(reason, reason))
