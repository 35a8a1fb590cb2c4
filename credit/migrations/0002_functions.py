"""Functions of credit: terms, limits, draws. Each stands in a file under sql/."""

from pathlib import Path

from django.db import migrations

SQL = Path(__file__).resolve().parent.parent / "sql"
# In the order in which one needs the other.
FUNCTIONS = {
    "lines/limit_on": "DROP FUNCTION credit_limit_on(bigint, date);",
    "ledger/book_entries": (
        "DROP TRIGGER credit_book_entries ON credit_creditentry; DROP FUNCTION credit_book_entries();"
    ),
}


class Migration(migrations.Migration):
    dependencies = [("credit", "0001_initial"), ("memberships", "0030_credit_decisions")]

    operations = [
        migrations.RunSQL((SQL / f"{name}.sql").read_text(encoding="utf-8"), undo) for name, undo in FUNCTIONS.items()
    ]
