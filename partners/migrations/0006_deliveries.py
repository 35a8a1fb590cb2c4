"""What partners provide counts as delivered from the day on which it is active there."""

from pathlib import Path

from django.db import migrations

FLOORS = Path(__file__).resolve().parent.parent.parent
OURS, THEIRS = (FLOORS / floor / "sql" / "values" / "deliveries.sql" for floor in ("partners", "benefits"))


class Migration(migrations.Migration):

    dependencies = [("partners", "0005_instants"), ("benefits", "0007_value_statements")]

    operations = [
        migrations.RunSQL(OURS.read_text(encoding="utf-8"), THEIRS.read_text(encoding="utf-8")),
    ]
