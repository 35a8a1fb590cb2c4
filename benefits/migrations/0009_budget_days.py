"""What was spent of a budget day by day is found by an index; and every entry is of a kind and sign that there is."""

from django.contrib.postgres.operations import AddIndexConcurrently, ValidateConstraint
from django.db import migrations, models


class Migration(migrations.Migration):
    # Indexes that are made beside the traffic are not made in a transaction.
    atomic = False
    dependencies = [("benefits", "0008_campaigns")]

    operations = [
        ValidateConstraint("budgetentry", "budgetentry_sign"),
        AddIndexConcurrently(
            "budgetentry",
            models.Index(fields=["budget", "on"], include=["amount", "kind"], name="budgetentry_by_day"),
        ),
    ]
