"""Requests in the admin: an inbox that begins with what waits for the reader, and the page that decides."""

from collections.abc import Callable
from datetime import datetime
from functools import partial
from typing import Any, cast

from django import forms
from django.contrib import admin, messages
from django.contrib.auth.models import AnonymousUser
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path
from django.utils import timezone
from django.utils.decorators import method_decorator
from django.utils.formats import date_format
from django.utils.functional import Promise
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.timezone import localtime
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.cache import never_cache
from unfold.contrib.filters.admin import ChoicesDropdownFilter, DropdownFilter
from unfold.decorators import display

from operations import registry
from operations.admin.approval_pages import (
    STATE_COLOURS,
    action_name,
    amount_in_words,
    approval_page,
    approval_url,
    personal_of,
)
from operations.admin.base import ReadOnlyAdmin
from operations.admin.counts import count_rows
from operations.admin.reasons import ReasonForm, ask
from operations.dates import business_date
from operations.errors import PlusdeskError
from operations.models import Approval, User
from operations.services.approvals import DECIDE, approve, reject, waiting_for, withdraw
from operations.services.reveals import reveal

State = Approval.State


class ActionFilter(DropdownFilter):
    """By the action, from the registry."""

    title = gettext_lazy("action")
    parameter_name = "action"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return [(action.name, action.label) for action in registry.approval_actions]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Approval]) -> QuerySet[Approval]:
        return queryset.filter(action=self.value()) if self.value() else queryset


#: The boxes of the list: name in the address, words, and whose requests.
BOXES: dict[str, tuple[str | Promise, Callable[[User, datetime], QuerySet[Approval]]]] = {
    "for_me": (gettext_lazy("Waiting for me"), lambda user, at: waiting_for(user, at=at)),
    "mine": (gettext_lazy("My requests"), lambda user, at: Approval.objects.filter(maker=user)),
    "waiting": (gettext_lazy("All that wait"), lambda user, at: Approval.objects.waiting()),
    "decided": (gettext_lazy("Decided"), lambda user, at: Approval.objects.exclude(state=State.WAITING)),
    "all": (gettext_lazy("All"), lambda user, at: Approval.objects.all()),
}


def box_of(request: HttpRequest) -> str:
    """The box that is open: what waits for an approver; for others, what they asked for."""
    named = request.GET.get("box", "")
    if named in BOXES:
        return named
    return "for_me" if request.user.has_perm(DECIDE) else "mine"


class BoxFilter(admin.SimpleListFilter):
    """Stands above the list; the sheet of filters only keeps it."""

    title = gettext_lazy("box")
    parameter_name = "box"
    template = "operations/approval_box_kept.html"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return [(name, label) for name, (label, _rows) in BOXES.items()]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Approval]) -> QuerySet[Approval]:
        rows = BOXES[box_of(request)][1](cast(User, request.user), timezone.now())
        return queryset.filter(pk__in=rows.values("pk"))


class DecisionForm(ReasonForm):
    """A reason that may be left out."""

    def __init__(self, data: Any, *, is_reason_required: bool) -> None:
        super().__init__(data)
        field: forms.Field = self.fields["reason"]
        field.required = is_reason_required


def _approve(approval: Approval, user: User, reason: str, at: datetime) -> Approval:
    return approve(approval, checker=user, decision=reason, on=business_date(at), at=at)


def _reject(approval: Approval, user: User, reason: str, at: datetime) -> Approval:
    return reject(approval, checker=user, decision=reason, at=at)


def _withdraw(approval: Approval, user: User, reason: str, at: datetime) -> Approval:
    return withdraw(approval, actor=user, reason=reason, at=at)


#: What can be done to a request: its words, whether it needs a reason, and the service.
ACTIONS: dict[str, tuple[str | Promise, bool, Callable[[Approval, User, str, datetime], Approval]]] = {
    "approve": (gettext_lazy("Approve"), False, _approve),
    "reject": (gettext_lazy("Reject"), True, _reject),
    "withdraw": (gettext_lazy("Withdraw"), False, _withdraw),
}


