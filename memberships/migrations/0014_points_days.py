"""When points end and until when they are pending, as functions, so that statements over many ask the same rule."""

from pathlib import Path

from django.db import migrations

SQL = Path(__file__).resolve().parent.parent / "sql" / "points"
#: In this order, since the first is called by the others.
FUNCTIONS = {
    "points_day_gone": (
        "DROP FUNCTION memberships_points_day_gone(text, integer, integer, integer, integer, date);"
    ),
    "points_expire_on": "DROP FUNCTION memberships_points_expire_on(bigint, date);",
    "points_pending_until": "DROP FUNCTION memberships_points_pending_until(bigint, date);",
    "idle_on": "DROP FUNCTION memberships_idle_on(bigint, date);",
}


class Migration(migrations.Migration):
    dependencies = [("memberships", "0013_points_parts")]

    operations = [
        migrations.RunSQL((SQL / f"{name}.sql").read_text(encoding="utf-8"), undo)
        for name, undo in FUNCTIONS.items()
    ]
