"""The process of one benchmark: `python -m benchmarks.inside NAME FOLDER [ROWS]`, which run.py starts.

Its servers run already; here the database is filled with tables and plans, and the benchmark called.
"""

import importlib
import os
import shutil
import sys
from pathlib import Path

import django
from django.core.management import call_command

from benchmarks.figures import BenchmarkError
from benchmarks.house import House, say


def main(name: str, folder: Path, rows: str = "") -> None:
    os.environ["DJANGO_SETTINGS_MODULE"] = "config.settings"
    django.setup()
    benchmark = importlib.import_module(f"benchmarks.bench_{name.replace('-', '_')}")
    house = House(folder, int(rows or benchmark.ROWS))
    needed, free = benchmark.DISK_PER_ROW * house.rows, shutil.disk_usage(folder).free
    say(f"{name}: {benchmark.__doc__.splitlines()[0]}")
    say(f"{house.rows:,} rows; needs about {needed / 1e9:.1f} GB of disk for a while, {free / 1e9:.0f} GB are free.")
    if needed > free:
        raise BenchmarkError("There is not enough room on the disk.")
    call_command("migrate", verbosity=0)
    print(benchmark.measure(house).packed())


if __name__ == "__main__":
    try:
        main(sys.argv[1], Path(sys.argv[2]), *sys.argv[3:])
    except BenchmarkError as error:
        sys.exit(str(error))
