"""The function that says whose coupons and gifts end on a day."""

from pathlib import Path

from django.db import migrations

SQL = Path(__file__).resolve().parent.parent / "sql" / "notices"


class Migration(migrations.Migration):
    dependencies = [("benefits", "0011_savings_by_instant"), ("memberships", "0039_more_notices")]

    operations = [
        migrations.RunSQL(
            (SQL / "benefits_end.sql").read_text(encoding="utf-8"),
            "DROP FUNCTION benefits_notice_benefits_end(date, integer, bigint, bigint);",
        ),
    ]
