"""Using benefits: the service, against the same work as plain SQL statements run by pgbench.

At one connection and at four; each use of one of many benefits takes a point from one of many wallets, a unit of a
stock, counts against a quota, and leaves a message and something to hold. Both run on the same tables with every
trigger and key, one after the other. `ours_s` and `limit_s` are those of one connection.
"""

import random
from datetime import date
from decimal import Decimal
from multiprocessing import get_context
from pathlib import Path

from django.db import connection, connections, transaction
from django.db.models import Sum
from django.utils import timezone

from benchmarks.figures import BenchmarkError, Figures
from benchmarks.house import House, Stopwatch, checkpoint, postgres_pid, say
from benchmarks.memory import MemoryWatch
from benchmarks.pgbench import run_pgbench
from benefits.books.redemptions import Redemptions, Stocks, Usages
from benefits.models import Benefit, BenefitRule, BenefitStock, Grant, Redemption, Usage
from benefits.services.redemptions import redeem
from memberships.models import Enrolment, Plan, PointsEntry, Programme
from memberships.models.programmes import Audience
from operations.models import OutboxMessage
from operations.services.books import period_until

#: Uses, for each measurement.
ROWS = 20_000
DISK_PER_ROW = 30_000
WALLETS = 4_000
BENEFITS = 20
CONNECTIONS = (1, 4)
NIGHT = date(2027, 3, 1)
REDEEM_ON = date(2027, 1, 15)
SQL = Path(__file__).resolve().parent / "sql"


def measure(house: House) -> Figures:
    """Ours, then the limit, for each number of connections; then the books must agree."""
    programme = _make_members()
    benefits = _make_benefits(programme)
    watch, uses = Stopwatch(), house.rows // max(CONNECTIONS) * max(CONNECTIONS)
    with MemoryWatch([postgres_pid()]) as memory:
        for number in CONNECTIONS:
            checkpoint()
            with watch.measuring(f"ours_{number}"):
                _redeem(uses, number, programme, benefits)
            checkpoint()
            with watch.measuring(f"limit_{number}"):
                _pgbench(uses, number, programme, benefits)
    _check(2 * len(CONNECTIONS) * uses)
    seconds = watch.seconds
    return Figures(
        name="redeem", rows=uses, ours_s=seconds["ours_1"], limit_s=seconds["limit_1"], peer_ratio=None,
        peak_mb=memory.peak_mb,
        more={
            "ratio_4": seconds["limit_4"] / seconds["ours_4"],
            **{f"{name}_per_s": uses / taken for name, taken in seconds.items()},
        },
    )  # fmt: skip


def _make_members() -> Programme:
    """Members with a wallet of five lots and a card each."""
    programme = Programme.objects.create(
        code="redeem", name="兑换演练", name_en="Redemption drill", audience=Audience.PERSON
    )
    plan = Plan.objects.create(
        programme=programme, code="annual", name="年卡", name_en="Annual card", price=Decimal("99.00"), term_months=12,
        on_sale_from=date(2020, 1, 1),
    )
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET LOCAL session_replication_role = replica")
        for name, parameters in (
            ("make_lots", {"wallets": WALLETS, "on": NIGHT}), ("make_redeemers", {"plan": plan.pk, "on": REDEEM_ON}),
        ):
            statement = (SQL / f"{name}.sql").read_text(encoding="utf-8")
            cursor.execute(statement, {"programme": programme.pk, **parameters})
    return programme


def _make_benefits(programme: Programme) -> list[Benefit]:
    """Exchanges of points, of which there is a stock each; every card has its quota of each."""
    benefits = Benefit.objects.bulk_create(
        Benefit(
            programme=programme, code=f"exchange-{number}", name=f"兑换 {number}", name_en=f"Exchange {number}",
            kind="points_exchange", face_value=Decimal("6.00"), unit_cost=Decimal("2.50"), valid_days=30,
        )
        for number in range(BENEFITS)
    )
    BenefitRule.objects.bulk_create(
        BenefitRule(
            benefit=benefit, code="annual", plan_code="annual", quota=1_000, window="term", points_price=1,
            starts_on=date(2020, 1, 1),
        )
        for benefit in benefits
    )
    BenefitStock.objects.bulk_create(BenefitStock(benefit=benefit, total=10_000_000) for benefit in benefits)
    with connection.cursor() as cursor:
        cursor.execute("VACUUM (ANALYZE)")
    return benefits


def _redeem(uses: int, processes: int, programme: Programme, benefits: list[Benefit]) -> None:
    """So many uses by the service, shared by processes with a connection each."""
    connections.close_all()
    context = get_context("fork")
    workers = [
        context.Process(target=_redeem_in_turn, args=(number, uses // processes, processes, programme, benefits))
        for number in range(processes)
    ]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    if any(worker.exitcode for worker in workers):
        raise BenchmarkError("A process of desks failed.")


def _redeem_in_turn(number: int, uses: int, processes: int, programme: Programme, benefits: list[Benefit]) -> None:
    dice, at = random.Random(number), timezone.now()
    members = [wallet.member for wallet in Enrolment.objects.filter(programme=programme).select_related("member")]
    for turn in range(uses):
        redeem(
            dice.choice(members), dice.choice(benefits), key=f"ours:{processes}:{number}:{turn}", on=REDEEM_ON, at=at,
            actor=None,
        )


def _pgbench(uses: int, clients: int, programme: Programme, benefits: list[Benefit]) -> None:
    wallets = Enrolment.objects.filter(programme=programme).order_by("pk").values_list("pk", flat=True)
    run_pgbench(
        SQL / "redeem_limit.sql", transactions=uses, clients=clients, first_wallet=wallets[0],
        last_wallet=wallets.last(), first_benefit=benefits[0].pk, last_benefit=benefits[-1].pk,
        redeem_on=f"'{REDEEM_ON}'",
    )


def _check(uses: int) -> None:
    """As many redemptions, spends, coupons, units and messages as uses, and the books agree."""
    found = [
        Redemption.objects.count(), Grant.objects.count(), PointsEntry.objects.filter(kind="spend").count(),
        OutboxMessage.objects.filter(topic="benefit.redeemed").count(), Usage.objects.aggregate(n=Sum("uses"))["n"],
        BenefitStock.objects.aggregate(n=Sum("taken"))["n"],
    ]
    if set(found) != {uses}:
        raise BenchmarkError(f"{found} instead of {uses} of each.")
    period = period_until(REDEEM_ON, at=timezone.now())
    # pgbench gives the ledger's entries keys of its own: the redemptions' points are not compared.
    wrong = [
        difference for check in (Usages(), Stocks(), Redemptions()) for keys in check.ranges(period)
        for difference in check.differences(keys, period) if difference.fault != "points_of_redemption"
    ]
    if wrong:
        raise BenchmarkError(f"The books do not agree: {wrong[:3]}")
    say("The books agree.")
