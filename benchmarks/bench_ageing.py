"""The 1st of a month: a quarter of a million of open invoices is overdue now; and the ageing of any past day.

Ours is the job as in production, two processes. The limit is one plain UPDATE of those invoices and one of their lines,
told beforehand what to write, in one session, triggers off, on copies of the tables.
"""

import time
from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path
from typing import Any

from django.db import connection, transaction
from django.utils import timezone

from benchmarks.figures import BenchmarkError, Figures, expect
from benchmarks.house import House, Stopwatch, celery_worker, checkpoint, postgres_pid, say, wait_for
from benchmarks.memory import MemoryWatch
from credit.models import CreditLine, CreditPolicy, Invoice, OverdueChange
from credit.services.ageing import ageing_report, customers_of, invoices_of
from memberships.demo import INDUSTRIES, PLACES
from memberships.models import Programme
from memberships.models.programmes import Audience
from operations.models import JobRun
from operations.services.jobs import start_run

#: Open invoices; there are a fifth as many customers.
ROWS = 1_000_000
DISK_PER_ROW = 6_000
#: 60 days after the end of December.
NIGHT = date(2027, 3, 1)
DUNNING = [
    {"state": "reminder", "days": 1}, {"state": "warning", "days": 7}, {"state": "hold", "days": 15},
    {"state": "collection", "days": 60},
]
#: So many days before the night a report is of.
PAST = (0, 30, 180, 364)
#: Seconds that the report may take.
REPORT_S = 2.0
SQL = Path(__file__).resolve().parent / "sql"


def measure(house: House) -> Figures:
    """The reports, ours, an ordinary night after it, the limit."""
    _make(house.rows)
    watch = Stopwatch()
    reports = _reports(house.rows)
    _run("read_ageing_into_memory")
    with celery_worker(house.folder) as worker, MemoryWatch([worker, postgres_pid()]) as memory:
        checkpoint()
        run = _night(NIGHT, watch, "ours")
        _night(NIGHT + timedelta(days=1), watch, "next_night")
    say("peak private memory: " + ", ".join(f"{kind} {peak:.0f} MB" for kind, peak in memory.peaks_mb.items()))
    changed = _check(run, house.rows)
    _limit(changed, watch)
    return Figures(
        name="ageing", rows=house.rows, ours_s=watch.seconds["ours"], limit_s=watch.seconds["limit"], peer_ratio=None,
        peak_mb=memory.peak_mb,
        more={
            "changed_invoices": changed[0], "changed_lines": changed[1], "next_night_s": watch.seconds["next_night"],
            "report_s": max(reports.values()), "report_limit_s": REPORT_S,
            **{f"report_{name}_s": seconds for name, seconds in reports.items()},
        },
    )  # fmt: skip


def _make(rows: int) -> None:
    minutes = 1 + rows // 250_000
    say(f"{rows // 5:,} firms, {rows:,} open and as many settled invoices are made, in about {minutes} minutes.")
    programme = Programme.objects.create(
        code="night", name="夜间演练", name_en="Night drill", audience=Audience.ENTERPRISE
    )
    CreditPolicy.objects.create(programme=programme, offers={}, dunning=DUNNING, starts_on=date(2020, 1, 1))
    provinces = sorted({province for province, _city, _region in PLACES})
    facts = {
        "rows": rows, "on": NIGHT, "at": timezone.now(), "programme": programme.pk,
        "provinces": [provinces[place % len(provinces)] for place in range(31)],
        "industries": [INDUSTRIES[place % len(INDUSTRIES)][0] for place in range(20)],
    }
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET LOCAL session_replication_role = replica")
        cursor.execute(_text("make_ageing"), facts)
        cursor.execute(_text("make_ageing_lines"), {"on": NIGHT, "at": timezone.now()})
    with connection.cursor() as cursor:
        for copy, table in (("bench_invoice", "credit_invoice"), ("bench_line", "credit_creditline")):
            columns = ", ".join(column for column in _columns(table) if column != "outstanding")
            cursor.execute(f"CREATE TABLE {copy} (LIKE {table} INCLUDING ALL)")
            cursor.execute(f"INSERT INTO {copy} ({columns}) SELECT {columns} FROM {table} ORDER BY id")
        cursor.execute("VACUUM (ANALYZE)")
        cursor.execute("CREATE EXTENSION IF NOT EXISTS pg_prewarm")


