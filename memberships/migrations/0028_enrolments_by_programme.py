"""The wallets of a programme are found without those of the others."""

from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations, models


class Migration(migrations.Migration):
    # An index that is made beside the traffic is not made in a transaction.
    atomic = False
    dependencies = [("memberships", "0027_tiers_set_based")]

    operations = [
        AddIndexConcurrently(
            model_name="enrolment",
            index=models.Index(fields=["programme", "id"], name="enrolment_of_programme"),
        ),
    ]
