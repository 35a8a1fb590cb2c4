"""The same list of new firms as CSV and as XLSX, each uploaded, checked, confirmed and applied, by a worker.

The limit is the CSV: what the workbook takes longer is the price of its kind. Measured twice, as programs write
workbooks that hold no sheet in memory (each text in its cell), and as Excel does (the texts in a part of their own).
"""

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

from django.utils import timezone

from benchmarks.figures import Figures
from benchmarks.firms import HEADERS, make_firms
from benchmarks.house import House, Stopwatch, celery_worker, say
from benchmarks.imports import import_new
from benchmarks.memory import MemoryWatch
from benchmarks.workbooks import write_inline, write_shared
from memberships.demo import make_jd_plus_enterprise
from operations.imports.exports import csv_line
from operations.models import User

ROWS = 1_000_000
DISK_PER_ROW = 30_000


def write_csv(path: Path, first: int, rows: int) -> None:
    with path.open("w", encoding="utf-8", newline="") as file:
        file.write(csv_line(HEADERS))
        file.writelines(map(csv_line, make_firms(first, rows)))


def measure(house: House) -> Figures:
    """CSV, then both workbooks: each of other firms, so that every row is new."""
    operator = User.objects.create_user("operator")
    make_jd_plus_enterprise(on=timezone.localdate() - timedelta(days=1))
    kinds: list[tuple[str, Callable[[Path, int, int], None]]] = [
        ("firms.csv", write_csv), ("inline.xlsx", write_inline), ("shared.xlsx", write_shared),
    ]
    took: list[dict[str, float]] = []
    peaks: list[dict[str, float]] = []
    for number, (name, write) in enumerate(kinds):
        path = house.folder / name
        write(path, 1 + number * house.rows, house.rows)
        say(f"{name}: {path.stat().st_size / house.rows:.0f} bytes a row.")
        watch = Stopwatch()
        with celery_worker(house.folder) as worker, MemoryWatch([worker]) as memory:
            import_new("enterprise-customers", path, operator, house.rows, watch)
        took.append(dict(watch.seconds))
        peaks.append(memory.peaks_mb)
        say("peak private memory: " + ", ".join(f"{kind} {peak:.0f} MB" for kind, peak in memory.peaks_mb.items()))
        path.unlink()
    csv_s, inline_s, shared_s = (seconds["preview"] + seconds["apply"] for seconds in took)
    return Figures(
        name="workbooks", rows=house.rows, ours_s=max(inline_s, shared_s), limit_s=csv_s, peer_ratio=None,
        peak_mb=max(max(each.values()) for each in peaks),
        more={
            "xlsx_ratio": csv_s / max(inline_s, shared_s), "inline_s": inline_s, "shared_s": shared_s,
            "preview_csv_s": took[0]["preview"], "preview_inline_s": took[1]["preview"],
            "preview_shared_s": took[2]["preview"],
            # Of both at once it is no more than this: each had its peak at a time of its own.
            "worker_and_reader_mb": max(each.get("worker", 0) + each.get("reader", 0) for each in peaks),
        },
    )  # fmt: skip
