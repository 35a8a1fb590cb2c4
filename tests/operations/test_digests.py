"""Digests of the audit trail: one a day, chained; nobody changes, takes away or adds a row of a closed day unseen."""

import hashlib
import json
import threading
from collections.abc import Callable, Iterator
from datetime import date, timedelta
from io import StringIO
from typing import Any

import pytest
from django.core.management import call_command
from django.db import DatabaseError, connection, transaction
from django.test import Client
from django.utils import timezone, translation

from memberships.models import Member, PointsEntry, Programme
from operations import registry
from operations.audit import because
from operations.dates import business_date
from operations.models import AuditDigest, AuditDigestPart, JobChunk, JobRun
from operations.services import digests
from operations.services.books import Difference, period_until
from operations.services.digests import METHOD, close_day, digest_range, ranges_until
from operations.services.jobs import resume_run, start_run
from operations.services.nights import run_again
from operations.tasks import work_on_run
from tests.memberships.admin_pages import a_superuser, signed_in
from tests.memberships.books_stories import behind_the_back
from tests.memberships.factories import TODAY, a_firm, an_operator, jd_plus
from tests.memberships.points_stories import a_wallet, earn
from tests.operations.job_stories import forget_pauses

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)
EVENTS = "memberships_memberevent"


@pytest.fixture
def today() -> date:
    return business_date(timezone.now())


def a_night(day: date) -> JobRun:
    """The night that closes a day."""
    run = start_run("digest_audit_trail", business_date=day + DAY, actor=None, at=timezone.now())
    work_on_run(run.pk)
    return JobRun.objects.get(pk=run.pk)


def found(on: date, *, is_whole: bool = False) -> list[Difference]:
    """What an audit of the day after finds, of the trail."""
    period = period_until(on + DAY, at=timezone.now(), is_whole=is_whole)
    checks = [registry.book_checks.get(name) for name in ("audit_digest_parts", "audit_digests")]
    return [each for check in checks for keys in check.ranges(period) for each in check.differences(keys, period)]


def faults(on: date, **options: Any) -> list[tuple[str, str]]:
    return [(each.fault, " ".join(each.key.split(" ")[:2])) for each in found(on, **options)]


@pytest.fixture
def firm(today: date) -> Member:
    """A firm that was closed after a call, a wallet that earned; the day is over."""
    firm = a_firm()
    earn(a_wallet(), 100, on=today - DAY)
    with because("客户来电", actor=an_operator()):
        Member.objects.filter(pk=firm.pk).update(closed_on=TODAY)
    assert a_night(today).state == JobRun.State.SUCCEEDED
    return firm


def test_every_row_of_the_trail_is_covered_once_and_the_digest_can_be_made_anew_by_hand(
    firm: Member, today: date
) -> None:
    first = AuditDigest.objects.get()
    assert (first.on, first.previous_sha256) == (today, "")
    parts = list(AuditDigestPart.objects.order_by("table_name", "first_key"))
    covered = {part.table_name: part.rows for part in parts}
    assert covered[EVENTS] == Member.pgh_event_models["insert"].objects.count()
    assert covered["memberships_pointsentry"] == PointsEntry.objects.count()
    lines = [METHOD, today.isoformat(), ""]
    lines += [f"{p.table_name} {p.first_key} {p.last_key} {p.rows} {p.sha256} {','.join(p.columns)}" for p in parts]
    assert first.sha256 == hashlib.sha256("\n".join(lines).encode()).hexdigest()
    assert first.rows == sum(covered.values())
    Member.objects.update(closed_on=None)
    a_night(today + DAY)
    second = AuditDigest.objects.get(on=today + DAY)
    assert second.previous_sha256 == first.sha256
    later = AuditDigestPart.objects.get(on=today + DAY, table_name=EVENTS)
    assert later.first_key == next(part for part in parts if part.table_name == EVENTS).last_key + 1
    assert later.rows == 1
    assert faults(today + DAY) == []


TAMPERED = {
    "a row changed": (f"UPDATE {EVENTS} SET closed_on = '2020-01-01' WHERE pgh_label = 'update'", "row_changed"),
    "a row gone": (f"DELETE FROM {EVENTS} WHERE pgh_label = 'update'", "row_missing"),
    "a row put in": (
        f"INSERT INTO {EVENTS} OVERRIDING SYSTEM VALUE SELECT (event).* FROM (SELECT jsonb_populate_record(e, "
        f"'{{\"pgh_id\": -5}}') AS event FROM {EVENTS} e LIMIT 1) forged", "row_added"),
    "who did it": (
        "UPDATE pghistory_context SET metadata = metadata || '{\"user\": 1}' WHERE metadata->>'reason' = '客户来电'",
        "row_changed"),
}


