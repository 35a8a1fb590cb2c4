"""Large imports take a second person: on the page, and by the command."""

import io
import json
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.test import Client
from django.utils import timezone, translation

from memberships.models import EnterpriseCustomer, Plan
from operations.approval_actions import ConfirmImport
from operations.dates import business_date
from operations.models import Approval, ImportBatch, User
from operations.services.approvals import approve
from operations.services.imports import discard_import
from tests.customer_files import a_row, csv_file
from tests.memberships.factories import an_annual_card, an_operator, jd_plus_enterprise
from tests.operations.approval_stories import a_checker
from tests.operations.test_import_pages import act, allowed, seen, signed_in, uploaded, worked

pytestmark = pytest.mark.django_db
State = ImportBatch.State


@pytest.fixture(autouse=True)
def card(monkeypatch: pytest.MonkeyPatch) -> Plan:
    """Here a single row is as much as one person imports."""
    monkeypatch.setattr(ConfirmImport, "alone", 1)
    return an_annual_card(jd_plus_enterprise(), code="classic", name="经典卡", name_en="Classic card")


@pytest.fixture
def xiaomei() -> User:
    return allowed(an_operator(), "import_enterprisecustomer", "view_enterprisecustomer", "view_approval")


def confirm(desk: Client, batch: ImportBatch, **more: str) -> str:
    return act(desk, batch, "confirm", preview_key=batch.preview_key, file_sha256=batch.file_sha256, **more)


def approved(request: Approval) -> Approval:
    at = timezone.now()
    checker = User.objects.filter(username="laowang").first() or a_checker("laowang", "view_importbatch")
    return approve(request, checker=checker, decision="", on=business_date(at), at=at)


def test_a_large_import_waits_for_a_second_person_and_is_applied_then(xiaomei: User) -> None:
    desk = signed_in(xiaomei)
    batch = uploaded(desk, [a_row(1), a_row(2)])
    assert "So much takes a second person (2 rows)" in seen(desk, batch)
    page = confirm(desk, batch, reason="春节名单")
    assert "This takes a second person." in page and "Look at the request" in page
    request = Approval.objects.get()
    assert (request.amount, request.reason, request.subject_id) == (2, "春节名单", batch.pk)
    assert not EnterpriseCustomer.objects.exists() and "2 new" in request.summary
    assert approved(request).state == "executed"
    batch = worked(batch)
    assert (batch.state, batch.applied, batch.uploaded_by) == (State.APPLIED, 2, xiaomei)


def test_a_small_import_asks_nobody(xiaomei: User) -> None:
    desk = signed_in(xiaomei)
    batch = uploaded(desk, [a_row(1)])
    assert "second person" not in seen(desk, batch) and "is being applied" in confirm(desk, batch)
    assert not Approval.objects.exists()


def test_pressing_twice_is_one_request_and_after_it_was_applied_none(xiaomei: User) -> None:
    desk = signed_in(xiaomei)
    batch = uploaded(desk, [a_row(1), a_row(2)])
    confirm(desk, batch)
    confirm(desk, batch)
    assert Approval.objects.count() == 1
    approved(Approval.objects.get())
    worked(batch)
    assert "not waiting to be confirmed" in confirm(desk, batch)
    assert Approval.objects.count() == 1


def test_a_preview_that_was_discarded_or_checked_again_is_not_applied(xiaomei: User) -> None:
    desk = signed_in(xiaomei)
    for undo in (lambda batch: discard_import(batch, actor=xiaomei, at=timezone.now()),
                 lambda batch: (act(desk, batch, "recheck"), worked(batch))):
        batch = uploaded(desk, [a_row(1), a_row(2)])
        confirm(desk, batch)
        undo(batch)
        request = approved(Approval.objects.latest("pk"))
        assert request.state == "refused" and "has changed since" in request.outcome
    assert not EnterpriseCustomer.objects.exists()


def test_a_colleague_cannot_ask_for_what_somebody_else_looked_at(xiaomei: User) -> None:
    batch = uploaded(signed_in(xiaomei), [a_row(1), a_row(2)])
    daming = signed_in(allowed(an_operator("daming"), "import_enterprisecustomer"))
    assert "This is not the preview you saw" in confirm(daming, batch)
    assert not Approval.objects.exists()


def test_undoing_a_large_import_takes_a_second_person_too(xiaomei: User) -> None:
    desk = signed_in(xiaomei)
    batch = uploaded(desk, [a_row(1), a_row(2)])
    confirm(desk, batch, reason="春节名单")
    approved(Approval.objects.get())
    batch = worked(batch)
    assert "So much takes a second person (2 rows): undoing" in seen(desk, batch)
    assert "This takes a second person." in act(desk, batch, "undo", reason="搞错了")
    assert ImportBatch.objects.get(pk=batch.pk).state == State.APPLIED
    request = Approval.objects.latest("pk")
    assert (request.action, request.amount, request.reason) == ("undo_import", 2, "搞错了")
    assert approved(request).state == "executed"
    assert worked(batch).state == State.UNDONE and not EnterpriseCustomer.objects.exists()


# --- by command


def command(path: Path, *options: str) -> tuple[dict[str, Any], int, str]:
    """What was printed, the exit code, and what was told besides."""
    out, err = io.StringIO(), io.StringIO()
    with translation.override("en"), pytest.raises(SystemExit) as end:
        call_command("import_file", "enterprise-customers", str(path), "--json", *options, stdout=out, stderr=err)
    assert isinstance(end.value.code, int)
    return json.loads(out.getvalue()), end.value.code, err.getvalue()


@pytest.fixture
def path(tmp_path: Path) -> Path:
    (tmp_path / "firms.csv").write_bytes(csv_file([a_row(1), a_row(2)]))
    return tmp_path / "firms.csv"


def test_the_command_leaves_a_large_import_to_a_second_person_and_exits_with_4(xiaomei: User, path: Path) -> None:
    printed, code, told = command(path, "--apply", "--user", "xiaomei", "--reason", "春节名单")
    request = Approval.objects.get()
    assert (printed["approval"], printed["applied"], code) == (request.pk, 0, 4)
    assert "This takes a second person." in told and request.reason == "春节名单"
    assert approved(request).state == "executed"
    assert worked(ImportBatch.objects.get()).applied == 2


def test_without_a_name_the_command_imports_no_more_than_anybody_may(path: Path) -> None:
    with translation.override("en"), pytest.raises(CommandError, match="with --user") as error:
        call_command("import_file", "enterprise-customers", str(path), "--apply", stdout=io.StringIO())
    assert error.value.returncode == 4
    assert ImportBatch.objects.get().state == State.DISCARDED and not EnterpriseCustomer.objects.exists()
    path.write_bytes(csv_file([a_row(1)]))
    assert command(path, "--apply")[1] == 0


def test_a_name_that_may_not_import_imports_nothing_by_command(path: Path) -> None:
    an_operator("daming")
    with translation.override("en"), pytest.raises(CommandError, match="You may not do this") as error:
        call_command("import_file", "enterprise-customers", str(path), "--apply", "--user", "daming")
    assert error.value.returncode == 4 and not EnterpriseCustomer.objects.exists()
