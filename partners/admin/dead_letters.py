"""Dead letters: one list of what nobody works on, with the reason, and replaying one or many of them."""

from typing import Any, cast

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import Model, QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from unfold.contrib.filters.admin import ChoicesDropdownFilter, RelatedDropdownFilter
from unfold.decorators import action
from unfold.widgets import UnfoldAdminSelectWidget

from memberships.admin.display import member_link
from memberships.admin.pages import find_record
from operations.admin.base import ReadOnlyAdmin
from operations.admin.reasons import ReasonForm
from operations.dates import business_date
from operations.models import User
from partners.admin.display import letter_url, partner_link
from partners.admin.words import type_in_words
from partners.models import DeadLetter, Partner
from partners.services.dead_letters import Replayed, replay_letters
from partners.services.reasons import reason_in_words

#: So many are replayed at a time, the oldest first.
MOST = 500
PERMISSIONS = {
    DeadLetter.Kind.FULFILMENT: "partners.replay_fulfilment", DeadLetter.Kind.EVENT: "partners.replay_inboundevent",
    DeadLetter.Kind.MATCH: "partners.match_status",
}


class ReplayAllForm(ReasonForm):
    """Which letters, and why."""

    partner = forms.ModelChoiceField(
        Partner.objects.order_by("pk"), label=gettext_lazy("Partner"), required=False,
        empty_label=gettext_lazy("all partners"), widget=UnfoldAdminSelectWidget(),
    )
    kind = forms.ChoiceField(
        label=gettext_lazy("Kind"), required=False, choices=[("", gettext_lazy("all kinds")), *DeadLetter.Kind.choices],
        widget=UnfoldAdminSelectWidget(),
    )
    field_order = ("partner", "kind", "reason")

    def chosen(self) -> QuerySet[DeadLetter]:
        """The letters that the form means."""
        wanted = {name: self.cleaned_data[name] for name in ("partner", "kind") if self.cleaned_data[name]}
        return DeadLetter.objects.filter(**wanted).order_by("since", "pk")[:MOST]


@admin.register(DeadLetter)
class DeadLetterAdmin(ReadOnlyAdmin):
    """Nothing is edited here: a letter is replayed as it is, or stays."""

    list_display = ("subject_column", "kind", "partner_column", "member_column", "reason_column", "since_column")
    list_display_links = None
    list_select_related = ("partner", "member")
    list_filter = (("partner", RelatedDropdownFilter), ("kind", ChoicesDropdownFilter))
    ordering = ("-since",)
    actions = ("replay",)
    actions_list = ("replay_all",)

    @admin.display(description=gettext_lazy("subject"))
    def subject_column(self, letter: DeadLetter) -> SafeString:
        return format_html('<a class="desk-link" href="{}">{}</a>', letter_url(letter), type_in_words(letter.subject))

    @admin.display(description=gettext_lazy("partner"))
    def partner_column(self, letter: DeadLetter) -> SafeString:
        return partner_link(letter.partner)

    @admin.display(description=gettext_lazy("member"))
    def member_column(self, letter: DeadLetter) -> SafeString | str:
        return member_link(letter.member) if letter.member else "–"

    @admin.display(description=gettext_lazy("dead since"))
    def since_column(self, letter: DeadLetter) -> Any:
        return letter.since

    @admin.display(description=gettext_lazy("reason"))
    def reason_column(self, letter: DeadLetter) -> str:
        return reason_in_words(letter.reason)

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """A letter has no page of its own: what is dead has."""
        return HttpResponseRedirect(letter_url(find_record(self, request, object_id, self.get_queryset(request))))

    def has_replay_permission(self, request: HttpRequest, object_id: str | None = None) -> bool:
        return any(map(request.user.has_perm, PERMISSIONS.values()))

    @admin.action(description=gettext_lazy("Replay"), permissions=["replay"])
    def replay(self, request: HttpRequest, queryset: QuerySet[DeadLetter]) -> HttpResponse | None:
        """The chosen ones: ask why, then do it."""
        chosen: list[Any] = list(queryset[:MOST])
        for letter in chosen:
            letter.words = reason_in_words(letter.reason)
        form = ReasonForm(request.POST if "reason" in request.POST else None)
        if form.is_bound and form.is_valid():
            self._replay(request, chosen, form.cleaned_data["reason"])
            return HttpResponseRedirect(request.get_full_path())
        return self._page(
            request, form, "partners/replay.html", title=_("Replay"), letters=chosen, back_url=request.get_full_path(),
        )

    @action(
        description=gettext_lazy("Replay many"), url_path="replay-all", icon="redo", permissions=["replay"],
    )
    def replay_all(self, request: HttpRequest) -> HttpResponse:
        """All of a partner and kind, the oldest first: after what was wrong has been mended."""
        form = ReplayAllForm(request.POST or None)
        address = reverse(self._url_name("changelist"))
        if request.method == "POST" and form.is_valid():
            self._replay(request, list(form.chosen()), form.cleaned_data["reason"])
            return HttpResponseRedirect(address)
        return self._page(
            request, form, "operations/reason_form.html", title=_("Replay many"), back_url=address,
            note=_("At most %(count)s at a time, the oldest first. What fails again stays, with its new reason.")
            % {"count": MOST},
        )

    def _page(self, request: HttpRequest, form: Any, template: str, **page: Any) -> HttpResponse:
        request.current_app = self.admin_site.name  # type: ignore[attr-defined]
        context = {
            **self.admin_site.each_context(request), "opts": self.opts, "form": form, "submit_label": _("Replay"),
            **page,
        }
        return TemplateResponse(request, template, context, status=422 if form.errors else 200)

    def _replay(self, request: HttpRequest, chosen: list[DeadLetter], reason: str) -> None:
        """Those of the kinds that the user may replay."""
        may = {kind for kind, permission in PERMISSIONS.items() if request.user.has_perm(permission)}
        if not may:
            raise PermissionDenied
        at = timezone.now()
        done = replay_letters(
            [letter for letter in chosen if letter.kind in may], on=business_date(at), at=at,
            actor=cast(User, request.user), reason=reason,
        )
        _tell(request, done)

    def has_view_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return super().has_view_permission(request, obj) or self.has_replay_permission(request)


def _tell(request: HttpRequest, done: Replayed) -> None:
    if done.queued:
        words = ngettext(
            "%(count)s fulfilment is queued to be sent.", "%(count)s fulfilments are queued to be sent.", done.queued
        )
        messages.success(request, words % {"count": done.queued})
    if done.matches:
        words = ngettext(
            "The partner is asked about %(count)s status match again.",
            "The partner is asked about %(count)s status matches again.", done.matches,
        )
        messages.success(request, words % {"count": done.matches})
    if done.handled:
        words = ngettext("%(count)s event was handled.", "%(count)s events were handled.", done.handled)
        messages.success(request, words % {"count": done.handled})
    if done.dead:
        words = ngettext(
            "%(count)s letter failed again and stays.", "%(count)s letters failed again and stay.", done.dead
        )
        messages.warning(request, words % {"count": done.dead})
    if not any(done):
        messages.info(request, _("There was nothing to replay."))
