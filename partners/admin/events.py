"""Events from partners: the list, and the page of one as it came, with what was made of it."""

import json
import re
from datetime import date
from typing import Any

from django.contrib import admin, messages
from django.db.models import Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.urls import URLPattern, reverse
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from unfold.contrib.filters.admin import RelatedDropdownFilter
from unfold.decorators import display

from memberships.admin.actions import Asked, ConfirmForm, RecordAction, Told, action_urls, offered, who_and_when
from memberships.admin.display import member_link, today
from memberships.admin.pages import find_record, show_page
from memberships.admin.quick_filters import QuickChoice, QuickFilter, QuickFilterMixin
from operations.admin.base import ReadOnlyAdmin
from operations.admin.search import SearchKind
from operations.masking import mask_email, mask_mobile
from partners.admin.display import EVENT_COLOURS, fulfilment_link, partner_link
from partners.admin.words import failure_in_words, type_in_words
from partners.models import InboundEvent, RefusedCalls
from partners.services.events import replay_event

REPLAY = "partners.replay_inboundevent"
_EVENT_ID = re.compile(r"[!-~]{4,128}")
_MOBILE = re.compile(r"(?<!\d)(?:\+?86)?1[3-9]\d{9}(?!\d)")
_EMAIL = re.compile(r"[\w.+-]+@[\w-]+\.[\w.-]+")


def by_event_id() -> SearchKind:
    """By the whole id, at any partner: the index by partner and id is skipped through."""
    return SearchKind(
        gettext_lazy("event id"), lambda term: Q(event_id=term) if _EVENT_ID.fullmatch(term) else None, is_free=True
    )


class StateFilter(QuickFilter):
    """What could not be handled."""

    offered = (
        QuickChoice("dead", gettext_lazy("Dead letters"), lambda rows, on: rows.filter(state=InboundEvent.State.DEAD)),
    )


class ReplayAction(RecordAction[InboundEvent]):
    """Have a kept event handled once more."""

    name = "replay"
    label = gettext_lazy("Replay")
    permission = REPLAY
    variant = "primary"

    def is_offered(self, record: InboundEvent, *, on: date) -> bool:
        return record.state == InboundEvent.State.DEAD

    def seen(self, record: InboundEvent) -> str:
        return f"{record.state} {record.attempts}"

    def asked(self, record: InboundEvent, data: Any, *, seen: str, on: date) -> Asked:
        if not self.is_offered(record, on=on):
            return Asked(refusal=_("This event is no dead letter any more: there is nothing to replay."))
        return Asked(
            ConfirmForm(data, seen=seen),
            facts=(
                (_("Partner"), record.partner), (_("Type"), type_in_words(record.type)),
                (_("Reason"), failure_in_words(record)),
            ),
            note=gettext_lazy("It is handled once more, as it came. If that fails again, it stays here."),
        )

    def do(self, record: InboundEvent, form: Any, *, on: date, request: HttpRequest) -> Told:
        event = replay_event(record, on=on, **who_and_when(request, form))
        if event.state == InboundEvent.State.DEAD:
            return Told(messages.ERROR, _("It failed again: %(reason)s") % {"reason": failure_in_words(event)})
        return Told(messages.SUCCESS, _("It was handled."))

    def page_of(self, record: InboundEvent) -> str:
        return reverse("admin:partners_inboundevent_change", args=[record.pk])


ACTIONS: tuple[RecordAction[InboundEvent], ...] = (ReplayAction(),)


@admin.register(InboundEvent)
class InboundEventAdmin(QuickFilterMixin, ReadOnlyAdmin):
    """What partners told, newest first."""

    list_display = (
        "event_id", "partner_column", "type_column", "state_column", "member_column", "fulfilment_column",
        "received_at", "failure_column",
    )
    list_select_related = ("partner", "fulfilment", "member")
    quick_filter = StateFilter
    list_filter = (StateFilter, ("partner", RelatedDropdownFilter))
    index_search = (by_event_id(),)

    @admin.display(description=gettext_lazy("partner"))
    def partner_column(self, event: InboundEvent) -> SafeString:
        return partner_link(event.partner)

    @admin.display(description=gettext_lazy("type"))
    def type_column(self, event: InboundEvent) -> str:
        return type_in_words(event.type)

    @admin.display(description=gettext_lazy("member"))
    def member_column(self, event: InboundEvent) -> SafeString | str:
        return member_link(event.member) if event.member else "–"

    @admin.display(description=gettext_lazy("error"))
    def failure_column(self, event: InboundEvent) -> str:
        return failure_in_words(event) or "–"

    @admin.display(description=gettext_lazy("fulfilment"))
    def fulfilment_column(self, event: InboundEvent) -> SafeString | str:
        return fulfilment_link(event.fulfilment) or "–"

    @display(description=gettext_lazy("state"), label=EVENT_COLOURS)
    def state_column(self, event: InboundEvent) -> tuple[str, str]:
        return event.state, event.get_state_display()

    def get_urls(self) -> list[URLPattern]:
        return [*action_urls(self, ACTIONS, self.whole), *super().get_urls()]

    def whole(self, request: HttpRequest) -> QuerySet[InboundEvent]:
        """Events with all that their page needs."""
        found: QuerySet[InboundEvent] = self.get_queryset(request)
        return found.select_related("partner", "fulfilment", "member")

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """The page of one event."""
        event = find_record(self, request, object_id, self.whole(request))
        return show_page(
            self, request, "partners/event.html", event, event=event, type=type_in_words(event.type),
            failure=failure_in_words(event),
            colour=EVENT_COLOURS[InboundEvent.State(event.state)], body=shown_body(bytes(event.body)),
            answer=json.dumps(event.answer, ensure_ascii=False, indent=2), headers=sorted(event.headers.items()),
            buttons=offered(request, ACTIONS, event, on=today()),
        )


def shown_body(body: bytes) -> str:
    """The body for the screen: indented, telephone numbers and e-mail addresses masked."""
    text = json.dumps(json.loads(body), ensure_ascii=False, indent=2)
    text = _MOBILE.sub(lambda found: mask_mobile(found[0]), text)
    return _EMAIL.sub(lambda found: mask_email(found[0]), text)


@admin.register(RefusedCalls)
class RefusedCallsAdmin(ReadOnlyAdmin):
    """How many calls were refused, by day, partner and reason."""

    list_display = ("day", "code", "reason", "count")
    list_display_links = None
