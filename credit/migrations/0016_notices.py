"""What firms are told of their lines and invoices; and which lines somebody suspended, and when."""

from pathlib import Path

from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations, models

SQL = Path(__file__).resolve().parent.parent / "sql" / "notices"
KINDS = ("invoices_due", "invoices_issued", "statement_ready", "limit_changed", "line_suspended", "line_resumed")


class Migration(migrations.Migration):
    # An index that is made beside the traffic is not made in a transaction.
    atomic = False
    dependencies = [("credit", "0015_late_fees_corrected"), ("memberships", "0039_more_notices")]

    operations = [
        AddIndexConcurrently(
            "creditline",
            models.Index(
                condition=models.Q(("suspended_on__isnull", False)), fields=["suspended_on", "id"],
                name="creditline_suspended",
            ),
        ),
        migrations.RunSQL(
            (SQL / "lines.sql").read_text(encoding="utf-8"),
            "".join(f"DROP FUNCTION credit_notice_{kind}(date, integer, bigint, bigint);" for kind in KINDS),
        ),
    ]
