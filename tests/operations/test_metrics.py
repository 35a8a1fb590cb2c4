"""What Prometheus reads: what processes did, how things stand, and nothing of anybody."""

import json
import re
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.models import Permission
from django.db import connection
from django.test import Client
from django.utils import timezone
from prometheus_client import REGISTRY
from prometheus_client.parser import text_string_to_metric_families

from config.embedded import processes
from config.embedded.processes import is_port_free
from operations import registry
from operations.models import BookDifference, JobRun, OutboxMessage
from operations.services.metrics import HouseCollector
from tests.conftest import PROJECT
from tests.operations.sign_in_stories import a_browser, a_person

pytestmark = pytest.mark.django_db
DEPLOY = PROJECT / "deploy"


def gauges() -> dict[str, dict[tuple[str, ...], float]]:
    """By name and labels, read anew."""
    return {
        family.name: {tuple(sample.labels.values()): sample.value for sample in family.samples}
        for family in HouseCollector()._read()
    }


def a_night(job: str, on: date, state: str, **facts: Any) -> JobRun:
    at = timezone.now()
    ended = None if state in ("queued", "running") else at
    facts = {"requested_at": at, "finished_at": ended} | facts
    return JobRun.objects.create(job=job, business_date=on, state=state, **facts)


def test_every_gauge_can_be_read_of_an_empty_house() -> None:
    readable = gauges()["plusdesk_gauge_readable"]
    assert set(readable) == {(gauge.name,) for gauge in registry.gauges}
    assert set(readable.values()) == {1}


def test_nights_are_told_by_their_last_run_and_their_last_success() -> None:
    week = [date(2027, 1, day) for day in (1, 2, 3)]
    succeeded = a_night("expire_points", week[0], "succeeded")
    a_night("expire_points", week[1], "failed")
    a_night("expire_points", week[1], "succeeded", scope="again@1", requested_at=timezone.now())
    a_night("expire_points", week[2], "running", requested_at=timezone.now() - timedelta(hours=3))
    found = gauges()
    assert succeeded.finished_at is not None
    last = found["plusdesk_job_last_success_timestamp_seconds"]
    assert last == {("expire_points",): pytest.approx(succeeded.finished_at.timestamp())}
    assert found["plusdesk_job_last_run_failed"] == {("expire_points",): 1}
    assert found["plusdesk_job_runs_unfinished"] == {("expire_points", "running"): 1}
    assert found["plusdesk_job_oldest_unfinished_seconds"][("expire_points",)] == pytest.approx(3 * 3600, abs=60)


def test_messages_that_are_late_or_given_up_are_counted() -> None:
    at = timezone.now()
    late = {"topic": "t", "payload": {}, "created_at": at, "next_attempt_at": at - timedelta(minutes=20)}
    OutboxMessage.objects.create(key="a", **late)
    OutboxMessage.objects.create(key="b", state="parked", **late)
    found = gauges()
    assert found["plusdesk_outbox_messages"] == {("queued",): 1, ("waiting",): 0, ("parked",): 1, ("unheard",): 0}
    assert found["plusdesk_outbox_overdue_seconds"][()] == pytest.approx(1200, abs=30)


def test_the_last_audit_of_the_books_is_told_and_no_earlier_one() -> None:
    for day, faults in ((1, 5), (2, 1)):
        run = a_night("audit_books", date(2027, 1, day), "succeeded")
        BookDifference.objects.bulk_create(
            BookDifference(run=run, chunk=1, check_name="points", fault="balance", key=str(n), expected="1", found="2")
            for n in range(faults)
        )
    assert gauges()["plusdesk_books_differences"] == {("lasting",): 1, ("pending",): 0}


def test_the_age_of_the_last_copy_is_known_where_the_backups_are(settings: Any, tmp_path: Path) -> None:
    assert gauges()["plusdesk_backup_last_copy_timestamp_seconds"] == {}
    settings.BACKUP_STORE = str(tmp_path)
    assert gauges()["plusdesk_backup_last_copy_timestamp_seconds"] == {(): 0}
    for name, ended in (("20261121T000000Z", "2026-11-21T00:10:00+00:00"), ("20261122T0", "2026-11-22T00:10:00+00:00")):
        (tmp_path / "copies" / name).mkdir(parents=True)
        (tmp_path / "copies" / name / "backup.json").write_text(json.dumps({"ended": ended}))
    newest = gauges()["plusdesk_backup_last_copy_timestamp_seconds"][()]
    assert newest == 1795306200.0


