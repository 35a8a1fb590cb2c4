"""What choice groups were, and how rules combined; and the functions that say who is entitled to what on a day."""

from pathlib import Path

import django.db.models.deletion
import pgtrigger.compiler
import pgtrigger.migrations
from django.db import migrations, models

SQL = Path(__file__).resolve().parent.parent / "sql"
# In the order in which one needs the other.
FUNCTIONS = {
    "rights/region_on": "DROP FUNCTION benefits_region_on(bigint, date);",
    "rights/group_on": (
        "DROP FUNCTION benefits_options_on(bigint, date); DROP FUNCTION benefits_group_on(bigint, date);"
    ),
    "rights/kept_window": (
        "DROP FUNCTION benefits_opened_on(bigint, bigint, date, date, date); "
        "DROP FUNCTION benefits_kept_window(bigint, bigint, date);"
    ),
    "rights/chosen": "DROP FUNCTION benefits_chosen(bigint, bigint, date, date, date, bigint[]);",
    "rights/rights": "DROP FUNCTION benefits_rights(bigint, date, bigint, text, text);",
    "grants/wanted_grants": "DROP FUNCTION benefits_wanted_grants(bigint, bigint, date);",
    "grants/grant_changes": "DROP FUNCTION benefits_grant_changes(bigint, bigint, date);",
}


