"""A list of new orders that earn: upload, check, confirm, apply, by a worker as in production.

The limit is COPY of the same orders, lots and entries into the same tables with their indexes, triggers off, and one
UPDATE of the balances.
"""

import csv
import os
import random
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path

import psycopg
from django.db import connection, transaction
from django.db.models import Sum
from django.utils import timezone
from psycopg import sql

from benchmarks.copying import dump, load
from benchmarks.figures import Figures, expect
from benchmarks.house import House, Stopwatch, celery_worker, postgres_pid, say
from benchmarks.imports import import_again, import_new
from benchmarks.memory import MemoryWatch
from memberships.models import EarnRule, Enrolment, Member, Order, PointsEntry, PointsLot, PointsPolicy, Programme
from memberships.models.programmes import Audience
from operations.models import User

ROWS = 1_000_000
DISK_PER_ROW = 10_000
#: Orders of a wallet.
ORDERS = 4
SEED = 20270115
HEADERS = ["订单号", "会员号", "计划", "品类", "金额", "下单日期"]
CATEGORIES = ["", "家用电器", "手机通讯", "生鲜", "图书"]
TABLES = (Order, PointsLot, PointsEntry)
SQL = Path(__file__).resolve().parent / "sql"


def measure(house: House) -> Figures:
    """Ours, the same file again, the limit: in this order, on one database."""
    operator = User.objects.create_user("operator")
    today = timezone.localdate()
    programme = _make_programme(today)
    path = house.folder / "orders.csv"
    say(f"The file: {_write_orders(path, house.rows, programme, today) / house.rows:.0f} bytes a row.")
    watch = Stopwatch()
    with celery_worker(house.folder) as worker, MemoryWatch([worker, postgres_pid()]) as memory:
        import_new("orders", path, operator, house.rows, watch)
        points = _points_of(house.rows)
        import_again("orders", path, operator, house.rows, watch)
    say("peak private memory: " + ", ".join(f"{kind} {peak:.0f} MB" for kind, peak in memory.peaks_mb.items()))
    _limit(house, points, watch)
    took = watch.seconds
    return Figures(
        name="orders", rows=house.rows, ours_s=took["preview"] + took["apply"], limit_s=took["limit"], peer_ratio=None,
        peak_mb=memory.peak_mb,
        more={"preview_s": took["preview"], "apply_s": took["apply"], "again_s": took["again"]},
    )  # fmt: skip


def _make_programme(today: date) -> Programme:
    """One point a yuan, two for fresh food, at most 20,000 a day; points end after a year."""
    programme = Programme.objects.create(
        code="orders", name="订单演练", name_en="Orders drill", audience=Audience.PERSON
    )
    PointsPolicy.objects.create(programme=programme, expiry="months", expiry_months=12)
    for code, category, points in (("general", "", 1), ("fresh", "生鲜", 2)):
        EarnRule.objects.create(
            programme=programme, code=code, category=category, starts_on=today - timedelta(days=365),
            points_per_yuan=points, qualifying_per_yuan=1, cap_per_day=20_000,
        )
    return programme


def _write_orders(path: Path, rows: int, programme: Programme, today: date) -> int:
    """The file, of orders of the last 30 days in no order of members; its size in bytes."""
    wallets = max(1, rows // ORDERS)
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET LOCAL session_replication_role = replica")
        cursor.execute(_text("make_wallets"), {"wallets": wallets, "on": today, "programme": programme.pk})
    with connection.cursor() as cursor:
        cursor.execute("VACUUM (ANALYZE)")
    numbers = [Member(pk=pk).number for pk in Enrolment.objects.order_by("pk").values_list("member", flat=True)]
    dice = random.Random(SEED)
    days = [(today - timedelta(days=number)).isoformat() for number in range(30)]
    with path.open("w", encoding="utf-8-sig", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(HEADERS)
        for number in range(rows):
            amount = Decimal(dice.randint(100, 500_000)) / 100
            writer.writerow([
                f"JD{number:012d}", dice.choice(numbers), programme.code, dice.choice(CATEGORIES), amount,
                dice.choice(days),
            ])
    return path.stat().st_size


def _points_of(rows: int) -> int:
    """The points of so many orders, the same in entries, lots and balances."""
    expect("orders", Order.objects.count(), rows)
    points = Order.objects.aggregate(points=Sum("points"))["points"]
    for model, column in ((PointsEntry, "points"), (PointsLot, "remaining"), (Enrolment, "balance")):
        found = model._default_manager.aggregate(points=Sum(column))["points"]
        expect(f"points by {model.__name__}", found, points)
    return int(points)


def _limit(house: House, points: int, watch: Stopwatch) -> None:
    """COPY what ours wrote into the emptied tables, then the balances: indexes as they are, no keys checked."""
    tables = [model._meta.db_table for model in TABLES]
    connection.close()
    with psycopg.connect(os.environ["DATABASE_URL"], autocommit=True) as database:
        for table in tables:
            dump(database, table, house.folder / table)
        database.execute("SET session_replication_role = replica")
        database.execute("UPDATE memberships_enrolment SET balance = 0")
        names = sql.SQL(", ").join(map(sql.Identifier, tables))
        database.execute(sql.SQL("TRUNCATE {} CASCADE").format(names))
        database.execute("VACUUM (ANALYZE) memberships_enrolment")
        database.execute("CHECKPOINT")
        with watch.measuring("limit"):
            for table in tables:
                load(database, table, house.folder / table)
            database.execute(_text("orders_limit_balances"))
    expect("orders after COPY", Order.objects.count(), house.rows)
    expect("points after COPY", Enrolment.objects.aggregate(points=Sum("balance"))["points"], points)


def _text(name: str) -> str:
    return (SQL / f"{name}.sql").read_text(encoding="utf-8")
