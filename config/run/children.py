"""The processes that `make run` watches over.

Each is the leader of a session of its own: Ctrl-C in the terminal reaches the supervisor only, which
then ends them in order. Should the supervisor itself be killed, the kernel tells each of them.
"""

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Sequence
from functools import partial
from pathlib import Path

from config.embedded.paths import PROJECT
from config.embedded.processes import end_with_parent
from config.run.lines import LogFile, tells_of_a_fault

STEADY_SECONDS = 60.0
MOST_FAILURES = 8
LONGEST_PAUSE = 30.0

# What the web server says before it has read the settings bears the house's time as well.
ZONE = {"TZ": "Asia/Shanghai"}
# A worker of the root user says so at length; here that is known, and everything is on loopback.
QUIETLY = {"PYTHONWARNINGS": "ignore:You're running the worker with superuser"}


class GaveUpError(Exception):
    """A child ended again and again, or did what must succeed and failed."""


class Child:
    """One process, started again with growing pauses when it ends by itself.

    What it prints goes to the screen; with a folder for logs, there into <name>.log, and only faults to the screen.
    """

    def __init__(
        self, name: str, arguments: Sequence[str], *, patience: float = 20.0, logs: Path | None = None
    ) -> None:
        self.name = name
        self.arguments = [sys.executable, *arguments]
        self.patience = patience
        self.logs = logs
        self._process: subprocess.Popen[str] | None = None
        self._started_at = 0.0
        self._start_again_at = 0.0
        self._failures = 0

    def start(self) -> None:
        self._started_at = time.monotonic()
        self._process = subprocess.Popen(  # nosec B603
            self.arguments,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
            cwd=PROJECT,
            env=QUIETLY | os.environ | ZONE | {"PYTHONUNBUFFERED": "1"},
            umask=0o077,
            start_new_session=True,
            preexec_fn=partial(end_with_parent, signal.SIGTERM),
        )
        threading.Thread(target=self._pass_on, args=(self._process,), daemon=True).start()

    def watch(self) -> None:
        """Notice that the process has ended, and start it again when its pause is over."""
        if self._process is not None and self._process.poll() is not None:
            self._note_end(self._process)
        if self._process is None and time.monotonic() >= self._start_again_at:
            self.start()

    def finish(self) -> None:
        """Wait for a process that has one thing to do, and must not fail."""
        assert self._process is not None
        code = self._process.wait()
        if code:
            raise GaveUpError(f"{self.name} failed ({_ending(code)}).")

    def stop(self) -> None:
        """Ask the process to end; when it does not in time, or leaves others behind, end its group."""
        if self._process is None:
            return
        self._signal_group(signal.SIGTERM, leader_only=True)
        try:
            self._process.wait(self.patience)
        except subprocess.TimeoutExpired:
            say(f"{self.name} does not stop; ending it by force.")
        self.kill()
        self._process.wait()
        self._process = None

    def kill(self) -> None:
        """End the process and those it started, without asking."""
        self._signal_group(signal.SIGKILL, leader_only=False)

    def _note_end(self, process: subprocess.Popen[str]) -> None:
        self.kill()
        is_steady = time.monotonic() - self._started_at > STEADY_SECONDS
        self._failures = 1 if is_steady else self._failures + 1
        if self._failures > MOST_FAILURES:
            raise GaveUpError(f"{self.name} ended {self._failures} times in a row.")
        pause = min(2.0 ** (self._failures - 1), LONGEST_PAUSE)
        say(f"{self.name} ended ({_ending(process.returncode)}); starting it again in {pause:g} s.")
        self._process = None
        self._start_again_at = time.monotonic() + pause

    def _signal_group(self, number: int, *, leader_only: bool) -> None:
        if self._process is None:
            return
        try:
            if leader_only:
                self._process.send_signal(number)
            else:
                os.killpg(self._process.pid, number)
        except ProcessLookupError:
            return

    def _pass_on(self, process: subprocess.Popen[str]) -> None:
        """Keep the process's lines in its file, and print them, or what of them is a fault, under its name."""
        assert process.stdout is not None
        log = LogFile(self.logs / f"{self.name}.log") if self.logs else None
        with process.stdout as lines:
            for line in lines:
                if log is not None:
                    log.keep(line)
                if log is None or tells_of_a_fault(line):
                    print(f"{self.name:<7}| {line}", end="", flush=True)
        if log is not None:
            log.close()


def say(text: str) -> None:
    print(text, flush=True)


def _ending(code: int) -> str:
    return f"signal {-code}" if code < 0 else f"exit code {code}"
