"""Backups of the database and the uploads, and their way back to any instant: `python deploy/backup.py --help`.

    receive   keeps every change as it happens (pg_receivewal over a replication slot); a service, always on
    take      a whole copy, checked, with the uploads; drops what is older than the copies to keep
    list      the copies there are, and how far the changes reach
    restore   a copy and the changes since, up to an instant, into a new folder for PostgreSQL

Needs Python and PostgreSQL's own programs, nothing else of Plusdesk, and runs on any host that reaches the database;
that is what DATABASE_URL says, by a user with the right REPLICATION.
"""

import argparse
import json
import os
import re
import shlex
import shutil
import subprocess  # nosec B404
import sys
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

SLOT = "plusdesk_backup"
FACTS = "backup.json"
NAMED = "%Y%m%dT%H%M%SZ"
UNFINISHED = "unfinished-"
OTHER_TARGETS = ("recovery_target", "recovery_target_name", "recovery_target_xid", "recovery_target_lsn")
#: A file of changes, by its timeline and place, and a line of a timeline's history: where it left which other.
WAL_FILE = re.compile(r"([0-9A-F]{8})([0-9A-F]{8})([0-9A-F]{8})(?:\.partial)?")
FORK = re.compile(r"(\d+)\t([0-9A-F]+)/([0-9A-F]+)\t")


class BackupError(Exception):
    """What cannot be done, in one line."""


@dataclass(frozen=True)
class Copy:
    """A whole copy: `started` and `ended` are instants (ISO 8601, UTC), `first_wal` the first file that it needs."""

    name: str
    started: str
    ended: str
    first_wal: str

    @property
    def is_whole_at(self) -> datetime:
        """The earliest instant that it can be brought to."""
        return datetime.fromisoformat(self.ended)


@dataclass(frozen=True)
class Store:
    """The folder of all backups: copies/<name>/{database,uploads,backup.json}, and wal/ with what changed."""

    root: Path

    @property
    def wal(self) -> Path:
        return self.root / "wal"

    @property
    def left(self) -> Path:
        """Changes of a past that a restore went back behind."""
        return self.root / "wal-left"

    @property
    def copies_folder(self) -> Path:
        return self.root / "copies"

    def copies(self) -> list[Copy]:
        """Finished ones, the oldest first."""
        facts = sorted(self.copies_folder.glob(f"[0-9]*/{FACTS}"))
        return [Copy(**json.loads(path.read_text(encoding="utf-8"))) for path in facts]

    def last_before(self, until: datetime | None) -> Copy:
        """The newest copy that can be brought to `until`; the newest of all without it."""
        copies = self.copies()
        fitting = [copy for copy in copies if until is None or copy.is_whole_at <= until]
        if not copies:
            raise BackupError(f"There is no backup in {self.root}.")
        if not fitting:
            raise BackupError(f"The oldest backup in {self.root} can be brought to {copies[0].ended} at the earliest.")
        return fitting[-1]

    def folder(self, copy: Copy) -> Path:
        return self.copies_folder / copy.name


def receive(store: Store, programs: Path | None) -> None:
    """Become pg_receivewal, which writes changes as they come and acknowledges what is on disk."""
    store.wal.mkdir(parents=True, exist_ok=True)
    at = ["--dbname", _database(), "--slot", SLOT, "--no-password"]
    _run([_program("pg_receivewal", programs), *at, "--create-slot", "--if-not-exists"])
    _leave_other_pasts(store, programs)
    # It ends with the connection, and the service begins anew: after a restore neither slot nor past is what it was.
    folder = os.fspath(store.wal)
    command = [_program("pg_receivewal", programs), *at, "--directory", folder, "--synchronous", "--no-loop"]
    os.execv(command[0], command)  # nosec B606


