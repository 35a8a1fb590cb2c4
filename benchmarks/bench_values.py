"""Value statements of a programme of a million members: what each saved in their term, by a Celery worker's chunks."""

from contextlib import ExitStack
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

from django.db import connection, transaction
from django.utils import timezone

from benchmarks.figures import Figures, expect
from benchmarks.house import House, Stopwatch, celery_worker, checkpoint, postgres_pid, say, wait_for
from benchmarks.indexes import indexed_afterwards
from benchmarks.memory import MemoryWatch
from benefits.models import Benefit, BenefitRule
from memberships.models import Plan, Programme
from memberships.models.programmes import Audience
from operations.models import JobRun
from operations.services.jobs import start_run

ROWS = 1_000_000
DISK_PER_ROW = 4_000
USES = 4
#: A night that keeps statements is the first of a month; they are by the day before.
NIGHT = date(2027, 3, 1)
ON = NIGHT - timedelta(days=1)
BEGINNING = date(2020, 1, 1)
SQL = Path(__file__).resolve().parent / "sql"
TABLES = (
    "memberships_subscription", "memberships_term", "benefits_redemption", "benefits_grant", "benefits_ordersaving",
)


def measure(house: House) -> Figures:
    """Ours, then the same again, then the limit; what was kept must be what the lines come to, to the fen."""
    programme = make_members(house.rows)
    watch = Stopwatch()
    checkpoint()
    with celery_worker(house.folder) as worker, MemoryWatch([worker, postgres_pid()]) as memory:
        with watch.measuring("ours"):
            _run_night(NIGHT)
        kept = row("SELECT count(*), sum(saved), sum(cost), sum(uses) FROM benefits_valuestatement")
        with watch.measuring("again"):
            _run_night(_next_month(NIGHT))
    with watch.measuring("lines"):
        lines = row(
            'SELECT count(*), sum(saved), sum(cost), sum(quantity)'
            ' FROM benefits_value_lines(%(programme)s, 0, 9223372036854775807, %(first)s, %(last)s)',
            programme=programme.pk, first=BEGINNING, last=ON,
        )
    expect("statements", kept[0], house.rows)
    expect("saved, cost and uses of the statements", kept[1:], lines[1:])
    with watch.measuring("month"):
        row(
            'SELECT count(*) FROM (SELECT funder, sum(cost)'
            ' FROM benefits_value_lines(%(programme)s, 0, 9223372036854775807, %(first)s, %(last)s)'
            ' GROUP BY funder) AS month',
            programme=programme.pk, first=ON.replace(day=1), last=ON,
        )
    run("CREATE UNLOGGED TABLE values_limit"
         " (member_id bigint, starts_on date, fee numeric, saved numeric, cost numeric)")
    checkpoint()
    with watch.measuring("limit"):
        run((SQL / "values_limit.sql").read_text(encoding="utf-8"), on=ON)
    expect("saved by the limit", row("SELECT sum(saved) FROM values_limit"), (kept[1],))
    seconds = watch.seconds
    return Figures(
        name="values", rows=house.rows, ours_s=seconds["ours"], limit_s=seconds["limit"], peer_ratio=None,
        peak_mb=memory.peak_mb,
        more={"lines": float(lines[0]), "again_s": seconds["again"], "lines_s": seconds["lines"],
              "month_s": seconds["month"]},
    )  # fmt: skip


def _run_night(night: date) -> None:
    run = start_run("value_statements", business_date=night, actor=None, at=timezone.now())
    wait_for(lambda: JobRun.objects.get(pk=run.pk).is_finished, "The night")
    expect("the night", JobRun.objects.get(pk=run.pk).state, JobRun.State.SUCCEEDED)


def _next_month(day: date) -> date:
    return (day + timedelta(days=31)).replace(day=1)


def make_members(rows: int) -> Programme:
    """Members with a card, and what they got of it."""
    say(f"{rows:,} members with {USES} uses each are made, in about {1 + rows / 300_000:.0f} minutes.")
    programme = Programme.objects.create(code="value", name="价值演练", name_en="Value drill", audience=Audience.PERSON)
    plan = Plan.objects.create(
        programme=programme, code="annual", name="年卡", name_en="Annual card", price=Decimal("99.00"), term_months=12,
        grace_days=10, on_sale_from=BEGINNING,
    )
    made = {
        code: Benefit.objects.create(
            programme=programme, code=code, name=code, name_en=code, kind=kind, face_value=worth, terms=terms
        )
        for code, kind, worth, terms in (
            ("service", "service", Decimal("40.00"), {}), ("coupon", "coupon", Decimal("6.00"), {"amount": "6"}),
            ("video", "partner_subscription", Decimal("15.00"), {}),
            ("discount", "stacking_discount", None, {"percent": "95"}),
        )
    }
    rule = BenefitRule.objects.create(
        benefit=made["service"], code="annual", plan_code="annual", starts_on=BEGINNING
    )
    with ExitStack() as filling:
        for table in TABLES:
            filling.enter_context(indexed_afterwards(table))
        with transaction.atomic():
            run("SET LOCAL session_replication_role = replica")
            run(
                (SQL / "make_values.sql").read_text(encoding="utf-8"), members=rows, on=ON, uses=USES,
                programme=programme.pk, plan=plan.pk, service_rule=rule.pk,
                **{code: benefit.pk for code, benefit in made.items()},
            )
    run("VACUUM (ANALYZE)")
    return programme


def run(statement: str, **parameters: Any) -> None:
    with connection.cursor() as cursor:
        cursor.execute(statement, parameters or None)


def row(statement: str, **parameters: Any) -> tuple[Any, ...]:
    with connection.cursor() as cursor:
        cursor.execute(statement, parameters or None)
        found: tuple[Any, ...] = cursor.fetchone()
        return found