class Migration(migrations.Migration):

    dependencies = [
        ('benefits', '0002_functions'),
    ]

    operations = [
        migrations.CreateModel(
            name='FormerChoiceGroup',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('until', models.DateField(verbose_name='until (not included)')),
                ('picks', models.PositiveSmallIntegerField(verbose_name='may be chosen')),
                ('window', models.CharField(choices=[('day', 'day'), ('week', 'week'), ('month', 'month'), ('year', 'year'), ('term', 'term of the card'), ('ever', 'ever')], max_length=8, verbose_name='window')),
                ('basis', models.CharField(choices=[('calendar', 'calendar'), ('anniversary', 'from the day the right began')], max_length=12, verbose_name='window begins')),
                ('deadline_days', models.PositiveSmallIntegerField(blank=True, null=True, verbose_name='to be chosen within (days)')),
                ('cost_cap', models.DecimalField(blank=True, decimal_places=2, max_digits=12, null=True, verbose_name='highest cost (CNY)')),
                ('options', models.JSONField(verbose_name='options')),
            ],
            options={
                'verbose_name': 'former choice group',
                'verbose_name_plural': 'former choice groups',
                'default_permissions': (),
            },
        ),
        pgtrigger.migrations.RemoveTrigger(
            model_name='benefitterms',
            name='insert_insert',
        ),
        pgtrigger.migrations.RemoveTrigger(
            model_name='benefitterms',
            name='update_update',
        ),
        pgtrigger.migrations.RemoveTrigger(
            model_name='benefitterms',
            name='delete_delete',
        ),
        pgtrigger.migrations.RemoveTrigger(
            model_name='choice',
            name='frozen',
        ),
        migrations.AddField(
            model_name='benefitterms',
            name='combine',
            field=models.CharField(blank=True, choices=[('best', 'the best of them'), ('sum', 'all of them together')], default='', max_length=8, verbose_name='several rules'),
        ),
        migrations.AddField(
            model_name='benefittermsevent',
            name='combine',
            field=models.CharField(blank=True, choices=[('best', 'the best of them'), ('sum', 'all of them together')], default='', max_length=8, verbose_name='several rules'),
        ),
        migrations.AddField(
            model_name='choice',
            name='opened_on',
            field=models.DateField(blank=True, null=True, verbose_name='to be chosen from'),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='benefitterms',
            trigger=pgtrigger.compiler.Trigger(name='insert_insert', sql=pgtrigger.compiler.UpsertTriggerSql(func='WITH _pgh_attached_context AS ( SELECT _pgh_attach_context() AS value ) INSERT INTO "benefits_benefittermsevent" ("benefit_id", "combine", "ends_on", "id", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "starts_on", "terms") SELECT new_values."benefit_id", new_values."combine", new_values."ends_on", new_values."id", _pgh_attached_context.value, clock_timestamp(), \'insert\', new_values."id", new_values."starts_on", new_values."terms" FROM ( SELECT new_values.* FROM new_values  ) AS new_values, _pgh_attached_context; RETURN NULL;', hash='7be1fee8fd33a9f3d477c573a12cda7a11e4ca62', level='STATEMENT', operation='INSERT', pgid='pgtrigger_insert_insert_fb9cf', referencing='REFERENCING NEW TABLE AS new_values ', table='benefits_benefitterms', when='AFTER')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='benefitterms',
            trigger=pgtrigger.compiler.Trigger(name='update_update', sql=pgtrigger.compiler.UpsertTriggerSql(func='WITH _pgh_attached_context AS ( SELECT _pgh_attach_context() AS value ) INSERT INTO "benefits_benefittermsevent" ("benefit_id", "combine", "ends_on", "id", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "starts_on", "terms") SELECT new_values."benefit_id", new_values."combine", new_values."ends_on", new_values."id", _pgh_attached_context.value, clock_timestamp(), \'update\', new_values."id", new_values."starts_on", new_values."terms" FROM ( SELECT new_values.* FROM old_values FULL JOIN new_values ON (old_values."id") = (new_values."id") WHERE (old_values.* IS DISTINCT FROM new_values.*) ) AS new_values, _pgh_attached_context; RETURN NULL;', hash='bd35468063e61c4a0d1554fed80f82fbab4cc243', level='STATEMENT', operation='UPDATE', pgid='pgtrigger_update_update_a3431', referencing='REFERENCING OLD TABLE AS old_values  NEW TABLE AS new_values ', table='benefits_benefitterms', when='AFTER')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='benefitterms',
            trigger=pgtrigger.compiler.Trigger(name='delete_delete', sql=pgtrigger.compiler.UpsertTriggerSql(func='WITH _pgh_attached_context AS ( SELECT _pgh_attach_context() AS value ) INSERT INTO "benefits_benefittermsevent" ("benefit_id", "combine", "ends_on", "id", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "starts_on", "terms") SELECT old_values."benefit_id", old_values."combine", old_values."ends_on", old_values."id", _pgh_attached_context.value, clock_timestamp(), \'delete\', old_values."id", old_values."starts_on", old_values."terms" FROM ( SELECT old_values.* FROM old_values  ) AS old_values, _pgh_attached_context; RETURN NULL;', hash='6510343bc848fa12e416a910a93d0b2106539976', level='STATEMENT', operation='DELETE', pgid='pgtrigger_delete_delete_6eb83', referencing='REFERENCING OLD TABLE AS old_values ', table='benefits_benefitterms', when='AFTER')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='choice',
            trigger=pgtrigger.compiler.Trigger(name='frozen', sql=pgtrigger.compiler.UpsertTriggerSql(condition='WHEN (OLD."id" IS DISTINCT FROM (NEW."id") OR OLD."member_id" IS DISTINCT FROM (NEW."member_id") OR OLD."group_id" IS DISTINCT FROM (NEW."group_id") OR OLD."benefit_id" IS DISTINCT FROM (NEW."benefit_id") OR OLD."key" IS DISTINCT FROM (NEW."key") OR OLD."window_from" IS DISTINCT FROM (NEW."window_from") OR OLD."window_until" IS DISTINCT FROM (NEW."window_until") OR OLD."opened_on" IS DISTINCT FROM (NEW."opened_on") OR OLD."is_default" IS DISTINCT FROM (NEW."is_default") OR OLD."replaces_id" IS DISTINCT FROM (NEW."replaces_id") OR OLD."on" IS DISTINCT FROM (NEW."on") OR OLD."at" IS DISTINCT FROM (NEW."at") OR OLD."actor_id" IS DISTINCT FROM (NEW."actor_id") OR OLD."reason" IS DISTINCT FROM (NEW."reason"))', func="RAISE EXCEPTION 'pgtrigger: Cannot update rows from % table', TG_TABLE_NAME;", hash='f0fac41c5d24642143044b65ac2f2927bdc8d1ef', operation='UPDATE', pgid='pgtrigger_frozen_cf9cb', table='benefits_choice', when='BEFORE')),
        ),
        migrations.AddField(
            model_name='formerchoicegroup',
            name='group',
            field=models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='former', to='benefits.choicegroup', verbose_name='choice group'),
        ),
        migrations.AddConstraint(
            model_name='formerchoicegroup',
            constraint=models.UniqueConstraint(fields=('group', 'until'), name='formerchoicegroup_once'),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='formerchoicegroup',
            trigger=pgtrigger.compiler.Trigger(name='append_only', sql=pgtrigger.compiler.UpsertTriggerSql(func="RAISE EXCEPTION 'pgtrigger: Cannot update or delete rows from % table', TG_TABLE_NAME;", hash='a68b54af77bcdc8d0e6fc1ed0c2cef057d959e20', operation='UPDATE OR DELETE', pgid='pgtrigger_append_only_1b834', table='benefits_formerchoicegroup', when='BEFORE')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='formerchoicegroup',
            trigger=pgtrigger.compiler.Trigger(name='keep_whole', sql=pgtrigger.compiler.UpsertTriggerSql(func="RAISE EXCEPTION '% only grows', TG_TABLE_NAME USING ERRCODE = 'check_violation';", hash='3c94431cbe498dc84fb6fb802133a09c9d6e0c7d', level='STATEMENT', operation='TRUNCATE', pgid='pgtrigger_keep_whole_8a47d', table='benefits_formerchoicegroup', when='BEFORE')),
        ),
        *(
            migrations.RunSQL((SQL / f"{name}.sql").read_text(encoding="utf-8"), undo)
            for name, undo in FUNCTIONS.items()
        ),
    ]
