"""Who wants no text messages, since when; and the function that says whom one reaches."""

from pathlib import Path

import django.db.models.deletion
import pgtrigger.compiler
import pgtrigger.migrations
from django.conf import settings
from django.db import migrations, models

SQL = Path(__file__).resolve().parent.parent / "sql" / "notices"


class Migration(migrations.Migration):

    dependencies = [
        ('memberships', '0046_payments_declined'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        pgtrigger.migrations.RemoveTrigger(
            model_name='membercontact',
            name='insert_insert',
        ),
        pgtrigger.migrations.RemoveTrigger(
            model_name='membercontact',
            name='update_update',
        ),
        pgtrigger.migrations.RemoveTrigger(
            model_name='membercontact',
            name='delete_delete',
        ),
        migrations.AddField(
            model_name='membercontact',
            name='sms_refused_at',
            field=models.DateTimeField(blank=True, null=True, verbose_name='no text messages since'),
        ),
        migrations.AddField(
            model_name='membercontact',
            name='sms_refused_by',
            field=models.ForeignKey(blank=True, db_index=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='noted by'),
        ),
        migrations.AddField(
            model_name='membercontactevent',
            name='sms_refused_at',
            field=models.DateTimeField(blank=True, null=True, verbose_name='no text messages since'),
        ),
        migrations.AddField(
            model_name='membercontactevent',
            name='sms_refused_by',
            field=models.ForeignKey(db_constraint=False, db_index=False, null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', related_query_name='+', to=settings.AUTH_USER_MODEL, verbose_name='noted by'),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='membercontact',
            trigger=pgtrigger.compiler.Trigger(name='insert_insert', sql=pgtrigger.compiler.UpsertTriggerSql(func='WITH _pgh_attached_context AS ( SELECT _pgh_attach_context() AS value ) INSERT INTO "memberships_membercontactevent" ("email", "id", "is_primary", "language", "member_id", "mobile", "name", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "sms_refused_at", "sms_refused_by_id") SELECT mask_email(new_values."email"), new_values."id", new_values."is_primary", new_values."language", new_values."member_id", mask_mobile(new_values."mobile"), mask_name(new_values."name"), _pgh_attached_context.value, clock_timestamp(), \'insert\', new_values."id", new_values."sms_refused_at", new_values."sms_refused_by_id" FROM ( SELECT new_values.* FROM new_values  ) AS new_values, _pgh_attached_context; RETURN NULL;', hash='eb926785333b2500d19699601991e5e0786e0e98', level='STATEMENT', operation='INSERT', pgid='pgtrigger_insert_insert_4ec62', referencing='REFERENCING NEW TABLE AS new_values ', table='memberships_membercontact', when='AFTER')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='membercontact',
            trigger=pgtrigger.compiler.Trigger(name='update_update', sql=pgtrigger.compiler.UpsertTriggerSql(func='WITH _pgh_attached_context AS ( SELECT _pgh_attach_context() AS value ) INSERT INTO "memberships_membercontactevent" ("email", "id", "is_primary", "language", "member_id", "mobile", "name", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "sms_refused_at", "sms_refused_by_id") SELECT mask_email(new_values."email"), new_values."id", new_values."is_primary", new_values."language", new_values."member_id", mask_mobile(new_values."mobile"), mask_name(new_values."name"), _pgh_attached_context.value, clock_timestamp(), \'update\', new_values."id", new_values."sms_refused_at", new_values."sms_refused_by_id" FROM ( SELECT new_values.* FROM old_values FULL JOIN new_values ON (old_values."id") = (new_values."id") WHERE (old_values.* IS DISTINCT FROM new_values.*) ) AS new_values, _pgh_attached_context; RETURN NULL;', hash='dcf2a3b495def9fcfe775ace6c6e8403bcd52c69', level='STATEMENT', operation='UPDATE', pgid='pgtrigger_update_update_769b2', referencing='REFERENCING OLD TABLE AS old_values  NEW TABLE AS new_values ', table='memberships_membercontact', when='AFTER')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='membercontact',
            trigger=pgtrigger.compiler.Trigger(name='delete_delete', sql=pgtrigger.compiler.UpsertTriggerSql(func='WITH _pgh_attached_context AS ( SELECT _pgh_attach_context() AS value ) INSERT INTO "memberships_membercontactevent" ("email", "id", "is_primary", "language", "member_id", "mobile", "name", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "sms_refused_at", "sms_refused_by_id") SELECT mask_email(old_values."email"), old_values."id", old_values."is_primary", old_values."language", old_values."member_id", mask_mobile(old_values."mobile"), mask_name(old_values."name"), _pgh_attached_context.value, clock_timestamp(), \'delete\', old_values."id", old_values."sms_refused_at", old_values."sms_refused_by_id" FROM ( SELECT old_values.* FROM old_values  ) AS old_values, _pgh_attached_context; RETURN NULL;', hash='5c1f6ddb2539fcf6ad1d8a77550b01c340a08bca', level='STATEMENT', operation='DELETE', pgid='pgtrigger_delete_delete_41673', referencing='REFERENCING OLD TABLE AS old_values ', table='memberships_membercontact', when='AFTER')),
        ),
        migrations.RunSQL(
            (SQL / "takes_sms.sql").read_text(encoding="utf-8"),
            "DROP FUNCTION memberships_notice_takes_sms(bigint, boolean);",
        ),
    ]
