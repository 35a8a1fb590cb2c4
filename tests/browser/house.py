"""A whole Plusdesk for a browser to visit: servers and a gateway of its own, the demo, a web server and a worker."""

import contextlib
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import psycopg

from config import messages
from config.embedded import private_servers
from config.embedded.paths import PROJECT
from config.embedded.processes import end_with_parent
from config.run.web import health

STARTS_WITHIN = 300.0
WEB = ("-m", "gunicorn", "--workers=1", "--threads=4", "--log-level=warning", "config.wsgi:application")
#: Commands of manage.py, in one process: each start takes seconds.
CALLED = """
import sys, django
from django.core.management import call_command
django.setup()
for command in sys.argv[1:]:
    call_command(command, verbosity=0)
"""
WORKER = ("-m", "celery", "-A", "config", "worker", "--pool=solo", "--loglevel=WARNING", "--without-gossip")


@dataclass(frozen=True)
class House:
    """Where it answers, what its processes know, and the process that does the jobs."""

    address: str
    environment: dict[str, str]
    worker: "subprocess.Popen[bytes]"

    def stop_work(self) -> None:
        """The worker stands still, as the picture of a half-done job needs it."""
        self.worker.send_signal(signal.SIGSTOP)

    def go_on_working(self) -> None:
        self.worker.send_signal(signal.SIGCONT)


@contextlib.contextmanager
def running_house(folder: Path, fill: Callable[[str], None] | None = None, **settings: str) -> Iterator[House]:
    """Plusdesk over fresh servers in `folder`; `settings` go into the environment of its processes.

    `fill` is called with the address of the empty database, and brings it to where the migrations would.
    """
    data = folder / "data"
    data.mkdir(parents=True)
    messages.compile_missing()
    with private_servers(folder / "servers") as servers, contextlib.ExitStack() as processes:
        environment = os.environ | settings | {
            "DJANGO_SETTINGS_MODULE": "config.settings",
            "DATABASE_URL": servers.database_url,
            "REDIS_URL": servers.redis_url,
            "PLUSDESK_DATA": str(data),
            "UPLOADS_DIR": str(data / "uploads"),
            # Whatever the time of day, tonight's jobs are due.
            "NIGHT_BEGINS_AT": "00:00",
        }
        gateway = (
            "-m", "memberships.gateways.sandbox", "--port", "0", "--data", str(data / "gateway.sqlite3"),
            "--address", str(data / "gateway.json"),
        )
        processes.enter_context(_process(gateway, environment, folder / "gateway.log"))
        _wait_for(data / "gateway.json", folder / "gateway.log")
        if fill is not None:
            fill(servers.database_url)
        commands = ["migrate"] if fill is None else []
        subprocess.run(
            [sys.executable, "-c", CALLED, *commands, "collectstatic", "load_demo"], cwd=PROJECT, env=environment,
            check=True,
        )
        port = _free_port()
        web = (*WEB, f"--bind=127.0.0.1:{port}")
        processes.enter_context(_process(web, environment, folder / "web.log"))
        worker = processes.enter_context(_process(WORKER, environment, folder / "worker.log"))
        _wait_until_healthy(port, folder / "web.log")
        _live_through_tonight(environment, folder / "worker.log")
        yield House(f"http://127.0.0.1:{port}", environment, worker)


@contextlib.contextmanager
def _process(
    arguments: tuple[str, ...], environment: dict[str, str], log: Path
) -> Iterator["subprocess.Popen[bytes]"]:
    with log.open("wb") as output:
        process = subprocess.Popen(
            [sys.executable, *arguments], cwd=PROJECT, env=environment, stdin=subprocess.DEVNULL, stdout=output,
            stderr=output, preexec_fn=partial(end_with_parent, signal.SIGTERM),
        )
    try:
        yield process
    finally:
        # One that stands still would not hear that it is to end.
        process.send_signal(signal.SIGCONT)
        process.terminate()
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _live_through_tonight(environment: dict[str, str], log: Path) -> None:
    """The demo ends with yesterday's night: tonight's jobs would change what a test has just read."""
    call = ("-m", "celery", "-A", "config", "call", "operations.tasks.start_nights")
    subprocess.run([sys.executable, *call], cwd=PROJECT, env=environment, check=True, stdout=subprocess.DEVNULL)
    is_over = (
        "SELECT EXISTS (SELECT FROM operations_jobrun WHERE job = 'audit_books' AND state = 'succeeded'"
        " AND business_date = (now() AT TIME ZONE 'Asia/Shanghai')::date)"
    )
    deadline = time.monotonic() + STARTS_WITHIN
    with psycopg.connect(environment["DATABASE_URL"], autocommit=True) as database:
        while (row := database.execute(is_over).fetchone()) != (True,):
            if time.monotonic() > deadline:
                raise AssertionError(f"Tonight's jobs did not end ({row}):\n{log.read_text(errors='replace')[-4000:]}")
            time.sleep(0.2)


def _wait_for(file: Path, log: Path) -> None:
    """The gateway writes its address when it listens."""
    deadline = time.monotonic() + STARTS_WITHIN
    while not file.exists():
        if time.monotonic() > deadline:
            raise AssertionError(f"The sandbox gateway did not start:\n{log.read_text(errors='replace')[-4000:]}")
        time.sleep(0.1)


def _wait_until_healthy(port: int, log: Path) -> None:
    deadline = time.monotonic() + STARTS_WITHIN
    while True:
        is_healthy, answer = health(port)
        if is_healthy:
            return
        if time.monotonic() > deadline:
            raise AssertionError(f"Plusdesk did not start: {answer}\n{log.read_text(errors='replace')[-4000:]}")
        time.sleep(0.3)


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port: int = server.getsockname()[1]
        return port
