"""Members have numbers in other systems; persons and adjustments are imported, and returns are listed."""

import django.contrib.postgres.fields
import django.db.models.deletion
import pgtrigger.compiler
import pgtrigger.migrations
from django.db import migrations, models


# One UNLOGGED partition a batch; see operations/imports/staging.py.
STAGING = """
CREATE TABLE memberships_staged_adjustment (
    batch_id bigint NOT NULL,
    line bigint NOT NULL,
    verdict text NOT NULL,
    object_id bigint,
    faults jsonb,
    member_number text,
    programme_id bigint,
    scope text,
    points bigint,
    code text,
    reason text,
    clears text[]
) PARTITION BY LIST (batch_id);
CREATE TABLE memberships_staged_person (
    batch_id bigint NOT NULL,
    line bigint NOT NULL,
    verdict text NOT NULL,
    object_id bigint,
    faults jsonb,
    external_id text,
    source text,
    name text,
    mobile text,
    email text,
    joined_on date,
    programme_id bigint,
    scope text,
    opening_points bigint,
    expires_on date,
    clears text[]
) PARTITION BY LIST (batch_id);
"""
DROP_STAGING = "DROP TABLE memberships_staged_adjustment; DROP TABLE memberships_staged_person;"


class Migration(migrations.Migration):

    dependencies = [
        ("memberships", "0020_notices"),
        ('pghistory', '0007_auto_20250421_0444'),
    ]

    operations = [
        migrations.RunSQL(STAGING, DROP_STAGING),
        migrations.CreateModel(
            name='StagedAdjustment',
            fields=[
                ('batch_id', models.BigIntegerField()),
                ('line', models.BigIntegerField(primary_key=True, serialize=False)),
                ('verdict', models.CharField(choices=[('new', 'new'), ('changed', 'changed'), ('unchanged', 'unchanged'), ('invalid', 'invalid'), ('duplicate', 'duplicate')], max_length=16)),
                ('object_id', models.BigIntegerField(null=True)),
                ('faults', models.JSONField(null=True)),
                ('member_number', models.TextField(null=True)),
                ('programme_id', models.BigIntegerField(null=True)),
                ('scope', models.TextField(null=True)),
                ('points', models.BigIntegerField(null=True)),
                ('code', models.TextField(null=True)),
                ('reason', models.TextField(null=True)),
                ('clears', django.contrib.postgres.fields.ArrayField(base_field=models.TextField(), null=True, size=None)),
            ],
            options={
                'db_table': 'memberships_staged_adjustment',
                'abstract': False,
                'managed': False,
            },
        ),
        migrations.CreateModel(
            name='StagedPerson',
            fields=[
                ('batch_id', models.BigIntegerField()),
                ('line', models.BigIntegerField(primary_key=True, serialize=False)),
                ('verdict', models.CharField(choices=[('new', 'new'), ('changed', 'changed'), ('unchanged', 'unchanged'), ('invalid', 'invalid'), ('duplicate', 'duplicate')], max_length=16)),
                ('object_id', models.BigIntegerField(null=True)),
                ('faults', models.JSONField(null=True)),
                ('external_id', models.TextField(null=True)),
                ('source', models.TextField(null=True)),
                ('name', models.TextField(null=True)),
                ('mobile', models.TextField(null=True)),
                ('email', models.TextField(null=True)),
                ('joined_on', models.DateField(null=True)),
                ('programme_id', models.BigIntegerField(null=True)),
                ('scope', models.TextField(null=True)),
                ('opening_points', models.BigIntegerField(null=True)),
                ('expires_on', models.DateField(null=True)),
                ('clears', django.contrib.postgres.fields.ArrayField(base_field=models.TextField(), null=True, size=None)),
            ],
            options={
                'db_table': 'memberships_staged_person',
                'abstract': False,
                'managed': False,
            },
        ),
        migrations.CreateModel(
            name='MemberReference',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('source', models.SlugField(max_length=32, verbose_name='source')),
                ('external_id', models.CharField(max_length=64, verbose_name='external id')),
            ],
            options={
                'verbose_name': 'number in another system',
                'verbose_name_plural': 'numbers in other systems',
                'permissions': [('import_person', 'Can import persons')],
            },
        ),
        migrations.CreateModel(
            name='MemberReferenceEvent',
            fields=[
                ('pgh_created_at', models.DateTimeField(auto_now_add=True)),
                ('pgh_label', models.TextField(help_text='The event label.')),
                ('pgh_id', models.BigAutoField(primary_key=True, serialize=False)),
                ('id', models.BigIntegerField()),
                ('source', models.SlugField(db_index=False, max_length=32, verbose_name='source')),
                ('external_id', models.CharField(max_length=64, verbose_name='external id')),
            ],
            options={
                'verbose_name': 'audit event',
                'verbose_name_plural': 'audit events',
                'abstract': False,
            },
        ),
        migrations.AddIndex(
            model_name='order',
            index=models.Index(condition=models.Q(('returns__isnull', False)), fields=['id'], name='order_return_recorded'),
        ),
        migrations.AddField(
            model_name='memberreference',
            name='member',
            field=models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='references', to='memberships.member', verbose_name='member'),
        ),
        migrations.AddField(
            model_name='memberreferenceevent',
            name='member',
            field=models.ForeignKey(db_constraint=False, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', related_query_name='+', to='memberships.member', verbose_name='member'),
        ),
        migrations.AddField(
            model_name='memberreferenceevent',
            name='pgh_context',
            field=models.ForeignKey(db_constraint=False, db_index=False, null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to='pghistory.context'),
        ),
        migrations.AddField(
            model_name='memberreferenceevent',
            name='pgh_obj',
            field=models.ForeignKey(db_constraint=False, on_delete=django.db.models.deletion.DO_NOTHING, related_name='audit_events', to='memberships.memberreference'),
        ),
        migrations.AddConstraint(
            model_name='memberreference',
            constraint=models.UniqueConstraint(fields=('source', 'external_id'), name='memberreference_external_id'),
        ),
        migrations.AddConstraint(
            model_name='memberreference',
            constraint=models.UniqueConstraint(fields=('member', 'source'), name='memberreference_one_a_source'),
        ),
        migrations.AddConstraint(
            model_name='memberreference',
            constraint=models.CheckConstraint(condition=models.Q(('external_id', ''), _negated=True), name='memberreference_not_blank'),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='memberreference',
            trigger=pgtrigger.compiler.Trigger(name='insert_insert', sql=pgtrigger.compiler.UpsertTriggerSql(func='WITH _pgh_attached_context AS ( SELECT _pgh_attach_context() AS value ) INSERT INTO "memberships_memberreferenceevent" ("external_id", "id", "member_id", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "source") SELECT new_values."external_id", new_values."id", new_values."member_id", _pgh_attached_context.value, clock_timestamp(), \'insert\', new_values."id", new_values."source" FROM ( SELECT new_values.* FROM new_values  ) AS new_values, _pgh_attached_context; RETURN NULL;', hash='72552eb2d9ed6103c8da6879a0871d3633d1fc7c', level='STATEMENT', operation='INSERT', pgid='pgtrigger_insert_insert_b7c9d', referencing='REFERENCING NEW TABLE AS new_values ', table='memberships_memberreference', when='AFTER')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='memberreference',
            trigger=pgtrigger.compiler.Trigger(name='update_update', sql=pgtrigger.compiler.UpsertTriggerSql(func='WITH _pgh_attached_context AS ( SELECT _pgh_attach_context() AS value ) INSERT INTO "memberships_memberreferenceevent" ("external_id", "id", "member_id", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "source") SELECT new_values."external_id", new_values."id", new_values."member_id", _pgh_attached_context.value, clock_timestamp(), \'update\', new_values."id", new_values."source" FROM ( SELECT new_values.* FROM old_values FULL JOIN new_values ON (old_values."id") = (new_values."id") WHERE (old_values.* IS DISTINCT FROM new_values.*) ) AS new_values, _pgh_attached_context; RETURN NULL;', hash='c8e198339aafb554a476ada06744c0ffce6f2331', level='STATEMENT', operation='UPDATE', pgid='pgtrigger_update_update_f4cb1', referencing='REFERENCING OLD TABLE AS old_values  NEW TABLE AS new_values ', table='memberships_memberreference', when='AFTER')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='memberreference',
            trigger=pgtrigger.compiler.Trigger(name='delete_delete', sql=pgtrigger.compiler.UpsertTriggerSql(func='WITH _pgh_attached_context AS ( SELECT _pgh_attach_context() AS value ) INSERT INTO "memberships_memberreferenceevent" ("external_id", "id", "member_id", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "source") SELECT old_values."external_id", old_values."id", old_values."member_id", _pgh_attached_context.value, clock_timestamp(), \'delete\', old_values."id", old_values."source" FROM ( SELECT old_values.* FROM old_values  ) AS old_values, _pgh_attached_context; RETURN NULL;', hash='00035ba724cb4e3a0422161130563f5377cfaf6e', level='STATEMENT', operation='DELETE', pgid='pgtrigger_delete_delete_d8a56', referencing='REFERENCING OLD TABLE AS old_values ', table='memberships_memberreference', when='AFTER')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='memberreferenceevent',
            trigger=pgtrigger.compiler.Trigger(name='keep_whole', sql=pgtrigger.compiler.UpsertTriggerSql(func="RAISE EXCEPTION '% only grows', TG_TABLE_NAME USING ERRCODE = 'check_violation';", hash='d66ec2e4d12164f0af55176cd48903e77be8050d', level='STATEMENT', operation='TRUNCATE', pgid='pgtrigger_keep_whole_759eb', table='memberships_memberreferenceevent', when='BEFORE')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='memberreferenceevent',
            trigger=pgtrigger.compiler.Trigger(name='append_only', sql=pgtrigger.compiler.UpsertTriggerSql(func="RAISE EXCEPTION 'pgtrigger: Cannot update or delete rows from % table', TG_TABLE_NAME;", hash='0891bfba33edbeb598be25014c3d2887b40ce34f', operation='UPDATE OR DELETE', pgid='pgtrigger_append_only_9408f', table='memberships_memberreferenceevent', when='BEFORE')),
        ),
    ]
