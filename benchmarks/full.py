"""The full size: `python benchmarks/full.py [--members N --firms N --lots N] [--folder DIR] [--keep] [--pages]`.

Makes a database of 15,000,000 persons, 8,000,000 firms and 60,000,000 lots (or as many as asked for), measures the
pages of the desk on it, and looks at the plan of every statement that they send. Says first what disk and time it
takes, and does not begin where the disk lacks room. With --keep the data stay in the folder; with --pages those that
are there are measured.
"""

import argparse
import json
import os
import shutil
import signal
import subprocess
import sys
from datetime import UTC, date, datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import psycopg

PROJECT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(PROJECT))

from config.embedded import EmbeddedServersError, PrivateServers, private_servers  # noqa: E402

#: Bytes that a person with a wallet, a firm and a lot take with all that hangs on them, as measured at 1 % of the full
#: size; and what the programmes, the log and sorting take besides.
PERSON, FIRM, LOT, BESIDES = 1_400, 1_250, 152, 3_500_000_000
#: Seconds for a thousand of each, on two processors that have little else to do; the rest of it is reading it all once.
SECONDS_OF_THOUSAND = 0.03
#: For making the data: nothing is durable, and the log is written only where it has to be.
MAKING = {
    "wal_level": "minimal", "max_wal_senders": "0", "max_wal_size": "3GB", "checkpoint_timeout": "1h",
    "shared_buffers": "1GB", "maintenance_work_mem": "768MB", "work_mem": "192MB", "autovacuum": "off",
}  # fmt: skip
SIZE_FILE = "size.json"


def arguments() -> argparse.Namespace:
    """What was asked for."""
    parser = argparse.ArgumentParser(description="Measure the pages of the desk at full size.")
    parser.add_argument("--members", type=int, default=15_000_000, help="persons (15,000,000)")
    parser.add_argument("--firms", type=int, default=8_000_000, help="firms (8,000,000)")
    parser.add_argument("--lots", type=int, default=60_000_000, help="lots; a multiple of the persons (60,000,000)")
    parser.add_argument("--folder", type=Path, default=PROJECT / "var" / "bench", help="of the data (var/bench)")
    parser.add_argument("--keep", action="store_true", help="leave the data there")
    parser.add_argument("--pages", action="store_true", help="measure the data that are there; they stay")
    parser.add_argument("--only", default="", help="only pages with this in their names")
    parser.add_argument("--requests", type=int, default=200, help="of each page and round (200)")
    options = parser.parse_args()
    if options.members < 1_000 or options.firms < 0 or options.lots % options.members or not options.lots:
        parser.error("--members is 1,000 or more, --lots a multiple of it")
    return options


def main() -> None:
    options = arguments()
    folder: Path = options.folder.absolute()
    # A polite end, so that the servers are stopped.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    if not options.pages:
        _refuse_without_room(options, folder)
        _make(options, folder)
    elif not (folder / SIZE_FILE).exists():
        sys.exit(f"There are no data in {folder}: make them without --pages and with --keep.")
    failed = _measure(options, folder)
    if not (options.keep or options.pages):
        shutil.rmtree(folder)
    sys.exit(failed)


def _refuse_without_room(options: argparse.Namespace, folder: Path) -> None:
    """Say what it takes; an end where there is no room, or data of before."""
    needed = options.members * PERSON + options.firms * FIRM + options.lots * LOT + BESIDES
    rows = options.members + options.firms + options.lots
    folder.mkdir(parents=True, exist_ok=True)
    free = shutil.disk_usage(folder).free
    say(
        f"{options.members:,} persons, {options.firms:,} firms, {options.lots:,} lots in {folder}: about"
        f" {needed / 1e9:.0f} GB of disk ({free / 1e9:.0f} GB are free), and about"
        f" {1 + rows * SECONDS_OF_THOUSAND / 60_000:.0f} minutes until they are there."
    )
    if needed > free:
        sys.exit("There is not enough room on the disk.")
    if (folder / "servers").exists():
        sys.exit(f"There are data in {folder} already: remove them, or measure them with --pages.")


def _make(options: argparse.Namespace, folder: Path) -> None:
    with private_servers(folder / "servers", durable=False) as pair:
        _set(pair, MAKING)
        pair.postgres.stop()
        pair.start_postgres()
        size = {
            "on": _today().isoformat(), "members": options.members, "firms": options.firms, "lots": options.lots
        }
        _inside(pair, folder, "benchmarks.full_data", json.dumps(size))
        _set(pair, dict.fromkeys(MAKING))
    with private_servers(folder / "servers", durable=True) as pair:
        _inside(pair, folder, "benchmarks.full_nights")
    (folder / SIZE_FILE).write_text(json.dumps(size))


def _measure(options: argparse.Namespace, folder: Path) -> int:
    size = json.loads((folder / SIZE_FILE).read_text())
    if date.fromisoformat(size["on"]) != _today():
        say(f"The data are of {size['on']}: what is due or in grace today is not what it was then.")
    with private_servers(folder / "servers", durable=True) as pair:
        return _inside(
            pair, folder, "benchmarks.full_pages", str(options.requests), options.only, may_fail=True
        )


def _set(pair: PrivateServers, settings: dict[str, Any]) -> None:
    """Settings of the cluster, None: as they are by themselves."""
    with psycopg.connect(pair.database_url, autocommit=True) as database:
        for name, value in settings.items():
            change = f"SET {name} = '{value}'" if value else f"RESET {name}"
            database.execute(f"ALTER SYSTEM {change}".encode())


def _inside(pair: PrivateServers, folder: Path, module: str, *words: str, may_fail: bool = False) -> int:
    """A module in a process of its own, since Django reads once where its servers are."""
    done = subprocess.run([sys.executable, "-m", module, *words], cwd=PROJECT, env=os.environ | {
        "DATABASE_URL": pair.database_url,
        "REDIS_URL": pair.redis_url,
        "PLUSDESK_DATA": f"{folder}/data",
        "UPLOADS_DIR": f"{folder}/uploads",
        "PLUSDESK_PRODUCTION": "off",
        "LOG_LEVEL": "CRITICAL",
    })  # fmt: skip
    if done.returncode and not may_fail:
        sys.exit(f"{module} failed; see above. What is in {folder} is of no use.")
    return done.returncode


def _today() -> date:
    """The business date."""
    return datetime.now(UTC).astimezone(timezone(timedelta(hours=8))).date()


def say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


if __name__ == "__main__":
    try:
        main()
    except (EmbeddedServersError, KeyboardInterrupt) as error:
        sys.exit(str(error) or "Stopped.")
