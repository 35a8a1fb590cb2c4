"""The nights' jobs whose figures the first pages show, done by the real code over all of it: full.py starts it."""

import os
import time
from datetime import date

if __name__ == "__main__":
    import django

    os.environ["DJANGO_SETTINGS_MODULE"] = "config.settings"
    django.setup()

from django.utils import timezone

from benchmarks.figures import expect
from benchmarks.house import say
from memberships.services.liabilities import MEASURE_LIABILITY
from operations import registry
from operations.dates import business_date
from operations.models import JobRun
from operations.services.jobs import start_run
from operations.services.rollups import keep
from operations.tasks import work_through

ROLL_UPS = "roll_up_figures"


def roll_up(*, on: date) -> None:
    """What is owed in points, and every roll-up; says how long each took."""
    for job in (MEASURE_LIABILITY, ROLL_UPS):
        began = time.perf_counter()
        run = work_through(start_run(job, business_date=on, actor=None, at=timezone.now()).pk)
        say(f"{job}: {time.perf_counter() - began:.1f} s")
        expect(f"state of {job}", (run.state, run.failed), (JobRun.State.SUCCEEDED, 0))


def again(*, on: date) -> None:
    """Each roll-up once more by itself, to say what each of them takes."""
    for measured in registry.roll_ups:
        began = time.perf_counter()
        keep(measured.name, on=on, at=timezone.now())
        say(f"  {measured.name}: {time.perf_counter() - began:.1f} s")


if __name__ == "__main__":
    today = business_date(timezone.now())
    roll_up(on=today)
    again(on=today)
