"""Workers on two hosts share the work. One host is cut off in the middle of it, without a word to anybody: the other
does everything, each thing once; and when the lost one is back it does no harm, and its share of what comes next."""

import os
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import redis
from django.core.management import call_command
from django.db import connection

from config.embedded.private import PrivateServers, private_servers
from config.embedded.processes import end_with_parent
from memberships.models import EnterpriseCustomer, PointsEntry
from operations.models import JobChunk, JobRun
from operations.services.jobs import start_run
from tests import databases
from tests.conftest import PROJECT
from tests.customer_files import a_row, csv_file
from tests.deploy.network import Host, Network, inside, needs_network_hosts, two_hosts
from tests.memberships.factories import an_operator
from tests.memberships.import_stories import State, a_classic_card, apply_run, confirmed, fresh, previewed
from tests.memberships.points_stories import TODAY, a_wallet, balance, earn, morning
from tests.own_servers import at_work_on

pytestmark = [pytest.mark.crash, needs_network_hosts]

FIRMS, ROWS_A_CHUNK, WALLETS, LOTS_A_CHUNK = 3000, 50, 60, 4
#: After so many seconds without a sign of life a connection is given up; the house's own figure is 20.
SILENCE = 4


@pytest.fixture
def network() -> Iterator[Network]:
    with two_hosts() as network:
        yield network


@pytest.fixture
def servers(network: Network, tmp_path: Path, django_db_blocker: Any) -> Iterator[PrivateServers]:
    """PostgreSQL and Valkey where both hosts reach them, and nobody else."""
    with django_db_blocker.unblock():
        dump = databases.dumped()
        with inside(network.hub), private_servers(tmp_path / "servers") as pair:
            databases.load(dump, pair.database_url)
            _listen_to(network, pair)
            yield pair


def _listen_to(network: Network, pair: PrivateServers) -> None:
    addresses = ["127.0.0.1", *(host.server for host in network.hosts)]
    with at_work_on(pair.database_url), connection.cursor() as cursor:
        cursor.execute("ALTER SYSTEM SET listen_addresses = %s", [",".join(addresses)])
    with (pair.postgres.data / "pg_hba.conf").open("a") as rules:
        rules.write("host all all 10.213.0.0/16 scram-sha-256\n")
    pair.postgres.stop()
    pair.start_postgres()
    with redis.Redis.from_url(pair.redis_url) as valkey:
        valkey.config_set("bind", " ".join(addresses))


class House:
    """The workers and beat of the story, each on its host."""

    def __init__(self, network: Network, servers: PrivateServers, folder: Path) -> None:
        self.network, self.servers, self.folder = network, servers, folder
        self.processes: list[subprocess.Popen[bytes]] = []

    def start(self, host: Host | None, *command: str, **environment: str) -> None:
        """A process of Celery on a host; beside the servers without one."""
        address = host.server if host else "127.0.0.1"
        environment = {
            **os.environ, "UPLOADS_DIR": str(self.folder), "JOB_SILENCE_SECONDS": "2", "JOB_PARALLEL_TASKS": "4",
            "SERVER_SILENCE_SECONDS": str(SILENCE), "DJANGO_SETTINGS_MODULE": "config.settings",
            "DATABASE_URL": self.servers.database_url.replace("@127.0.0.1", f"@{address}"),
            "REDIS_URL": self.servers.redis_url.replace("@127.0.0.1", f"@{address}"), **environment,
        }  # fmt: skip
        celery = [sys.executable, "-m", "celery", "-A", "config", "--quiet", *command, "--loglevel=CRITICAL"]
        self.processes.append(subprocess.Popen(
            self.network.command(host, *celery) if host else celery, cwd=PROJECT, env=environment,
            start_new_session=True, preexec_fn=lambda: end_with_parent(signal.SIGKILL),
        ))

    def end(self) -> None:
        for process in self.processes:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()


@pytest.fixture
def house(network: Network, servers: PrivateServers, settings: Any) -> Iterator[House]:
    """A worker with two processes on each host, and beat; this process works on their database."""
    settings.IMPORT_CHUNK_ROWS, settings.EXPIRE_CHUNK_LOTS = ROWS_A_CHUNK, LOTS_A_CHUNK
    with tempfile.TemporaryDirectory(prefix="plusdesk-hosts-") as folder, at_work_on(servers.database_url):
        settings.MEDIA_ROOT = folder
        house = House(network, servers, Path(folder))
        options = ("--concurrency=2", "--without-gossip", "--without-mingle")
        for host in network.hosts:
            house.start(host, "worker", *options, f"--hostname={host.name}")
        house.start(
            None, "beat", f"--schedule={folder}/beat", "--pidfile=",
            DJANGO_SETTINGS_MODULE="tests.deploy.dispatching_beat",
        )
        yield house
        house.end()


