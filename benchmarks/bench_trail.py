"""Who did what: searches among ten million events, half of them of one hour, and the digest of a day over all of them.

Each search is asked 200 times, warm, as its page asks it; the best of three rounds counts. `ours_s` is the highest 95th
percentile, `limit_s` the 300 ms that a page may take: a ratio of 1 or more keeps to it. The digest is made and verified
by one process.
"""

import random
import time
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from django.db import connection, transaction
from django.utils import timezone

from benchmarks.figures import Figures, expect
from benchmarks.house import House, Stopwatch, checkpoint, postgres_pid, say
from benchmarks.memory import MemoryWatch
from operations.admin.trail_entries import entries_found
from operations.dates import business_date
from operations.models import AuditDigestPart
from operations.services.digests import close_day, digest_range, found_now, ranges_until
from operations.services.trail import Question, search_trail
from operations.trail import trail_tables

ROWS = 10_000_000
DISK_PER_ROW = 700
LIMIT_S, ROUNDS, ASKED, SIZE = 0.300, 3, 200, 50
DAY, HOUR = timedelta(days=1), timedelta(hours=1)
SQL = Path(__file__).resolve().parent / "sql"


def measure(house: House) -> Figures:
    """Searches first, then the digest: it reads every row."""
    until = timezone.now()
    since = until - 30 * DAY
    _make_trail(house.rows, since)
    watch = Stopwatch()
    with MemoryWatch([postgres_pid()]) as memory:
        p95 = {name: _p95(name, question) for name, question in _questions(since, until).items()}
        with watch.measuring("digest"), transaction.atomic():
            on = business_date(until)
            for part in ranges_until(on, planned={}):
                digest_range(on, part)
            close_day(on, at=until)
        with watch.measuring("verify"):
            wrong = [part for part in AuditDigestPart.objects.all() if found_now(part).sha256 != part.sha256]
    expect("parts that differ", wrong, [])
    covered = AuditDigestPart.objects.filter(table_name="memberships_memberevent").values_list("rows", flat=True)
    expect("events in the digest", sum(covered), house.rows)
    return Figures(
        name="trail", rows=house.rows, ours_s=max(p95.values()), limit_s=LIMIT_S, peer_ratio=None,
        peak_mb=memory.peak_mb,
        more={f"{name}_ms": seconds * 1000 for name, seconds in p95.items()}
        | {"digest_s": watch.seconds["digest"], "verify_s": watch.seconds["verify"]},
    )  # fmt: skip


def _make_trail(rows: int, since: datetime) -> None:
    say(f"{rows:,} events are made, in about {1 + rows / 6_000_000:.0f} minutes.")
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET LOCAL session_replication_role = replica")
        cursor.execute((SQL / "make_trail.sql").read_text(encoding="utf-8"), {"rows": rows, "since": since})
    with connection.cursor() as cursor:
        cursor.execute("VACUUM (ANALYZE) memberships_memberevent, pghistory_context")
    checkpoint()


def _questions(since: datetime, until: datetime) -> dict[str, Callable[[], Question]]:
    """By name, a question that differs each time it is asked."""
    whole: dict[str, Any] = {"since": since, "until": until, "tables": trail_tables()}
    night = since + 10 * DAY

    def at_night() -> Question:
        return Question(**{**whole, "until": night + random.random() * HOUR})

    return {
        "newest": lambda: Question(**{**whole, "since": until - 7 * DAY}),
        "any_day": lambda: Question(**{**whole, "until": since + random.uniform(1, 30) * DAY}),
        "in_the_burst": at_night,
        "operator": lambda: Question(**whole, actor=random.randint(1000, 1299)),
        "member": lambda: Question(**whole, owner=random.randint(1, 5_000_000)),
        "run": lambda: Question(**whole, run=random.randint(1, 40)),
        "reason": lambda: Question(**whole, reason=f"all {random.randint(1, 10_000) * 200}"),
        "no_such_reason": lambda: Question(**whole, reason="nobody wrote this"),
    }


def _p95(name: str, question: Callable[[], Question]) -> float:
    """The best round's 95th percentile, in seconds."""
    random.seed(7)
    rounds = []
    for _round in range(ROUNDS + 1):
        times = []
        for _asked in range(ASKED // 10 if "reason" in name else ASKED):
            began = time.perf_counter()
            entries_found(search_trail(question(), size=SIZE).found)
            times.append(time.perf_counter() - began)
        rounds.append(sorted(times)[int(len(times) * 0.95)])
    best = min(rounds[1:])
    say(f"{name}: p95 {best * 1000:.1f} ms")
    return best
