"""A late fee is what its month cost by what is known now, corrected by night; a dry run of lines that follow their
cards sees their terms. Payers' whole accounts are seen by who may. What a person credits alone weighs by the day.
"""

from pathlib import Path

from django.contrib.postgres.operations import AddIndexConcurrently, RemoveIndexConcurrently
from django.db import migrations, models

SQL = Path(__file__).resolve().parent.parent / "sql"
CORRECTIONS = (SQL / "late_fees/corrections.sql").read_text(encoding="utf-8")
# Made by 0002 on a new database; made again for those of before.
AGAIN = ("late_fees/due", "lapses/lines_to_follow")


class Migration(migrations.Migration):
    # An index that is made beside the traffic is not made in a transaction.
    atomic = False
    dependencies = [("credit", "0014_held_over")]

    operations = [
        RemoveIndexConcurrently(model_name="creditentry", name="creditentry_alone"),
        AddIndexConcurrently(
            model_name="creditentry",
            index=models.Index(
                fields=["actor", "on"], name="creditentry_alone",
                condition=models.Q(
                    kind__in=["refund", "write_off", "credit_note"], checker=None, actor__isnull=False
                ),
            ),
        ),
        migrations.AlterModelOptions(
            name="receipt",
            options={
                "verbose_name": "receipt", "verbose_name_plural": "receipts",
                "permissions": [
                    ("allocate_receipt", "Can enter, import, match, allocate and reverse receipts"),
                    ("reveal_receipt", "Can see payers' whole accounts"),
                ],
            },
        ),
        *(
            migrations.RunSQL((SQL / f"{name}.sql").read_text(encoding="utf-8"), migrations.RunSQL.noop)
            for name in AGAIN
        ),
        migrations.RunSQL(CORRECTIONS, "DROP FUNCTION credit_late_fee_corrections(date, bigint, bigint);"),
    ]
