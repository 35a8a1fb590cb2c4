"""A list of a million rows as CSV and as XLSX, made as the job makes them: by a cursor, a block at a time.

The list is that of outgoing messages, eight columns wide. Each file is made by a process of its own, which may not be
over 200 MB as a whole; `limit_s` is a plain COPY of the same rows and columns in the same order.
"""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import psycopg
from django.db import connection, transaction

from benchmarks.figures import Figures, expect
from benchmarks.house import PROJECT, House, Stopwatch, checkpoint, say
from operations.models import User

ROWS = 1_000_000
DISK_PER_ROW = 1_000
MOST_MB = 200
MAKE = """
    INSERT INTO operations_outboxmessage
        (topic, key, owner, payload, state, attempts, error, created_at, next_attempt_at, sent_at)
    SELECT 'card.renewed', 'card:' || n || ':renewed', n, '{}', 'sent', 1,
           CASE n %% 9 WHEN 0 THEN '=HTTP 503' ELSE '' END,
           now() - n * interval '1 second', now(), now()
    FROM generate_series(1, %s) AS n
"""


COPY = """
    COPY (
        SELECT key, topic, owner, state, attempts, error, created_at, sent_at
        FROM operations_outboxmessage ORDER BY id DESC
    ) TO STDOUT (FORMAT csv)
"""


def measure(house: House) -> Figures:
    """COPY, CSV, then the workbook."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(MAKE, [house.rows])
    with connection.cursor() as cursor:
        cursor.execute("VACUUM (ANALYZE) operations_outboxmessage")
    User.objects.create_superuser("root")
    checkpoint()
    watch = Stopwatch()
    for _time in ("cold", "warm"):
        with watch.measuring("copy"):
            _copy(house.folder / "copied.csv")
    csv, xlsx = (_export(kind, house) for kind in ("csv", "xlsx"))
    copy_s = watch.seconds["copy"]
    peak_mb = max(csv["peak_mb"], xlsx["peak_mb"])
    expect(f"a peak within {MOST_MB} MB ({peak_mb:.1f})", peak_mb <= MOST_MB, True)
    return Figures(
        name="export", rows=house.rows, ours_s=csv["seconds"], limit_s=copy_s, peer_ratio=None, peak_mb=peak_mb,
        more={
            "rows_per_s": house.rows / csv["seconds"], "csv_peak_mb": csv["peak_mb"],
            "xlsx_s": xlsx["seconds"], "xlsx_ratio": copy_s / xlsx["seconds"],
            "xlsx_rows_per_s": house.rows / xlsx["seconds"], "xlsx_peak_mb": xlsx["peak_mb"],
            "xlsx_mb": xlsx["bytes"] / 1_000_000, "csv_mb": csv["bytes"] / 1_000_000, "begin_mb": csv["begin_mb"],
        },
    )


def _copy(path: Path) -> None:
    """The rows out of the database as fast as it goes."""
    with (
        psycopg.connect(os.environ["DATABASE_URL"]) as database, path.open("wb") as file,
        database.cursor().copy(COPY) as copy,
    ):  # fmt: skip
        for block in copy:
            file.write(block)


def _export(kind: str, house: House) -> dict[str, Any]:
    """A file by a fresh process; what it says of itself."""
    path = house.folder / f"exported.{kind}"
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks.exporting", kind, str(path)], cwd=PROJECT, stdout=subprocess.PIPE, text=True,
        check=True,
    )
    told: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    expect("rows", told["rows"], house.rows)
    say(f"{kind}: {told['seconds']:.2f} s, {told['peak_mb']:.1f} MB")
    return {**told, "bytes": path.stat().st_size}