@pytest.mark.parametrize(("statement", "fault"), TAMPERED.values(), ids=TAMPERED)
def test_whoever_changes_the_past_behind_all_triggers_is_named_with_table_and_day(
    firm: Member, today: date, statement: str, fault: str
) -> None:
    behind_the_back(statement)
    named = faults(today)
    assert (fault, f"{today} {EVENTS}") in named
    assert len(named) == 1 or "context" in statement, "a context may be that of other changes, too"
    assert faults(today + 30 * DAY) == [], "by night the last days are looked at"
    assert faults(today + 30 * DAY, is_whole=True) == named


def test_whoever_mends_part_or_digest_to_fit_breaks_the_chain(firm: Member, today: date) -> None:
    a_night(today + DAY)
    behind_the_back(f"UPDATE {EVENTS} SET closed_on = '2020-01-01' WHERE pgh_label = 'update'")
    [wrong] = found(today)
    part = AuditDigestPart.objects.get(on=today, table_name=EVENTS)
    mended = digests.found_now(part).sha256
    assert wrong.expected == f"{part.rows} {part.sha256[:16]}"
    behind_the_back(f"UPDATE operations_auditdigestpart SET sha256 = '{mended}' WHERE id = {part.pk}")
    assert faults(today + DAY) == [("broken", f"{today}")]
    rows, sha256 = digests.chained(today, "")
    behind_the_back(f"UPDATE operations_auditdigest SET sha256 = '{sha256}', rows = {rows} WHERE \"on\" = '{today}'")
    assert faults(today + DAY) == [
        ("row_changed", f"{today + DAY} operations_auditdigest"), ("not_chained", f"{today + DAY}")
    ], "digests are of the trail, too"
    behind_the_back(f"DELETE FROM operations_auditdigest WHERE \"on\" = '{today}'")
    assert ("not_closed", f"{today}") in faults(today + DAY)


def test_nobody_changes_deletes_or_empties_a_digest(firm: Member) -> None:
    for table in ("operations_auditdigest", "operations_auditdigestpart"):
        for statement in (f"UPDATE {table} SET rows = 0", f"DELETE FROM {table}", f"TRUNCATE {table}"):
            with pytest.raises(DatabaseError), transaction.atomic(), connection.cursor() as cursor:
                cursor.execute(statement)


def test_a_column_that_came_later_changes_no_digest_and_one_that_is_gone_is_named(firm: Member, today: date) -> None:
    with connection.cursor() as cursor:
        cursor.execute(f"ALTER TABLE {EVENTS} ADD COLUMN mood text DEFAULT 'good'")
        assert faults(today) == []
        cursor.execute(f"ALTER TABLE {EVENTS} DROP COLUMN closed_on")
    assert faults(today) == [("unreadable", f"{today} {EVENTS}")]


def test_a_night_that_is_repeated_or_comes_late_covers_nothing_twice(firm: Member, today: date) -> None:
    parts = AuditDigestPart.objects.count()
    again = run_again(JobRun.objects.get(job="digest_audit_trail"), actor=None, at=timezone.now())
    assert (again.state, again.total) == (JobRun.State.SUCCEEDED, 0)
    early = a_night(today - DAY)
    assert (early.state, early.total) == (JobRun.State.SUCCEEDED, 0)
    assert (AuditDigest.objects.count(), AuditDigestPart.objects.count()) == (1, parts)
    assert digest_range(today, digests.Range(EVENTS, digests.NO_KEY, 5)).on == today
    assert close_day(today, at=timezone.now()) == AuditDigest.objects.get()


def test_a_range_that_cannot_be_summed_up_keeps_its_day_and_later_ones_open_until_it_is_resumed(
    today: date, monkeypatch: pytest.MonkeyPatch
) -> None:
    a_firm()

    def refuse(table: str) -> None:
        if table == EVENTS:
            raise digests.StillWrittenError(table)

    with monkeypatch.context() as patch:
        patch.setattr(digests, "wait_for_writers", refuse)
        patch.setattr(registry.jobs.get("digest_audit_trail"), "attempts", 1)
        run = start_run("digest_audit_trail", business_date=today + DAY, actor=None, at=timezone.now())
        for _attempt in range(3):
            work_on_run(run.pk)
            forget_pauses(run)
        assert JobRun.objects.get(pk=run.pk).state == JobRun.State.FAILED
    chunk = JobChunk.objects.get(run=run, state=JobChunk.State.PARKED)
    assert EVENTS in chunk.error
    a_firm()
    assert a_night(today + DAY).state == JobRun.State.SUCCEEDED
    assert not AuditDigest.objects.exists()
    assert {fault for fault, _day in faults(today + DAY)} == {"not_closed"}
    later = AuditDigestPart.objects.get(table_name=EVENTS)
    assert later.first_key == chunk.last_key + 1, "what the first run was to cover is still its own"
    work_on_run(resume_run(JobRun.objects.get(pk=run.pk), actor=None, at=timezone.now()).pk)
    assert list(AuditDigest.objects.order_by("on").values_list("on", flat=True)) == [today, today + DAY]
    assert faults(today + DAY) == []


