"""The functions that say whom a night tells what."""

from pathlib import Path

from django.db import migrations

SQL = Path(__file__).resolve().parent.parent / "sql" / "notices"
FUNCTIONS = ("points_expire", "tier_ends", "payment_declined", "card_in_grace", "card_renews")


class Migration(migrations.Migration):
    dependencies = [("memberships", "0019_wallet_rights"), ("operations", "0010_notices")]

    operations = [
        migrations.RunSQL(
            (SQL / f"{name}.sql").read_text(encoding="utf-8"),
            f"DROP FUNCTION memberships_notice_{name}(date, integer, bigint, bigint);",
        )
        for name in FUNCTIONS
    ]
