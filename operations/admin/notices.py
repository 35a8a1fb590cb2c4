"""Notices: what members were told, how far it came, what each kind says, and over which channels it is told."""

import json
from dataclasses import dataclass
from typing import Any, cast

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import Q, QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.defaultfilters import date as date_in_words
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.text import capfirst
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from unfold.contrib.filters.admin import ChoicesDropdownFilter, DropdownFilter
from unfold.decorators import action, display
from unfold.widgets import UnfoldAdminCheckboxSelectMultipleWidget, UnfoldBooleanSwitchWidget

from operations import registry
from operations.admin.base import ReadOnlyAdmin
from operations.admin.filters import IndexedValuesFilter
from operations.admin.outbox import STATE_COLOURS
from operations.admin.reasons import ReasonForm, ask
from operations.admin.search import SearchKind, normalised
from operations.models import Notice, NoticeRule, OutboxMessage, User
from operations.notices import NoticeKind, Text, texts
from operations.owners import key_of, number_of, page_of
from operations.quiet_hours import hours_of
from operations.services.notices import rules, set_rule

CHANGE_RULE = "operations.change_noticerule"
State = OutboxMessage.State
#: Of those that are few, so many are looked at for a filter, the newest first.
MOST_MESSAGES = 10_000


@dataclass(frozen=True)
class Preview:
    """A kind with its made-up facts, its texts by language, and how it is told."""

    label: Any
    name: str
    texts: dict[str, Text]
    body: str
    rule: NoticeRule
    channels: list[str]


class KindFilter(IndexedValuesFilter):
    """By the kinds there are."""

    title = gettext_lazy("kind")
    parameter_name = "kind"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [(name, str(_label(name))) for name, _words in super().lookups(request, model_admin)]


class StateFilter(DropdownFilter):
    """By how far the message came. All but what is sent is few, and found by the outbox's indexes."""

    title = gettext_lazy("state")
    parameter_name = "state"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [(value, str(label)) for value, label in State.choices]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        state = self.value()
        if state not in State.values:
            return queryset
        if state == State.SENT:
            return queryset.filter(message__state=state)
        few = OutboxMessage.objects.filter(state=state, topic__startswith="notice.").order_by("-pk")
        return queryset.filter(message__in=list(few.values_list("pk", flat=True)[:MOST_MESSAGES]))


class ChannelsForm(ReasonForm):
    """Over which channels a kind is told, and why."""

    channels = forms.MultipleChoiceField(
        label=gettext_lazy("Channels"), choices=Notice.Channel.choices, required=False,
        widget=UnfoldAdminCheckboxSelectMultipleWidget,
        help_text=gettext_lazy("None: nobody is told of it."),
    )
    is_urgent = forms.BooleanField(
        label=gettext_lazy("Urgent"), required=False, widget=UnfoldBooleanSwitchWidget,
        help_text=gettext_lazy("Told at once, in quiet hours, too."),
    )
    is_required = forms.BooleanField(
        label=gettext_lazy("Required by law or contract"), required=False, widget=UnfoldBooleanSwitchWidget,
        help_text=gettext_lazy("Text messages of it go to those, too, who refuse text messages."),
    )
    field_order = ("channels", "is_urgent", "is_required", "reason")


def by_member() -> SearchKind:
    """By member number."""

    def condition(term: str) -> Q | None:
        key = key_of(normalised(term))
        return None if key is None else Q(owner=key)

    return SearchKind(gettext_lazy("member number"), condition)


