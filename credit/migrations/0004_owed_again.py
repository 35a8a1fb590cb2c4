"""A closed line is owed on again beside the firm's newer one: one line of a firm and programme is active."""

from pathlib import Path

from django.db import migrations, models
from django.db.models import Q

SQL = Path(__file__).resolve().parent.parent / "sql"
# In the order in which one needs the other. The last two were made by 0002 before: they need the first by now.
FUNCTIONS = {
    "lines/in_use": "DROP FUNCTION credit_lines_in_use();",
    "lapses/lines_to_follow": "DROP FUNCTION credit_lines_to_follow(date, bigint, bigint);",
    "receipts/owners": "DROP FUNCTION credit_owners(bigint[], text[], text[], text[], date);",
}


class Migration(migrations.Migration):
    dependencies = [("credit", "0003_holidays")]

    operations = [
        migrations.AddConstraint(
            model_name="creditline",
            constraint=models.UniqueConstraint(
                fields=["member", "programme"], condition=Q(state="active"), name="creditline_one_active"
            ),
        ),
        migrations.RemoveConstraint(model_name="creditline", name="creditline_one_open"),
        *(
            migrations.RunSQL((SQL / f"{name}.sql").read_text(encoding="utf-8"), undo)
            for name, undo in FUNCTIONS.items()
        ),
    ]
