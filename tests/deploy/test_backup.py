"""What is backed up comes back: to the minute before a mistake, or all of it when the disk is gone."""

import json
import os
import runpy
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command
from django.db import connection

from config.embedded import processes
from config.embedded.accounts import server_account
from config.embedded.private import PrivateServers, private_servers
from config.embedded.processes import end_with_parent
from memberships.models import Enrolment
from tests import databases
from tests.conftest import PROJECT
from tests.memberships.points_stories import a_wallet, balance, earn
from tests.own_servers import at_work_on

pytestmark = pytest.mark.crash

BACKUP = [sys.executable, str(PROJECT / "deploy" / "backup.py")]


class Backups:
    """The commands of deploy/backup.py, as one types them."""

    def __init__(self, store: Path, servers: PrivateServers) -> None:
        self.store = store
        self.options = ["--store", str(store), "--programs", str(servers.postgres.programs.postgres_bin)]
        self.environment = os.environ | {"DATABASE_URL": servers.database_url}

    def do(self, *arguments: object) -> "subprocess.CompletedProcess[str]":
        return subprocess.run(
            [*BACKUP, *self.options, *map(str, arguments)], env=self.environment, capture_output=True, text=True
        )

    def receive(self) -> "subprocess.Popen[bytes]":
        return subprocess.Popen(
            [*BACKUP, *self.options, "receive"], env=self.environment, stderr=subprocess.DEVNULL,
            preexec_fn=lambda: end_with_parent(signal.SIGTERM),
        )

    def give_to_servers(self) -> None:
        """On a host of its own they would be; here root made them, and PostgreSQL does not run as root."""
        account = server_account(self.store.parent)
        for path in (self.store, *self.store.rglob("*")):
            account.own(path)


@pytest.fixture(scope="module")
def servers(tmp_path_factory: pytest.TempPathFactory, django_db_blocker: Any) -> Iterator[PrivateServers]:
    """What one story lost and got back, the next one goes on with."""
    with private_servers(tmp_path_factory.mktemp("servers")) as pair, django_db_blocker.unblock():
        databases.copy_to(pair.database_url)
        yield pair


@pytest.fixture
def backups(servers: PrivateServers) -> Iterator[Backups]:
    """Copies beside the data, where the servers' account can read them; what changes is being received."""
    backups = Backups(servers.folder.parent / f"{servers.folder.name}-store", servers)
    receiver = backups.receive()
    yield backups
    receiver.kill()
    receiver.wait()
    shutil.rmtree(backups.store)


def received_all() -> bool:
    with connection.cursor() as cursor:
        cursor.execute("SELECT flush_lsn >= pg_current_wal_flush_lsn() FROM pg_stat_replication")
        return cursor.fetchone() == (True,)


def wait_until_received() -> None:
    with connection.cursor() as cursor:  # commits of these servers are written a moment later
        cursor.execute("SET synchronous_commit = on")
        cursor.execute("CREATE TABLE noted (); DROP TABLE noted")
    assert processes.wait_until(received_all, seconds=30)


def begin_another_file() -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_switch_wal()")


def now() -> datetime:
    """An instant of the database's, with nothing committed close to it."""
    time.sleep(0.05)
    with connection.cursor() as cursor:
        cursor.execute("SELECT clock_timestamp()")
        ((instant,),) = cursor.fetchall()
    time.sleep(0.05)
    return datetime.fromisoformat(instant.isoformat())


def lose_the_disk(servers: PrivateServers) -> Path:
    """PostgreSQL is gone, and its data with it; the folder that is to hold what comes back."""
    connection.close()
    servers.kill_postgres()
    shutil.rmtree(servers.postgres.data)
    return servers.postgres.data


def start_again(servers: PrivateServers, backups: Backups) -> None:
    """As the account of the server, which is root's nowhere."""
    account = server_account(servers.folder)
    for path in (servers.postgres.data, *servers.postgres.data.rglob("*")):
        account.own(path)
    backups.give_to_servers()
    servers.start_postgres()
    assert processes.wait_until(is_promoted, seconds=60)


def is_promoted() -> bool:
    with connection.cursor() as cursor:
        cursor.execute("SELECT NOT pg_is_in_recovery()")
        return cursor.fetchone() == (True,)


def books_are_clean(capsys: pytest.CaptureFixture[str]) -> bool:
    with pytest.raises(SystemExit) as ended:
        call_command("audit_books", "--all-digests", "--json")
    said = json.loads(capsys.readouterr().out)
    assert ended.value.code == 0, said
    return True


@pytest.fixture
def uploads(tmp_path: Path) -> Path:
    folder = tmp_path / "uploads"
    (folder / "imports").mkdir(parents=True)
    (folder / "imports" / "firms.csv").write_text("企业名称\n晨光文具\n", encoding="utf-8")
    return folder


