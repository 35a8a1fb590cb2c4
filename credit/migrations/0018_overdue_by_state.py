"""Overdue lines are listed by state, the highest amount first, however few are in it."""

from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations, models
from django.db.models import Q


class Migration(migrations.Migration):
    # An index that is made beside the traffic is not made in a transaction.
    atomic = False
    dependencies = [("credit", "0017_lists_by_state")]

    operations = [
        AddIndexConcurrently(
            model_name="creditline",
            index=models.Index(
                fields=["overdue_state", "-overdue_amount", "-id"], name="creditline_overdue_by_state",
                condition=Q(overdue_amount__gt=0),
            ),
        ),
    ]
