"""Whom a night tells of cancellations taken back is found by an index."""

from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations, models
from django.db.models import Q


class Migration(migrations.Migration):
    # An index that is made beside the traffic is not made in a transaction.
    atomic = False
    dependencies = [("memberships", "0043_resumptions")]

    operations = [
        AddIndexConcurrently(
            model_name="subscription",
            index=models.Index(
                fields=["resumed_on"], name="subscription_by_resumption", condition=Q(resumed_on__isnull=False)
            ),
        ),
    ]
