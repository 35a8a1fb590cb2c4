"""One reversal an entry, by a partial index: the unique field's index held every entry, and nearly all reverse none."""

import django.db.models.deletion
from django.db import migrations, models

REVERSED_ONCE = """
CREATE UNIQUE INDEX CONCURRENTLY pointsentry_reversed_once ON memberships_pointsentry (reverses_id)
    WHERE reverses_id IS NOT NULL;
"""
DROP_REVERSED_ONCE = "DROP INDEX CONCURRENTLY pointsentry_reversed_once;"
DROP_FIELDS_KEY = "ALTER TABLE memberships_pointsentry DROP CONSTRAINT memberships_pointsentry_reverses_id_key;"
FIELDS_KEY = (
    "ALTER TABLE memberships_pointsentry ADD CONSTRAINT memberships_pointsentry_reverses_id_key UNIQUE (reverses_id);"
)


class Migration(migrations.Migration):
    # An index that is made beside the traffic is not made in a transaction.
    atomic = False
    dependencies = [("memberships", "0008_update_events")]

    operations = [
        migrations.SeparateDatabaseAndState(
            database_operations=[
                migrations.RunSQL(REVERSED_ONCE, DROP_REVERSED_ONCE),
                migrations.RunSQL(DROP_FIELDS_KEY, FIELDS_KEY),
            ],
            state_operations=[
                migrations.AlterField(
                    "pointsentry", "reverses",
                    models.ForeignKey(
                        blank=True, db_index=False, null=True, on_delete=django.db.models.deletion.PROTECT,
                        related_name="reversals", to="memberships.pointsentry", verbose_name="reverses",
                    ),
                ),
                migrations.AddConstraint(
                    "pointsentry",
                    models.UniqueConstraint(
                        condition=models.Q(("reverses__isnull", False)), fields=("reverses",),
                        name="pointsentry_reversed_once",
                    ),
                ),
            ],
        ),
    ]
