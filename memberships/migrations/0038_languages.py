"""In which language a member is told, where it is known."""

import pgtrigger.compiler
import pgtrigger.migrations
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('memberships', '0037_masked_remarks'),
    ]

    operations = [
        pgtrigger.migrations.RemoveTrigger(
            model_name='membercontact',
            name='insert_insert',
        ),
        pgtrigger.migrations.RemoveTrigger(
            model_name='membercontact',
            name='delete_delete',
        ),
        pgtrigger.migrations.RemoveTrigger(
            model_name='membercontact',
            name='update_update',
        ),
        migrations.AddField(
            model_name='membercontact',
            name='language',
            field=models.CharField(blank=True, choices=[('zh-hans', 'Chinese'), ('en', 'English')], db_default='', default='', max_length=16, verbose_name='language'),
        ),
        migrations.AddField(
            model_name='membercontactevent',
            name='language',
            field=models.CharField(blank=True, choices=[('zh-hans', 'Chinese'), ('en', 'English')], db_default='', default='', max_length=16, verbose_name='language'),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='membercontact',
            trigger=pgtrigger.compiler.Trigger(name='insert_insert', sql=pgtrigger.compiler.UpsertTriggerSql(func='WITH _pgh_attached_context AS ( SELECT _pgh_attach_context() AS value ) INSERT INTO "memberships_membercontactevent" ("email", "id", "is_primary", "language", "member_id", "mobile", "name", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id") SELECT mask_email(new_values."email"), new_values."id", new_values."is_primary", new_values."language", new_values."member_id", mask_mobile(new_values."mobile"), mask_name(new_values."name"), _pgh_attached_context.value, clock_timestamp(), \'insert\', new_values."id" FROM ( SELECT new_values.* FROM new_values  ) AS new_values, _pgh_attached_context; RETURN NULL;', hash='bd3362ea5dab8e07f533af68f6ee6b56bf4960f2', level='STATEMENT', operation='INSERT', pgid='pgtrigger_insert_insert_4ec62', referencing='REFERENCING NEW TABLE AS new_values ', table='memberships_membercontact', when='AFTER')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='membercontact',
            trigger=pgtrigger.compiler.Trigger(name='update_update', sql=pgtrigger.compiler.UpsertTriggerSql(func='WITH _pgh_attached_context AS ( SELECT _pgh_attach_context() AS value ) INSERT INTO "memberships_membercontactevent" ("email", "id", "is_primary", "language", "member_id", "mobile", "name", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id") SELECT mask_email(new_values."email"), new_values."id", new_values."is_primary", new_values."language", new_values."member_id", mask_mobile(new_values."mobile"), mask_name(new_values."name"), _pgh_attached_context.value, clock_timestamp(), \'update\', new_values."id" FROM ( SELECT new_values.* FROM old_values FULL JOIN new_values ON (old_values."id") = (new_values."id") WHERE (old_values.* IS DISTINCT FROM new_values.*) ) AS new_values, _pgh_attached_context; RETURN NULL;', hash='95a3118df1885aeccc27127a62414626f920693b', level='STATEMENT', operation='UPDATE', pgid='pgtrigger_update_update_769b2', referencing='REFERENCING OLD TABLE AS old_values  NEW TABLE AS new_values ', table='memberships_membercontact', when='AFTER')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='membercontact',
            trigger=pgtrigger.compiler.Trigger(name='delete_delete', sql=pgtrigger.compiler.UpsertTriggerSql(func='WITH _pgh_attached_context AS ( SELECT _pgh_attach_context() AS value ) INSERT INTO "memberships_membercontactevent" ("email", "id", "is_primary", "language", "member_id", "mobile", "name", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id") SELECT mask_email(old_values."email"), old_values."id", old_values."is_primary", old_values."language", old_values."member_id", mask_mobile(old_values."mobile"), mask_name(old_values."name"), _pgh_attached_context.value, clock_timestamp(), \'delete\', old_values."id" FROM ( SELECT old_values.* FROM old_values  ) AS old_values, _pgh_attached_context; RETURN NULL;', hash='600b1d3a06785b1c47d089cc99fb23b00d945cac', level='STATEMENT', operation='DELETE', pgid='pgtrigger_delete_delete_41673', referencing='REFERENCING OLD TABLE AS old_values ', table='memberships_membercontact', when='AFTER')),
        ),
    ]
