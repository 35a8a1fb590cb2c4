"""The supervisor's children come back when they end, are stopped in time, and die with it."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from config.embedded import processes
from config.run import children
from config.run.children import Child, GaveUpError
from tests.config.embedded_users import PROJECT

STAYS = "import time; print('here', flush=True); time.sleep(600)"


def _pid(child: Child) -> int:
    assert child._process is not None
    return child._process.pid


def test_a_killed_child_is_started_again(capsys: pytest.CaptureFixture[str]) -> None:
    child = Child("worker", ["-c", STAYS])
    child.start()
    first = _pid(child)
    os.kill(first, signal.SIGKILL)

    def is_back() -> bool:
        child.watch()
        return child._process is not None and child._process.pid != first

    assert processes.wait_until(is_back, seconds=10)
    child.stop()
    assert "worker ended (signal 9); starting it again in 1 s." in capsys.readouterr().out


def test_a_child_that_ends_again_and_again_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(children, "LONGEST_PAUSE", 0.0)
    child = Child("worker", ["-c", "raise SystemExit(3)"])

    def watch_for_long() -> None:
        for _ in range(3000):
            child.watch()
            time.sleep(0.01)

    with pytest.raises(GaveUpError, match="worker ended 9 times in a row"):
        watch_for_long()


def test_a_child_that_ignores_the_request_is_ended_with_those_it_started(tmp_path: Path) -> None:
    note = tmp_path / "grandchild"
    code = (
        "import pathlib, signal, subprocess, sys, time;"
        "signal.signal(signal.SIGTERM, signal.SIG_IGN);"
        "pid = subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(600)']).pid;"
        f"pathlib.Path({str(note)!r}).write_text(str(pid)); time.sleep(600)"
    )
    child = Child("worker", ["-c", code], patience=0.3)
    child.start()
    assert processes.wait_until(lambda: note.exists() and bool(note.read_text()), seconds=10)
    pids = [_pid(child), int(note.read_text())]
    child.stop()
    assert processes.wait_until(lambda: not any(map(processes.command_line, pids)), seconds=5)


def test_children_end_when_the_supervisor_is_killed() -> None:
    code = (
        "import time; from config.run.children import Child;"
        f"child = Child('worker', ['-c', {STAYS!r}]); child.start();"
        "print(child._process.pid, flush=True); time.sleep(600)"
    )
    supervisor = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True, cwd=PROJECT)
    assert supervisor.stdout is not None
    pid = int(supervisor.stdout.readline())
    supervisor.kill()
    supervisor.communicate()
    assert processes.wait_until(lambda: not processes.command_line(pid), seconds=5)


def test_a_step_that_fails_stops_the_run() -> None:
    child = Child("migrate", ["-c", "raise SystemExit(2)"])
    child.start()
    with pytest.raises(GaveUpError, match=r"migrate failed \(exit code 2\)"):
        child.finish()

def test_what_a_child_says_is_kept_and_the_screen_shows_its_faults_only(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    said = [
        "timestamp='2026-11-23' level='info' event='request_finished'",
        "[2026-11-23 09:45:27 +0800] [32635] [INFO] Listening at: http://127.0.0.1:8055 (32635)",
        "timestamp='2026-11-23' level='error' event='request_failed'",
        "ValueError: a line of a traceback",
    ]
    child = Child("web", ["-c", f"print({chr(10).join(said)!r}, flush=True)"], logs=tmp_path / "logs")
    child.start()
    child.finish()
    log = tmp_path / "logs" / "web.log"
    assert processes.wait_until(lambda: log.exists() and log.read_text().splitlines() == said, seconds=5)
    assert capsys.readouterr().out.splitlines() == [f"web    | {line}" for line in said[2:]]
