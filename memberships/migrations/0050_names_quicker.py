"""The initials of a name take two thirds of the time; they are the same, so their indexes stay."""

from pathlib import Path

from django.db import migrations

SQL = Path(__file__).resolve().parent.parent / "sql" / "names"


class Migration(migrations.Migration):
    dependencies = [("memberships", "0049_cities")]

    operations = [
        # Made by 0048 on a new database; made again for those of before.
        migrations.RunSQL((SQL / "initials.sql").read_text(encoding="utf-8"), migrations.RunSQL.noop)
    ]