@admin.register(Approval)
class ApprovalAdmin(ReadOnlyAdmin):
    """`view_approval` reads, `decide_approval` decides; who asked for something sees it anyway."""

    list_display = (
        "summary_column", "action_column", "amount_column", "state_label", "requested_column", "expires_column",
        "decided_column",
    )
    list_filter = (BoxFilter, ActionFilter, ("state", ChoicesDropdownFilter))
    list_select_related = ("maker", "checker")
    list_before_template = "operations/approval_boxes.html"

    @display(description=gettext_lazy("what it would do"))
    def summary_column(self, approval: Approval) -> str:
        return approval.shown_summary

    @display(description=gettext_lazy("action"))
    def action_column(self, approval: Approval) -> str:
        return action_name(approval)

    @display(description=gettext_lazy("amount"))
    def amount_column(self, approval: Approval) -> SafeString:
        return _unbroken(amount_in_words(approval) or "–")

    @display(description=gettext_lazy("requested at"))
    def requested_column(self, approval: Approval) -> SafeString:
        return format_html("{} {}", _unbroken(_minute(approval.requested_at)), approval.maker)

    @display(description=gettext_lazy("expires at"))
    def expires_column(self, approval: Approval) -> SafeString:
        """Of what is decided nothing expires."""
        return _unbroken(_minute(approval.expires_at) if approval.state == State.WAITING else "–")

    @display(description=gettext_lazy("decided at"))
    def decided_column(self, approval: Approval) -> SafeString | str:
        if approval.decided_at is None:
            return "–"
        return format_html("{} {}", _unbroken(_minute(approval.decided_at)), approval.checker or "")

    @display(description=gettext_lazy("state"), label=STATE_COLOURS)
    def state_label(self, approval: Approval) -> tuple[str, str]:
        return approval.state, approval.get_state_display()

    def has_view_permission(self, request: HttpRequest, obj: Approval | None = None) -> bool:
        if super().has_view_permission(request, obj) or request.user.has_perm(DECIDE):
            return True
        return obj is not None and not isinstance(request.user, AnonymousUser) and obj.maker_id == request.user.pk

    # --- pages

    def get_urls(self) -> list[URLPattern]:
        view, name = self.admin_site.admin_view, "operations_approval_"
        actions = [
            path(f"<int:approval_id>/{action}/", view(partial(self.action_view, action=action)), name=f"{name}{action}")
            for action in ACTIONS
        ]
        reveal_url = path("<int:approval_id>/reveal/", view(self.reveal_view), name=f"{name}reveal")
        return [*actions, reveal_url, *super().get_urls()]

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        context: dict[str, Any] = {"boxes": _boxes(request) if self.has_view_permission(request) else []}
        return super().changelist_view(request, {**context, **(extra_context or {})})

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        """The page of one request."""
        approval = self._approval(request, object_id)
        request.current_app = self.admin_site.name  # type: ignore[attr-defined]
        context = {
            **self.admin_site.each_context(request), "opts": self.opts, "original": approval,
            "title": _("Request %(number)s") % {"number": approval.pk},
            **approval_page(request, approval, at=timezone.now()),
        }
        return TemplateResponse(request, "operations/approval.html", context)

    def action_view(self, request: HttpRequest, approval_id: int, action: str) -> HttpResponse:
        """Show once more what it is about, ask for the reason, then decide."""
        approval, at = self._approval(request, approval_id), timezone.now()
        label, is_reason_required, act = ACTIONS[action]
        user = cast(User, request.user)
        if not (approval.maker_id == user.pk if action == "withdraw" else user.has_perm(DECIDE)):
            raise PermissionDenied
        form = DecisionForm(request.POST if request.method == "POST" else None, is_reason_required=is_reason_required)
        if form.is_valid():
            try:
                approval = act(approval, user, form.cleaned_data["reason"], at)
            except PlusdeskError as error:
                messages.error(request, str(error))
            else:
                _tell(request, approval)
            return HttpResponseRedirect(approval_url(approval))
        return ask(
            self, request, approval, form, title=label, submit_label=label,
            template="operations/approval_decide.html", **approval_page(request, approval, at=at),
        )

    @method_decorator(never_cache)
    def reveal_view(self, request: HttpRequest, approval_id: int) -> HttpResponse:
        """Ask why; on a reason, note it and show what of the content is masked, once."""
        approval = self._approval(request, approval_id)
        fields = personal_of(request, approval)
        if not fields:
            raise PermissionDenied
        form = ReasonForm(request.POST or None)
        if request.method != "POST" or not form.is_valid():
            return ask(
                self, request, approval, form, title=_("Show personal data"), submit_label=_("Show"),
                note=_("Who looks, at what and why is kept for ever."),
            )
        reveal(
            approval, ["payload"], reason=form.cleaned_data["reason"], actor=cast(User, request.user),
            at=timezone.now(),
        )
        return ask(
            self, request, approval, form, title=_("Personal data"), submit_label="",
            template="operations/revealed.html", shown=[(name, approval.payload[name]) for name in fields],
        )

    def _approval(self, request: HttpRequest, object_id: str | int) -> Approval:
        approvals = Approval.objects.select_related("maker", "checker", "subject_type")
        is_key = str(object_id).isascii() and str(object_id).isdecimal() and len(str(object_id)) <= 18
        approval = approvals.filter(pk=object_id).first() if is_key else None
        if not self.has_view_permission(request, approval):
            raise PermissionDenied
        if approval is None:
            raise Http404
        return approval


def _minute(at: datetime) -> str:
    return date_format(localtime(at), "Y-m-d H:i")


def _unbroken(text: str) -> SafeString:
    """On one line of its column."""
    return format_html('<span class="whitespace-nowrap">{}</span>', text)


def _tell(request: HttpRequest, approval: Approval) -> None:
    """What came of a decision."""
    if approval.state == State.REFUSED:
        messages.error(request, _("Nothing was done: %(why)s") % {"why": approval.outcome})
    elif approval.state == State.EXECUTED:
        messages.success(request, _("Approved and done: %(what)s") % {"what": approval.outcome})
    else:
        messages.success(request, _("The request is %(state)s.") % {"state": approval.get_state_display()})


def _boxes(request: HttpRequest) -> list[dict[str, Any]]:
    """The links above the list; how many wait is counted."""
    user, at = cast(User, request.user), timezone.now()
    return [
        {
            "label": label, "url": f"?box={name}", "is_chosen": name == box_of(request),
            "figure": str(count_rows(rows(user, at))) if name in ("for_me", "waiting") else "",
        }
        for name, (label, rows) in BOXES.items()
        if name != "for_me" or user.has_perm(DECIDE)
    ]
