"""Lists of lines, invoices and receipts are narrowed by an index, whatever the size of the table's past."""

from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations, models
from django.db.models import Q


class Migration(migrations.Migration):
    # An index that is made beside the traffic is not made in a transaction.
    atomic = False
    dependencies = [("credit", "0016_notices")]

    operations = [
        AddIndexConcurrently(
            model_name="creditline",
            index=models.Index(fields=["state", "id"], name="creditline_by_state", condition=~Q(state="active")),
        ),
        AddIndexConcurrently(
            model_name="creditline",
            index=models.Index(
                fields=["overdue_state", "id"], name="creditline_by_overdue_state", condition=~Q(overdue_state="none")
            ),
        ),
        AddIndexConcurrently(
            model_name="invoice",
            index=models.Index(
                fields=["overdue_state", "id"], name="invoice_by_overdue_state", condition=~Q(overdue_state="none")
            ),
        ),
        AddIndexConcurrently(
            model_name="invoice",
            index=models.Index(
                fields=["official_state", "id"], name="invoice_by_official_state", condition=~Q(official_state="none")
            ),
        ),
        AddIndexConcurrently(
            model_name="invoice",
            index=models.Index(fields=["kind", "id"], name="invoice_by_kind", condition=~Q(kind="purchase")),
        ),
        AddIndexConcurrently(
            model_name="receipt",
            index=models.Index(fields=["id"], name="receipt_unapplied", condition=Q(unapplied__gt=0)),
        ),
        AddIndexConcurrently(
            model_name="receipt",
            index=models.Index(fields=["state", "id"], name="receipt_by_state", condition=~Q(state="matched")),
        ),
    ]
