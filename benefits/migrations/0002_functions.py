"""The functions that say what entitles a member, and that use a benefit. (The others: 0003.)"""

from pathlib import Path

from django.db import migrations

SQL = Path(__file__).resolve().parent.parent / "sql"
REDEEM = "bigint, bigint, text, bigint, text, text, bigint, text, date, timestamptz, bigint, text, text[]"
RETURN = "bigint, text, bigint, date, timestamptz, bigint, text"
# In the order in which one needs the other.
FUNCTIONS = {
    "rights/window": "DROP FUNCTION benefits_window(text, text, date, date, date, date);",
    "rights/tier_since": "DROP FUNCTION benefits_tier_since(bigint, bigint, integer, date);",
    "rights/sources": "DROP FUNCTION benefits_sources(bigint, date);",
    "redemptions/redeem_benefit": f"DROP FUNCTION benefits_redeem({REDEEM});",
    "redemptions/return_redemption": f"DROP FUNCTION benefits_return_redemption({RETURN});",
}


class Migration(migrations.Migration):
    dependencies = [("benefits", "0001_initial"), ("memberships", "0029_tiers_kept_whole")]

    operations = [
        migrations.RunSQL((SQL / f"{name}.sql").read_text(encoding="utf-8"), undo) for name, undo in FUNCTIONS.items()
    ]
