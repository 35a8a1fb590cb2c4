"""Job runs in the admin: the list, the page of each run, and the page that starts one."""

from collections.abc import Callable
from datetime import datetime
from functools import partial
from typing import Any, cast

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect, JsonResponse
from django.shortcuts import get_object_or_404
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.formats import number_format
from django.utils.text import capfirst
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_POST
from unfold.contrib.filters.admin import ChoicesDropdownFilter, DropdownFilter, RangeDateFilter
from unfold.decorators import action, display

from operations import registry
from operations.admin.approval_pages import waits_in_words
from operations.admin.base import ReadOnlyAdmin
from operations.admin.dry_run_pages import kinds_in_words
from operations.admin.job_pages import STATE_COLOURS, live_progress, run_page, run_url
from operations.admin.night_pages import nights_page
from operations.admin.reasons import ReasonForm, ask
from operations.approval_actions import ExecuteDryRun
from operations.approvals import Outcome
from operations.dates import business_date
from operations.errors import PlusdeskError
from operations.forms import StartRunForm
from operations.models import Approval, JobRun, User
from operations.models.jobs import Kind
from operations.services import approvals
from operations.services.dry_runs import in_words, start_dry_run, summary
from operations.services.jobs import cancel_run, resume_run
from operations.services.nights import run_again, start_by_hand, startable_jobs

OPERATE = "operations.operate_jobrun"


class JobFilter(DropdownFilter):
    """By the job, from the registry: no query finds out which there are."""

    title = gettext_lazy("job")
    parameter_name = "job"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return [(job.name, job.label) for job in registry.jobs]

    def queryset(self, request: HttpRequest, queryset: QuerySet[JobRun]) -> QuerySet[JobRun]:
        return queryset.filter(job=self.value()) if self.value() else queryset


class KindFilter(DropdownFilter):
    """By what a run is for its date; the lists are read backwards by key, so each stays quick."""

    title = gettext_lazy("kind of run")
    parameter_name = "kind"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return [("night", gettext_lazy("the night's own")), *Kind.choices]

    def queryset(self, request: HttpRequest, queryset: QuerySet[JobRun]) -> QuerySet[JobRun]:
        if self.value() == "night":
            return queryset.of_the_night()  # type: ignore[attr-defined,no-any-return]
        return queryset.filter(scope__startswith=f"{self.value()}@") if self.value() in Kind else queryset


def _cancel(run: JobRun, actor: User, at: datetime) -> tuple[str, JobRun]:
    return _("The run is cancelled; chunks that are done stay done."), cancel_run(run, actor=actor, at=at)


def _resume(run: JobRun, actor: User, at: datetime) -> tuple[str, JobRun]:
    return _("The run goes on with the chunks that are not done."), resume_run(run, actor=actor, at=at)


def _run_again(run: JobRun, actor: User, at: datetime) -> tuple[str, JobRun]:
    return _("The job runs again for this date; what is done already is not done twice."), run_again(
        run, actor=actor, at=at
    )


#: Each takes the run, who and when; returns what to tell the operator, and the run to show.
ACTIONS: dict[str, Callable[[JobRun, User, datetime], tuple[str, JobRun]]] = {
    "cancel": _cancel, "resume": _resume, "again": _run_again,
}


