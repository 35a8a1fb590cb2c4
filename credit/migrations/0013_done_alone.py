"""What a person entered, paid back or wrote off alone on a day is found, whether by hand or by a bank's file."""

from django.contrib.postgres.operations import AddIndexConcurrently, RemoveIndexConcurrently
from django.db import migrations, models


class Migration(migrations.Migration):
    # An index that is made beside the traffic is not made in a transaction.
    atomic = False
    dependencies = [("credit", "0012_notes_of_fees")]

    operations = [
        AddIndexConcurrently(
            model_name="receipt",
            index=models.Index(
                fields=["actor", "on"], name="receipt_alone",
                condition=models.Q(checker=None, actor__isnull=False),
            ),
        ),
        RemoveIndexConcurrently(model_name="receipt", name="receipt_by_hand"),
        AddIndexConcurrently(
            model_name="creditentry",
            index=models.Index(
                fields=["actor", "on"], name="creditentry_alone",
                condition=models.Q(kind__in=["refund", "write_off"], checker=None, actor__isnull=False),
            ),
        ),
    ]
