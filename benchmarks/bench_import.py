"""A list of new firms: upload, check, confirm, apply, by a worker as in production, audit trail on.

The limit is COPY of the same business rows into the same tables with their indexes, triggers off. The peer
is django-import-export's default resource.
"""

import os
from datetime import timedelta
from pathlib import Path

import psycopg
from django.core.files import File
from django.db import connection
from django.utils import timezone
from psycopg import sql

from benchmarks.copying import dump, load
from benchmarks.figures import BenchmarkError, Figures
from benchmarks.firms import write_firms
from benchmarks.house import House, Stopwatch, celery_worker, checkpoint, postgres_pid, say, wait_for
from benchmarks.memory import MemoryWatch
from benchmarks.peer import seconds_per_row
from memberships.demo import make_jd_plus_enterprise
from memberships.models import CreditRequest, EnterpriseCustomer, Member, MemberContact, Subscription
from operations.models import ImportBatch, User
from operations.services.imports import confirm_import, upload_file

ROWS = 1_000_000
DISK_PER_ROW = 14_000
PEER_ROWS = 2_000
#: The business tables that the import writes, in the order of their keys.
TABLES = (Member, EnterpriseCustomer, MemberContact, Subscription, CreditRequest)


def measure(house: House) -> Figures:
    """Ours, the same file again, the limit, the peer: in this order, on one database."""
    operator = User.objects.create_user("operator")
    make_jd_plus_enterprise(on=timezone.localdate() - timedelta(days=1))
    path = house.folder / "firms.csv"
    say(f"The file: {write_firms(path, house.rows) / house.rows:.0f} bytes a row.")
    watch = Stopwatch()
    with celery_worker(house.folder) as worker, MemoryWatch([worker, postgres_pid()]) as memory:
        _import(path, operator, house.rows, watch)
        _import_again(path, operator, house.rows, watch)
    say("peak private memory: " + ", ".join(f"{kind} {peak:.0f} MB" for kind, peak in memory.peaks_mb.items()))
    _copy_limit(house, watch)
    with watch.measuring("peer"):
        peer_s = seconds_per_row(min(PEER_ROWS, house.rows))
    took = watch.seconds
    ours = took["preview"] + took["apply"]
    return Figures(
        name="import", rows=house.rows, ours_s=ours, limit_s=took["limit"],
        peer_ratio=peer_s / (ours / house.rows), peak_mb=memory.peak_mb,
        more={
            "preview_s": took["preview"], "apply_s": took["apply"], "again_s": took["again"],
            "again_ratio": ours / took["again"], "peer_row_ms": peer_s * 1000,
        },
    )  # fmt: skip


def _import(path: Path, operator: User, rows: int, watch: Stopwatch) -> None:
    """The first time: every row is new; preview and application, without the operator's time to think."""
    checkpoint()
    with watch.measuring("preview"):
        batch = _upload(path, operator)
    _expect("new rows in the preview", batch.new, rows)
    with watch.measuring("apply"):
        confirm_import(
            batch, preview_key=batch.preview_key, file_sha256=batch.file_sha256, actor=operator, at=timezone.now()
        )
        _wait(batch, ImportBatch.State.APPLYING)
    _expect("state", batch.state, ImportBatch.State.APPLIED)
    _expect("applied rows", batch.applied, rows)
    for model in TABLES:
        _expect(f"{model.__name__} rows", model._default_manager.count(), rows)
        _expect(f"{model.__name__} rows in the audit trail", model.pgh_event_model.objects.count(), rows)  # type: ignore[attr-defined]


def _import_again(path: Path, operator: User, rows: int, watch: Stopwatch) -> None:
    """The second time: nothing is new, and the preview is all there is to do."""
    checkpoint()
    with watch.measuring("again"):
        batch = _upload(path, operator)
    _expect("unchanged rows the second time", batch.unchanged, rows)


def _upload(path: Path, operator: User) -> ImportBatch:
    """Upload the file and wait until it is checked."""
    with path.open("rb") as stream:
        batch = upload_file(
            "enterprise-customers", File(stream), file_name=path.name, skips_invalid=False, actor=operator,
            at=timezone.now(),
        )
    _wait(batch, ImportBatch.State.CHECKING)
    _expect("state", batch.state, ImportBatch.State.CHECKED)
    return batch


def _wait(batch: ImportBatch, state: str) -> None:
    """Until the batch is not in that state any more."""
    states = ImportBatch.objects.filter(pk=batch.pk).values_list("state", flat=True)
    wait_for(lambda: states.get() != state, f"“{state}”")
    batch.refresh_from_db()


def _expect(what: str, found: object, expected: object) -> None:
    if found != expected:
        raise BenchmarkError(f"{what}: {found} instead of {expected}.")


def _copy_limit(house: House, watch: Stopwatch) -> None:
    """COPY the rows that ours wrote into the emptied tables: indexes as they are, triggers off, no keys checked."""
    tables = [model._meta.db_table for model in TABLES]
    # Connections of the worker are gone, ours would wait for its own lock.
    connection.close()
    with psycopg.connect(os.environ["DATABASE_URL"], autocommit=True) as database:
        for table in tables:
            dump(database, table, house.folder / table)
        database.execute("SET session_replication_role = replica")
        names = sql.SQL(", ").join(map(sql.Identifier, tables))
        database.execute(sql.SQL("TRUNCATE {} CASCADE").format(names))
        database.execute("CHECKPOINT")
        with watch.measuring("limit"):
            for table in tables:
                load(database, table, house.folder / table)
    for model in TABLES:
        _expect(f"{model.__name__} rows after COPY", model._default_manager.count(), house.rows)

