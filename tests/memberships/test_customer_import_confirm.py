"""Confirming an import: bound to operator, file and preview, done once, however often and by whomever it is asked."""

import threading
import uuid
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from django.db import connection
from django.utils import timezone
from structlog.testing import capture_logs

from memberships.models import EnterpriseCustomer
from operations.errors import ImportStateError, PreviewChangedError
from operations.models import ImportBatch, JobRun, User
from operations.services.imports import confirm_import, discard_import, recheck_import
from tests.customer_files import a_bad_row, a_row, csv_file
from tests.memberships.factories import an_operator
from tests.memberships.import_stories import (
    Outcome,
    State,
    a_classic_card,
    a_full_row,
    apply_run,
    confirmed,
    customers,
    fresh,
    full_file,
    lines,
    previewed,
    worked,
)


@pytest.fixture
def xiaomei(db: None) -> User:
    a_classic_card()
    return an_operator()


@pytest.fixture
def batch(xiaomei: User) -> ImportBatch:
    return previewed(csv_file([a_row(1), a_row(2)]), by=xiaomei)


def confirm(batch: ImportBatch, **other: Any) -> ImportBatch:
    """Confirm a preview, but for what is said to be another."""
    seen = {"preview_key": batch.preview_key, "file_sha256": batch.file_sha256, "actor": batch.uploaded_by, **other}
    return confirm_import(batch, at=timezone.now(), **seen)


def assert_nothing_happened(batch: ImportBatch) -> None:
    assert fresh(batch).state == State.CHECKED
    assert not JobRun.objects.filter(job="apply_import").exists()


@pytest.mark.parametrize(
    "other",
    [{"preview_key": uuid.uuid4()}, {"preview_key": None}, {"file_sha256": "0" * 64}, {"actor": None}],
    ids=["preview", "no preview", "file", "nobody"],
)
def test_another_preview_file_or_operator_confirms_nothing(batch: ImportBatch, other: dict[str, Any]) -> None:
    with pytest.raises(PreviewChangedError):
        confirm(batch, **other)
    assert_nothing_happened(batch)


def test_a_colleague_cannot_confirm_what_somebody_else_looked_at(batch: ImportBatch) -> None:
    with pytest.raises(PreviewChangedError):
        confirm(batch, actor=an_operator("daming"))
    assert_nothing_happened(batch)


def test_a_preview_that_was_checked_again_cannot_be_confirmed(batch: ImportBatch, xiaomei: User) -> None:
    again = worked(recheck_import(batch, actor=xiaomei, at=timezone.now()))
    with pytest.raises(PreviewChangedError):
        confirm(batch)
    assert again.preview_key != batch.preview_key
    assert worked(confirm(again)).state == State.APPLIED


def test_nothing_is_confirmed_while_the_file_is_checked_again(batch: ImportBatch, xiaomei: User) -> None:
    recheck_import(batch, actor=xiaomei, at=timezone.now())
    for key in (batch.preview_key, None):
        with pytest.raises(ImportStateError):
            confirm(batch, preview_key=key)


def test_a_discarded_preview_cannot_be_confirmed(batch: ImportBatch, xiaomei: User) -> None:
    discard_import(batch, actor=xiaomei, at=timezone.now())
    with pytest.raises(ImportStateError):
        confirm(batch)


def test_invalid_rows_hold_back_a_file_that_is_to_be_taken_whole(xiaomei: User) -> None:
    batch = previewed(csv_file([a_row(1), a_bad_row(2)]), by=xiaomei)
    with pytest.raises(ImportStateError):
        confirm(batch)
    assert_nothing_happened(batch)


def test_confirming_twice_gives_the_same_application(batch: ImportBatch) -> None:
    first, second = confirm(batch), confirm(batch)
    assert first.apply_run == second.apply_run
    done = worked(batch)
    assert (confirm(batch).state, done.applied) == (State.APPLIED, 2)
    assert EnterpriseCustomer.objects.count() == 2


def at_once(count: int, act: Callable[[int], Any]) -> list[Any]:
    """The outcomes of so many threads that begin together, each with a connection of its own."""
    start = threading.Barrier(count)

    def one(number: int) -> Any:
        start.wait()
        try:
            return act(number)
        finally:
            connection.close()

    with ThreadPoolExecutor(count) as pool:
        return list(pool.map(one, range(count)))


@pytest.mark.django_db(transaction=True)
def test_twenty_confirmations_at_once_apply_once(batch: ImportBatch) -> None:
    runs = at_once(20, lambda _number: confirm(batch).apply_run_id)
    assert len(set(runs)) == 1 and JobRun.objects.filter(job="apply_import").count() == 1
    done = worked(batch)
    assert (done.state, done.applied, EnterpriseCustomer.objects.count()) == (State.APPLIED, 2, 2)


@pytest.mark.django_db(transaction=True)
def test_of_two_imports_of_the_same_new_firms_each_firm_is_made_once(xiaomei: User, settings: Any) -> None:
    settings.IMPORT_CHUNK_ROWS = 50
    rows = [a_full_row(number) for number in range(1, 401)]
    mixed = sorted(rows, key=lambda row: row["统一社会信用代码"][::-1])
    first, second = (previewed(full_file(order), by=xiaomei) for order in (rows, mixed))
    assert (first.new, second.new) == (400, 400)
    batches = [confirmed(first), confirmed(second)]
    with capture_logs() as logged:
        done = at_once(4, lambda number: worked(batches[number % 2]))
    assert [entry for entry in logged if entry["event"] == "chunk_failed"] == []
    assert {batch.state for batch in done} == {State.APPLIED}
    assert EnterpriseCustomer.objects.count() == 400 == len({facts[1] for facts in customers()})
    results = [fresh(batch) for batch in batches]
    assert [batch.applied + batch.left_out for batch in results] == [400, 400]
    assert sum(batch.applied for batch in results) == 400
    for batch in results:
        assert len(lines(batch, Outcome.LEFT_OUT)) == batch.left_out == apply_run(batch).failed
        assert not apply_run(batch).chunks.exclude(state="done").exists()
