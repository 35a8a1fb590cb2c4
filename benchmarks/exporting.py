"""The process of one export: `python -m benchmarks.exporting KIND FILE`, which bench_export.py starts.

It begins as a worker's does, with all of the product loaded, and has done nothing else: its peak is that of the process
as a whole, with programs and libraries.
"""

import json
import os
import sys
import time
from pathlib import Path

import django


def main(kind: str, path: Path) -> None:
    os.environ["DJANGO_SETTINGS_MODULE"] = "config.settings"
    django.setup()
    from django.contrib import admin
    from django.http import HttpRequest

    from config.celery import app
    from operations.admin.exporting import ListRows
    from operations.models import OutboxMessage, User

    app.loader.import_default_modules()
    request = HttpRequest()
    request.method, request.user = "GET", User.objects.get(username="root")
    begin_mb, began = _peak_mb(), time.perf_counter()
    listed = ListRows(admin.site._registry[OutboxMessage], request, is_masked=True)  # type: ignore[arg-type]
    with path.open("wb") as file:
        if kind == "xlsx":
            rows = listed.save_workbook(file)
        else:
            rows = sum(file.write(line) > 0 for line in listed.lines()) - 1
    seconds = time.perf_counter() - began
    print(json.dumps({"rows": rows, "seconds": seconds, "begin_mb": begin_mb, "peak_mb": _peak_mb()}))


def _peak_mb() -> float:
    """The most that this process ever had, shared pages and all (`ru_maxrss` would count the one that started it)."""
    status = Path("/proc/self/status").read_text()
    return int(status.partition("VmHWM:")[2].split()[0]) / 1024


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]))
