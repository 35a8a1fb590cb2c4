"""Which channels a kind of notice goes, as data; messages that wait for the end of quiet hours."""

import django.contrib.postgres.fields
import django.contrib.postgres.indexes
import django.db.models.deletion
import pgtrigger.compiler
import pgtrigger.migrations
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('operations', '0019_rows_before'),
        ('pghistory', '0007_auto_20250421_0444'),
    ]

    operations = [
        migrations.CreateModel(
            name='NoticeRule',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('kind', models.CharField(max_length=64, unique=True, verbose_name='kind')),
                ('channels', django.contrib.postgres.fields.ArrayField(base_field=models.CharField(choices=[('email', 'e-mail'), ('webhook', 'webhook'), ('sms', 'text message')], max_length=16), blank=True, size=None, verbose_name='channels')),
                ('is_urgent', models.BooleanField(default=False, verbose_name='urgent')),
            ],
            options={
                'verbose_name': 'channels of a notice',
                'verbose_name_plural': 'channels of notices',
            },
        ),
        migrations.CreateModel(
            name='NoticeRuleEvent',
            fields=[
                ('pgh_created_at', models.DateTimeField(auto_now_add=True)),
                ('pgh_label', models.TextField(help_text='The event label.')),
                ('pgh_id', models.BigAutoField(primary_key=True, serialize=False)),
                ('id', models.BigIntegerField()),
                ('kind', models.CharField(max_length=64, verbose_name='kind')),
                ('channels', django.contrib.postgres.fields.ArrayField(base_field=models.CharField(choices=[('email', 'e-mail'), ('webhook', 'webhook'), ('sms', 'text message')], max_length=16), blank=True, size=None, verbose_name='channels')),
                ('is_urgent', models.BooleanField(default=False, verbose_name='urgent')),
            ],
            options={
                'verbose_name': 'audit event',
                'verbose_name_plural': 'audit events',
                'abstract': False,
            },
        ),
        pgtrigger.migrations.RemoveTrigger(
            model_name='outboxmessage',
            name='path',
        ),
        migrations.AlterField(
            model_name='notice',
            name='channel',
            field=models.CharField(choices=[('email', 'e-mail'), ('webhook', 'webhook'), ('sms', 'text message')], max_length=16, verbose_name='channel'),
        ),
        migrations.AlterField(
            model_name='outboxmessage',
            name='state',
            field=models.CharField(choices=[('queued', 'to be sent'), ('waiting', 'waits for the end of quiet hours'), ('sent', 'sent'), ('unheard', 'nobody listens'), ('parked', 'parked: attempts used up')], default='queued', max_length=16, verbose_name='state'),
        ),
        migrations.AlterField(
            model_name='outboxmessageevent',
            name='state',
            field=models.CharField(choices=[('queued', 'to be sent'), ('waiting', 'waits for the end of quiet hours'), ('sent', 'sent'), ('unheard', 'nobody listens'), ('parked', 'parked: attempts used up')], default='queued', max_length=16, verbose_name='state'),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='outboxmessage',
            trigger=pgtrigger.compiler.Trigger(name='path', sql=pgtrigger.compiler.UpsertTriggerSql(condition='WHEN (OLD."state" IS DISTINCT FROM NEW."state" AND (OLD."state", NEW."state") NOT IN ((\'queued\', \'sent\'), (\'queued\', \'unheard\'), (\'queued\', \'parked\'), (\'parked\', \'queued\'), (\'unheard\', \'queued\'), (\'queued\', \'waiting\'), (\'waiting\', \'queued\'), (\'waiting\', \'sent\')))', func='RAISE EXCEPTION \'Invalid transition of % from "%" to "%"\', TG_TABLE_NAME, OLD.state, NEW.state USING ERRCODE = \'check_violation\';', hash='199a03c91f63b5d849943ba07abd55360bf644a2', operation='UPDATE', pgid='pgtrigger_path_eccad', table='operations_outboxmessage', when='BEFORE')),
        ),
        migrations.AddConstraint(
            model_name='noticerule',
            constraint=models.CheckConstraint(condition=models.Q(('channels__contained_by', ['email', 'webhook', 'sms'])), name='noticerule_channels'),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='noticerule',
            trigger=pgtrigger.compiler.Trigger(name='insert_insert', sql=pgtrigger.compiler.UpsertTriggerSql(func='WITH _pgh_attached_context AS ( SELECT _pgh_attach_context() AS value ) INSERT INTO "operations_noticeruleevent" ("channels", "id", "is_urgent", "kind", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id") SELECT new_values."channels", new_values."id", new_values."is_urgent", new_values."kind", _pgh_attached_context.value, clock_timestamp(), \'insert\', new_values."id" FROM ( SELECT new_values.* FROM new_values  ) AS new_values, _pgh_attached_context; RETURN NULL;', hash='7d6489e288ac40a6f114b5f75df3b9480a66cb4d', level='STATEMENT', operation='INSERT', pgid='pgtrigger_insert_insert_43646', referencing='REFERENCING NEW TABLE AS new_values ', table='operations_noticerule', when='AFTER')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='noticerule',
            trigger=pgtrigger.compiler.Trigger(name='update_update', sql=pgtrigger.compiler.UpsertTriggerSql(func='WITH _pgh_attached_context AS ( SELECT _pgh_attach_context() AS value ) INSERT INTO "operations_noticeruleevent" ("channels", "id", "is_urgent", "kind", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id") SELECT new_values."channels", new_values."id", new_values."is_urgent", new_values."kind", _pgh_attached_context.value, clock_timestamp(), \'update\', new_values."id" FROM ( SELECT new_values.* FROM old_values FULL JOIN new_values ON (old_values."id") = (new_values."id") WHERE (old_values.* IS DISTINCT FROM new_values.*) ) AS new_values, _pgh_attached_context; RETURN NULL;', hash='71ad19d11fd39a5274a241411d9b1ed164ad4422', level='STATEMENT', operation='UPDATE', pgid='pgtrigger_update_update_d8376', referencing='REFERENCING OLD TABLE AS old_values  NEW TABLE AS new_values ', table='operations_noticerule', when='AFTER')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='noticerule',
            trigger=pgtrigger.compiler.Trigger(name='delete_delete', sql=pgtrigger.compiler.UpsertTriggerSql(func='WITH _pgh_attached_context AS ( SELECT _pgh_attach_context() AS value ) INSERT INTO "operations_noticeruleevent" ("channels", "id", "is_urgent", "kind", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id") SELECT old_values."channels", old_values."id", old_values."is_urgent", old_values."kind", _pgh_attached_context.value, clock_timestamp(), \'delete\', old_values."id" FROM ( SELECT old_values.* FROM old_values  ) AS old_values, _pgh_attached_context; RETURN NULL;', hash='3b01ca8740a8fe74eb784705e853dbf96aa5f10d', level='STATEMENT', operation='DELETE', pgid='pgtrigger_delete_delete_22d63', referencing='REFERENCING OLD TABLE AS old_values ', table='operations_noticerule', when='AFTER')),
        ),
        migrations.AddField(
            model_name='noticeruleevent',
            name='pgh_context',
            field=models.ForeignKey(db_constraint=False, db_index=False, null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to='pghistory.context'),
        ),
        migrations.AddField(
            model_name='noticeruleevent',
            name='pgh_obj',
            field=models.ForeignKey(db_constraint=False, on_delete=django.db.models.deletion.DO_NOTHING, related_name='audit_events', to='operations.noticerule'),
        ),
        migrations.AddIndex(
            model_name='noticeruleevent',
            index=django.contrib.postgres.indexes.BrinIndex(autosummarize=True, fields=['pgh_created_at'], name='operations__pgh_cre_0a3b32_brin', pages_per_range=32),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='noticeruleevent',
            trigger=pgtrigger.compiler.Trigger(name='keep_whole', sql=pgtrigger.compiler.UpsertTriggerSql(func="RAISE EXCEPTION '% only grows', TG_TABLE_NAME USING ERRCODE = 'check_violation';", hash='dd13d3bd1e1fd182a89371259a7fe0fedeccf6e1', level='STATEMENT', operation='TRUNCATE', pgid='pgtrigger_keep_whole_e8fe4', table='operations_noticeruleevent', when='BEFORE')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='noticeruleevent',
            trigger=pgtrigger.compiler.Trigger(name='append_only', sql=pgtrigger.compiler.UpsertTriggerSql(func="RAISE EXCEPTION 'pgtrigger: Cannot update or delete rows from % table', TG_TABLE_NAME;", hash='8c6f6d98705e328bd23f79bbe0c9fa50492da7e4', operation='UPDATE OR DELETE', pgid='pgtrigger_append_only_14569', table='operations_noticeruleevent', when='BEFORE')),
        ),
    ]
