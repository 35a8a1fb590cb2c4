"""A night that expires points: the job as in production, a million due lots among five million, two processes.

The limit is one plain UPDATE of as many lots, one INSERT of as many entries and one UPDATE of the balances, in one
session, triggers off, on a copy of the database made before. The peer expires wallet by wallet with the services.
"""

import os
from datetime import date
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit, urlunsplit

import psycopg
from django.db import connection, transaction
from django.db.models import Manager, QuerySet, Sum
from django.utils import timezone
from psycopg import sql

from benchmarks.figures import Figures, expect
from benchmarks.house import House, Stopwatch, celery_worker, checkpoint, postgres_pid, say, wait_for
from benchmarks.memory import MemoryWatch
from memberships.models import Enrolment, PointsEntry, PointsLot, Programme
from memberships.models.programmes import Audience
from memberships.services.points_expiry import EXPIRE_POINTS, expire_enrolment
from operations.models import JobRun
from operations.services.jobs import start_run

ROWS = 1_000_000
DISK_PER_ROW = 14_000
PEER_WALLETS = 500
NIGHT = date(2027, 3, 1)
SQL = Path(__file__).resolve().parent / "sql"
COPY = "plusdesk_limit"


def measure(house: House) -> Figures:
    """Ours, the peer, the limit: in this order; the limit on a copy of what ours began with."""
    lots, points = _make_lots(house.rows)
    _copy_database()
    watch = Stopwatch()
    with celery_worker(house.folder) as worker, MemoryWatch([worker, postgres_pid()]) as memory:
        with connection.cursor() as cursor:
            cursor.execute(_text("read_points_into_memory"))
        checkpoint()
        with watch.measuring("ours"):
            run = start_run(EXPIRE_POINTS, business_date=NIGHT, actor=None, at=timezone.now())
            wait_for(lambda: JobRun.objects.get(pk=run.pk).is_finished, "The night", pause=0.05)
    say("peak private memory: " + ", ".join(f"{kind} {peak:.0f} MB" for kind, peak in memory.peaks_mb.items()))
    _check(JobRun.objects.get(pk=run.pk), lots, points)
    peer_s = _peer_seconds_per_lot(min(PEER_WALLETS, house.rows), watch)
    _limit(lots, points, watch)
    ours_s = watch.seconds["ours"]
    return Figures(
        name="expire-points", rows=lots, ours_s=ours_s, limit_s=watch.seconds["limit"],
        peer_ratio=peer_s / (ours_s / lots), peak_mb=memory.peak_mb,
        more={
            "plan_s": _plan_seconds(run), "peer_lot_ms": peer_s * 1000,
            **{f"{name}_s": watch.seconds[name] for name in ("limit_entries", "limit_balances", "limit_lots")},
        },
    )  # fmt: skip


def _make_lots(due: int) -> tuple[int, int]:
    """As many wallets as due lots, rounded up to fours; (lots, points) that are due."""
    wallets = (due + 3) // 4 * 4
    say(f"{wallets:,} wallets, {5 * wallets:,} lots and entries are made.")
    programme, _is_new = Programme.objects.get_or_create(
        code="night", defaults={"name": "夜间演练", "name_en": "Night drill", "audience": Audience.PERSON}
    )
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET LOCAL session_replication_role = replica")
        cursor.execute(_text("make_lots"), {"wallets": wallets, "on": NIGHT, "programme": programme.pk})
    with connection.cursor() as cursor:
        cursor.execute("VACUUM (ANALYZE)")
        cursor.execute("CREATE EXTENSION IF NOT EXISTS pg_prewarm")
    return wallets, _points(PointsLot.objects.filter(expires_on__lte=NIGHT), "remaining")


def _points(rows: QuerySet[Any] | Manager[Any], column: str) -> int:
    return rows.aggregate(points=Sum(column, default=0))["points"]


def _text(name: str) -> str:
    return (SQL / f"{name}.sql").read_text(encoding="utf-8")


def _copy_database() -> None:
    """The limit's own database, file by file as this one is now."""
    name = connection.settings_dict["NAME"]
    # A database that is copied has no sessions.
    connection.close()
    with psycopg.connect(_url("postgres"), autocommit=True) as server:
        server.execute(
            sql.SQL("CREATE DATABASE {} TEMPLATE {} STRATEGY file_copy").format(*map(sql.Identifier, (COPY, name)))
        )


def _url(database: str) -> str:
    return urlunsplit(urlsplit(os.environ["DATABASE_URL"])._replace(path=f"/{database}"))


def _check(run: JobRun, lots: int, points: int) -> None:
    """Every due lot was expired on its day, and the wallets add up."""
    entries = PointsEntry.objects.filter(kind=PointsEntry.Kind.EXPIRE)
    expect("state", (run.state, run.failed), (JobRun.State.SUCCEEDED, 0))
    expect("expired wallets", run.done, lots * 3 // 4)
    expect("entries", entries.count(), lots)
    expect("expired points", -_points(entries, "points"), points)
    expect("balances", _points(Enrolment.objects, "balance"), _points(PointsLot.objects, "remaining") - points)
    with connection.cursor() as cursor:
        cursor.execute(_text("wallets_out_of_balance"))
        expect("wallets out of balance", cursor.fetchone()[0], 0)


def _plan_seconds(run: JobRun) -> float:
    """From the request of the run to its first chunk."""
    chunk = run.chunks.order_by("attempted_at").first()
    return (chunk.attempted_at - run.requested_at).total_seconds()


def _peer_seconds_per_lot(wallets: int, watch: Stopwatch) -> float:
    """Other wallets, one after the other, each with the service for one."""
    newest = Enrolment.objects.order_by("pk").last().pk
    lots, _points = _make_lots(wallets)
    before = PointsEntry.objects.filter(kind=PointsEntry.Kind.EXPIRE).count()
    checkpoint()
    with watch.measuring("peer"):
        for wallet in Enrolment.objects.filter(pk__gt=newest).order_by("pk"):
            expire_enrolment(wallet, on=NIGHT, at=timezone.now(), actor=None)
    expect("the peer's entries", PointsEntry.objects.filter(kind=PointsEntry.Kind.EXPIRE).count() - before, lots)
    return watch.seconds["peer"] / lots


def _limit(lots: int, points: int, watch: Stopwatch) -> None:
    """The same change by three plain statements; nothing is checked while they run."""
    with psycopg.connect(_url(COPY), autocommit=True) as database:
        database.execute("SET session_replication_role = replica")
        database.execute(_text("read_points_into_memory"))
        database.execute("CHECKPOINT")
        with watch.measuring("limit"):
            for name in ("entries", "balances", "lots"):
                with watch.measuring(f"limit_{name}"):
                    done = database.execute(_text(f"expire_limit_{name}"), {"on": NIGHT, "at": timezone.now()})
                expect(f"rows of the limit's {name}", done.rowcount, lots * 3 // 4 if name == "balances" else lots)
        found = database.execute("SELECT -sum(points) FROM memberships_pointsentry WHERE kind = 'expire'").fetchone()
        expect("the limit's points", found, (points,))
