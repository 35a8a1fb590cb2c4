"""Whether a text message of a kind goes to those, too, who refuse them."""

import pgtrigger.compiler
import pgtrigger.migrations
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('operations', '0024_said_for_all'),
    ]

    operations = [
        pgtrigger.migrations.RemoveTrigger(
            model_name='noticerule',
            name='insert_insert',
        ),
        pgtrigger.migrations.RemoveTrigger(
            model_name='noticerule',
            name='update_update',
        ),
        pgtrigger.migrations.RemoveTrigger(
            model_name='noticerule',
            name='delete_delete',
        ),
        migrations.AddField(
            model_name='noticerule',
            name='is_required',
            field=models.BooleanField(blank=True, null=True, verbose_name='required'),
        ),
        migrations.AddField(
            model_name='noticeruleevent',
            name='is_required',
            field=models.BooleanField(blank=True, null=True, verbose_name='required'),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='noticerule',
            trigger=pgtrigger.compiler.Trigger(name='insert_insert', sql=pgtrigger.compiler.UpsertTriggerSql(func='WITH _pgh_attached_context AS ( SELECT _pgh_attach_context() AS value ) INSERT INTO "operations_noticeruleevent" ("channels", "id", "is_required", "is_urgent", "kind", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id") SELECT new_values."channels", new_values."id", new_values."is_required", new_values."is_urgent", new_values."kind", _pgh_attached_context.value, clock_timestamp(), \'insert\', new_values."id" FROM ( SELECT new_values.* FROM new_values  ) AS new_values, _pgh_attached_context; RETURN NULL;', hash='1a5d4640a8132bdbee0a321e63c93f50d677b216', level='STATEMENT', operation='INSERT', pgid='pgtrigger_insert_insert_43646', referencing='REFERENCING NEW TABLE AS new_values ', table='operations_noticerule', when='AFTER')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='noticerule',
            trigger=pgtrigger.compiler.Trigger(name='update_update', sql=pgtrigger.compiler.UpsertTriggerSql(func='WITH _pgh_attached_context AS ( SELECT _pgh_attach_context() AS value ) INSERT INTO "operations_noticeruleevent" ("channels", "id", "is_required", "is_urgent", "kind", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id") SELECT new_values."channels", new_values."id", new_values."is_required", new_values."is_urgent", new_values."kind", _pgh_attached_context.value, clock_timestamp(), \'update\', new_values."id" FROM ( SELECT new_values.* FROM old_values FULL JOIN new_values ON (old_values."id") = (new_values."id") WHERE (old_values.* IS DISTINCT FROM new_values.*) ) AS new_values, _pgh_attached_context; RETURN NULL;', hash='512d845f5fad02dd06157703246a8b064db47d4b', level='STATEMENT', operation='UPDATE', pgid='pgtrigger_update_update_d8376', referencing='REFERENCING OLD TABLE AS old_values  NEW TABLE AS new_values ', table='operations_noticerule', when='AFTER')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='noticerule',
            trigger=pgtrigger.compiler.Trigger(name='delete_delete', sql=pgtrigger.compiler.UpsertTriggerSql(func='WITH _pgh_attached_context AS ( SELECT _pgh_attach_context() AS value ) INSERT INTO "operations_noticeruleevent" ("channels", "id", "is_required", "is_urgent", "kind", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id") SELECT old_values."channels", old_values."id", old_values."is_required", old_values."is_urgent", old_values."kind", _pgh_attached_context.value, clock_timestamp(), \'delete\', old_values."id" FROM ( SELECT old_values.* FROM old_values  ) AS old_values, _pgh_attached_context; RETURN NULL;', hash='5773e5670b087422946477c3db78185b5f5f3f78', level='STATEMENT', operation='DELETE', pgid='pgtrigger_delete_delete_22d63', referencing='REFERENCING OLD TABLE AS old_values ', table='operations_noticerule', when='AFTER')),
        ),
    ]
