"""Lists of persons say in which language each is told."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("memberships", "0039_more_notices")]

    operations = [
        migrations.RunSQL(
            "ALTER TABLE memberships_staged_person ADD COLUMN IF NOT EXISTS language text;",
            # It stays: the code of before writes its columns by name, and does not miss it.
            migrations.RunSQL.noop,
            state_operations=[
                # Nobody's table by the models (managed = False): only what they say of it.
                migrations.AddField("stagedperson", "language", models.TextField(null=True)),
            ],
        ),
    ]
