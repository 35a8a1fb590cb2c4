"""The embedded servers serve whoever comes, outlive crashes, and leave nothing running."""

import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from config.embedded import processes, state
from config.embedded.postgres import Postgres
from config.embedded.servers import stop_all
from tests.config.embedded_users import PROJECT, Visitor, environment_for, processes_of, server_pid, visit


@pytest.fixture
def folder() -> Iterator[Path]:
    """A data folder that the servers' account may enter, unlike pytest's own as root."""
    path = Path(tempfile.mkdtemp(prefix="plusdesk-test-"))
    path.chmod(0o711)
    yield path
    stop_all(path)
    shutil.rmtree(path)


def test_data_survives_a_restart_and_nothing_keeps_running(folder: Path) -> None:
    assert visit(folder) == (1, 1)
    assert processes_of(folder) == []
    assert visit(folder) == (2, 2)
    assert processes_of(folder) == []


def test_servers_end_after_their_only_user_was_killed(folder: Path) -> None:
    visitor = Visitor(folder)
    visitor.arrive()
    visitor.kill()
    assert processes.wait_until(lambda: not processes_of(folder), seconds=30)
    assert visit(folder) == (2, 2)


def test_killed_servers_and_keeper_do_not_hinder_the_next_start(folder: Path) -> None:
    visitor = Visitor(folder)
    visitor.arrive()
    time.sleep(1.1)  # Valkey writes through to the disk once a second
    for pid in processes_of(folder):
        os.kill(pid, signal.SIGKILL)
    visitor.kill()
    assert visit(folder) == (2, 2)
    assert processes_of(folder) == []


def test_users_at_the_same_time_share_the_servers(folder: Path) -> None:
    visitors = [Visitor(folder) for _ in range(4)]
    counted = [visitor.arrive() for visitor in visitors]
    assert sorted(rows for rows, _ in counted) == [1, 2, 3, 4]
    postgres = server_pid(folder, "/postgres")
    for visitor in visitors[:3]:
        visitor.leave()
    assert server_pid(folder, "/postgres") == postgres
    visitors[3].leave()
    assert processes_of(folder) == []


def test_a_newcomer_does_not_lose_the_servers_when_the_starter_is_killed(folder: Path) -> None:
    starter = Visitor(folder)
    starter.arrive()
    newcomer = Visitor(folder)
    newcomer.arrive()
    starter.kill()
    time.sleep(0.5)
    assert visit(folder) == (3, 3)
    newcomer.leave()
    assert processes_of(folder) == []


def test_a_taken_port_is_said_and_another_used(folder: Path) -> None:
    port = state.load_or_create(folder).postgres.port
    with socket.create_server(("127.0.0.1", port)):
        visitor = Visitor(folder)
        assert visitor.arrive() == (1, 1)
        said = visitor.leave()
    moved_to = state.load(folder).postgres.port
    assert said == f"Port {port} is taken; the embedded PostgreSQL uses port {moved_to} instead.\n"


def test_servers_that_the_environment_names_are_not_started(folder: Path) -> None:
    urls = {"DATABASE_URL": "postgresql://db.example/plusdesk", "REDIS_URL": "redis://queue.example/0"}
    code = "from config import embedded\nwith embedded.servers(): print('inside')"
    done = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        cwd=PROJECT,
        env=environment_for(folder / "unused", **urls),
    )
    assert (done.stdout, (folder / "unused").exists()) == ("inside\n", False)


def test_passwords_are_wanted_and_kept_from_others(folder: Path) -> None:
    visitor = Visitor(folder)
    visitor.arrive()
    endpoint = state.load(folder).postgres
    with pytest.raises(psycopg.OperationalError, match="password"):
        psycopg.connect(Postgres.url(state.Endpoint(endpoint.port, "guessed")))
    arguments = [processes.command_line(pid) for pid in processes_of(folder)]
    assert endpoint.password not in str(arguments)
    assert (folder / "servers.json").stat().st_mode & 0o077 == 0
    assert (folder / "valkey.conf").stat().st_mode & 0o077 == 0
    visitor.leave()


def test_a_terminated_user_lets_the_servers_go(folder: Path) -> None:
    visitor = Visitor(folder)
    visitor.arrive()
    visitor.process.send_signal(signal.SIGTERM)
    visitor.leave()
    assert processes.wait_until(lambda: not processes_of(folder), seconds=30)
