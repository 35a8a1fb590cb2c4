"""What a night makes of status matches."""

from pathlib import Path

from django.db import migrations

SQL = Path(__file__).resolve().parent.parent / "sql" / "status_matches"


class Migration(migrations.Migration):
    dependencies = [("partners", "0004_dead_letters"), ("memberships", "0029_tiers_kept_whole")]

    operations = [
        migrations.RunSQL(
            (SQL / "changes.sql").read_text(encoding="utf-8"),
            "DROP FUNCTION partners_match_changes(bigint, bigint, date, integer);",
        )
    ]
