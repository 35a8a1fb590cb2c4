"""Who opened a wallet at the desk, and why."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("memberships", "0023_revision_base"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.AddField(
            model_name="enrolment",
            name="enrolled_by",
            field=models.ForeignKey(
                blank=True, db_index=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name="+",
                to=settings.AUTH_USER_MODEL, verbose_name="enrolled by",
            ),
        ),
        migrations.AddField(
            model_name="enrolment",
            name="reason",
            field=models.CharField(blank=True, db_default="", default="", max_length=200, verbose_name="reason"),
        ),
    ]
