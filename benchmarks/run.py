"""Measure: `python benchmarks/run.py [NAME ...] [--rows N] [--json]`.

A benchmark is a file bench_<name>.py. Each gets a PostgreSQL and a Valkey of its own, durable as in
production, in a temporary folder that is removed afterwards; what it does goes to stderr, its figures to stdout.
"""

import argparse
import os
import signal
import subprocess
import sys
import tempfile
from pathlib import Path

PROJECT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(PROJECT))

from benchmarks.figures import Figures  # noqa: E402
from config.embedded import EmbeddedServersError, private_servers  # noqa: E402


def names() -> list[str]:
    """The benchmarks there are."""
    files = sorted(Path(__file__).parent.glob("bench_*.py"))
    return [file.stem.removeprefix("bench_").replace("_", "-") for file in files]


def measure(name: str, rows: int | None) -> Figures:
    """Run one benchmark in a process of its own, since Django reads once where its servers are."""
    with tempfile.TemporaryDirectory(prefix="plusdesk-bench-") as folder, \
            private_servers(Path(folder) / "servers", durable=True) as pair:  # fmt: skip
        command = [sys.executable, "-m", "benchmarks.inside", name, folder, *([str(rows)] if rows else [])]
        done = subprocess.run(command, cwd=PROJECT, stdout=subprocess.PIPE, text=True, env=os.environ | {
            "DATABASE_URL": pair.database_url,
            "REDIS_URL": pair.redis_url,
            "PLUSDESK_DATA": f"{folder}/data",
            "UPLOADS_DIR": f"{folder}/uploads",
            "PLUSDESK_PRODUCTION": "off",
            "LOG_LEVEL": "WARNING",
        })  # fmt: skip
    if done.returncode:
        raise SystemExit(f"{name} failed; see above.")
    return Figures.unpacked(done.stdout.splitlines()[-1])


def main() -> None:
    parser = argparse.ArgumentParser(description="Measure the heavy parts of Plusdesk.")
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"one of: {', '.join(names())} (default: all)")
    parser.add_argument("--rows", type=int, help="how many rows (each benchmark has its own default)")
    parser.add_argument("--json", action="store_true", help="one JSON object a line")
    options = parser.parse_args()
    if unknown := set(options.names) - set(names()):
        parser.error(f"there is no benchmark {', '.join(sorted(unknown))}; there are: {', '.join(names())}")
    if options.rows is not None and options.rows < 1:
        parser.error("--rows must be 1 or more")
    # A polite end, so that servers are stopped and the folder is removed.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    for name in options.names or names():
        figures = measure(name, options.rows)
        print(figures.as_json() if options.json else figures.as_table(), flush=True)


if __name__ == "__main__":
    try:
        main()
    except (EmbeddedServersError, KeyboardInterrupt) as error:
        sys.exit(str(error) or "Stopped.")
