"""A night that evaluates tiers: two million wallets with twenty million entries, one in ten rises; and the what-if.

Ours is the job as in production, two processes. The limit is one plain aggregate over the same entries and an UPDATE of
the standings that differ, in one session, triggers off; the what-if's is the same aggregate, joined and counted.
"""

from datetime import date
from pathlib import Path
from typing import Any

from django.db import connection, transaction
from django.utils import timezone

from benchmarks.figures import Figures, expect
from benchmarks.house import House, Stopwatch, celery_worker, checkpoint, postgres_pid, say, wait_for
from benchmarks.indexes import indexed_afterwards
from benchmarks.memory import MemoryWatch
from memberships.models import Programme, Tier, TierChange, TierGroup, TierStanding
from memberships.models.programmes import Audience
from memberships.services.tier_forecasts import LadderForecast, forecast_group
from operations.models import JobRun, OutboxMessage
from operations.services.jobs import start_run

ROWS = 2_000_000
DISK_PER_ROW = 9_000
#: Of each wallet, half of them of the closed year.
ENTRIES = 10
NIGHT = date(2027, 3, 1)
THRESHOLDS = (0, 1_000, 3_000, 6_000, 12_000, 30_000)
SQL = Path(__file__).resolve().parent / "sql"


def measure(house: House) -> Figures:
    """The what-if and its limit, which only read; ours; the limit on a copy of the standings as they were."""
    group = _make_members(house.rows)
    watch = Stopwatch()
    _run("read_tiers_into_memory")
    with watch.measuring("what_if"):
        forecast = forecast_group(group, on=NIGHT)
    with watch.measuring("what_if_limit"):
        _run("tiers_limit_forecast", **_plain(group))
    with celery_worker(house.folder) as worker, MemoryWatch([worker, postgres_pid()]) as memory:
        checkpoint()
        with watch.measuring("ours"):
            run = start_run("evaluate_tiers", business_date=NIGHT, actor=None, at=timezone.now())
            wait_for(lambda: JobRun.objects.get(pk=run.pk).is_finished, "The night", pause=0.05)
    say("peak private memory: " + ", ".join(f"{kind} {peak:.0f} MB" for kind, peak in memory.peaks_mb.items()))
    risen = _check(JobRun.objects.get(pk=run.pk), house.rows, forecast)
    _limit(group, risen, watch)
    return Figures(
        name="tiers", rows=house.rows, ours_s=watch.seconds["ours"], limit_s=watch.seconds["limit"], peer_ratio=None,
        peak_mb=memory.peak_mb,
        more={
            "plan_s": _plan_seconds(run), "risen": risen, "what_if_s": watch.seconds["what_if"],
            "what_if_limit_s": watch.seconds["what_if_limit"],
            "what_if_times": watch.seconds["what_if"] / watch.seconds["what_if_limit"],
        },
    )  # fmt: skip


def _make_members(rows: int) -> TierGroup:
    minutes = 1 + rows / 400_000
    say(f"{rows:,} wallets, {ENTRIES * rows:,} entries are made and measured, in about {minutes:.0f} minutes.")
    programme = Programme.objects.create(code="night", name="夜间演练", name_en="Night drill", audience=Audience.PERSON)
    group = TierGroup.objects.create(
        programme=programme, code="levels", name="等级", name_en="Levels", window="calendar_year",
        downgrade="to_balance",
    )
    for rank, threshold in enumerate(THRESHOLDS, start=1):
        Tier.objects.create(
            group=group, code=f"t{rank}", name=str(rank), name_en=str(rank), rank=rank, threshold=threshold
        )
    with indexed_afterwards("memberships_pointsentry"), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET LOCAL session_replication_role = replica")
        facts = {"wallets": rows, "on": NIGHT, "programme": programme.pk, "group": group.pk, "tiers": _tiers(group)}
        cursor.execute(_text("make_tiers"), facts)
        for number in range(1, ENTRIES + 1):
            cursor.execute(_text("make_tiers_entries"), {"on": NIGHT, "n": number})
    with connection.cursor() as cursor:
        cursor.execute("CREATE TABLE bench_standing (LIKE memberships_tierstanding INCLUDING ALL)")
        cursor.execute("INSERT INTO bench_standing SELECT * FROM memberships_tierstanding ORDER BY id")
        cursor.execute("VACUUM (ANALYZE)")
        cursor.execute("CREATE EXTENSION IF NOT EXISTS pg_prewarm")
    return group


def _tiers(group: TierGroup) -> list[int]:
    return list(group.tiers.order_by("rank").values_list("pk", flat=True))


def _plain(group: TierGroup) -> dict[str, Any]:
    """What the plain statements need to know of the ladder."""
    return {
        "tiers": _tiers(group), "thresholds": list(THRESHOLDS), "on": NIGHT, "year": date(NIGHT.year, 1, 1),
        "closed_year": date(NIGHT.year - 1, 1, 1), "held_until": date(NIGHT.year + 1, 12, 31),
    }


def _text(name: str) -> str:
    return (SQL / f"{name}.sql").read_text(encoding="utf-8")


def _run(name: str, **parameters: Any) -> int:
    with connection.cursor() as cursor:
        cursor.execute(_text(name), parameters)
        return int(cursor.rowcount)


def _check(run: JobRun, rows: int, forecast: LadderForecast) -> int:
    """One in ten rose, is told, and stands where the what-if said; how many."""
    risen = -(-rows // 10)
    expect("state", (run.state, run.done, run.failed), (JobRun.State.SUCCEEDED, rows, 0))
    expect("foreseen", forecast.totals["up"], risen)
    expect("changes", TierChange.objects.filter(kind="up").count(), risen)
    expect("messages", OutboxMessage.objects.filter(topic="tier.changed").count(), risen)
    for tier in forecast.tiers:
        expect(f"on {tier.code}", TierStanding.objects.filter(tier__code=tier.code).count(), tier.after)
    return risen


def _plan_seconds(run: JobRun) -> float:
    """From the request of the run to its first chunk."""
    chunk = run.chunks.order_by("attempted_at").first()
    assert chunk is not None and chunk.attempted_at is not None
    return (chunk.attempted_at - run.requested_at).total_seconds()


def _limit(group: TierGroup, risen: int, watch: Stopwatch) -> None:
    """The same standings by one plain statement; nothing is checked, nor written besides."""
    with connection.cursor() as cursor:
        cursor.execute("SET session_replication_role = replica")
        cursor.execute("SELECT pg_prewarm('bench_standing')")
    _run("read_tiers_into_memory")
    checkpoint()
    with watch.measuring("limit"):
        changed = _run("tiers_limit_update", **_plain(group))
    expect("rows of the limit", changed, risen)
