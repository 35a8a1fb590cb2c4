"""Outgoing messages: what was told to whom, what is stuck, and sending it again with a reason."""

import json
import re
from typing import Any, cast

from django import forms
from django.contrib import admin, messages
from django.db.models import Model, Q, QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from unfold.contrib.filters.admin import ChoicesDropdownFilter
from unfold.decorators import action, display
from unfold.widgets import UnfoldAdminSelectWidget

from operations.admin.base import ReadOnlyAdmin
from operations.admin.filters import IndexedValuesFilter, distinct_values
from operations.admin.reasons import ReasonForm, ask, record_url
from operations.admin.search import SearchKind, normalised
from operations.models import OutboxMessage, User
from operations.models.outbox import KEY_PATTERN
from operations.owners import key_of, number_of
from operations.services.outbox import send_again

State = OutboxMessage.State
RESEND = "operations.resend_outboxmessage"
STATE_COLOURS = {
    State.QUEUED: "info", State.WAITING: "warning", State.SENT: "success", State.UNHEARD: "", State.PARKED: "danger",
}  # fmt: skip
OVER = (State.PARKED, State.UNHEARD)
_MESSAGE_KEY = re.compile(KEY_PATTERN)


class TopicFilter(IndexedValuesFilter):
    """By the topics there are."""

    title = gettext_lazy("topic")
    parameter_name = "topic"


def by_member() -> SearchKind:
    """By member number."""

    def condition(term: str) -> Q | None:
        key = key_of(normalised(term))
        return None if key is None else Q(owner=key)

    return SearchKind(gettext_lazy("member number"), condition)


def by_key() -> SearchKind:
    """By the whole key."""

    def condition(term: str) -> Q | None:
        return Q(key=term) if _MESSAGE_KEY.fullmatch(term) else None

    return SearchKind(gettext_lazy("key"), condition)


class SendAgainForm(ReasonForm):
    """Which messages, and why."""

    state = forms.ChoiceField(
        label=gettext_lazy("Messages"), choices=[(state.value, state.label) for state in OVER],
        widget=UnfoldAdminSelectWidget(),
    )
    topic = forms.ChoiceField(label=gettext_lazy("Topic"), required=False, widget=UnfoldAdminSelectWidget())
    field_order = ("state", "topic", "reason")

    def __init__(self, data: Any) -> None:
        super().__init__(data)
        topics = distinct_values(OutboxMessage, "topic")
        self.fields["topic"].choices = [("", _("all topics")), *((topic, topic) for topic in topics)]  # type: ignore[attr-defined]

    def chosen(self) -> QuerySet[OutboxMessage]:
        """The messages that the form means."""
        chosen = OutboxMessage.objects.filter(state=self.cleaned_data["state"])
        return chosen.filter(topic=self.cleaned_data["topic"]) if self.cleaned_data["topic"] else chosen


@admin.register(OutboxMessage)
class OutboxMessageAdmin(ReadOnlyAdmin):
    """`view_outboxmessage` reads, `resend_outboxmessage` sends again."""

    list_display = ("key", "topic", "member", "state_label", "attempts", "error", "created_at", "sent_at")
    list_filter = (("state", ChoicesDropdownFilter), TopicFilter)
    fields = (
        "key", "topic", "member", "state", "attempts", "error", "created_at", "next_attempt", "sent_at", "content",
    )
    readonly_fields = ("member", "next_attempt", "content")
    index_search = (by_key(), by_member())
    actions_list = ("send_all_again",)
    actions_detail = ("send_again",)

    @display(description=gettext_lazy("state"), label=STATE_COLOURS)
    def state_label(self, message: OutboxMessage) -> tuple[str, str]:
        return message.state, message.get_state_display()

    @admin.display(description=gettext_lazy("member"), empty_value="–")
    def member(self, message: OutboxMessage) -> str | None:
        return None if message.owner is None else number_of(message.owner)

    @admin.display(description=gettext_lazy("next attempt at"), empty_value="–")
    def next_attempt(self, message: OutboxMessage) -> Any:
        """None when there will be no other."""
        return message.next_attempt_at if message.state in (State.QUEUED, State.WAITING) else None

    @admin.display(description=gettext_lazy("content"))
    def content(self, message: OutboxMessage) -> SafeString:
        shown = json.dumps(message.payload, ensure_ascii=False, indent=2)
        return format_html('<pre class="whitespace-pre-wrap break-words">{}</pre>', shown)

    # --- sending again

    def has_resend_permission(self, request: HttpRequest, object_id: str | None = None) -> bool:
        """For the list's action, and for a message that is parked or that nobody heard."""
        if not request.user.has_perm(RESEND):
            return False
        if object_id is None:
            return True
        message = self.get_object(request, object_id)
        return message is not None and message.state in OVER

    def has_view_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return super().has_view_permission(request, obj) or request.user.has_perm(RESEND)

    @action(description=gettext_lazy("Send again"), url_path="send-again", icon="redo", permissions=["resend"])
    def send_again(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """One message: ask why, then queue it."""
        message = self.get_object(request, object_id)
        if message is None:
            raise Http404
        form = ReasonForm(request.POST or None)
        if request.method == "POST" and form.is_valid():
            self._queue(request, OutboxMessage.objects.filter(pk=message.pk), form.cleaned_data["reason"])
            return HttpResponseRedirect(record_url(message))
        return ask(
            self, request, message, form, title=_("Send again"), submit_label=_("Send again"),
            note=_("The receiver knows the message by its key: one that has arrived is not heard twice."),
        )

    @action(
        description=gettext_lazy("Send parked messages again"), url_path="send-all-again", icon="redo",
        permissions=["resend"],
    )
    def send_all_again(self, request: HttpRequest) -> HttpResponse:
        """All of a state and topic, the oldest first: after the receiver was down for long."""
        form = SendAgainForm(request.POST or None)
        address = reverse(self._url_name("changelist"))
        if request.method == "POST" and form.is_valid():
            self._queue(request, form.chosen(), form.cleaned_data["reason"])
            return HttpResponseRedirect(address)
        request.current_app = self.admin_site.name  # type: ignore[attr-defined]
        page = {
            **self.admin_site.each_context(request), "title": _("Send parked messages again"), "form": form,
            "submit_label": _("Send again"), "back_url": address, "opts": self.opts,
            "note": _("At most 10,000 messages at a time, the oldest first. A member's messages keep their order."),
        }
        return TemplateResponse(request, "operations/reason_form.html", page, status=422 if form.errors else 200)

    def _queue(self, request: HttpRequest, chosen: QuerySet[OutboxMessage], reason: str) -> None:
        queued = send_again(chosen, reason=reason, at=timezone.now(), actor=cast(User, request.user))
        if not queued:
            messages.info(request, _("There is nothing of that kind to be sent again."))
            return
        words = ngettext("%(count)s message is sent again.", "%(count)s messages are sent again.", queued)
        messages.success(request, words % {"count": f"{queued:,}"})
