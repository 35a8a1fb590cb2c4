"""Members are found by the beginning of a contact's name."""

from django.contrib.postgres.indexes import OpClass
from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations, models
from django.db.models import Q


class Migration(migrations.Migration):
    # An index that is made beside the traffic is not made in a transaction.
    atomic = False
    dependencies = [("memberships", "0030_credit_decisions")]

    operations = [
        AddIndexConcurrently(
            model_name="membercontact",
            index=models.Index(
                OpClass("name", name="varchar_pattern_ops"), name="contact_name_prefix", condition=~Q(name="")
            ),
        ),
    ]
