"""When a cancellation was taken back, and the function that says whom a night tells of it."""

from pathlib import Path

import pgtrigger.compiler
import pgtrigger.migrations
from django.db import migrations, models

SQL = Path(__file__).resolve().parent.parent / "sql" / "notices"


class Migration(migrations.Migration):

    dependencies = [
        ('memberships', '0042_masked_labels'),
    ]

    operations = [
        pgtrigger.migrations.RemoveTrigger(
            model_name='subscription',
            name='insert_insert',
        ),
        pgtrigger.migrations.RemoveTrigger(
            model_name='subscription',
            name='delete_delete',
        ),
        pgtrigger.migrations.RemoveTrigger(
            model_name='subscription',
            name='update_update',
        ),
        migrations.AddField(
            model_name='subscription',
            name='resumed_on',
            field=models.DateField(blank=True, null=True, verbose_name='renewal resumed on'),
        ),
        migrations.AddField(
            model_name='subscriptionevent',
            name='resumed_on',
            field=models.DateField(blank=True, null=True, verbose_name='renewal resumed on'),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='subscription',
            trigger=pgtrigger.compiler.Trigger(name='insert_insert', sql=pgtrigger.compiler.UpsertTriggerSql(func='WITH _pgh_attached_context AS ( SELECT _pgh_attach_context() AS value ) INSERT INTO "memberships_subscriptionevent" ("cancelled_on", "ended_on", "id", "lapsed_on", "member_id", "payment_method_id", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "plan_id", "previous_id", "programme_id", "refunded_on", "requested_on", "resumed_on", "started_on") SELECT new_values."cancelled_on", new_values."ended_on", new_values."id", new_values."lapsed_on", new_values."member_id", new_values."payment_method_id", _pgh_attached_context.value, clock_timestamp(), \'insert\', new_values."id", new_values."plan_id", new_values."previous_id", new_values."programme_id", new_values."refunded_on", new_values."requested_on", new_values."resumed_on", new_values."started_on" FROM ( SELECT new_values.* FROM new_values  ) AS new_values, _pgh_attached_context; RETURN NULL;', hash='cdc03dd85e3261aaad04534f8b12d64393e87065', level='STATEMENT', operation='INSERT', pgid='pgtrigger_insert_insert_ae3e2', referencing='REFERENCING NEW TABLE AS new_values ', table='memberships_subscription', when='AFTER')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='subscription',
            trigger=pgtrigger.compiler.Trigger(name='update_update', sql=pgtrigger.compiler.UpsertTriggerSql(func='WITH _pgh_attached_context AS ( SELECT _pgh_attach_context() AS value ) INSERT INTO "memberships_subscriptionevent" ("cancelled_on", "ended_on", "id", "lapsed_on", "member_id", "payment_method_id", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "plan_id", "previous_id", "programme_id", "refunded_on", "requested_on", "resumed_on", "started_on") SELECT new_values."cancelled_on", new_values."ended_on", new_values."id", new_values."lapsed_on", new_values."member_id", new_values."payment_method_id", _pgh_attached_context.value, clock_timestamp(), \'update\', new_values."id", new_values."plan_id", new_values."previous_id", new_values."programme_id", new_values."refunded_on", new_values."requested_on", new_values."resumed_on", new_values."started_on" FROM ( SELECT new_values.* FROM old_values FULL JOIN new_values ON (old_values."id") = (new_values."id") WHERE (old_values."cancelled_on" IS DISTINCT FROM (new_values."cancelled_on") OR old_values."ended_on" IS DISTINCT FROM (new_values."ended_on") OR old_values."id" IS DISTINCT FROM (new_values."id") OR old_values."lapsed_on" IS DISTINCT FROM (new_values."lapsed_on") OR old_values."member_id" IS DISTINCT FROM (new_values."member_id") OR old_values."payment_method_id" IS DISTINCT FROM (new_values."payment_method_id") OR old_values."plan_id" IS DISTINCT FROM (new_values."plan_id") OR old_values."previous_id" IS DISTINCT FROM (new_values."previous_id") OR old_values."programme_id" IS DISTINCT FROM (new_values."programme_id") OR old_values."refunded_on" IS DISTINCT FROM (new_values."refunded_on") OR old_values."requested_on" IS DISTINCT FROM (new_values."requested_on") OR old_values."resumed_on" IS DISTINCT FROM (new_values."resumed_on") OR old_values."started_on" IS DISTINCT FROM (new_values."started_on")) ) AS new_values, _pgh_attached_context; RETURN NULL;', hash='ac4e2e71280aa270a5c1d683faba883d12d98e8e', level='STATEMENT', operation='UPDATE', pgid='pgtrigger_update_update_21e93', referencing='REFERENCING OLD TABLE AS old_values  NEW TABLE AS new_values ', table='memberships_subscription', when='AFTER')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='subscription',
            trigger=pgtrigger.compiler.Trigger(name='delete_delete', sql=pgtrigger.compiler.UpsertTriggerSql(func='WITH _pgh_attached_context AS ( SELECT _pgh_attach_context() AS value ) INSERT INTO "memberships_subscriptionevent" ("cancelled_on", "ended_on", "id", "lapsed_on", "member_id", "payment_method_id", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "plan_id", "previous_id", "programme_id", "refunded_on", "requested_on", "resumed_on", "started_on") SELECT old_values."cancelled_on", old_values."ended_on", old_values."id", old_values."lapsed_on", old_values."member_id", old_values."payment_method_id", _pgh_attached_context.value, clock_timestamp(), \'delete\', old_values."id", old_values."plan_id", old_values."previous_id", old_values."programme_id", old_values."refunded_on", old_values."requested_on", old_values."resumed_on", old_values."started_on" FROM ( SELECT old_values.* FROM old_values  ) AS old_values, _pgh_attached_context; RETURN NULL;', hash='9a98ec4feac27afdfb46e3ea224b855ea9d25323', level='STATEMENT', operation='DELETE', pgid='pgtrigger_delete_delete_83f59', referencing='REFERENCING OLD TABLE AS old_values ', table='memberships_subscription', when='AFTER')),
        ),
        migrations.RunSQL(
            (SQL / "card_resumed.sql").read_text(encoding="utf-8"),
            "DROP FUNCTION memberships_notice_card_resumed(date, integer, bigint, bigint);",
        ),
    ]
