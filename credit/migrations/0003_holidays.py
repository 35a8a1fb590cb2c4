"""The calendars of 2025 and 2026, as the State Council announced them; later years are entered at the desk.

Of 2025: Notice of the General Office of the State Council on holidays (国办发明电〔2024〕12号), of 2026: 国办发明电〔2025〕7号.
"""

import csv
from datetime import date
from pathlib import Path
from typing import Any

from django.db import migrations

CALENDAR = Path(__file__).resolve().parent.parent / "calendars" / "cn.csv"


def enter_calendar(apps: Any, schema_editor: Any) -> None:
    """Enter the days that nobody entered yet."""
    Holiday = apps.get_model("credit", "Holiday")
    with CALENDAR.open(encoding="utf-8", newline="") as lines:
        Holiday.objects.bulk_create(
            (
                Holiday(on=date.fromisoformat(row["on"]), is_workday=row["is_workday"] == "yes", name=row["name"])
                for row in csv.DictReader(lines)
            ),
            ignore_conflicts=True,
        )


class Migration(migrations.Migration):
    dependencies = [("credit", "0002_functions")]

    operations = [migrations.RunPython(enter_calendar, migrations.RunPython.noop)]
