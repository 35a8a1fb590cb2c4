"""Figures of pages, kept by jobs."""

from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [("operations", "0013_instants")]

    operations = [
        migrations.CreateModel(
            name="Rollup",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("name", models.CharField(max_length=64, verbose_name="name")),
                ("scope", models.CharField(blank=True, max_length=64, verbose_name="scope")),
                ("on", models.DateField(verbose_name="business date")),
                ("figures", models.JSONField(default=dict, verbose_name="figures")),
                ("as_of", models.DateTimeField(verbose_name="as of")),
            ],
            options={
                "verbose_name": "roll-up",
                "verbose_name_plural": "roll-ups",
                "default_permissions": ("view",),
                "constraints": [
                    models.UniqueConstraint(fields=["name", "scope", "on"], name="rollup_once_a_day"),
                ],
            },
        ),
    ]
