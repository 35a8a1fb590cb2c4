"""Statements of banks: receipts uploaded, checked, matched, booked and allocated, by a worker as in production.

The limit is COPY of the receipts and entries that ours wrote into the same tables with their indexes, triggers off.
"""

import csv
import os
import random
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path

import psycopg
from django.core.files import File
from django.db import connection, transaction
from django.db.models import F, Sum
from django.utils import timezone
from psycopg import sql

from benchmarks.copying import dump, load
from benchmarks.figures import BenchmarkError, Figures
from benchmarks.house import House, Stopwatch, celery_worker, checkpoint, postgres_pid, say, wait_for
from benchmarks.memory import MemoryWatch
from credit.models import CreditEntry, CreditLine, CreditPolicy, Invoice, Receipt
from memberships.models import Plan, Programme
from memberships.models.programmes import Audience
from operations.models import ImportBatch, User
from operations.services.imports import confirm_import, upload_file

ROWS = 200_000
DISK_PER_ROW = 20_000
#: Open invoices of a firm; there are as many firms as receipts.
INVOICES = 5
SEED = 20270115
HEADERS = ["到账日", "付款户名", "付款账号", "金额", "附言", "流水号"]
SQL = Path(__file__).resolve().parent / "sql"


def measure(house: House) -> Figures:
    """Ours, the same file again, the limit: in this order, on one database."""
    operator = User.objects.create_user("operator")
    today = timezone.localdate()
    _make_firms(house.rows, today)
    path = house.folder / "receipts.csv"
    say(f"The file: {_write_receipts(path, house.rows, today) / house.rows:.0f} bytes a row.")
    watch = Stopwatch()
    with celery_worker(house.folder) as worker, MemoryWatch([worker, postgres_pid()]) as memory:
        _import(path, operator, house.rows, watch)
        checkpoint()
        with watch.measuring("again"):
            again = _upload(path, operator)
        _expect("unchanged rows the second time", again.unchanged, house.rows)
    say("peak private memory: " + ", ".join(f"{kind} {peak:.0f} MB" for kind, peak in memory.peaks_mb.items()))
    entries = _limit(house, watch)
    took = watch.seconds
    return Figures(
        name="receipts", rows=house.rows, ours_s=took["preview"] + took["apply"], limit_s=took["limit"],
        peer_ratio=None, peak_mb=memory.peak_mb,
        more={
            "entries": entries, "preview_s": took["preview"], "apply_s": took["apply"], "again_s": took["again"],
        },
    )  # fmt: skip


def _make_firms(firms: int, today: date) -> None:
    """Firms with a line and open invoices."""
    programme = Programme.objects.create(
        code="credit", name="账期演练", name_en="Credit drill", audience=Audience.ENTERPRISE
    )
    plan = Plan.objects.create(
        programme=programme, code="classic", name="经典卡", name_en="Classic card", price=Decimal("99.00"),
        term_months=12, on_sale_from=today - timedelta(days=900),
    )
    CreditPolicy.objects.create(
        programme=programme, offers={}, allocation=["reference", "exact_amount", "oldest_due"],
        starts_on=today - timedelta(days=900),
    )
    facts = {"firms": firms, "on": today, "at": timezone.now(), "programme": programme.pk, "plan": plan.pk}
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET LOCAL session_replication_role = replica")
        cursor.execute((SQL / "make_debtors.sql").read_text(encoding="utf-8"), facts)
    with connection.cursor() as cursor:
        cursor.execute("VACUUM (ANALYZE)")


def _write_receipts(path: Path, rows: int, today: date) -> int:
    """The file; its size in bytes.

    Of ten payments three name an invoice, three are exactly of an invoice's amount, three of any amount; one is a
    stranger's. Nine come by the firm's name.
    """
    lines = list(CreditLine.objects.order_by("pk").values_list("pk", "member__customer__legal_name"))
    dice = random.Random(SEED)
    with path.open("w", encoding="utf-8-sig", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(HEADERS)
        for number in range(rows):
            line, name = dice.choice(lines)
            invoice = dice.randint(1, INVOICES)
            amount = Decimal(1000 * invoice + line % 997)
            kind = number % 10
            reference = f"货款 F{line}-{invoice}" if kind < 3 else "货款"
            payer = f"无名商行{number}" if kind == 9 else name
            writer.writerow([
                today.isoformat(), payer, f"6222{line:015d}", amount if kind < 6 else amount + dice.randint(1, 900),
                reference, f"CMB{number:012d}",
            ])
    return path.stat().st_size


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
    _expect("receipts", Receipt.objects.count(), rows)
    _expect("receipts of strangers", Receipt.objects.unmatched().count(), rows // 10)
    allocated = Receipt.objects.aggregate(total=Sum("allocated"))["total"]
    _expect("paid of invoices", Invoice.objects.aggregate(total=Sum("paid"))["total"], allocated)
    unapplied = CreditLine.objects.aggregate(total=Sum("unapplied_amount"))["total"]
    received = Receipt.objects.exclude(state="unmatched").aggregate(total=Sum("amount"))["total"]
    _expect("received", allocated + unapplied, received)
    opened = CreditLine.objects.aggregate(total=Sum("open_amount"))["total"]
    _expect("open of lines", opened, Invoice.objects.aggregate(total=Sum(F("outstanding")))["total"])


def _upload(path: Path, operator: User) -> ImportBatch:
    """Upload the file and wait until it is checked."""
    with path.open("rb") as stream:
        batch = upload_file(
            "receipts", File(stream), file_name=path.name, skips_invalid=False, actor=operator, at=timezone.now()
        )
    _wait(batch, ImportBatch.State.CHECKING)
    _expect("state", batch.state, ImportBatch.State.CHECKED)
    return batch


def _wait(batch: ImportBatch, state: str) -> None:
    """Until the batch is not in that state any more."""
    states = ImportBatch.objects.filter(pk=batch.pk).values_list("state", flat=True)
    wait_for(lambda: states.get() != state, f"“{state}”")
    batch.refresh_from_db()


def _limit(house: House, watch: Stopwatch) -> int:
    """COPY what ours wrote into the emptied tables: indexes as they are, no triggers, no keys; how many entries."""
    tables = [model._meta.db_table for model in (Receipt, CreditEntry)]
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
    _expect("receipts after COPY", Receipt.objects.count(), house.rows)
    return CreditEntry.objects.count()


def _expect(what: str, found: object, expected: object) -> None:
    if found != expected:
        raise BenchmarkError(f"{what}: {found} instead of {expected}.")
