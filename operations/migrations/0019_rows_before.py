"""Find what imports keep of a record to put it back: erased when the record's owner is."""

from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations, models


class Migration(migrations.Migration):
    # A table of millions of rows: the index is made while imports go on.
    atomic = False

    dependencies = [("operations", "0018_digests")]

    operations = [
        AddIndexConcurrently(
            "importrow",
            models.Index(condition=models.Q(("before__isnull", False)), fields=["object_id"], name="importrow_before"),
        ),
    ]
