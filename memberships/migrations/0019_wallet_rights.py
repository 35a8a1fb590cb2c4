"""Who may put off the end of points, give expired ones again, and reverse entries."""

from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("memberships", "0018_adjustment_rights")]

    operations = [
        migrations.AlterModelOptions(
            name="enrolment",
            options={
                "permissions": [
                    ("extend_points", "Can put off the day on which points end"),
                    ("reinstate_points", "Can give expired points again"),
                    ("reverse_points", "Can reverse points entries"),
                ],
                "verbose_name": "points wallet",
                "verbose_name_plural": "points wallets",
            },
        ),
    ]
