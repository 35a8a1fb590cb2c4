"""What came off orders in a period is found by its instant, as all else that only grows."""

from django.contrib.postgres.indexes import BrinIndex
from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations


class Migration(migrations.Migration):
    # An index that is made beside the traffic is not made in a transaction.
    atomic = False
    dependencies = [("benefits", "0010_staging")]

    operations = [
        AddIndexConcurrently(
            model_name="ordersaving",
            index=BrinIndex(
                fields=["recorded_at"], name="ordersaving_by_instant", pages_per_range=32, autosummarize=True
            ),
        ),
    ]
