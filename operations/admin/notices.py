"""Notices: what members were told, how far it came, and what each kind says."""

import json
from dataclasses import dataclass
from typing import Any

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.db.models import Q, QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from unfold.contrib.filters.admin import ChoicesDropdownFilter
from unfold.decorators import action, display

from operations import registry
from operations.admin.base import ReadOnlyAdmin
from operations.admin.filters import IndexedValuesFilter
from operations.admin.outbox import STATE_COLOURS
from operations.admin.search import SearchKind, normalised
from operations.models import Notice
from operations.notices import Text, texts
from operations.owners import key_of, number_of, page_of


@dataclass(frozen=True)
class Preview:
    """A kind with its made-up facts, and its texts by language."""

    label: Any
    name: str
    texts: dict[str, Text]
    body: str


class KindFilter(IndexedValuesFilter):
    """By the kinds there are."""

    title = gettext_lazy("kind")
    parameter_name = "kind"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [(name, str(_label(name))) for name, _words in super().lookups(request, model_admin)]


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
    list_filter = (("channel", ChoicesDropdownFilter), KindFilter)
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
        return notice.message.state, notice.message.get_state_display()

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
            request, "operations/notice.html", title=str(_label(notice.kind)), original=_label(notice.kind),
            notice=notice, number=number_of(notice.owner), member_url=page_of(notice.owner),
            texts=texts(kind, notice.facts) if kind else {}, state_colour=STATE_COLOURS.get(notice.message.state, ""),
        )

    @action(description=gettext_lazy("Preview"), permissions=["view"], icon="preview", url_path="preview")
    def preview(self, request: HttpRequest) -> HttpResponse:
        """What each kind says, with made-up facts."""
        previews = [
            Preview(
                _label(kind.name), kind.name, texts(kind, kind.sample),
                json.dumps(kind.sample, ensure_ascii=False, indent=2),
            )
            for kind in registry.notices
        ]
        title = _("What members are told")
        return self._page(request, "operations/notice_preview.html", title=title, previews=previews)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Notice]:
        notices: QuerySet[Notice] = super().get_queryset(request).select_related("message")
        return notices

    def _page(self, request: HttpRequest, template: str, **context: Any) -> HttpResponse:
        request.current_app = self.admin_site.name  # type: ignore[attr-defined]
        return TemplateResponse(
            request, template, {**self.admin_site.each_context(request), "opts": self.opts, **context}
        )


def _label(name: str) -> Any:
    """A kind in words; its name when it is no longer registered. Of one with days ahead, how many."""
    kind = registry.notices.find(name)
    if kind is None:
        return name
    return _("%(kind)s (%(days)s days ahead)") % {"kind": kind.label, "days": kind.days} if kind.days else kind.label
