"""Find the messages that wait for the end of quiet hours."""

from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations, models


class Migration(migrations.Migration):
    # An index that is made beside the traffic is not made in a transaction.
    atomic = False
    dependencies = [("operations", "0020_notice_rules")]

    operations = [
        AddIndexConcurrently(
            "outboxmessage",
            models.Index(
                condition=models.Q(("state", "waiting")), fields=["next_attempt_at", "id"], name="outboxmessage_waiting"
            ),
        ),
    ]
