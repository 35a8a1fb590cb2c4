"""Who took what of the audit trail away as a file, and why; who may search it."""

import django.contrib.postgres.indexes
import django.db.models.deletion
import pgtrigger.compiler
import pgtrigger.migrations
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('operations', '0015_sign_in'),
    ]

    operations = [
        migrations.CreateModel(
            name='TrailExport',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('asked', models.JSONField(verbose_name='what was asked for')),
                ('kind', models.CharField(max_length=8, verbose_name='kind of file')),
                ('reason', models.CharField(max_length=200, verbose_name='reason')),
                ('exported_at', models.DateTimeField(verbose_name='exported at')),
                ('actor', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='operator')),
            ],
            options={
                'verbose_name': 'export of the audit trail',
                'verbose_name_plural': 'exports of the audit trail',
                'permissions': [('search_trail', 'Can search the audit trail'), ('export_trail', 'Can export what is found in the audit trail')],
                'indexes': [django.contrib.postgres.indexes.BrinIndex(autosummarize=True, fields=['exported_at'], name='trailexport_by_instant', pages_per_range=32)],
                'constraints': [models.CheckConstraint(condition=models.Q(('reason', ''), _negated=True), name='trailexport_has_reason')],
            },
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='trailexport',
            trigger=pgtrigger.compiler.Trigger(name='append_only', sql=pgtrigger.compiler.UpsertTriggerSql(func="RAISE EXCEPTION 'pgtrigger: Cannot update or delete rows from % table', TG_TABLE_NAME;", hash='24e85b52496d7fa7a816dbd492155e3cb6892863', operation='UPDATE OR DELETE', pgid='pgtrigger_append_only_be961', table='operations_trailexport', when='BEFORE')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='trailexport',
            trigger=pgtrigger.compiler.Trigger(name='keep_whole', sql=pgtrigger.compiler.UpsertTriggerSql(func="RAISE EXCEPTION '% only grows', TG_TABLE_NAME USING ERRCODE = 'check_violation';", hash='47b3bf8a5a188778bfac965b7dc4c3fe97d0d9f3', level='STATEMENT', operation='TRUNCATE', pgid='pgtrigger_keep_whole_1bbf3', table='operations_trailexport', when='BEFORE')),
        ),
    ]
