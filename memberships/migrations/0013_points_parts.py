"""Awards come back in parts, debts are paid by later points, and adjustments have a reason code."""

from pathlib import Path

import django.db.models.deletion
import pgtrigger.compiler
import pgtrigger.migrations
from django.conf import settings
from django.db import migrations, models

SQL = Path(__file__).resolve().parent.parent / "sql" / "points"
REASONS = """
INSERT INTO memberships_adjustmentreason (code, name, name_en, is_active) VALUES
    ('goodwill', '关怀补偿', 'Goodwill', true),
    ('correction', '差错更正', 'Correction', true),
    ('migration', '系统迁移', 'Migration from another system', true),
    ('opening-balance', '期初余额', 'Opening balance', false);
"""


class Migration(migrations.Migration):

    dependencies = [
        ('memberships', '0012_programmes_keys'),
        ('pghistory', '0007_auto_20250421_0444'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.RunSQL(
            (SQL / "overdrawn_reversal.sql").read_text(encoding="utf-8"),
            "DROP FUNCTION memberships_overdrawn_reversal(bigint[]);",
        ),
        migrations.RunSQL(
            (SQL / "spend_points.sql").read_text(encoding="utf-8"),
            "DROP FUNCTION memberships_spend_points(bigint, bigint, text, date, timestamptz, bigint, text);",
        ),
        migrations.CreateModel(
            name='AdjustmentReason',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('name', models.CharField(max_length=100, verbose_name='name (Chinese)')),
                ('name_en', models.CharField(max_length=100, verbose_name='name (English)')),
                ('code', models.SlugField(max_length=64, unique=True, verbose_name='code')),
                ('is_active', models.BooleanField(default=True, verbose_name='can be chosen')),
            ],
            options={
                'verbose_name': 'reason of adjustments',
                'verbose_name_plural': 'reasons of adjustments',
            },
        ),
        migrations.CreateModel(
            name='AdjustmentReasonEvent',
            fields=[
                ('pgh_created_at', models.DateTimeField(auto_now_add=True)),
                ('pgh_label', models.TextField(help_text='The event label.')),
                ('pgh_id', models.BigAutoField(primary_key=True, serialize=False)),
                ('id', models.BigIntegerField()),
                ('name', models.CharField(max_length=100, verbose_name='name (Chinese)')),
                ('name_en', models.CharField(max_length=100, verbose_name='name (English)')),
                ('code', models.SlugField(db_index=False, max_length=64, verbose_name='code')),
                ('is_active', models.BooleanField(default=True, verbose_name='can be chosen')),
            ],
            options={
                'verbose_name': 'audit event',
                'verbose_name_plural': 'audit events',
                'abstract': False,
            },
        ),
        migrations.RemoveConstraint(
            model_name='lotdraw',
            name='lotdraw_once',
        ),
        migrations.RemoveConstraint(
            model_name='pointsentry',
            name='pointsentry_not_empty',
        ),
        migrations.RemoveConstraint(
            model_name='pointsentry',
            name='pointsentry_of_its_kind',
        ),
        migrations.RemoveConstraint(
            model_name='pointslot',
            name='pointslot_not_empty',
        ),
        migrations.AddField(
            model_name='lotdraw',
            name='paid_after',
            field=models.ForeignKey(blank=True, db_index=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='memberships.pointsentry', verbose_name='paid after'),
        ),
        migrations.AddField(
            model_name='pointsentry',
            name='asked',
            field=models.BigIntegerField(blank=True, null=True, verbose_name='to be taken back (points)'),
        ),
        migrations.AddField(
            model_name='pointsentry',
            name='missing',
            field=models.BigIntegerField(db_default=0, default=0, verbose_name='not there (points)'),
        ),
        migrations.AddField(
            model_name='pointslot',
            name='qualifying',
            field=models.BigIntegerField(db_default=0, default=0, verbose_name='qualifying points'),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='pointsentry',
            trigger=pgtrigger.compiler.Trigger(name='reverses_no_more_than_there_was', sql=pgtrigger.compiler.UpsertTriggerSql(declare='DECLARE wrong bigint;', func="IF EXISTS (SELECT 1 FROM new_entries WHERE reverses_id IS NOT NULL) THEN PERFORM 1 FROM memberships_pointsentry WHERE id IN (SELECT reverses_id FROM new_entries) ORDER BY id FOR NO KEY UPDATE; SELECT memberships_overdrawn_reversal(array_agg(DISTINCT reverses_id)) INTO wrong FROM new_entries WHERE reverses_id IS NOT NULL; IF wrong IS NOT NULL THEN RAISE EXCEPTION 'entry % cannot be reversed so', wrong USING ERRCODE = 'check_violation'; END IF; END IF; RETURN NULL;", hash='091ccd0d7dac7ff38760626306b95a2cbc88558c', level='STATEMENT', operation='INSERT', pgid='pgtrigger_reverses_no_more_than_there_was_39785', referencing='REFERENCING NEW TABLE AS new_entries ', table='memberships_pointsentry', when='AFTER')),
        ),
        migrations.AddConstraint(
            model_name='lotdraw',
            constraint=models.UniqueConstraint(fields=('entry', 'lot', 'paid_after', 'member'), name='lotdraw_only_once', nulls_distinct=False),
        ),
        migrations.AddConstraint(
            model_name='pointslot',
            constraint=models.CheckConstraint(condition=models.Q(('points__gt', 0), models.Q(('points', 0), ('qualifying__gt', 0)), _connector='OR'), name='pointslot_holds_something'),
        ),
        migrations.AddConstraint(
            model_name='pointslot',
            constraint=models.CheckConstraint(condition=models.Q(('qualifying__gte', 0)), name='pointslot_qualifying_not_negative'),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='adjustmentreason',
            trigger=pgtrigger.compiler.Trigger(name='insert_insert', sql=pgtrigger.compiler.UpsertTriggerSql(func='WITH _pgh_attached_context AS ( SELECT _pgh_attach_context() AS value ) INSERT INTO "memberships_adjustmentreasonevent" ("code", "id", "is_active", "name", "name_en", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id") SELECT new_values."code", new_values."id", new_values."is_active", new_values."name", new_values."name_en", _pgh_attached_context.value, clock_timestamp(), \'insert\', new_values."id" FROM ( SELECT new_values.* FROM new_values  ) AS new_values, _pgh_attached_context; RETURN NULL;', hash='e1f9ecc62554401829915d42f7a1195ba928ea8f', level='STATEMENT', operation='INSERT', pgid='pgtrigger_insert_insert_18719', referencing='REFERENCING NEW TABLE AS new_values ', table='memberships_adjustmentreason', when='AFTER')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='adjustmentreason',
            trigger=pgtrigger.compiler.Trigger(name='update_update', sql=pgtrigger.compiler.UpsertTriggerSql(func='WITH _pgh_attached_context AS ( SELECT _pgh_attach_context() AS value ) INSERT INTO "memberships_adjustmentreasonevent" ("code", "id", "is_active", "name", "name_en", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id") SELECT new_values."code", new_values."id", new_values."is_active", new_values."name", new_values."name_en", _pgh_attached_context.value, clock_timestamp(), \'update\', new_values."id" FROM ( SELECT new_values.* FROM old_values FULL JOIN new_values ON (old_values."id") = (new_values."id") WHERE (old_values.* IS DISTINCT FROM new_values.*) ) AS new_values, _pgh_attached_context; RETURN NULL;', hash='f83978b032cdadaef58e73828b67f33fda83c473', level='STATEMENT', operation='UPDATE', pgid='pgtrigger_update_update_4d5b9', referencing='REFERENCING OLD TABLE AS old_values  NEW TABLE AS new_values ', table='memberships_adjustmentreason', when='AFTER')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='adjustmentreason',
            trigger=pgtrigger.compiler.Trigger(name='delete_delete', sql=pgtrigger.compiler.UpsertTriggerSql(func='WITH _pgh_attached_context AS ( SELECT _pgh_attach_context() AS value ) INSERT INTO "memberships_adjustmentreasonevent" ("code", "id", "is_active", "name", "name_en", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id") SELECT old_values."code", old_values."id", old_values."is_active", old_values."name", old_values."name_en", _pgh_attached_context.value, clock_timestamp(), \'delete\', old_values."id" FROM ( SELECT old_values.* FROM old_values  ) AS old_values, _pgh_attached_context; RETURN NULL;', hash='83ae679ee1a857c0fb5b2302f37849d932402cc1', level='STATEMENT', operation='DELETE', pgid='pgtrigger_delete_delete_ca3c6', referencing='REFERENCING OLD TABLE AS old_values ', table='memberships_adjustmentreason', when='AFTER')),
        ),
        migrations.AddField(
            model_name='pointsentry',
            name='reason_code',
            field=models.ForeignKey(blank=True, db_index=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='memberships.adjustmentreason', verbose_name='reason code'),
        ),
        migrations.AddConstraint(
            model_name='pointsentry',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('points', 0), _negated=True), models.Q(('qualifying', 0), _negated=True), ('kind', 'accrue'), ('asked__isnull', False), _connector='OR'), name='pointsentry_says_something'),
        ),
        migrations.AddConstraint(
            model_name='pointsentry',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('kind', 'earn'), ('lot__isnull', False), ('points__gt', 0), ('reverses', None)), models.Q(('kind', 'accrue'), ('lot__isnull', False), ('points__gte', 0), ('qualifying', 0), ('reverses', None)), models.Q(('kind', 'post'), ('lot__isnull', False), ('points__gte', 0), ('reverses', None)), models.Q(('kind', 'spend'), ('lot', None), ('points__lt', 0), ('qualifying', 0), ('reverses', None)), models.Q(('kind', 'expire'), ('lot__isnull', False), ('points__lt', 0), ('qualifying', 0), ('reverses', None)), models.Q(('kind', 'adjust'), ('lot__isnull', False), ('points__gt', 0), ('reverses', None)), models.Q(('kind', 'adjust'), ('lot', None), ('points__lt', 0), ('reverses', None)), models.Q(('kind__in', ['earn', 'adjust']), ('lot', None), ('points', 0), ('reverses', None)), models.Q(('kind', 'reinstate'), ('lot__isnull', False), ('points__gt', 0), ('qualifying', 0), ('reverses__isnull', False)), models.Q(('kind', 'reverse'), ('lot', None), ('reverses__isnull', False)), _connector='OR'), name='pointsentry_follows_its_kind'),
        ),
        migrations.AddConstraint(
            model_name='pointsentry',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('kind', 'adjust'), ('reason_code__isnull', False)), models.Q(models.Q(('kind', 'adjust'), _negated=True), ('reason_code', None)), _connector='OR'), name='pointsentry_reason_of_adjustment'),
        ),
        migrations.AddConstraint(
            model_name='pointsentry',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('asked', None), ('missing', 0)), models.Q(('asked__gte', 0), ('kind', 'reverse'), ('points__lte', 0)), _connector='OR'), name='pointsentry_asked_of_reversal'),
        ),
        migrations.AddConstraint(
            model_name='pointsentry',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('key__startswith', 'post:'), ('kind', 'post')), models.Q(models.Q(('kind', 'post'), _negated=True), models.Q(('key__startswith', 'post:'), _negated=True)), _connector='OR'), name='pointsentry_posting_key'),
        ),
        migrations.AddField(
            model_name='adjustmentreasonevent',
            name='pgh_context',
            field=models.ForeignKey(db_constraint=False, db_index=False, null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to='pghistory.context'),
        ),
        migrations.AddField(
            model_name='adjustmentreasonevent',
            name='pgh_obj',
            field=models.ForeignKey(db_constraint=False, on_delete=django.db.models.deletion.DO_NOTHING, related_name='audit_events', to='memberships.adjustmentreason'),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='adjustmentreasonevent',
            trigger=pgtrigger.compiler.Trigger(name='keep_whole', sql=pgtrigger.compiler.UpsertTriggerSql(func="RAISE EXCEPTION '% only grows', TG_TABLE_NAME USING ERRCODE = 'check_violation';", hash='82919bb38d046133b883a81cd3f3587bdcd0a545', level='STATEMENT', operation='TRUNCATE', pgid='pgtrigger_keep_whole_c213f', table='memberships_adjustmentreasonevent', when='BEFORE')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='adjustmentreasonevent',
            trigger=pgtrigger.compiler.Trigger(name='append_only', sql=pgtrigger.compiler.UpsertTriggerSql(func="RAISE EXCEPTION 'pgtrigger: Cannot update or delete rows from % table', TG_TABLE_NAME;", hash='956b989bc63a71aadee2ed0a4a83e9918b8f4056', operation='UPDATE OR DELETE', pgid='pgtrigger_append_only_4b9ef', table='memberships_adjustmentreasonevent', when='BEFORE')),
        ),
        migrations.RunSQL(REASONS, migrations.RunSQL.noop),
    ]
