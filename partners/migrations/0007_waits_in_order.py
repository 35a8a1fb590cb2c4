"""Who waits for a code that is being taken holds none that he only looked at."""

from pathlib import Path

from django.db import migrations

CLAIM = Path(__file__).resolve().parent.parent / "sql" / "vouchers" / "claim.sql"


class Migration(migrations.Migration):
    dependencies = [("partners", "0006_deliveries")]

    operations = [
        migrations.RunSQL(
            "DROP TRIGGER partners_claim_codes ON benefits_grant;" + CLAIM.read_text(encoding="utf-8"),
            migrations.RunSQL.noop,
        )
    ]