def _leave_other_pasts(store: Store, programs: Path | None) -> None:
    """Put aside what was received after the instant that the database was since brought back to.

    From there on it goes on in a timeline of its own, which is received from the file that has the fork in it.
    """
    timeline = int(_asked(programs, "IDENTIFY_SYSTEM").split("|")[1])
    history = _asked(programs, f"TIMELINE_HISTORY {timeline}") if timeline > 1 else ""
    forks = {int(of): (int(high, 16), int(low, 16)) for of, high, low in FORK.findall(history)}
    for path in sorted(store.wal.iterdir()):
        if not (found := WAL_FILE.fullmatch(path.name)) or (of := int(found[1], 16)) == timeline:
            continue
        high, low = forks.get(of, (0, 0))
        if (int(found[2], 16), int(found[3], 16)) >= (high, low // path.stat().st_size):
            store.left.mkdir(exist_ok=True)
            path.replace(store.left / path.name)


def take(store: Store, programs: Path | None, *, uploads: Path | None, keep: int) -> Copy:
    """A whole copy, checked against its manifest; nothing counts as one until all of it is there."""
    for abandoned in store.copies_folder.glob(f"{UNFINISHED}*"):
        shutil.rmtree(abandoned)
    started = datetime.now(UTC)
    folder = store.copies_folder / f"{UNFINISHED}{started.strftime(NAMED)}"
    folder.mkdir(parents=True)
    database = folder / "database"
    _run([
        _program("pg_basebackup", programs), "--dbname", _database(), "--pgdata", os.fspath(database), "--no-password",
        "--checkpoint=fast", "--wal-method=stream", "--manifest-checksums=SHA256",
    ])  # fmt: skip
    _run([_program("pg_verifybackup", programs), "--quiet", os.fspath(database)])
    if uploads is not None:
        earlier = store.copies()
        _copy_files(uploads, folder / "uploads", store.folder(earlier[-1]) / "uploads" if earlier else None)
    copy = Copy(started.strftime(NAMED), started.isoformat(), datetime.now(UTC).isoformat(), _first_wal(database))
    (folder / FACTS).write_text(json.dumps(asdict(copy)), encoding="utf-8")
    folder.rename(store.folder(copy))
    _drop_old(store, programs, keep)
    return copy


def restore(
    store: Store, programs: Path | None, into: Path, *, until: datetime | None, uploads: Path | None, owner: str | None
) -> Copy:
    """Fill the new folder `into`; PostgreSQL, started on it, brings itself to `until`, or as far as changes reach.

    BackupError when a folder is not empty, no copy is old enough, or the copy is no longer what was written.
    """
    for folder in filter(None, (into, uploads)):
        if folder.exists() and any(folder.iterdir()):
            raise BackupError(f"{folder} is not empty.")
    copy = store.last_before(until)
    source = store.folder(copy)
    _run([_program("pg_verifybackup", programs), "--quiet", os.fspath(source / "database")])
    shutil.copytree(source / "database", into, dirs_exist_ok=True)
    into.chmod(0o700)
    with (into / "postgresql.auto.conf").open("a", encoding="utf-8") as settings:
        settings.writelines(f"{name} = {_quoted(value)}\n" for name, value in _recovery(store, until).items())
    (into / "recovery.signal").touch(mode=0o600)
    if uploads is not None and (source / "uploads").exists():
        shutil.copytree(source / "uploads", uploads, dirs_exist_ok=True)
    if owner is not None:
        _give_to(into, owner)
    return copy


def _recovery(store: Store, until: datetime | None) -> dict[str, str]:
    """https://www.postgresql.org/docs/current/runtime-config-wal.html#RUNTIME-CONFIG-WAL-ARCHIVE-RECOVERY"""
    wal = shlex.quote(os.fspath(store.wal.absolute())).replace("%", "%%")
    # The file that is being received has a name of its own until it is full.
    return {
        "restore_command": f'cp {wal}/%f "%p" 2>/dev/null || cp {wal}/%f.partial "%p" 2>/dev/null',
        "recovery_target_timeline": "latest",
        "recovery_target_action": "promote",
        # The copy of a database that was itself restored still says how far that went.
        **dict.fromkeys(OTHER_TARGETS, ""),
        "recovery_target_time": until.astimezone(UTC).isoformat(sep=" ") if until else "",
    }


def _first_wal(database: Path) -> str:
    label = (database / "backup_label").read_text(encoding="utf-8")
    found = re.search(r"START WAL LOCATION: \S+ \(file ([0-9A-F]{24})\)", label)
    if found is None:
        raise BackupError("pg_basebackup did not say where its copy begins.")
    return found[1]


def _copy_files(source: Path, target: Path, earlier: Path | None) -> None:
    """Copy a folder of files that are written once; those that the copy before has are linked to it."""
    target.mkdir()
    for path in sorted(source.rglob("*")):
        relative = path.relative_to(source)
        known = earlier / relative if earlier else None
        try:
            if path.is_dir():
                (target / relative).mkdir()
            elif known is not None and known.exists() and _is_same(path, known):
                os.link(known, target / relative)
            else:
                shutil.copy2(path, target / relative)
        except FileNotFoundError:
            # Uploads are erased by their age, also while they are copied.
            if path.exists():
                raise


def _is_same(path: Path, known: Path) -> bool:
    one, other = path.stat(), known.stat()
    return (one.st_size, one.st_mtime_ns) == (other.st_size, other.st_mtime_ns)


def _drop_old(store: Store, programs: Path | None, keep: int) -> None:
    """Copies but the last `keep`, and the changes that none of those left begins with."""
    copies = store.copies()
    for copy in copies[:-keep]:
        shutil.rmtree(store.folder(copy))
    if store.wal.exists():
        _run([_program("pg_archivecleanup", programs), os.fspath(store.wal), copies[-keep:][0].first_wal])


def _give_to(folder: Path, owner: str) -> None:
    for path in (folder, *folder.rglob("*")):
        shutil.chown(path, owner)


def _database() -> str:
    url = os.environ.get("DATABASE_URL")
    if not url:
        raise BackupError("DATABASE_URL says which database; it is not set.")
    # libpq knows one of the two names that Django knows.
    return re.sub(r"^postgres://", "postgresql://", url)


def _program(name: str, programs: Path | None) -> str:
    found = shutil.which(name, path=os.fspath(programs) if programs else None)
    if found is None:
        raise BackupError(f"{name} was not found: install PostgreSQL's programs, or name their folder (--programs).")
    return found


def _asked(programs: Path | None, command: str) -> str:
    """What PostgreSQL answers to a command of replication."""
    database = _database()
    at = f"{database}{'&' if '?' in database else '?'}replication=true"
    return _run([_program("psql", programs), at, "--no-psqlrc", "--no-password", "-Atc", command])


def _run(command: Sequence[str]) -> str:
    done = subprocess.run(command, capture_output=True, text=True)  # nosec B603
    if done.returncode:
        lines = done.stderr.strip().splitlines() or ["it says nothing"]
        raise BackupError(f"{Path(command[0]).name} failed: {lines[-1]}")
    return done.stdout


def _quoted(value: str) -> str:
    return "'" + value.replace("\\", "\\\\").replace("'", "''") + "'"


def _instant(text: str) -> datetime:
    """An instant with its offset, as 2026-11-23T10:00:00+08:00; without one nobody knows which is meant."""
    try:
        instant = datetime.fromisoformat(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is no instant, as 2026-11-23T10:00:00+08:00") from None
    if instant.tzinfo is None:
        raise argparse.ArgumentTypeError(f"{text!r} has no offset, as +08:00 at its end")
    return instant


def _number(text: str) -> int:
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"{text!r} is not a number of copies from 1 on")
    return int(text)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="backup", description="Backups of Plusdesk, and the way back to any instant.")
    parser.add_argument("--store", type=Path, required=True, help="the folder of all backups, not on the data's disks")
    parser.add_argument("--programs", type=Path, help="the folder of PostgreSQL's programs; by default PATH")
    parts = parser.add_subparsers(dest="part", required=True)
    parts.add_parser("receive", help="keep every change as it happens; runs until it is ended")
    taking = parts.add_parser("take", help="make a whole copy")
    taking.add_argument("--uploads", type=Path, help="the folder of uploads (UPLOADS_DIR), copied with it")
    taking.add_argument("--keep", type=_number, default=7, help="how many copies stay (7)")
    parts.add_parser("list", help="the copies there are")
    restoring = parts.add_parser("restore", help="fill a new folder for PostgreSQL")
    restoring.add_argument("--into", type=Path, required=True, help="the new data folder, empty or not there yet")
    restoring.add_argument("--until", type=_instant, help="the last instant wanted, as 2026-11-23T10:00:00+08:00")
    restoring.add_argument("--uploads", type=Path, help="where uploads go, empty or not there yet")
    restoring.add_argument("--owner", help="whom the data folder is given to, when root restores (postgres)")
    return parser


def _do(asked: Any) -> str:
    store = Store(asked.store)
    if asked.part == "receive":
        receive(store, asked.programs)
    if asked.part == "take":
        copy = take(store, asked.programs, uploads=asked.uploads, keep=asked.keep)
        return f"Copy {copy.name} is whole and checked; changes since are in {store.wal}."
    if asked.part == "list":
        return "\n".join(f"{copy.name}  can be brought to any instant from {copy.ended} on" for copy in store.copies())
    copy = restore(
        store, asked.programs, asked.into, until=asked.until, uploads=asked.uploads, owner=asked.owner
    )
    return (
        f"Copy {copy.name} is in {asked.into}. Start PostgreSQL on it: it reads the changes, and then serves."
        " Next: python manage.py audit_books --all-digests"
    )


def main(arguments: Sequence[str] | None = None) -> int:
    os.umask(0o077)
    try:
        print(_do(_parser().parse_args(arguments)))
    except (BackupError, OSError) as error:
        print(f"backup: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