def test_books_go_back_to_the_minute_before_a_mistake(
    servers: PrivateServers, backups: Backups, uploads: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with at_work_on(servers.database_url):
        wallet = a_wallet()
        earn(wallet, 100)
        assert "is whole and checked" in backups.do("take", "--uploads", uploads).stdout
        earn(wallet, 20)
        before = now()
        earn(wallet, 5_000_000)
        wait_until_received()
        target = lose_the_disk(servers)
        done = backups.do("restore", "--into", target, "--until", before.isoformat(), "--uploads", tmp_path / "back")
        assert done.returncode == 0, done.stderr
        start_again(servers, backups)
        assert balance(wallet) == 120
        assert books_are_clean(capsys)
        earn(wallet, 3)  # and work goes on
        assert balance(Enrolment.objects.get(pk=wallet.pk)) == 123
    file = Path("imports", "firms.csv")
    assert (tmp_path / "back" / file).read_bytes() == (uploads / file).read_bytes()


def test_nothing_that_was_received_is_lost_with_the_disk(
    servers: PrivateServers, backups: Backups, capsys: pytest.CaptureFixture[str]
) -> None:
    with at_work_on(servers.database_url):
        wallet = a_wallet()
        assert backups.do("take").returncode == 0
        for points in range(1, 11):
            earn(wallet, points)
        wait_until_received()
        target = lose_the_disk(servers)
        assert backups.do("restore", "--into", target).returncode == 0
        start_again(servers, backups)
        assert balance(wallet) == 55
        assert books_are_clean(capsys)


def test_changes_are_received_again_after_a_return_to_long_before(
    servers: PrivateServers, backups: Backups, capsys: pytest.CaptureFixture[str]
) -> None:
    """What was received since the instant is of a past that did not happen."""
    with at_work_on(servers.database_url):
        wallet = a_wallet()
        earn(wallet, 100)
        assert backups.do("take").returncode == 0
        before = now()
        for _file in range(3):
            earn(wallet, 5_000_000)
            begin_another_file()
        wait_until_received()
        target = lose_the_disk(servers)
        assert backups.do("restore", "--into", target, "--until", before.isoformat()).returncode == 0
        start_again(servers, backups)
        assert balance(wallet) == 100
        receiver = backups.receive()  # as systemd does when it has ended
        assert processes.wait_until(received_all, seconds=30)
        earn(wallet, 8)
        wait_until_received()
        target = lose_the_disk(servers)
        assert receiver.wait(timeout=30)
        assert backups.do("restore", "--into", target).returncode == 0
        start_again(servers, backups)
        assert balance(wallet) == 108
        assert books_are_clean(capsys)


def test_a_list_that_is_erased_while_it_is_copied_is_no_failure(
    uploads: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (uploads / "imports" / "old.csv").write_text("x", encoding="utf-8")
    copy = shutil.copy2

    def erasing_first(source: Path, target: Path) -> None:
        (uploads / "imports" / "old.csv").unlink(missing_ok=True)
        copy(source, target)

    monkeypatch.setattr(shutil, "copy2", erasing_first)
    runpy.run_path(str(PROJECT / "deploy" / "backup.py"))["_copy_files"](uploads, tmp_path / "copied", None)
    assert [path.name for path in (tmp_path / "copied" / "imports").iterdir()] == ["firms.csv"]


def test_old_copies_go_and_what_cannot_be_is_said_in_a_line(
    servers: PrivateServers, backups: Backups, uploads: Path, tmp_path: Path
) -> None:
    nothing = backups.do("restore", "--into", tmp_path / "new").stderr
    assert nothing == f"backup: There is no backup in {backups.store}.\n"
    for _ in range(3):
        assert backups.do("take", "--keep", 2, "--uploads", uploads).returncode == 0
    first, second = backups.do("list").stdout.splitlines()
    names = sorted(path.name for path in (backups.store / "copies").iterdir())
    assert [first.split()[0], second.split()[0]] == names
    one, other = (backups.store / "copies" / name / "uploads" / "imports" / "firms.csv" for name in names)
    assert one.stat().st_ino == other.stat().st_ino  # what did not change takes its room once

    early = backups.do("restore", "--into", tmp_path / "new", "--until", "2020-01-01T00:00:00+08:00").stderr
    assert "can be brought to" in early and "at the earliest" in early
    vague = backups.do("restore", "--into", tmp_path / "new", "--until", "2026-11-23T10:00:00").stderr
    assert "has no offset" in vague
    assert "is not empty" in backups.do("restore", "--into", uploads).stderr

    spoilt = backups.store / "copies" / names[-1] / "database" / "global" / "pg_control"
    spoilt.write_bytes(spoilt.read_bytes()[::-1])
    assert "pg_verifybackup failed" in backups.do("restore", "--into", tmp_path / "new").stderr
    assert not (tmp_path / "new").exists()
