"""Who holds something under the number of a record that was merged is told when it ends."""

from pathlib import Path

from django.db import migrations

NOTICE = Path(__file__).resolve().parent.parent / "sql" / "notices" / "benefits_end.sql"


class Migration(migrations.Migration):
    dependencies = [("benefits", "0013_merged_records"), ("memberships", "0041_merges")]

    operations = [migrations.RunSQL(NOTICE.read_text(encoding="utf-8"), migrations.RunSQL.noop)]
