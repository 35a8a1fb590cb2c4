"""What a person entered by hand alone on a day is found, without reading what the banks' files brought."""

from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations, models


class Migration(migrations.Migration):
    # An index that is made beside the traffic is not made in a transaction.
    atomic = False
    dependencies = [("credit", "0009_claims")]

    operations = [
        AddIndexConcurrently(
            model_name="receipt",
            index=models.Index(
                fields=["actor", "on"], name="receipt_by_hand",
                condition=models.Q(batch=None, checker=None, actor__isnull=False),
            ),
        ),
    ]
