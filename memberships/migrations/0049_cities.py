"""Firms are listed by city within a province, newest first."""

from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations, models


class Migration(migrations.Migration):
    # An index that is made beside the traffic is not made in a transaction.
    atomic = False
    dependencies = [("memberships", "0048_names")]

    operations = [
        AddIndexConcurrently(
            model_name="enterprisecustomer",
            index=models.Index(fields=["province", "city", "member"], name="customer_by_city"),
        ),
    ]
