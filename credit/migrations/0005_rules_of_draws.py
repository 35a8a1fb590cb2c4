"""Draws are stopped by real days overdue, late fees go by the day on which money was received, and no day of a line is
over what its next card offers.
"""

from pathlib import Path

from django.db import migrations

SQL = Path(__file__).resolve().parent.parent / "sql"
# Made by 0002 and 0004 on a new database; made again for those of before.
AGAIN = ("overdue/days", "draws/blocking_rules", "draws/hindrances", "late_fees/due", "lapses/lines_to_follow")


class Migration(migrations.Migration):
    dependencies = [("credit", "0004_owed_again")]

    operations = [
        migrations.RunSQL((SQL / f"{name}.sql").read_text(encoding="utf-8"), migrations.RunSQL.noop) for name in AGAIN
    ]