def test_one_gauge_that_fails_hides_no_other(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(_at: Any) -> Iterator[Any]:
        with connection.cursor() as cursor:
            cursor.execute("SELECT nothing_of_the_kind()")
        yield (), 1.0

    monkeypatch.setattr(registry.gauges.get("plusdesk_approvals_waiting"), "read", broken)
    found = gauges()
    assert found["plusdesk_gauge_readable"][("plusdesk_approvals_waiting",)] == 0
    assert "plusdesk_approvals_waiting" not in found and found["plusdesk_approvals_oldest_seconds"] == {(): 0}


def test_requests_are_counted_by_view_and_status_and_by_nothing_that_was_typed() -> None:
    def count(view: str, status: str) -> float:
        labels = {"view": view, "method": "GET", "status": status}
        return REGISTRY.get_sample_value("plusdesk_http_request_seconds_count", labels) or 0

    desk, xiaomei = a_browser(), a_person()
    xiaomei.user_permissions.add(*Permission.objects.filter(codename="view_member"))
    desk.force_login(xiaomei)
    before = count("admin:memberships_member_changelist", "200"), count("none", "404")
    desk.get("/admin/memberships/member/?q=13812345678")
    Client().get("/nothing/13812345678/")
    after = count("admin:memberships_member_changelist", "200"), count("none", "404")
    assert (after[0] - before[0], after[1] - before[1]) == (1, 1)
    assert "13812345678" not in str([sample for family in REGISTRY.collect() for sample in family.samples])


@pytest.mark.parametrize("path", ["/metrics", "/metrics/", "/admin/metrics/"])
def test_the_desk_itself_has_no_page_of_metrics(path: str) -> None:
    assert b"plusdesk_" not in Client().get(path).content


@pytest.fixture
def served(server_environment: dict[str, str], tmp_path: Path) -> Iterator[Callable[[], str]]:
    """The command, over what other processes counted in a folder."""
    (tmp_path / "metrics").mkdir()
    environment = server_environment | {"PROMETHEUS_MULTIPROC_DIR": str(tmp_path / "metrics")}
    counting = """
import django; django.setup()
from operations.metrics import *
for status in ("200", "500"): REQUESTS.labels("admin:index", "GET", status).observe(0.2)
CHUNKS.labels("expire_points", "failed").inc(); ITEMS.labels("expire_points", "done").inc(7)
GATEWAY_CALLS.labels("sandbox", "unknown").inc(); GATEWAY_SECONDS.labels("sandbox").observe(1)
"""
    for _process in range(2):
        subprocess.run([sys.executable, "-c", counting], cwd=PROJECT, env=environment, check=True)
    port = next(port for port in range(19464, 19900) if is_port_free(port))
    server = subprocess.Popen(
        [sys.executable, "manage.py", "serve_metrics", "--bind", f"127.0.0.1:{port}"], cwd=PROJECT, env=environment,
    )  # fmt: skip
    assert processes.wait_until(lambda: not is_port_free(port) or server.poll() is not None, seconds=60)

    def read() -> str:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics", timeout=20) as answer:
            return str(answer.read().decode())

    yield read
    server.terminate()
    assert server.wait(20) == 0


@pytest.mark.django_db(transaction=True)
def test_a_host_serves_what_all_its_processes_counted_and_all_that_alerts_ask_for(served: Callable[[], str]) -> None:
    a_night("audit_books", date(2027, 1, 1), "succeeded")
    text = served()
    families = list(text_string_to_metric_families(text))
    values = {sample.name: sample.value for family in families for sample in family.samples}
    assert values["plusdesk_job_items_total"] == 14, "two processes did seven each"
    # The receiver's slot and the folder of copies are not there in this test: those gauges have a name and no value.
    declared = {family.name for family in families} | set(values)
    asked = set(re.findall(r"\bplusdesk_\w+", "".join(
        re.findall(r"expr: (?:'.*'|>-\n(?:          .*\n)+)", (DEPLOY / "prometheus" / "alerts.yml").read_text())
    )))  # fmt: skip
    assert len(asked) > 18 and asked - declared == set()


@pytest.mark.django_db(transaction=True)
def test_asking_often_asks_the_database_seldom(django_assert_num_queries: Any) -> None:
    collector = HouseCollector()
    begun = time.monotonic()
    list(collector.collect())
    with django_assert_num_queries(0):
        list(collector.collect())
    assert time.monotonic() - begun < 10


def test_no_gauge_counts_a_whole_table(new_tables: None) -> None:
    """Bounded by an index or by a limit: each is read with sequential scans forbidden, and none is left."""
    from django.test.utils import CaptureQueriesContext

    with CaptureQueriesContext(connection) as captured:
        gauges()
    asked = [each["sql"] for each in captured if re.match(r"\s*SELECT.*operations_", each["sql"], re.DOTALL)]
    assert len(asked) > 8
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_seqscan = off")
        for question in asked:
            cursor.execute("EXPLAIN " + question)
            plan = "\n".join(line for (line,) in cursor.fetchall())
            assert "Seq Scan" not in plan, f"{question}\n{plan}"
