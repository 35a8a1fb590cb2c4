"""Spending points: the service, against the same work as seven plain SQL statements run by pgbench.

At one connection and at four; each spend takes a point from one of many wallets with five lots. Both run on the same
tables with every trigger and key, one after the other. `ours_s` and `limit_s` are those of one connection.
"""

import random
from datetime import date
from multiprocessing import get_context
from pathlib import Path

from django.db import connection, connections, transaction
from django.db.models import Sum
from django.utils import timezone

from benchmarks.figures import BenchmarkError, Figures
from benchmarks.house import House, Stopwatch, checkpoint, postgres_pid
from benchmarks.memory import MemoryWatch
from benchmarks.pgbench import run_pgbench
from memberships.models import Enrolment, LotDraw, PointsEntry, Programme
from memberships.models.programmes import Audience
from memberships.services.points import spend_points

#: Spends, for each measurement.
ROWS = 20_000
DISK_PER_ROW = 20_000
WALLETS = 4_000
CONNECTIONS = (1, 4)
NIGHT = date(2027, 3, 1)
SPEND_ON = date(2027, 1, 15)
SQL = Path(__file__).resolve().parent / "sql"


def measure(house: House) -> Figures:
    """Ours, then the limit, for each number of connections; then the books must agree."""
    first, last = _make_wallets()
    watch, spends = Stopwatch(), house.rows // max(CONNECTIONS) * max(CONNECTIONS)
    with MemoryWatch([postgres_pid()]) as memory:
        for number in CONNECTIONS:
            checkpoint()
            with watch.measuring(f"ours_{number}"):
                _spend(spends, number, first, last)
            checkpoint()
            with watch.measuring(f"limit_{number}"):
                _pgbench(spends, number, first, last)
    _check(2 * len(CONNECTIONS) * spends)
    seconds = watch.seconds
    return Figures(
        name="spend", rows=spends, ours_s=seconds["ours_1"], limit_s=seconds["limit_1"], peer_ratio=None,
        peak_mb=memory.peak_mb,
        more={
            "ratio_4": seconds["limit_4"] / seconds["ours_4"],
            **{f"{name}_per_s": spends / taken for name, taken in seconds.items()},
        },
    )  # fmt: skip


def _make_wallets() -> tuple[int, int]:
    """Wallets with five lots each; the first and the last."""
    programme, _is_new = Programme.objects.get_or_create(
        code="spend", defaults={"name": "消费演练", "name_en": "Spend drill", "audience": Audience.PERSON}
    )
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET LOCAL session_replication_role = replica")
        cursor.execute(
            (SQL / "make_lots.sql").read_text(encoding="utf-8"),
            {"wallets": WALLETS, "on": NIGHT, "programme": programme.pk},
        )
    with connection.cursor() as cursor:
        cursor.execute("VACUUM (ANALYZE)")
    wallets = Enrolment.objects.filter(programme=programme).order_by("pk").values_list("pk", flat=True)
    return wallets[0], wallets.last() or 0


def _spend(spends: int, processes: int, first: int, last: int) -> None:
    """So many spends by the service, shared by processes with a connection each."""
    connections.close_all()
    context = get_context("fork")
    workers = [
        context.Process(target=_spend_in_turn, args=(number, spends // processes, processes, first, last))
        for number in range(processes)
    ]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    if any(worker.exitcode for worker in workers):
        raise BenchmarkError("A process of spenders failed.")


def _spend_in_turn(number: int, spends: int, processes: int, first: int, last: int) -> None:
    dice, at = random.Random(number), timezone.now()
    wallets = {wallet.pk: wallet for wallet in Enrolment.objects.filter(pk__range=(first, last))}
    for turn in range(spends):
        wallet = wallets[dice.randint(first, last)]
        spend_points(wallet, 1, key=f"ours:{processes}:{number}:{turn}", on=SPEND_ON, at=at, actor=None)


def _pgbench(spends: int, clients: int, first: int, last: int) -> None:
    run_pgbench(
        SQL / "spend_limit.sql", transactions=spends, clients=clients, first_wallet=first, last_wallet=last,
        spend_on=f"'{SPEND_ON}'",
    )


def _check(spends: int) -> None:
    """As many entries as spends, each with its draws, and the wallets add up."""
    spent = PointsEntry.objects.filter(kind=PointsEntry.Kind.SPEND)
    found = (spent.count(), LotDraw.objects.aggregate(points=Sum("points"))["points"])
    if found != (spends, spends):
        raise BenchmarkError(f"{found} spends and points instead of {spends}.")
    with connection.cursor() as cursor:
        cursor.execute((SQL / "wallets_out_of_balance.sql").read_text(encoding="utf-8"))
        (wrong,) = cursor.fetchone()
    if wrong:
        raise BenchmarkError(f"{wrong} wallets are out of balance.")
