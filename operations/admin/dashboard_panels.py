"""What the first page shows of the ground floor: approvals that wait, the last night, imports."""

from datetime import datetime
from typing import Any, cast

from django.contrib import admin
from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from operations.admin.dashboard import DashboardPanel, Rolled, ToDo, WorkList, list_url
from operations.admin.job_pages import STATE_COLOURS
from operations.models import Approval, BookDifference, ImportBatch, JobRun, User
from operations.roles import ADMINISTRATOR, APPROVER, AUDITOR, CREDIT_CONTROLLER, OPERATOR
from operations.services.approvals import DECIDE, waiting_for
from operations.services.nights import missing_dates

#: Imports that are shown, and as far as waiting requests and differences are counted.
RECENT, MOST = 5, 10_000
#: The job whose runs hold the differences of the books.
AUDIT = "audit_books"


class WaitingApprovals(WorkList):
    """The requests that wait for the user's decision."""

    name = "approvals"
    first_for = (APPROVER,)

    def may_see(self, request: HttpRequest) -> bool:
        return bool(request.user.has_perm(DECIDE))

    def to_do(self, request: HttpRequest) -> list[ToDo]:
        waiting = waiting_for(cast(User, request.user), at=timezone.now()).order_by().values("pk")[: MOST + 1]
        of = str(Approval._meta.verbose_name_plural)
        return [ToDo(of, _("Waiting for me"), capped(waiting.count()), list_url(Approval, "?box=for_me"))]


def capped(count: int) -> str:
    """A count that went no further than MOST + 1."""
    return f"{MOST:,}+" if count > MOST else f"{count:,}"


class JobsPanel(DashboardPanel):
    """The runs of the newest business date that has any, what is missing, and what the books' audit found."""

    name = "jobs"
    title = gettext_lazy("The last night")
    template = "operations/dashboard_jobs.html"
    permission = "operations.view_jobrun"
    first_for = (AUDITOR, ADMINISTRATOR)

    def context(self, request: HttpRequest, rolled: Rolled, *, at: datetime) -> dict[str, Any]:
        nights = JobRun.objects.of_the_night()
        newest = nights.order_by("-pk").values_list("business_date", flat=True).first()
        runs = list(nights.filter(business_date=newest).order_by("pk")) if newest else []
        audit = nights.filter(job=AUDIT, state=JobRun.State.SUCCEEDED).order_by("-business_date").first()
        differences = BookDifference.objects.filter(run=audit).values("pk")[: MOST + 1].count() if audit else 0
        shown = [(run, STATE_COLOURS[JobRun.State(run.state)]) for run in runs]
        return {
            "date": newest, "done": [each for each in shown if each[0].state == JobRun.State.SUCCEEDED],
            "others": [each for each in shown if each[0].state != JobRun.State.SUCCEEDED],
            "missing": sum(len(days) for days in missing_dates(at).values()),
            "audit": audit, "differences": capped(differences), "has_differences": bool(differences),
            "nights_url": reverse("admin:operations_jobrun_nights"),
        }


class ImportsPanel(DashboardPanel):
    """The newest imports, as their list shows them to the user."""

    name = "imports"
    title = gettext_lazy("Recent imports")
    template = "operations/dashboard_imports.html"
    permission = "operations.view_importbatch"
    first_for = (OPERATOR, CREDIT_CONTROLLER)

    def context(self, request: HttpRequest, rolled: Rolled, *, at: datetime) -> dict[str, Any]:
        found = admin.site._registry[ImportBatch].get_queryset(request).order_by("-pk")[:RECENT]
        return {"batches": list(found), "list_url": list_url(ImportBatch)}


PANELS = (JobsPanel, ImportsPanel)
WORK_LISTS = (WaitingApprovals,)
