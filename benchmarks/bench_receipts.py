"""Statements of banks: receipts uploaded, checked, matched, booked and allocated, by a worker as in production.

The limit is COPY of the receipts and entries that ours wrote into the same tables with their indexes, triggers off.
"""

import csv
import random
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path

from django.db import connection, transaction
from django.db.models import F, Sum
from django.utils import timezone

from benchmarks.copying import copy_again
from benchmarks.figures import Figures, expect
from benchmarks.house import House, Stopwatch, celery_worker, postgres_pid, say
from benchmarks.imports import import_again, import_new
from benchmarks.memory import MemoryWatch
from credit.models import CreditEntry, CreditLine, CreditPolicy, Invoice, Receipt
from memberships.models import Plan, Programme
from memberships.models.programmes import Audience
from operations.models import User

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
        import_new("receipts", path, operator, house.rows, watch)
        _expect_books(house.rows)
        import_again("receipts", path, operator, house.rows, watch)
    say("peak private memory: " + ", ".join(f"{kind} {peak:.0f} MB" for kind, peak in memory.peaks_mb.items()))
    copy_again([Receipt, CreditEntry], house.folder, watch)
    expect("receipts after COPY", Receipt.objects.count(), house.rows)
    took = watch.seconds
    return Figures(
        name="receipts", rows=house.rows, ours_s=took["preview"] + took["apply"], limit_s=took["limit"],
        peer_ratio=None, peak_mb=memory.peak_mb,
        more={
            "entries": CreditEntry.objects.count(), "preview_s": took["preview"], "apply_s": took["apply"],
            "again_s": took["again"],
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


def _expect_books(rows: int) -> None:
    """A tenth is of strangers; what came in is allocated or unapplied, and the lines owe what their invoices do."""
    expect("receipts", Receipt.objects.count(), rows)
    expect("receipts of strangers", Receipt.objects.unmatched().count(), rows // 10)
    allocated = Receipt.objects.aggregate(total=Sum("allocated"))["total"]
    expect("paid of invoices", Invoice.objects.aggregate(total=Sum("paid"))["total"], allocated)
    unapplied = CreditLine.objects.aggregate(total=Sum("unapplied_amount"))["total"]
    received = Receipt.objects.exclude(state="unmatched").aggregate(total=Sum("amount"))["total"]
    expect("received", allocated + unapplied, received)
    opened = CreditLine.objects.aggregate(total=Sum("open_amount"))["total"]
    expect("open of lines", opened, Invoice.objects.aggregate(total=Sum(F("outstanding")))["total"])
