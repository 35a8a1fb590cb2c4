"""What the audit trail says of rows that an import wrote: why, by which batch, for whom."""

from typing import Any

import pytest
from django.db.models import Model
from django.utils import timezone
from django.utils.translation import override

from memberships.models import EnterpriseCustomer, MemberContact
from operations.models import ImportBatch, User
from operations.services.jobs import cancel_run, resume_run, take_chunk, work_chunk
from tests import customer_imports
from tests.customer_files import a_row, csv_file
from tests.memberships.factories import an_operator
from tests.memberships.import_stories import (
    State,
    a_classic_card,
    applied,
    apply_run,
    confirmed,
    fresh,
    previewed,
    undone,
    worked,
)

pytestmark = pytest.mark.django_db


@pytest.fixture
def xiaomei() -> User:
    a_classic_card()
    return an_operator()


def trail(model: type[Model]) -> list[dict[str, Any]]:
    """The context of each event of the model's rows, oldest first."""
    events = model._meta.get_field("audit_events").related_model._default_manager.order_by("pgh_id")  # type: ignore[union-attr]
    return [event.pgh_context.metadata for event in events.select_related("pgh_context")]


def test_imported_rows_say_why_and_by_which_batch_and_by_whom(xiaomei: User) -> None:
    with override("en"):
        batch = previewed(csv_file([a_row(1)]), by=xiaomei)
    batch = worked(confirmed(batch))
    undone(batch, by=xiaomei)
    for model in (EnterpriseCustomer, MemberContact):
        written, taken_back = trail(model)
        assert (written["job"], written["reason"]) == ("apply_import", "import confirmed")
        assert (taken_back["job"], taken_back["reason"]) == ("undo_import", "import undone")
        for said in (written, taken_back):
            assert (said["batch"], said["user"]) == (batch.pk, xiaomei.pk)
            assert "source" not in said


def test_the_reason_is_said_in_the_language_of_the_import(xiaomei: User) -> None:
    with override("zh-hans"):
        applied(csv_file([a_row(1)]), by=xiaomei)
    assert trail(EnterpriseCustomer)[0]["reason"] == "导入已确认"


def test_rows_imported_by_command_without_a_user_name_the_command(xiaomei: User) -> None:
    batch = customer_imports.applied(csv_file([a_row(1)]))
    (said,) = trail(EnterpriseCustomer)
    assert (said["batch"], said["source"], said["reason"]) == (batch.pk, "import_file", "import confirmed")
    assert "user" not in said


def test_rows_written_after_a_resumption_stay_those_of_whoever_confirmed(xiaomei: User, settings: Any) -> None:
    settings.IMPORT_CHUNK_ROWS = 5
    batch = confirmed(previewed(csv_file([a_row(number) for number in range(1, 11)]), by=xiaomei))
    run = apply_run(batch)
    chunk = take_chunk(run, at=timezone.now())
    assert chunk is not None
    work_chunk(run, chunk, clock=timezone.now)
    run = cancel_run(run, actor=xiaomei, at=timezone.now())
    lilei = an_operator("lilei")
    with override("en"):
        run = resume_run(run, actor=lilei, at=timezone.now())
    assert run.requested_by == xiaomei
    resumed = trail(ImportBatch)[-1]
    assert (resumed["user"], resumed["reason"]) == (lilei.pk, "resumed")
    assert fresh(batch).state == State.APPLYING
    assert worked(batch).state == State.APPLIED
    assert {said["user"] for said in trail(EnterpriseCustomer)} == {xiaomei.pk}
