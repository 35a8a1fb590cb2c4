"""One list of dead letters, and what the list of fulfilments is narrowed by."""

from pathlib import Path

from django.db import migrations, models
from django.db.models import Q

VIEW = Path(__file__).resolve().parent.parent / "sql" / "dead_letters" / "view.sql"


class Migration(migrations.Migration):
    dependencies = [("partners", "0003_offers_taken_back")]

    operations = [
        migrations.CreateModel(
            name="DeadLetter",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "kind",
                    models.CharField(
                        choices=[("fulfilment", "fulfilment"), ("event", "event from a partner")], max_length=16,
                        verbose_name="kind",
                    ),
                ),
                ("subject", models.CharField(max_length=64, verbose_name="subject")),
                ("reason", models.CharField(max_length=200, verbose_name="reason")),
                ("since", models.DateTimeField(verbose_name="since")),
            ],
            options={
                "verbose_name": "dead letter", "verbose_name_plural": "dead letters",
                "db_table": "partners_deadletter", "managed": False, "default_permissions": ("view",),
            },
        ),
        migrations.AddIndex(
            model_name="fulfilment",
            index=models.Index(fields=["partner", "state", "id"], name="fulfilment_by_state"),
        ),
        migrations.AddIndex(
            model_name="fulfilment",
            index=models.Index(fields=["reference"], name="fulfilment_by_reference", condition=~Q(reference="")),
        ),
        migrations.RunSQL(VIEW.read_text(encoding="utf-8"), "DROP VIEW partners_deadletter"),
    ]
