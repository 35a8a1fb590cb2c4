"""Who may adjust points by hand."""

from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("memberships", "0017_tier_functions")]

    operations = [
        migrations.AlterModelOptions(
            name="pointsentry",
            options={
                "permissions": [("adjust_points", "Can adjust points")],
                "verbose_name": "points entry",
                "verbose_name_plural": "points entries",
            },
        ),
    ]