@admin.register(Notice)
class NoticeAdmin(ReadOnlyAdmin):
    """All notices, newest first; a page shows one as it is read, in each language."""

    list_display = ("kind_column", "member", "channel", "state_column", "on", "at")
    list_filter = (("channel", ChoicesDropdownFilter), KindFilter, StateFilter)
    list_select_related = ("message",)
    index_search = (by_member(),)
    actions_list = ("preview",)

    @admin.display(description=gettext_lazy("kind"))
    def kind_column(self, notice: Notice) -> str:
        return str(_label(notice.kind))

    @admin.display(description=gettext_lazy("member"))
    def member(self, notice: Notice) -> SafeString:
        return format_html('<a href="{}">{}</a>', page_of(notice.owner), number_of(notice.owner))

    @display(description=gettext_lazy("state"), label=STATE_COLOURS)
    def state_column(self, notice: Notice) -> tuple[str, str]:
        return notice.message.state, state_in_words(notice.message)

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view(self.channels_view)
        return [path("channels/<str:name>/", view, name="operations_notice_channels"), *super().get_urls()]

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """One notice as it is read."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        notice = self.get_object(request, object_id)
        if notice is None:
            raise Http404
        kind = registry.notices.find(notice.kind)
        return self._page(
            request, "operations/notice.html", title=str(_label(notice.kind)), original=str(_label(notice.kind)),
            notice=notice, number=number_of(notice.owner), member_url=page_of(notice.owner),
            texts=texts(kind, notice.facts) if kind else {}, channels=[notice.channel],
            state=state_in_words(notice.message), state_colour=STATE_COLOURS.get(notice.message.state, ""),
        )

    @action(description=gettext_lazy("Preview"), permissions=["view"], icon="preview", url_path="preview")
    def preview(self, request: HttpRequest) -> HttpResponse:
        """What each kind says, with made-up facts, and over which channels."""
        said, labels = rules(), dict(Notice.Channel.choices)
        previews = [
            Preview(
                _label(kind.name), kind.name, texts(kind, kind.sample),
                json.dumps(kind.sample, ensure_ascii=False, indent=2), said[kind.name],
                [str(labels[channel]) for channel in said[kind.name].channels],
            )
            for kind in registry.notices
        ]
        return self._page(
            request, "operations/notice_preview.html", title=_("What members are told"), previews=previews,
            channels=[Notice.Channel.EMAIL, Notice.Channel.SMS], may_change=request.user.has_perm(CHANGE_RULE),
            quiet=[(label, hours_of(channel)) for channel, label in Notice.Channel.choices if hours_of(channel)],
        )

    def channels_view(self, request: HttpRequest, name: str) -> HttpResponse:
        """Over which channels a kind is told: ask, with a reason; from the next notice on."""
        if not request.user.has_perm(CHANGE_RULE):
            raise PermissionDenied
        kind = registry.notices.find(name)
        if kind is None:
            raise Http404
        rule, back = rules()[name], f"{reverse(self._url_name('preview'))}#{name}"
        form = ChannelsForm(request.POST or None, initial={
            "channels": rule.channels, "is_urgent": rule.is_urgent, "is_required": rule.is_required,
        })
        if request.method == "POST" and form.is_valid():
            self._set_rule(request, kind, form)
            return HttpResponseRedirect(back)
        return ask(
            self, request, None, form, title=_("Channels of “%(kind)s”") % {"kind": _label(name)}, back_url=back,
            submit_label=_("Save"), note=_("Holds for what is told from now on; what was told stays as it is."),
        )

    def _set_rule(self, request: HttpRequest, kind: NoticeKind, form: ChannelsForm) -> None:
        chosen = form.cleaned_data
        set_rule(
            kind, channels=chosen["channels"], is_urgent=chosen["is_urgent"], is_required=chosen["is_required"],
            reason=chosen["reason"], actor=cast(User, request.user),
        )
        messages.success(request, _("“%(kind)s” is told as you said.") % {"kind": capfirst(str(_label(kind.name)))})

    def get_queryset(self, request: HttpRequest) -> QuerySet[Notice]:
        notices: QuerySet[Notice] = super().get_queryset(request).select_related("message")
        return notices

    def _page(self, request: HttpRequest, template: str, **context: Any) -> HttpResponse:
        request.current_app = self.admin_site.name  # type: ignore[attr-defined]
        return TemplateResponse(
            request, template, {**self.admin_site.each_context(request), "opts": self.opts, **context}
        )


def state_in_words(message: OutboxMessage) -> str:
    """How far a message came; of one that waits, until when."""
    if message.state != State.WAITING:
        return str(message.get_state_display())
    due = date_in_words(timezone.localtime(message.next_attempt_at), "Y-m-d H:i")
    return _("waits until %(time)s") % {"time": due}


def _label(name: str) -> Any:
    """A kind in words; its name when it is no longer registered. Of one with days ahead, how many."""
    kind = registry.notices.find(name)
    if kind is None:
        return name
    return _("%(kind)s (%(days)s days ahead)") % {"kind": kind.label, "days": kind.days} if kind.days else kind.label
