"""`make run` as a whole: it becomes healthy, is alone on its data, survives kills, leaves nothing."""

import os
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from config.embedded import processes
from config.run import web
from memberships.gateways.sandbox.address import read_address
from partners.sandbox.address import read_address as read_partners
from tests.config.embedded_users import PROJECT, environment_for, processes_of


class Run:
    """A running supervisor and what it has said so far."""

    def __init__(self, folder: Path, port: int, log: Path) -> None:
        self.log = log
        with log.open("wb") as output:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "config.run"],
                stdout=output,
                stderr=output,
                cwd=PROJECT,
                env=environment_for(folder, PORT=str(port), DEMO_SIZE="small"),
                start_new_session=True,
            )

    def said(self) -> str:
        return self.log.read_text(errors="replace")

    def has_said(self, text: str, *, seconds: float = 300) -> bool:
        """Whether it says so in time; no longer than it lives."""
        return (
            processes.wait_until(lambda: text in self.said() or self.process.poll() is not None, seconds=seconds)
            and text in self.said()
        )

    def stop(self) -> int:
        self.process.send_signal(signal.SIGINT)
        return self.process.wait(90)


@pytest.fixture
def folder() -> Iterator[Path]:
    path = Path(tempfile.mkdtemp(prefix="plusdesk-run-"))
    path.chmod(0o711)
    yield path
    shutil.rmtree(path)


@pytest.fixture
def run(folder: Path, tmp_path: Path) -> Iterator[Run]:
    started = Run(folder, 18000, tmp_path / "first.log")
    yield started
    if started.process.poll() is None:
        started.stop()


def _pid_of(run: Run, name: str) -> int:
    """The first process of that kind which the supervisor has started."""
    return next(
        pid for pid, arguments in processes.command_lines() if name in arguments and _parent(pid) == run.process.pid
    )


def _parent(pid: int) -> int:
    try:
        return int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1])
    except OSError:
        return 0


def test_plusdesk_runs_recovers_and_stops(run: Run, folder: Path, tmp_path: Path) -> None:
    assert run.has_said("Plusdesk is ready: http://127.0.0.1:"), run.said()
    port = int(run.said().split("Plusdesk is ready: http://127.0.0.1:")[1].split("/")[0])

    second = Run(folder, port, tmp_path / "second.log")
    assert second.process.wait(60) == 1
    assert f"Plusdesk is already running at http://127.0.0.1:{port}/" in second.said()

    assert "Listening at" in (folder / "logs" / "web.log").read_text() and "Listening at" not in run.said()

    os.kill(_pid_of(run, "worker"), signal.SIGKILL)
    assert run.has_said("worker ended (signal 9); starting it again in 1 s.", seconds=60)
    assert processes.wait_until(lambda: web.health(port)[0], seconds=60, step=0.5)

    address = read_address(folder / "gateway.json")
    assert address is not None and web.health(address.port, "/health")[0]
    os.kill(_pid_of(run, "memberships.gateways.sandbox"), signal.SIGKILL)
    assert run.has_said("gateway ended (signal 9); starting it again in 1 s.", seconds=60)
    assert processes.wait_until(lambda: web.health(address.port, "/health")[0], seconds=60, step=0.2)
    assert read_address(folder / "gateway.json") == address

    played = read_partners(folder / "partners.json")
    assert played is not None and web.health(played.port, "/health")[0]
    os.kill(_pid_of(run, "partners.sandbox"), signal.SIGKILL)
    assert run.has_said("partner ended (signal 9); starting it again in 1 s.", seconds=60)
    assert processes.wait_until(lambda: web.health(played.port, "/health")[0], seconds=60, step=0.2)
    assert read_partners(folder / "partners.json") == played

    children = [pid for pid, _ in processes.command_lines() if _parent(pid) == run.process.pid]
    assert run.stop() == 0
    assert not any(map(processes.command_line, children))
    assert processes_of(folder) == []
