"""Digests of the audit trail, one for each day, chained."""

import django.contrib.postgres.fields
import pgtrigger.compiler
import pgtrigger.migrations
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('operations', '0017_personal_exports'),
    ]

    operations = [
        migrations.CreateModel(
            name='AuditDigest',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('on', models.DateField(unique=True, verbose_name='business date')),
                ('rows', models.BigIntegerField(verbose_name='rows')),
                ('sha256', models.CharField(max_length=64, verbose_name='digest')),
                ('previous_sha256', models.CharField(blank=True, max_length=64, verbose_name='digest of the day before')),
                ('made_at', models.DateTimeField(verbose_name='made at')),
            ],
            options={
                'verbose_name': 'digest of the audit trail',
                'verbose_name_plural': 'digests of the audit trail',
            },
        ),
        migrations.CreateModel(
            name='AuditDigestPart',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('on', models.DateField(verbose_name='business date')),
                ('table_name', models.CharField(max_length=64, verbose_name='table')),
                ('columns', django.contrib.postgres.fields.ArrayField(base_field=models.CharField(max_length=64), size=None, verbose_name='columns')),
                ('first_key', models.BigIntegerField(verbose_name='first key')),
                ('last_key', models.BigIntegerField(verbose_name='last key')),
                ('rows', models.BigIntegerField(verbose_name='rows')),
                ('sha256', models.CharField(max_length=64, verbose_name='digest')),
            ],
            options={
                'verbose_name': 'part of a digest',
                'verbose_name_plural': 'parts of digests',
                'default_permissions': (),
            },
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='auditdigest',
            trigger=pgtrigger.compiler.Trigger(name='append_only', sql=pgtrigger.compiler.UpsertTriggerSql(func="RAISE EXCEPTION 'pgtrigger: Cannot update or delete rows from % table', TG_TABLE_NAME;", hash='8279939615cde6837cb5752e7d205a21b9abd1cc', operation='UPDATE OR DELETE', pgid='pgtrigger_append_only_0c9a5', table='operations_auditdigest', when='BEFORE')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='auditdigest',
            trigger=pgtrigger.compiler.Trigger(name='keep_whole', sql=pgtrigger.compiler.UpsertTriggerSql(func="RAISE EXCEPTION '% only grows', TG_TABLE_NAME USING ERRCODE = 'check_violation';", hash='4f3aafba439948c797a959b7ba3465ba2f6304b8', level='STATEMENT', operation='TRUNCATE', pgid='pgtrigger_keep_whole_ef8cf', table='operations_auditdigest', when='BEFORE')),
        ),
        migrations.AddIndex(
            model_name='auditdigestpart',
            index=models.Index(fields=['on', 'table_name', 'first_key'], name='auditdigestpart_of_day'),
        ),
        migrations.AddConstraint(
            model_name='auditdigestpart',
            constraint=models.UniqueConstraint(fields=('table_name', 'first_key'), name='auditdigestpart_once'),
        ),
        migrations.AddConstraint(
            model_name='auditdigestpart',
            constraint=models.CheckConstraint(condition=models.Q(('first_key__lte', models.F('last_key')), ('rows__gte', 0)), name='auditdigestpart_range'),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='auditdigestpart',
            trigger=pgtrigger.compiler.Trigger(name='append_only', sql=pgtrigger.compiler.UpsertTriggerSql(func="RAISE EXCEPTION 'pgtrigger: Cannot update or delete rows from % table', TG_TABLE_NAME;", hash='1e1b162ea936de8ff698c3ffaa1c96b668972e8b', operation='UPDATE OR DELETE', pgid='pgtrigger_append_only_2fe00', table='operations_auditdigestpart', when='BEFORE')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='auditdigestpart',
            trigger=pgtrigger.compiler.Trigger(name='keep_whole', sql=pgtrigger.compiler.UpsertTriggerSql(func="RAISE EXCEPTION '% only grows', TG_TABLE_NAME USING ERRCODE = 'check_violation';", hash='533afea8763fc76dcb8f449e59ab56fbb0851859', level='STATEMENT', operation='TRUNCATE', pgid='pgtrigger_keep_whole_9571a', table='operations_auditdigestpart', when='BEFORE')),
        ),
    ]
