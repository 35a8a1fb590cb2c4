"""Uses of records that were merged into a member count like its own."""

from pathlib import Path

from django.db import migrations

RIGHTS = Path(__file__).resolve().parent.parent / "sql" / "rights" / "rights.sql"


class Migration(migrations.Migration):
    dependencies = [("benefits", "0012_notices"), ("memberships", "0041_merges")]

    operations = [migrations.RunSQL(RIGHTS.read_text(encoding="utf-8"), migrations.RunSQL.noop)]
