"""What a point cost on a day."""

from pathlib import Path

from django.db import migrations

SQL = Path(__file__).resolve().parent.parent / "sql" / "profit" / "point_costs.sql"


class Migration(migrations.Migration):

    dependencies = [("memberships", "0033_profit")]

    operations = [
        migrations.RunSQL(SQL.read_text(encoding="utf-8"), "DROP FUNCTION memberships_point_costs(bigint);"),
    ]
