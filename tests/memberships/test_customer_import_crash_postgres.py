"""PostgreSQL killed while an import is applied: the staging rows are gone, and the result is the same."""

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.db import connection
from django.utils import timezone

from config.embedded.private import PrivateServers, private_servers
from memberships.models import EnterpriseCustomer, StagedEnterpriseCustomer
from memberships.services.customers import change_customer
from operations.models import ImportBatch, ImportRow, JobRun, User
from tests import databases
from tests.conftest import PROJECT
from tests.customer_files import a_row, csv_file
from tests.memberships.crash_stories import (
    CHUNK,
    ROWS,
    a_long_list,
    finish_with_beat,
    kill_group,
    outcomes,
    undisturbed,
    wait_for_share,
)
from tests.memberships.factories import an_operator
from tests.memberships.import_stories import (
    Outcome,
    State,
    a_classic_card,
    applied,
    apply_run,
    confirmed,
    customers,
    fresh,
)
from tests.own_servers import at_work_on

pytestmark = pytest.mark.crash


@pytest.fixture
def own_servers(tmp_path: Path, django_db_blocker: Any, settings: Any) -> Iterator[PrivateServers]:
    """A PostgreSQL that may be killed, with an empty Plusdesk in it; this process works on it for the test."""
    settings.IMPORT_CHUNK_ROWS, settings.JOB_SILENCE_SECONDS = CHUNK, 1
    with private_servers(tmp_path, durable=True) as pair, django_db_blocker.unblock():
        databases.copy_to(pair.database_url)
        with at_work_on(pair.database_url):
            yield pair


@pytest.fixture
def worker(own_servers: PrivateServers, settings: Any) -> Iterator["subprocess.Popen[bytes]"]:
    environment = {
        **os.environ, "DATABASE_URL": own_servers.database_url, "REDIS_URL": settings.REDIS_URL,
        "UPLOADS_DIR": str(settings.MEDIA_ROOT),
    }
    command = [sys.executable, "-m", "celery", "-A", "config", "worker", "-c", "2", "-l", "CRITICAL"]
    started = subprocess.Popen(
        [*command, "--without-gossip", "--without-mingle"], cwd=PROJECT, env=environment, start_new_session=True
    )
    yield started
    kill_group(started)


def drift(batch: ImportBatch, xiaomei: User) -> set[int]:
    """What others did since the preview; the lines that this touches, all of them among the last of the file."""
    late = list(
        StagedEnterpriseCustomer.objects.filter(batch_id=batch.pk, line__gt=ROWS * 0.8).order_by("line").values_list(
            "line", "verdict", "object_id", "credit_code"
        )
    )
    changed, second = [row for row in late if row[1] == "changed"][:2]
    unchanged = next(row for row in late if row[1] == "unchanged")
    same, other = [row for row in late if row[1] == "new"][:2]
    change_customer(
        EnterpriseCustomer.objects.get(pk=changed[2]), changes={"province": "四川省"}, reason="moved", actor=xiaomei
    )
    change_customer(
        EnterpriseCustomer.objects.get(pk=second[2]), changes={"province": "江苏省"}, reason="as listed", actor=xiaomei
    )
    change_customer(
        EnterpriseCustomer.objects.get(pk=unchanged[2]), changes={"province": "四川省"}, reason="moved", actor=xiaomei
    )
    rows = {row["统一社会信用代码"]: row for row in (a_row(number) for number in range(1, ROWS + 1))}
    applied(csv_file([rows[same[3]], {**rows[other[3]], "省份": "四川省"}]), by=xiaomei)
    return {changed[0], second[0], unchanged[0], same[0], other[0]}


def test_postgres_killed_in_the_middle_changes_nothing_in_the_result(
    own_servers: PrivateServers, worker: "subprocess.Popen[bytes]"
) -> None:
    a_classic_card()
    xiaomei = an_operator()
    batch = a_long_list(by=xiaomei)
    drifted = drift(batch, xiaomei)
    expected = undisturbed(batch)
    run = apply_run(confirmed(batch))
    wait_for_share(run, 0.3)
    own_servers.kill_postgres()
    connection.close()
    own_servers.start_postgres()
    assert not JobRun.objects.get(pk=run.pk).is_finished
    assert not StagedEnterpriseCustomer.objects.filter(batch_id=batch.pk).exists()
    run = finish_with_beat(run)
    batch = fresh(batch)
    assert (batch.state, run.state, run.error) == (State.APPLIED, JobRun.State.SUCCEEDED, "")
    named = ImportRow.objects.filter(batch=batch, outcome=Outcome.LEFT_OUT).values_list("line", flat=True)
    assert set(named) == drifted and batch.left_out == len(drifted)
    assert customers() == expected[0]
    assert sum(outcomes(batch).values()) == sum(expected[1].values())
    assert timezone.localdate() == run.business_date
