"""What every benchmark needs: its place, a worker as in production, a stopwatch, a voice."""

import contextlib
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from django.db import connection

from benchmarks.figures import BenchmarkError

PROJECT = Path(__file__).resolve().parents[1]


@dataclass(frozen=True)
class House:
    """A folder for files, and how many rows are asked for."""

    folder: Path
    rows: int


@dataclass
class Stopwatch:
    """Seconds of what was measured, by name."""

    seconds: dict[str, float] = field(default_factory=dict)

    @contextlib.contextmanager
    def measuring(self, name: str) -> Iterator[None]:
        """Measure the body, and say it."""
        began = time.perf_counter()
        yield
        self.seconds[name] = time.perf_counter() - began
        say(f"{name}: {self.seconds[name]:.2f} s")


def say(text: str) -> None:
    """Tell whoever is watching; stdout is for the figures."""
    print(text, file=sys.stderr, flush=True)


def checkpoint() -> None:
    """Have everything on the disk, so that nothing pays for what was written before it."""
    with connection.cursor() as cursor:
        cursor.execute("CHECKPOINT")


def postgres_pid() -> int:
    """The server process: the parent of our connection's backend."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        return parent_of(cursor.fetchone()[0])


def parent_of(pid: int) -> int:
    """Its parent's id, 0 when it has ended."""
    try:
        # The program's name stands in parentheses and may hold anything.
        return int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1])
    except (OSError, IndexError):
        return 0


def wait_for(condition: Callable[[], bool], what: str, *, seconds: float = 3600.0, pause: float = 0.1) -> None:
    """Look again and again; BenchmarkError when it takes too long."""
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            raise BenchmarkError(f"{what} took longer than {seconds:g} s.")
        time.sleep(pause)


@contextlib.contextmanager
def celery_worker(folder: Path, *, processes: int = 2) -> Iterator[int]:
    """A worker of so many processes, started as `make run` starts it; its id, once it takes tasks."""
    from config.celery import app

    options = f"worker --concurrency={processes} --loglevel=INFO --without-gossip --without-mingle"
    with (folder / "worker.log").open("w") as log:
        worker = subprocess.Popen(
            [sys.executable, "-m", "celery", "-A", "config", "--quiet", *options.split()],
            cwd=PROJECT, env=os.environ, stdin=subprocess.DEVNULL, stdout=log, stderr=log,
        )  # fmt: skip
    try:
        wait_for(lambda: bool(app.control.ping(timeout=0.5)), "The start of the worker", seconds=60)
        yield worker.pid
    except BenchmarkError:
        say((folder / "worker.log").read_text()[-4000:])
        raise
    finally:
        worker.terminate()
        try:
            worker.wait(30)
        except subprocess.TimeoutExpired:
            worker.kill()
            worker.wait()
