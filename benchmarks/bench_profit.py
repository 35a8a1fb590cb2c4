"""Profit and loss of a programme of a million members: from its beginning and of a night, by a worker's chunks."""

from contextlib import ExitStack
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from pathlib import Path

from django.db import transaction
from django.db.models import Sum
from django.utils import timezone

from benchmarks.bench_values import ON, make_members, row, run
from benchmarks.figures import Figures, expect
from benchmarks.house import House, Stopwatch, celery_worker, checkpoint, postgres_pid, wait_for
from benchmarks.indexes import indexed_afterwards
from benchmarks.memory import MemoryWatch
from memberships.books.profit import ProfitRows
from memberships.dates import BUSINESS_ZONE
from memberships.models import PointsPolicy, ProfitKept, ProfitRow, Programme
from operations.models import JobRun
from operations.services.books import period_until
from operations.services.jobs import start_run

ROWS = 1_000_000
DISK_PER_ROW = 6_000
#: By the day before: the last of a month, then the first day of the next one.
FIRST_NIGHT = ON + timedelta(days=1)
SQL = Path(__file__).resolve().parent / "sql"
TABLES = (
    "memberships_payment", "memberships_paymentevent", "memberships_refund", "memberships_enrolment",
    "memberships_pointsentry",
)


def measure(house: House) -> Figures:
    """All months, then a night, then the audit of the closed months, then the limit; the totals must agree."""
    programme = make_members(house.rows)
    _make_money(programme)
    watch = Stopwatch()
    checkpoint()
    with celery_worker(house.folder) as worker, MemoryWatch([worker, postgres_pid()]) as memory:
        with watch.measuring("ours"):
            _run_night("roll_up_profit", FIRST_NIGHT)
        with watch.measuring("statements"):
            _run_night("value_statements", FIRST_NIGHT)
        totals = dict(
            ProfitRow.objects.filter(programme=programme).values_list("line").annotate(Sum("amount")).order_by()
        )
        # The facts have instants of their own days; as if the night had been then, so that none of them is news to it.
        ProfitKept.objects.update(as_of=datetime.combine(FIRST_NIGHT, time(0, 10), BUSINESS_ZONE))
        with watch.measuring("night"):
            _run_night("roll_up_profit", FIRST_NIGHT + timedelta(days=1))
    with watch.measuring("audit"):
        _audit()
    checkpoint()
    with watch.measuring("limit"):
        found = row((SQL / "profit_limit.sql").read_text(encoding="utf-8"), on=ON, programme=programme.pk)
    expect("points and benefits", (totals["points_issued"], totals["benefit_cost"]), found[1:])
    # Each member's one term holds all that they used.
    stated = row("SELECT count(*), sum(cost), sum(saved) FROM benefits_valuestatement")
    expect("all members' value statements", stated, (house.rows, totals["benefit_cost"], totals["delivered_value"]))
    expect("fees", totals["fees_earned"], found[0])
    seconds = watch.seconds
    return Figures(
        name="profit", rows=house.rows, ours_s=seconds["ours"], limit_s=seconds["limit"], peer_ratio=None,
        peak_mb=memory.peak_mb, more={
            "night_s": seconds["night"], "audit_s": seconds["audit"], "statements_s": seconds["statements"],
        },
    )


def _run_night(job: str, night: date) -> None:
    found = start_run(job, business_date=night, actor=None, at=timezone.now())
    wait_for(lambda: JobRun.objects.get(pk=found.pk).is_finished, "The night")
    expect("the night", JobRun.objects.get(pk=found.pk).state, JobRun.State.SUCCEEDED)


def _audit() -> None:
    """The closed months against the facts, as the night's audit does it."""
    check, period = ProfitRows(), period_until(FIRST_NIGHT + timedelta(days=1), at=timezone.now())
    differences = [found for keys in check.ranges(period) for found in check.differences(keys, period)]
    expect("differences", differences, [])


def _make_money(programme: Programme) -> None:
    """What members paid, and their points."""
    PointsPolicy.objects.create(programme=programme, unit_cost=Decimal("0.01"))
    with ExitStack() as filling:
        for table in TABLES:
            filling.enter_context(indexed_afterwards(table))
        with transaction.atomic():
            run("SET LOCAL session_replication_role = replica")
            run((SQL / "make_profit.sql").read_text(encoding="utf-8"), on=ON, programme=programme.pk)
    run("VACUUM (ANALYZE)")