def _columns(table: str) -> list[str]:
    with connection.cursor() as cursor:
        return [column.name for column in connection.introspection.get_table_description(cursor, table)]


def _text(name: str) -> str:
    return (SQL / f"{name}.sql").read_text(encoding="utf-8")


def _run(name: str, **parameters: Any) -> int:
    with connection.cursor() as cursor:
        cursor.execute(_text(name), parameters)
        return int(cursor.rowcount)


def _reports(rows: int) -> dict[str, float]:
    """Seconds of the report by how many days ago, of its next page, and of a customer's invoices: the best of three."""
    _run("read_ageing_into_memory")
    found = {}
    for days in PAST:
        found[str(days)] = _best(lambda: ageing_report(on=NIGHT - timedelta(days=days)))  # noqa: B023
        _expect_index(NIGHT - timedelta(days=days))
    report = ageing_report(on=NIGHT)
    expect("customers", report.total.customers, rows // 5)
    last = report.customers[-1]
    found["next_page"] = _best(lambda: customers_of(on=NIGHT, after=(last.aged.total, last.member_id)))
    line = CreditLine.objects.get(member=last.member_id)
    found["invoices"] = _best(lambda: invoices_of([line], on=NIGHT - timedelta(days=180)))
    say("reports: " + ", ".join(f"{name} {seconds:.2f} s" for name, seconds in found.items()))
    return found


def _expect_index(on: date) -> None:
    """The report's plan reads open invoices by their index."""
    with connection.cursor() as cursor:
        cursor.execute("EXPLAIN SELECT * FROM credit_customers_on(%s, NULL)", [on])
        plan = "\n".join(row for (row,) in cursor.fetchall())
    if "invoice_ageing" not in plan:
        raise BenchmarkError(f"The ageing of {on} does not go by its index:\n{plan}")


def _best(ask: Callable[[], Any]) -> float:
    seconds = []
    for _round in range(3):
        began = time.perf_counter()
        ask()
        seconds.append(time.perf_counter() - began)
    return min(seconds)


def _night(on: date, watch: Stopwatch, name: str) -> JobRun:
    with watch.measuring(name):
        run = start_run("age_invoices", business_date=on, actor=None, at=timezone.now())
        wait_for(lambda: JobRun.objects.get(pk=run.pk).is_finished, "The night", pause=0.02)
    run.refresh_from_db()
    expect("state", (run.state, run.failed), (JobRun.State.SUCCEEDED, 0))
    return run


def _check(run: JobRun, rows: int) -> tuple[int, int]:
    """Every invoice has the state of its days; how many invoices and lines were written."""
    expected = {"reminder": date(2027, 2, 28), "hold": date(2027, 1, 31), "collection": date(2026, 12, 31)}
    for state, due_on in expected.items():
        wrong = Invoice.objects.open().filter(due_on=due_on).exclude(overdue_state=state)
        expect(f"invoices that are not “{state}”", wrong.count(), 0)
    expect("invoices that are", Invoice.objects.exclude(overdue_state="none").count(), rows * 45 // 100)
    with connection.cursor() as cursor:
        cursor.execute(_text("ageing_marks"))
        cursor.execute("SELECT (SELECT count(*) FROM bench_invoice_mark), (SELECT count(*) FROM bench_line_mark)")
        invoices, lines = cursor.fetchone()
    expect("lines", run.done, lines)
    say(f"{invoices:,} invoices and {lines:,} lines were written, {OverdueChange.objects.count():,} changes.")
    return invoices, lines


def _limit(changed: tuple[int, int], watch: Stopwatch) -> None:
    """The same rows by plain statements; nothing is computed, checked, nor written besides."""
    with connection.cursor() as cursor:
        cursor.execute("SET session_replication_role = replica")
    _run("read_ageing_into_memory")
    checkpoint()
    with watch.measuring("limit"):
        written = _run("ageing_limit_invoices"), _run("ageing_limit_lines")
    expect("rows of the limit", written, changed)
