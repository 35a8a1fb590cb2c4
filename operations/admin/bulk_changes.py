"""Bulk actions: a choice is looked at, figure by figure, and done for a reason; what came of each stays to be read."""

from typing import Any, cast

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy
from unfold.decorators import display

from operations import registry
from operations.admin.approval_pages import open_requests, waits_in_words
from operations.admin.base import ReadOnlyAdmin
from operations.admin.job_pages import live_progress
from operations.admin.reasons import ReasonForm, record_url
from operations.bulk import BulkAction
from operations.dates import business_date
from operations.errors import PlusdeskError
from operations.models import Approval, BulkChange, BulkRow, User
from operations.services.bulk_changes import action_of, awaits_answers, confirm, give, preview, sum_of

State, Outcome = BulkChange.State, BulkRow.Outcome
STATE_COLOURS = {State.DRAFT: "info", State.WAITING: "warning", State.RUNNING: "info", State.DONE: "success"}
OUTCOME_COLOURS = {
    Outcome.CHOSEN: "", Outcome.DONE: "success", Outcome.REFUSED: "danger", Outcome.LEFT_OUT: "warning",
}
#: Rows that a page shows.
PAGE = 100


@admin.register(BulkChange)
class BulkChangeAdmin(ReadOnlyAdmin):
    """What was done to many records at once; the page of a choice shows what would be done, and has it done."""

    list_display = ("action_column", "state_column", "made_by", "made_at", "reason", "checker")
    list_select_related = ("made_by", "checker")

    @admin.display(description=gettext_lazy("action"))
    def action_column(self, change: BulkChange) -> str:
        return str(change.shown_action)

    @display(description=gettext_lazy("state"), label=STATE_COLOURS)
    def state_column(self, change: BulkChange) -> tuple[str, str]:
        return change.state, change.get_state_display()

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """Look at the rows; confirm one's own choice with a reason."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        change = self.get_object(request, object_id)
        if change is None or registry.bulk_actions.find(change.action) is None:
            raise Http404
        action = action_of(change)
        view = f"{action.model._meta.app_label}.view_{action.model._meta.model_name}"
        if not (request.user.has_perm(view) or request.user.has_perm(action.permission)):
            raise PermissionDenied
        may_confirm = change.made_by_id == request.user.pk and request.user.has_perm(action.permission)
        form = ReasonForm(request.POST if request.method == "POST" else None)
        if request.method == "POST" and not may_confirm:
            raise PermissionDenied
        if awaits_answers(change):
            return self._asking(request, change, action, may_answer=may_confirm)
        if request.method == "POST" and form.is_valid() and self._confirm(request, change, form):
            return HttpResponseRedirect(record_url(change))
        return self._page(request, change, action, form, may_confirm=may_confirm)

    def _asking(
        self, request: HttpRequest, change: BulkChange, action: BulkAction, *, may_answer: bool
    ) -> HttpResponse:
        """What has to be said for all records first."""
        at = timezone.now()
        on = business_date(at)
        records = action.records(list(change.rows.values_list("key", flat=True)))
        form = action.form(records, request.POST if request.method == "POST" else None, on=on)
        if request.method == "POST" and form.is_valid():
            give(change, form.cleaned_data, on=on, actor=cast(User, request.user))
            return HttpResponseRedirect(record_url(change))
        request.current_app = self.admin_site.name  # type: ignore[attr-defined]
        context = {
            **self.admin_site.each_context(request), "opts": self.opts, "original": change, "title": str(action.label),
            "change": change, "action": action, "form": form, "may_answer": may_answer, "count": len(records),
            "back_url": _list_of(action),
        }
        return TemplateResponse(
            request, "operations/bulk_asking.html", context, status=422 if form.errors else 200
        )

    def _confirm(self, request: HttpRequest, change: BulkChange, form: ReasonForm) -> bool:
        """Whether it goes on, or waits; what speaks against it stands in the form."""
        at = timezone.now()
        try:
            result = confirm(
                change, reason=form.cleaned_data["reason"], on=business_date(at), at=at,
                actor=cast(User, request.user),
            )
        except PlusdeskError as error:
            form.add_error(None, str(error))
            return False
        if isinstance(result, Approval):
            messages.warning(request, waits_in_words(result))
        return True

    def _page(
        self, request: HttpRequest, change: BulkChange, action: BulkAction, form: ReasonForm, *, may_confirm: bool
    ) -> HttpResponse:
        at = timezone.now()
        requests = open_requests(request, change, at=at)
        is_open = change.state == State.DRAFT or (change.state == State.WAITING and not requests)
        rows = list(change.rows.order_by("place"))
        page = request.GET.get("page", "1")
        first = PAGE * (int(page) - 1) if page.isascii() and page.isdigit() and 0 < int(page) < 100 else 0
        # Of a choice all rows are looked at, for the figures; of what was done only those that are shown.
        looked_at = preview(change, rows if is_open else rows[first : first + PAGE], on=business_date(at))
        possible = [each for each in looked_at if each.foreseen and each.foreseen.is_possible and not each.has_changed]
        request.current_app = self.admin_site.name  # type: ignore[attr-defined]
        context = {
            **self.admin_site.each_context(request), "opts": self.opts, "original": change, "title": str(action.label),
            "change": change, "action": action, "form": form, "open_requests": requests, "is_open": is_open,
            "may_confirm": may_confirm and is_open, "count": len(rows), "sum": sum_of(change),
            "has_sum": any(row.amount is not None for row in rows), "possible": len(possible),
            "impossible": len(looked_at) - len(possible), "outcomes": _outcomes(rows),
            "state_colour": STATE_COLOURS[State(change.state)],
            "rows": [
                (each, action.title(each.record) if each.record is not None else f"#{each.row.key}",
                 OUTCOME_COLOURS[Outcome(each.row.outcome)],
                 record_url(each.record) if each.record is not None else "")
                for each in (looked_at[first : first + PAGE] if is_open else looked_at)
            ],
            "earlier": f"?page={first // PAGE}" if first else "",
            "later": f"?page={first // PAGE + 2}" if first + PAGE < len(rows) else "",
            "live": live_progress(change.run, at=at) if change.state == State.RUNNING and change.run else None,
            "back_url": _list_of(action), "given": action.given_in_words(),
        }
        return TemplateResponse(
            request, "operations/bulk_change.html", context, status=422 if form.errors else 200
        )


def _list_of(action: BulkAction) -> str:
    return reverse(f"admin:{action.model._meta.app_label}_{action.model._meta.model_name}_changelist")


def _outcomes(rows: list[BulkRow]) -> list[tuple[str, int, str]]:
    """How many came to what."""
    counted = [(outcome, sum(row.outcome == outcome for row in rows)) for outcome in Outcome]
    return [(str(outcome.label), count, OUTCOME_COLOURS[outcome]) for outcome, count in counted if count]
