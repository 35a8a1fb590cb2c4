from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('operations', '0004_outbox_lists'),
    ]

    operations = [
        migrations.AddField(
            model_name='jobrun',
            name='summary',
            field=models.JSONField(blank=True, null=True, verbose_name='summary'),
        ),
    ]
