"""Executing a large dry run takes a second person: on the page, and by the command."""

from collections.abc import Iterator

import pytest
from django.utils import timezone

from operations.approval_actions import ExecuteDryRun
from operations.dates import business_date
from operations.models import Approval, JobRun, User
from operations.services.approvals import approve
from operations.services.dry_runs import execute_dry_run
from operations.tasks import work_on_run
from tests.operations.approval_stories import a_checker
from tests.operations.job_stories import ShearSheep, a_flock, fresh, registered, woolly
from tests.operations.run_pages import seen, signed_in, someone, url
from tests.operations.test_jobrun_dry_run_pages import foreseen
from tests.operations.test_run_job_command import run

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def shear(monkeypatch: pytest.MonkeyPatch) -> Iterator[ShearSheep]:
    """Here one sheep is as much as one person has shorn."""
    monkeypatch.setattr(ExecuteDryRun, "alone", 1)
    job = ShearSheep()
    with registered(job):
        yield job


def asked() -> tuple[JobRun, Approval]:
    """A dry run of three sheep, whose execution somebody on call asked for."""
    a_flock("white", "white", "black")
    dry_run = foreseen()
    desk = signed_in(someone("oncall", "view_jobrun", "operate_jobrun", "view_approval"))
    desk.post(url(dry_run, "execute"), {"reason": "It is warm."})
    return dry_run, Approval.objects.get()


def approved(request: Approval) -> Approval:
    at, checker = timezone.now(), a_checker("laowang", "view_jobrun")
    return approve(request, checker=checker, decision="", on=business_date(at), at=at)


def test_a_large_dry_run_waits_and_is_then_executed_exactly() -> None:
    dry_run, request = asked()
    assert woolly().count() == 3 and (request.amount, request.reason) == (3, "It is warm.")
    assert "3 records" in request.summary and dict(request.figures)["white wool"] == "2"
    page = seen(signed_in(User.objects.get(username="oncall")), url(dry_run))
    assert "Waiting for approval" in page and "It is warm." in page
    request = approved(request)
    executed = JobRun.objects.get(approved=dry_run)
    assert (request.state, request.result) == ("executed", {"run": executed.pk})
    assert executed.requested_by is not None and executed.requested_by.username == "oncall"
    work_on_run(executed.pk)
    assert not woolly().exists() and fresh(executed).done == 3


def test_a_newer_dry_run_refuses_the_request() -> None:
    _dry_run, request = asked()
    foreseen()
    request = approved(request)
    assert request.state == "refused" and "newer dry run" in request.outcome
    assert woolly().count() == 3


def test_what_was_executed_already_is_not_asked_for() -> None:
    a_flock("white", "white")
    dry_run = foreseen()
    execute_dry_run(dry_run, actor=None, at=timezone.now())
    desk = signed_in(someone("oncall", "view_jobrun", "operate_jobrun"))
    answer = desk.post(url(dry_run, "execute"), {"reason": "It is warm."})
    assert answer.status_code == 422 and "executed already" in answer.content.decode()


def test_a_small_dry_run_is_executed_at_once() -> None:
    a_flock("white")
    dry_run = foreseen()
    desk = signed_in(someone("oncall", "view_jobrun", "operate_jobrun"))
    assert desk.post(url(dry_run, "execute"), {"reason": "It is warm."}).status_code == 302
    assert JobRun.objects.filter(approved=dry_run).exists() and not Approval.objects.exists()


def test_the_command_asks_too_and_exits_with_4() -> None:
    a_flock("white", "white")
    dry_run = foreseen()
    someone("oncall", "view_jobrun", "operate_jobrun")
    code, _out, told = run("shear_sheep", "--execute", dry_run.pk, "--user", "oncall")
    assert code == 4 and str(Approval.objects.get().pk) in told
    code, _out, told = run("shear_sheep", "--execute", dry_run.pk)
    assert code == 4 and "--user" in told
    assert woolly().count() == 2
