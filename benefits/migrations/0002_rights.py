"""The functions that say what a member is entitled to."""

from pathlib import Path

from django.db import migrations

SQL = Path(__file__).resolve().parent.parent / "sql" / "rights"
# In the order in which one needs the other.
FUNCTIONS = {
    "window": "DROP FUNCTION benefits_window(text, text, date, date, date, date);",
    "tier_since": "DROP FUNCTION benefits_tier_since(bigint, bigint, integer, date);",
    "sources": "DROP FUNCTION benefits_sources(bigint, date);",
    "chosen": "DROP FUNCTION benefits_chosen(bigint, bigint, date, date, date);",
    "rights": "DROP FUNCTION benefits_rights(bigint, date, bigint, text, text);",
}


class Migration(migrations.Migration):
    dependencies = [("benefits", "0001_initial")]

    operations = [
        migrations.RunSQL((SQL / f"{name}.sql").read_text(encoding="utf-8"), undo) for name, undo in FUNCTIONS.items()
    ]
