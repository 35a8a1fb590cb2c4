"""What an order earned by, the one formula of points, and the staging table of imported orders."""

from decimal import Decimal
from pathlib import Path

import django.db.models.deletion
from django.contrib.postgres.fields import ArrayField
from django.db import migrations, models

VERDICTS = [(name, name) for name in ("new", "changed", "unchanged", "invalid", "duplicate")]
SQL = Path(__file__).resolve().parent.parent / "sql" / "orders"
DROP_FORMULA = "DROP FUNCTION memberships_points_of_amount(numeric, numeric, numeric, numeric, text, bigint);"

# One UNLOGGED partition a batch; see operations/imports/staging.py.
STAGING = """
CREATE TABLE memberships_staged_order (
    batch_id bigint NOT NULL,
    line bigint NOT NULL,
    verdict text NOT NULL,
    object_id bigint,
    faults jsonb,
    number text,
    member_number text,
    programme_id bigint,
    scope text,
    category text,
    amount numeric(14, 2),
    ordered_on date,
    returns text,
    returns_line bigint,
    opens_wallet boolean,
    clears text[]
) PARTITION BY LIST (batch_id);
"""
DROP_STAGING = "DROP TABLE memberships_staged_order;"


class Migration(migrations.Migration):
    dependencies = [("memberships", "0015_plan_moves")]

    operations = [
        migrations.AddField(
            "order", "multiplier",
            models.DecimalField(
                db_default=Decimal("1"), decimal_places=6, default=Decimal("1"), max_digits=12,
                verbose_name="multiplier (tier and promotion)",
            ),
        ),
        migrations.AddField(
            "order", "rule",
            models.ForeignKey(
                blank=True, db_constraint=False, db_index=False, null=True,
                on_delete=django.db.models.deletion.PROTECT, related_name="+", to="memberships.earnrule",
                verbose_name="earn rule",
            ),
        ),
        migrations.AlterModelOptions(
            "order",
            options={
                "verbose_name": "order", "verbose_name_plural": "orders",
                "permissions": [("import_order", "Can import orders")],
            },
        ),
        migrations.CreateModel(
            name="StagedOrder",
            fields=[
                ("batch_id", models.BigIntegerField()),
                ("line", models.BigIntegerField(primary_key=True, serialize=False)),
                ("verdict", models.CharField(choices=VERDICTS, max_length=16)),
                ("object_id", models.BigIntegerField(null=True)),
                ("faults", models.JSONField(null=True)),
                ("number", models.TextField(null=True)),
                ("member_number", models.TextField(null=True)),
                ("programme_id", models.BigIntegerField(null=True)),
                ("scope", models.TextField(null=True)),
                ("category", models.TextField(null=True)),
                ("amount", models.DecimalField(decimal_places=2, max_digits=14, null=True)),
                ("ordered_on", models.DateField(null=True)),
                ("returns", models.TextField(null=True)),
                ("returns_line", models.BigIntegerField(null=True)),
                ("opens_wallet", models.BooleanField(null=True)),
                ("clears", ArrayField(base_field=models.TextField(), null=True, size=None)),
            ],
            options={"managed": False, "db_table": "memberships_staged_order"},
        ),
        migrations.RunSQL((SQL / "points_of_amount.sql").read_text(encoding="utf-8"), DROP_FORMULA),
        migrations.RunSQL(STAGING, DROP_STAGING),
    ]
