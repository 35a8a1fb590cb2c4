"""An undo that cannot take everything back: what is in the way is named, and once it is gone the rest goes too."""

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from memberships.models import EnterpriseCustomer
from memberships.services.customers import change_customer
from operations.errors import RunStateError
from operations.models import JobRun, User
from operations.services.import_previews import row_faults
from operations.services.imports import undo_import
from operations.services.jobs import cancel_run, resume_run, take_chunk, work_chunk
from tests.customer_files import a_row
from tests.memberships.factories import a_firm, an_operator
from tests.memberships.import_stories import (
    Outcome,
    State,
    a_classic_card,
    a_full_row,
    applied,
    confirmed,
    customers,
    fresh,
    full_file,
    lines,
    previewed,
    undone,
    worked,
)

pytestmark = pytest.mark.django_db
Firm = EnterpriseCustomer


@pytest.fixture
def xiaomei() -> User:
    a_classic_card()
    return an_operator()


def parked(run: JobRun | None) -> bool:
    return run is None or run.chunks.filter(state="parked").exists()


def test_rows_whose_old_external_id_was_taken_meanwhile_are_kept_and_the_others_undone(xiaomei: User) -> None:
    applied(full_file(a_full_row(number) for number in range(1, 6)), by=xiaomei)
    before = customers(with_keys=True)
    batch = applied(full_file(a_full_row(n, 外部编号=f"SAP-{n}", 城市="宁波市") for n in range(1, 6)), by=xiaomei)
    thief = a_firm(external_id="ERP-3")
    batch = undone(batch, by=xiaomei)
    assert (batch.state, batch.undone) == (State.PARTLY_UNDONE, 4)
    assert lines(batch, Outcome.KEPT) == [4] and not parked(batch.undo_run)
    assert Firm.objects.get(external_id="SAP-3").city == "宁波市"
    Firm.objects.filter(pk=thief.pk).update(external_id=None)
    batch = undone(batch, by=xiaomei)
    assert (batch.state, batch.undone, lines(batch, Outcome.KEPT)) == (State.UNDONE, 5, [])
    Firm.objects.filter(pk=thief.pk).delete()
    assert customers(with_keys=True) == before


def test_rows_whose_old_credit_code_was_taken_meanwhile_are_kept(xiaomei: User) -> None:
    applied(full_file([a_full_row(1), a_full_row(2)]), by=xiaomei)
    batch = applied(full_file([a_full_row(7, 外部编号="ERP-1"), a_full_row(8, 外部编号="ERP-2")]), by=xiaomei)
    a_firm(credit_code=a_row(1)["统一社会信用代码"])
    batch = undone(batch, by=xiaomei)
    assert (batch.state, lines(batch, Outcome.KEPT), lines(batch, Outcome.UNDONE)) == (State.PARTLY_UNDONE, [2], [3])
    assert not parked(batch.undo_run)


def test_customers_never_exchange_external_ids_by_a_list(xiaomei: User) -> None:
    applied(full_file(a_full_row(number) for number in (1, 2, 3)), by=xiaomei)
    before = customers()
    rows = [a_full_row(1, 外部编号="ERP-2"), a_full_row(2, 外部编号="ERP-1"), a_full_row(3, 外部编号="ERP-9")]
    batch = previewed(full_file(rows), by=xiaomei, skips_invalid=True)
    assert [(fault.line, fault.code) for fault in row_faults(batch)] == [(2, "two_customers"), (3, "two_customers")]
    batch = worked(confirmed(batch))
    assert (batch.state, batch.applied) == (State.APPLIED, 1)
    assert undone(batch, by=xiaomei).state == State.UNDONE
    assert customers() == before


def test_nor_do_they_pass_an_external_id_on_in_a_ring(xiaomei: User) -> None:
    applied(full_file(a_full_row(number) for number in (1, 2)), by=xiaomei)
    rows = [a_full_row(1, 外部编号="ERP-2"), a_full_row(2, 外部编号="ERP-9"), a_full_row(5, 外部编号="ERP-1")]
    batch = previewed(full_file(rows), by=xiaomei, skips_invalid=True)
    assert {fault.line for fault in row_faults(batch)} >= {2, 4}
    batch = worked(confirmed(batch))
    assert (batch.state, batch.applied) == (State.APPLIED, 1)
    assert Firm.objects.get(external_id="ERP-9").credit_code == a_row(2)["统一社会信用代码"]


def test_an_external_id_taken_since_the_preview_leaves_the_row_out(xiaomei: User) -> None:
    applied(full_file([a_full_row(1), a_full_row(2)]), by=xiaomei)
    batch = previewed(full_file([a_full_row(1, 外部编号="SAP-1"), a_full_row(2, 外部编号="SAP-2")]), by=xiaomei)
    a_firm(external_id="SAP-1")
    batch = worked(confirmed(batch))
    assert (batch.state, lines(batch, Outcome.LEFT_OUT), batch.applied) == (State.APPLIED, [2], 1)
    assert not parked(batch.apply_run)


def test_a_later_import_that_was_undone_is_no_longer_in_the_way(xiaomei: User) -> None:
    first = applied(full_file([a_full_row(1), a_full_row(2)]), by=xiaomei)
    second = applied(full_file([a_full_row(1, 城市="宁波市", 手机号="13712345678", 申请账期="60")]), by=xiaomei)
    first = undone(first, by=xiaomei)
    assert (first.state, lines(first, Outcome.KEPT), first.undone) == (State.PARTLY_UNDONE, [2], 1)
    assert undone(second, by=xiaomei).state == State.UNDONE
    first = undone(first, by=xiaomei)
    assert (first.state, first.applied, first.undone) == (State.UNDONE, 0, 2)
    assert not Firm.objects.exists()


def test_a_row_that_a_person_changed_stays_however_often_the_import_is_undone(xiaomei: User) -> None:
    first = applied(full_file([a_full_row(1)]), by=xiaomei)
    change_customer(Firm.objects.get(), changes={"city": "嘉兴市"}, reason="moved", actor=xiaomei)
    second = applied(full_file([a_full_row(1, 城市="宁波市")]), by=xiaomei)
    undone(second, by=xiaomei)
    for _again in range(2):
        first = undone(first, by=xiaomei)
        assert (first.state, lines(first, Outcome.KEPT)) == (State.PARTLY_UNDONE, [2])
    assert Firm.objects.get().city == "嘉兴市"


def test_a_new_undo_takes_over_from_one_that_was_stopped(xiaomei: User, settings: Any) -> None:
    settings.IMPORT_CHUNK_ROWS = 5
    batch = applied(full_file(a_full_row(number) for number in range(1, 20)), by=xiaomei)
    batch = undo_import(batch, actor=xiaomei, at=timezone.now())
    assert batch.undo_run is not None
    chunk = take_chunk(batch.undo_run, at=timezone.now())
    assert chunk is not None
    work_chunk(batch.undo_run, chunk, clock=timezone.now)
    stopped = cancel_run(batch.undo_run, actor=xiaomei, at=timezone.now())
    again = undo_import(fresh(batch), actor=xiaomei, at=timezone.now() + timedelta(seconds=1))
    with pytest.raises(RunStateError):
        resume_run(stopped, actor=xiaomei, at=timezone.now())
    batch = worked(again)
    assert (batch.state, batch.undone) == (State.UNDONE, 19)
    assert not Firm.objects.exists()
