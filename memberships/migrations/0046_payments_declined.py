"""Find what is declined by itself, without walking past what is being charged."""

from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations, models


class Migration(migrations.Migration):
    # Indexes that are made beside the traffic are not made in a transaction.
    atomic = False
    dependencies = [("memberships", "0045_merged_cards")]

    operations = [
        AddIndexConcurrently(
            "payment",
            models.Index(condition=models.Q(("state", "declined")), fields=["subscription"], name="payment_declined"),
        ),
        AddIndexConcurrently(
            "payment",
            models.Index(
                condition=models.Q(("next_attempt_on", None), ("state", "declined")), fields=["id"],
                name="payment_given_up",
            ),
        ),
    ]
