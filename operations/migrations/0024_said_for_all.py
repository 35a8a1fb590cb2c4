"""What is said once for all records of a bulk action, and the request by which it is done."""

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('operations', '0023_saved_filters_and_bulk_actions'),
    ]

    operations = [
        migrations.AddField(
            model_name='bulkchange',
            name='approval',
            field=models.ForeignKey(blank=True, db_index=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='operations.approval', verbose_name='approval'),
        ),
        migrations.AddField(
            model_name='bulkchange',
            name='given',
            field=models.JSONField(blank=True, db_default=models.Value({}, models.JSONField()), default=dict, verbose_name='said for all'),
        ),
    ]