@admin.register(JobRun)
class JobRunAdmin(ReadOnlyAdmin):
    """`view_jobrun` reads, `operate_jobrun` starts, cancels and resumes."""

    list_display = (
        "job_name", "business_date", "scope_name", "state_label", "progress", "requested_by", "requested_at",
        "heartbeat_at",
    )
    list_filter = (("state", ChoicesDropdownFilter), JobFilter, KindFilter, ("business_date", RangeDateFilter))
    list_select_related = ("requested_by",)
    actions_list = ("nights", "start")

    @display(description=gettext_lazy("job"))
    def job_name(self, run: JobRun) -> Any:
        return run.label

    @display(description=gettext_lazy("scope"))
    def scope_name(self, run: JobRun) -> str:
        return JobRun.shown_scope(run.scope)

    @display(description=gettext_lazy("state"), label=STATE_COLOURS)
    def state_label(self, run: JobRun) -> tuple[str, str]:
        return run.state, run.get_state_display()

    @display(description=gettext_lazy("progress"))
    def progress(self, run: JobRun) -> str:
        numbers = {"done": number_format(run.done), "total": number_format(run.total)}
        if run.failed:
            numbers["failed"] = number_format(run.failed)
            return _("%(done)s of %(total)s, %(failed)s failed") % numbers
        return _("%(done)s of %(total)s") % numbers

    # --- who may do what

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return request.user.has_perm(OPERATE) and bool(startable_jobs())

    def has_view_permission(self, request: HttpRequest, obj: JobRun | None = None) -> bool:
        return super().has_view_permission(request, obj) or request.user.has_perm(OPERATE)

    # --- pages

    def get_urls(self) -> list[URLPattern]:
        view, name = self.admin_site.admin_view, "operations_jobrun_"
        actions = [
            path(
                f"<int:run_id>/{action}/", require_POST(view(partial(self.action_view, action=action))),
                name=f"{name}{action}",
            )
            for action in ACTIONS
        ]
        pages = [
            path("<int:run_id>/progress/", view(self.progress_view), name=f"{name}progress"),
            path("<int:run_id>/execute/", view(self.execute_view), name=f"{name}execute"),
        ]
        return [*pages, *actions, *super().get_urls()]

    @action(description=gettext_lazy("Last nights"), permissions=["view"], icon="nights_stay", url_path="nights")
    def nights(self, request: HttpRequest) -> HttpResponse:
        """The last nights, job by job; a button of the list."""
        context = {"title": _("Last nights"), **nights_page(at=timezone.now())}
        return self._page(request, "operations/jobrun_nights.html", context)

    @action(description=gettext_lazy("Start a job"), permissions=["add"], icon="play_arrow", url_path="start")
    def start(self, request: HttpRequest) -> HttpResponse:
        """The list's button."""
        return HttpResponseRedirect(reverse("admin:operations_jobrun_add"))

    def add_view(self, request: HttpRequest, form_url: str = "", extra_context: Any = None) -> HttpResponse:
        """Start a job for a date by hand."""
        if not request.user.has_perm(OPERATE):
            raise PermissionDenied
        at = timezone.now()
        form = StartRunForm(request.POST if request.method == "POST" else None, today=business_date(at))
        if form.is_valid():
            run = self._start(request, form, at=at)
            if run is not None:
                return HttpResponseRedirect(run_url(run))
        context = {"title": _("Start a job"), "form": form, "has_jobs": bool(startable_jobs())}
        return self._page(request, "operations/jobrun_start.html", context)

    def _start(self, request: HttpRequest, form: StartRunForm, *, at: datetime) -> JobRun | None:
        """The run; None when it is refused, with the reason in the form."""
        start = start_dry_run if form.is_dry_run else start_by_hand
        try:
            run = start(
                form.cleaned_data["job"], business_date=form.cleaned_data["business_date"],
                actor=cast(User, request.user), at=at,
            )
        except PlusdeskError as error:
            form.add_error(None, str(error))
            return None
        if run.requested_at == at:
            messages.success(request, _("The run is started."))
        else:
            messages.info(request, _("The job was started for this date before; this is that run."))
        return run

    def execute_view(self, request: HttpRequest, run_id: int) -> HttpResponse:
        """Ask once more, with the figures and for a reason; then do exactly what the dry run foresaw."""
        run, at = self._run(request, run_id), timezone.now()
        if not request.user.has_perm(OPERATE) or not run.is_dry_run:
            raise PermissionDenied
        form = ReasonForm(request.POST if request.method == "POST" else None)
        if form.is_valid():
            try:
                result = approvals.ask(
                    ExecuteDryRun.name, {"run": run.pk}, actor=cast(User, request.user), on=business_date(at), at=at,
                    reason=form.cleaned_data["reason"],
                )
            except PlusdeskError as error:
                form.add_error(None, str(error))
            else:
                return self._told(request, run, result)
        words = _("%(job)s for %(date)s: %(words)s.") % {
            "job": capfirst(run.label), "date": run.business_date, "words": in_words(run, summary(run))
        }
        return ask(
            self, request, run, form, title=_("Execute exactly this"), submit_label=_("Execute"),
            template="operations/jobrun_execute.html", kinds=kinds_in_words(run), words=words,
        )

    @staticmethod
    def _told(request: HttpRequest, dry_run: JobRun, result: Outcome | Approval) -> HttpResponse:
        """To the run that does it, or back to the dry run, which waits for a second person."""
        if isinstance(result, Approval):
            messages.warning(request, waits_in_words(result))
            return HttpResponseRedirect(run_url(dry_run))
        messages.success(request, result.words)
        return HttpResponseRedirect(run_url(JobRun.objects.get(pk=result.data["run"])))

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        """The page of one run."""
        run = self._run(request, object_id)
        context = {"title": run.label, "original": run, **run_page(request, run, at=timezone.now())}
        return self._page(request, "operations/jobrun_page.html", context)

    def progress_view(self, request: HttpRequest, run_id: int) -> HttpResponse:
        """The progress as JSON; the admin marks every page as not to be cached."""
        return JsonResponse(live_progress(self._run(request, run_id), at=timezone.now()))

    def action_view(self, request: HttpRequest, run_id: int, action: str) -> HttpResponse:
        run = self._run(request, run_id)
        if not request.user.has_perm(OPERATE):
            raise PermissionDenied
        try:
            message, run = ACTIONS[action](run, cast(User, request.user), timezone.now())
        except PlusdeskError as error:
            messages.error(request, str(error))
        else:
            messages.success(request, message)
        return HttpResponseRedirect(run_url(run))

    def _run(self, request: HttpRequest, object_id: str | int) -> JobRun:
        if not self.has_view_permission(request):
            raise PermissionDenied
        if not str(object_id).isdecimal() or len(str(object_id)) > 18:
            raise Http404
        runs = JobRun.objects.select_related("requested_by", "cancelled_by", "approved")
        return get_object_or_404(runs, pk=object_id)

    def _page(self, request: HttpRequest, template: str, context: dict[str, Any]) -> HttpResponse:
        request.current_app = self.admin_site.name  # type: ignore[attr-defined]
        page = {**self.admin_site.each_context(request), "opts": self.opts, **context}
        form = context.get("form")
        return TemplateResponse(request, template, page, status=422 if form and form.errors else 200)
