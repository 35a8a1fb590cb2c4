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
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_POST
from unfold.contrib.filters.admin import ChoicesDropdownFilter, DropdownFilter, RangeDateFilter
from unfold.decorators import action, display

from operations import registry
from operations.admin.base import ReadOnlyAdmin
from operations.admin.job_pages import STATE_COLOURS, live_progress, run_page, run_url, scope_label
from operations.errors import PlusdeskError
from operations.forms import StartRunForm
from operations.models import JobRun, User
from operations.services.jobs import cancel_run, resume_run, start_run
from operations.services.nights import startable_jobs

OPERATE = "operations.operate_jobrun"


class JobFilter(DropdownFilter):
    """By the job, from the registry: no query finds out which there are."""

    title = gettext_lazy("job")
    parameter_name = "job"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return [(job.name, job.label) for job in registry.jobs]

    def queryset(self, request: HttpRequest, queryset: QuerySet[JobRun]) -> QuerySet[JobRun]:
        return queryset.filter(job=self.value()) if self.value() else queryset


def _cancel(run: JobRun, actor: User, at: datetime) -> str:
    cancel_run(run, actor=actor, at=at)
    return _("The run is cancelled; chunks that are done stay done.")


def _resume(run: JobRun, actor: User, at: datetime) -> str:
    resume_run(run, actor=actor, at=at)
    return _("The run goes on with the chunks that are not done.")


#: Each takes the run, who and when; returns what to tell the operator.
ACTIONS: dict[str, Callable[[JobRun, User, datetime], str]] = {"cancel": _cancel, "resume": _resume}


@admin.register(JobRun)
class JobRunAdmin(ReadOnlyAdmin):
    """`view_jobrun` reads, `operate_jobrun` starts, cancels and resumes."""

    list_display = (
        "job_name", "business_date", "scope_name", "state_label", "progress", "requested_by", "requested_at",
        "heartbeat_at",
    )
    list_filter = (("state", ChoicesDropdownFilter), JobFilter, ("business_date", RangeDateFilter))
    list_select_related = ("requested_by",)
    actions_list = ("start",)

    @display(description=gettext_lazy("job"))
    def job_name(self, run: JobRun) -> Any:
        return run.label

    @display(description=gettext_lazy("scope"))
    def scope_name(self, run: JobRun) -> str:
        return scope_label(run)

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
        progress = path("<int:run_id>/progress/", view(self.progress_view), name=f"{name}progress")
        return [progress, *actions, *super().get_urls()]

    @action(description=gettext_lazy("Start a job"), permissions=["add"], icon="play_arrow", url_path="start")
    def start(self, request: HttpRequest) -> HttpResponse:
        """The list's button."""
        return HttpResponseRedirect(reverse("admin:operations_jobrun_add"))

    def add_view(self, request: HttpRequest, form_url: str = "", extra_context: Any = None) -> HttpResponse:
        """Start a job for a date by hand."""
        if not request.user.has_perm(OPERATE):
            raise PermissionDenied
        form = StartRunForm(request.POST if request.method == "POST" else None, today=timezone.localdate())
        if form.is_valid():
            run = self._start(request, form)
            if run is not None:
                return HttpResponseRedirect(run_url(run))
        context = {"title": _("Start a job"), "form": form, "has_jobs": bool(startable_jobs())}
        return self._page(request, "operations/jobrun_start.html", context)

    def _start(self, request: HttpRequest, form: StartRunForm) -> JobRun | None:
        """The run; None when the job refuses, with its reason in the form."""
        at = timezone.now()
        try:
            run = start_run(
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
            message = ACTIONS[action](run, cast(User, request.user), timezone.now())
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
        return get_object_or_404(JobRun.objects.select_related("requested_by", "cancelled_by"), pk=object_id)

    def _page(self, request: HttpRequest, template: str, context: dict[str, Any]) -> HttpResponse:
        request.current_app = self.admin_site.name  # type: ignore[attr-defined]
        page = {**self.admin_site.each_context(request), "opts": self.opts, **context}
        form = context.get("form")
        return TemplateResponse(request, template, page, status=422 if form and form.errors else 200)