def test_long_tables_are_covered_in_steps_without_a_gap(today: date, monkeypatch: pytest.MonkeyPatch) -> None:
    programme = jd_plus()
    monkeypatch.setattr(digests, "STEP", 10)
    for number in range(25):
        Programme.objects.filter(pk=programme.pk).update(name=f"第{number}次")
    ranges = [part for part in ranges_until(today, planned={}) if part.table == "memberships_programmeevent"]
    assert len(ranges) == 3
    assert [part.first for part in ranges[1:]] == [part.last + 1 for part in ranges[:-1]]
    a_night(today)
    parts = AuditDigestPart.objects.filter(table_name="memberships_programmeevent")
    assert [part.rows for part in parts.order_by("first_key")] == [10, 10, 6]
    assert faults(today) == []


@pytest.fixture
def late_writer(transactional_db: None) -> Iterator[Callable[[], None]]:
    """Somebody who has written a row before midnight and goes on; what is returned lets them commit."""
    has_written, may_commit, has_ended = threading.Event(), threading.Event(), threading.Event()

    def write() -> None:
        with transaction.atomic():
            a_firm()
            has_written.set()
            may_commit.wait(30)
        connection.close()
        has_ended.set()

    writer = threading.Thread(target=write)
    writer.start()
    assert has_written.wait(30)

    def commit() -> None:
        may_commit.set()
        assert has_ended.wait(30)

    yield commit
    commit()
    writer.join()


@pytest.mark.django_db(transaction=True)
def test_what_was_under_way_at_midnight_is_waited_for(
    late_writer: Callable[[], None], today: date, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whose key is lower than one that is covered; what gets a higher key is the next day's."""
    early = a_firm()
    monkeypatch.setattr(digests, "PATIENCE", timedelta(milliseconds=300))
    part = next(each for each in ranges_until(today, planned={}) if each.table == EVENTS)
    with pytest.raises(digests.StillWrittenError), transaction.atomic():
        digest_range(today, part)
    monkeypatch.setattr(digests, "PATIENCE", timedelta(seconds=30))
    threading.Timer(0.3, late_writer).start()
    with transaction.atomic():
        kept = digest_range(today, part)
    assert kept.rows == 2, "the late one too"
    assert kept.last_key == Member.pgh_event_models["insert"].objects.get(pgh_obj_id=early.pk).pgh_id


def audit(*options: str) -> tuple[int, str]:
    output = StringIO()
    with translation.override("en"), pytest.raises(SystemExit) as end:
        call_command("audit_books", *options, stdout=output, stderr=StringIO())
    assert isinstance(end.value.code, int)
    return end.value.code, output.getvalue()


def test_the_command_verifies_all_days_and_prints_the_last_digest(firm: Member, today: date) -> None:
    digest = AuditDigest.objects.get()
    code, text = audit("--all-digests")
    assert code == 0
    assert f"last digest: {today} {digest.sha256}" in text.splitlines()
    assert json.loads(audit("--all-digests", "--json")[1])["digest"] == {"on": str(today), "sha256": digest.sha256}
    behind_the_back(f"DELETE FROM {EVENTS} WHERE pgh_label = 'update'")
    far = str(today + 90 * DAY)
    assert audit("--date", far)[0] == 0
    code, text = audit("--all-digests", "--date", far)
    assert code == 1
    assert f"rows of the audit trail: a row of a closed day is missing: {today} {EVENTS}" in text


def test_the_desk_shows_the_digests_and_what_the_last_audit_found(firm: Member, today: date) -> None:
    digest, desk = AuditDigest.objects.get(), signed_in(a_superuser())
    assert digest.sha256[:16] in desk.get("/admin/operations/auditdigest/").content.decode()
    page = _page(desk, digest)
    for words in (digest.sha256, "none: this is the first day", f"Members ({EVENTS})", "--all-digests"):
        assert words in page, words
    assert 'role="alert"' not in page
    behind_the_back(f"DELETE FROM {EVENTS} WHERE pgh_label = 'update'")
    audit_run = start_run("audit_books", business_date=today, scope="again@9", actor=None, at=timezone.now())
    work_on_run(audit_run.pk)
    assert "a row of a closed day is missing" in _page(desk, digest)
    difference = audit_run.differences.get(check_name="audit_digest_parts")
    assert f"/admin/operations/auditdigest/{digest.pk}/change/" in desk.get(
        f"/admin/operations/jobrun/{audit_run.pk}/change/"
    ).content.decode()
    assert difference.fault == "row_missing"
    assert desk.get("/admin/operations/auditdigest/9999/change/").status_code in (302, 404)


def _page(desk: Client, digest: AuditDigest) -> str:
    return desk.get(f"/admin/operations/auditdigest/{digest.pk}/change/").content.decode()
