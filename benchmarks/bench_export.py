"""A list of a million rows as CSV and as XLSX, made as the job makes them: by key, a block at a time.

The list is that of outgoing messages, eight columns wide. `ours_s` is the workbook, which takes longer; `limit_s` is
half of what a task may take. The peak is that of the process that writes, and may not be over 200 MB.
"""

import os
import tempfile

from django.conf import settings
from django.contrib import admin
from django.db import connection, transaction
from django.http import HttpRequest

from benchmarks.figures import Figures, expect
from benchmarks.house import House, Stopwatch, checkpoint
from benchmarks.memory import MemoryWatch
from operations.admin.exporting import ListRows
from operations.models import OutboxMessage, User

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


def measure(house: House) -> Figures:
    """CSV, then the workbook."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(MAKE, [house.rows])
    with connection.cursor() as cursor:
        cursor.execute("VACUUM (ANALYZE) operations_outboxmessage")
    checkpoint()
    request = HttpRequest()
    request.method, request.user = "GET", User.objects.create_superuser("root")
    listed = ListRows(admin.site._registry[OutboxMessage], request, is_masked=True)  # type: ignore[arg-type]
    watch = Stopwatch()
    with MemoryWatch([os.getpid()]) as memory:
        with watch.measuring("csv"), tempfile.TemporaryFile() as file:
            written = sum(file.write(line) > 0 for line in listed.lines())
        expect("lines", written, house.rows + 1)
        with watch.measuring("xlsx"), tempfile.TemporaryFile() as file:
            expect("rows", listed.save_workbook(file), house.rows)
            file.seek(0, os.SEEK_END)
            size = file.tell()
    expect("a peak within 200 MB", memory.peak_mb <= MOST_MB, True)
    return Figures(
        name="export", rows=house.rows, ours_s=watch.seconds["xlsx"], limit_s=settings.CELERY_TASK_TIME_LIMIT / 2,
        peer_ratio=None, peak_mb=memory.peak_mb,
        more={"csv_s": watch.seconds["csv"], "xlsx_mb": size / 1_000_000},
    )
