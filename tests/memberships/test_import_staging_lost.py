"""PostgreSQL crashed between the check of a file and its confirmation: nothing is approved of rows that are gone."""

from datetime import timedelta

import pytest
from django.utils import translation

from memberships.models import Enrolment, StagedAdjustment
from memberships.services.points_adjustments import ADJUST_POINTS
from operations.approval_actions import ConfirmImport
from operations.dates import business_date
from operations.errors import ApprovalError, ImportStateError
from operations.imports import staging
from operations.models import Approval, ImportBatch, User
from operations.services.approvals import approve, ask, refuse_nobody
from operations.services.imports import confirm_import, recheck_import
from tests.memberships.admin_pages import granted, may_alone
from tests.memberships.factories import an_operator
from tests.memberships.order_import_stories import AT, checked, worked
from tests.memberships.points_stories import a_wallet, balance
from tests.memberships.test_adjustment_import import KIND, file_of, row

pytestmark = pytest.mark.django_db
ON = business_date(AT)


@pytest.fixture(autouse=True)
def _in_english(_house_language: None) -> None:
    translation.activate("en")


@pytest.fixture
def wallet() -> Enrolment:
    return a_wallet()


@pytest.fixture
def xiaomei() -> User:
    """She may import many rows, and give up to a thousand points, alone."""
    operator = granted(an_operator(), "memberships.adjust_points")
    may_alone(operator, ConfirmImport.name, 10)
    may_alone(operator, ADJUST_POINTS, 1_000)
    return operator


def a_gift(wallet: Enrolment, *, by: User) -> ImportBatch:
    """Five thousand points: more than Xiaomei gives alone."""
    return checked(file_of(row(wallet.member.number, "5000")), by=User.objects.get(pk=by.pk), kind=KIND)


def crash(batch: ImportBatch) -> None:
    """What the recovery of PostgreSQL does to an UNLOGGED table."""
    staging.empty_partition(StagedAdjustment, batch)


def asked(batch: ImportBatch, *, by: User) -> object:
    payload = ConfirmImport.payload_of(batch, preview_key=batch.preview_key, file_sha256=batch.file_sha256)
    return ask(ConfirmImport.name, payload, actor=by, reason="配送延误", on=ON, at=AT)


def test_file_whose_checked_rows_are_gone_is_not_confirmed_as_one_of_no_points(
    xiaomei: User, wallet: Enrolment
) -> None:
    batch = a_gift(wallet, by=xiaomei)
    crash(batch)
    with pytest.raises(ImportStateError, match="check the file again"):
        asked(batch, by=xiaomei)
    with pytest.raises(ImportStateError, match="check the file again"):
        confirm_import(
            batch, preview_key=batch.preview_key, file_sha256=batch.file_sha256, actor=batch.uploaded_by, at=AT
        )
    batch.refresh_from_db()
    assert (batch.state, batch.apply_run) == (ImportBatch.State.CHECKED, None)
    # Checked again, it is weighed by its points.
    later = AT + timedelta(minutes=5)
    batch = worked(recheck_import(batch, actor=User.objects.get(pk=xiaomei.pk), at=later))
    assert isinstance(asked(batch, by=xiaomei), Approval)


def test_request_that_waited_through_the_crash_is_refused_and_nothing_is_applied(
    xiaomei: User, wallet: Enrolment
) -> None:
    batch = a_gift(wallet, by=xiaomei)
    request = asked(batch, by=xiaomei)
    assert isinstance(request, Approval)
    crash(batch)
    checker = granted(an_operator("laowang"), "operations.decide_approval", "operations.view_importbatch")
    decided = approve(request, checker=checker, decision="", on=ON, at=AT)
    assert decided.state == Approval.State.REFUSED and "check the file again" in decided.outcome
    assert ImportBatch.objects.get(pk=batch.pk).state == ImportBatch.State.CHECKED
    assert balance(wallet) == 0


def test_file_of_nobody_is_weighed_by_what_is_there(xiaomei: User, wallet: Enrolment) -> None:
    batch = a_gift(wallet, by=xiaomei)
    payload = ConfirmImport.payload_of(batch, preview_key=batch.preview_key, file_sha256=batch.file_sha256)
    with pytest.raises(ApprovalError):
        refuse_nobody(ConfirmImport.name, payload)
