"""Processes that use embedded servers over a data folder, as manage.py commands do."""

import os
import subprocess
import sys
from pathlib import Path

from config.embedded import processes

PROJECT = Path(__file__).resolve().parents[2]

# Counts its visits in both servers, says so, and stays until its input ends.
VISIT = """
import sys
from config import embedded
with embedded.servers():
    import psycopg, redis
    with psycopg.connect(embedded.database_url()) as connection:
        connection.execute("SELECT pg_advisory_xact_lock(1)")
        connection.execute("CREATE TABLE IF NOT EXISTS visits (id int GENERATED ALWAYS AS IDENTITY)")
        connection.execute("INSERT INTO visits DEFAULT VALUES")
        rows = connection.execute("SELECT count(*) FROM visits").fetchone()[0]
    hits = redis.Redis.from_url(embedded.redis_url()).incr("visits")
    print(f"{rows} {hits}", flush=True)
    sys.stdin.read()
"""


def environment_for(folder: Path, **changes: str) -> dict[str, str]:
    """This environment without servers of its own, for the data folder `folder`."""
    clean = {name: value for name, value in os.environ.items() if name not in ("DATABASE_URL", "REDIS_URL")}
    return clean | {"PLUSDESK_DATA": str(folder)} | changes


class Visitor:
    """A process inside `embedded.servers()`; it stays until told to leave."""

    def __init__(self, folder: Path, **environment: str) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-c", VISIT],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            cwd=PROJECT,
            env=environment_for(folder, **environment),
        )

    def arrive(self) -> tuple[int, int]:
        """Wait until the servers are up: how many visits each of them has counted."""
        assert self.process.stdout is not None
        line = self.process.stdout.readline()
        assert line, self.process.stderr and self.process.stderr.read()
        rows, hits = line.split()
        return int(rows), int(hits)

    def leave(self) -> str:
        """End in good order; returns what was written to stderr."""
        return self.process.communicate(timeout=60)[1]

    def kill(self) -> None:
        self.process.kill()
        self.process.communicate()


def visit(folder: Path, **environment: str) -> tuple[int, int]:
    visitor = Visitor(folder, **environment)
    counted = visitor.arrive()
    visitor.leave()
    return counted


def processes_of(folder: Path) -> list[int]:
    """Every process that has the data folder, or something in it, among its arguments."""
    return [pid for pid, arguments in processes.command_lines() if any(str(folder) in part for part in arguments)]


def server_pid(folder: Path, program: str) -> int:
    """The server process over `folder` whose program is called so."""
    return next(
        pid
        for pid, arguments in processes.command_lines()
        if arguments[0].endswith(program) and any(str(folder) in part for part in arguments)
    )