def until(holds: Callable[[], bool], *, seconds: float, pause: float = 0.05) -> None:
    ends = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < ends, "it takes too long"
        time.sleep(pause)


def at_work(host: Host) -> int:
    """How many sessions of that host are in a transaction, as PostgreSQL sees it."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*) FROM pg_stat_activity WHERE client_addr = %s::inet AND xact_start IS NOT NULL",
            [host.server.removesuffix("1") + "2"],
        )
        return int(cursor.fetchone()[0])


def share(run: JobRun) -> float:
    return JobRun.objects.get(pk=run.pk).done / run.total


def cut_off_at_work(host: Host, run: JobRun) -> None:
    """Pull the cable while the host holds a chunk."""
    while True:
        until(lambda: at_work(host) > 0, seconds=30, pause=0.001)
        host.pull_the_cable()
        time.sleep(0.2)
        if at_work(host):
            return
        assert share(run) < 0.9, "it was never caught at work"
        host.plug_in()
        time.sleep(0.05)


def a_list_and_a_night() -> tuple[Any, JobRun, JobRun, list[Any]]:
    """An import that is confirmed, and a night in which points end; nobody is at them yet."""
    a_classic_card()
    batch = previewed(csv_file(a_row(number) for number in range(1, FIRMS + 1)), by=an_operator())
    wallets = [a_wallet() for _number in range(WALLETS)]
    for wallet in wallets:
        earn(wallet, 100, expires_on=TODAY + timedelta(days=1))
    night = start_run("expire_points", business_date=TODAY + timedelta(days=1), actor=None, at=morning(TODAY))
    return batch, apply_run(confirmed(batch)), night, wallets


def assert_each_firm_was_written_once(run: JobRun) -> None:
    events = EnterpriseCustomer._meta.get_field("audit_events").related_model._default_manager.filter(
        pgh_context__metadata__run=run.pk
    )
    written = Counter(events.values_list("pgh_obj_id", "pgh_label"))
    assert len(written) == FIRMS and set(written.values()) == {1}
    assert EnterpriseCustomer.objects.count() == FIRMS


def assert_done_once(run: JobRun) -> None:
    run = JobRun.objects.get(pk=run.pk)
    assert (run.state, run.done, run.failed) == (JobRun.State.SUCCEEDED, run.total, 0)
    assert not run.chunks.exclude(state=JobChunk.State.DONE).exists()
    assert sum(run.chunks.values_list("size", flat=True)) == run.total


def assert_books_are_clean() -> None:
    with pytest.raises(SystemExit) as ended:
        call_command("audit_books", "--json", verbosity=0)
    assert ended.value.code == 0


def test_one_of_two_hosts_is_cut_off_and_nothing_is_lost_or_done_twice(
    house: House, network: Network
) -> None:
    lost, stays = network.hosts
    batch, application, night, wallets = a_list_and_a_night()
    until(lambda: share(application) > 0.1, seconds=60)
    until(lambda: at_work(stays) > 0, seconds=20, pause=0.001)  # both have their part in it
    cut_off_at_work(lost, application)
    assert share(application) < 1
    begun = time.monotonic()
    until(lambda: all(JobRun.objects.get(pk=run.pk).is_finished for run in (application, night)), seconds=60)
    assert at_work(lost) == 0, "PostgreSQL has let go of what the lost host held"
    assert time.monotonic() - begun < 60
    assert fresh(batch).state == State.APPLIED and fresh(batch).applied == FIRMS
    for run in (application, night):
        assert_done_once(run)
    assert_each_firm_was_written_once(application)

    lost.plug_in()
    again = start_run("expire_points", business_date=TODAY + timedelta(days=2), actor=None, at=morning(TODAY))
    until(lambda: JobRun.objects.get(pk=again.pk).is_finished, seconds=30)
    until(lambda: sees(lost), seconds=30)
    for run in (application, night):
        assert_done_once(run)
    assert_each_firm_was_written_once(application)
    losses = PointsEntry.objects.filter(kind="expire").values_list("enrolment_id", "points")
    assert sorted(losses) == sorted((wallet.pk, -100) for wallet in wallets)
    assert {balance(wallet) for wallet in wallets} == {0}
    assert_books_are_clean()


def sees(host: Host) -> bool:
    """Whether the host has a session again."""
    with connection.cursor() as cursor:
        address = host.server.removesuffix("1") + "2"
        cursor.execute("SELECT EXISTS (SELECT FROM pg_stat_activity WHERE client_addr = %s::inet)", [address])
        return bool(cursor.fetchone()[0])
