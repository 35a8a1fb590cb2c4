"""The functions that say what an evaluation makes of a member's tier."""

from pathlib import Path

from django.db import migrations

SQL = Path(__file__).resolve().parent.parent / "sql" / "tiers"
# In the order in which one needs the other.
FUNCTIONS = {
    "full_years": "DROP FUNCTION memberships_full_years(date, date);",
    "window_from": "DROP FUNCTION memberships_tier_window_from(text, integer, date, date);",
    "held_until": "DROP FUNCTION memberships_tier_held_until(text, integer, date, date);",
    "numbers": "DROP FUNCTION memberships_numbers(jsonb);",
    "facts": "DROP FUNCTION memberships_tier_facts(jsonb, date, bigint, bigint);",
    "decide": (
        "DROP FUNCTION memberships_tier_decide(jsonb, integer, text, text, boolean, boolean, bigint, bigint, integer);"
    ),
    "decisions": "DROP FUNCTION memberships_tier_decisions(jsonb, date, bigint, bigint);",
}


class Migration(migrations.Migration):
    dependencies = [("memberships", "0016_orders")]

    operations = [
        migrations.RunSQL((SQL / f"{name}.sql").read_text(encoding="utf-8"), undo) for name, undo in FUNCTIONS.items()
    ]
