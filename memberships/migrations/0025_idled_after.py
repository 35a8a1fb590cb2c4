"""A wallet remembers after which of its entries inactivity ended its points: what was spent by then comes back too late."""

from django.db import migrations, models


# Wallets that inactivity emptied before are as they were: what comes back to their lots is judged lot by lot.
class Migration(migrations.Migration):
    dependencies = [
        ("memberships", "0024_enrolled_by"),
    ]

    operations = [
        migrations.AddField(
            model_name="enrolment",
            name="idled_after",
            field=models.BigIntegerField(
                blank=True, null=True, verbose_name="newest entry when points ended by inactivity",
            ),
        ),
    ]
