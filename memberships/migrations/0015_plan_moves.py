"""When cards of earlier versions of a plan move to it; rungs of a ladder are renumbered at once."""

from pathlib import Path

import django.db.models.constraints
import pgtrigger.compiler
import pgtrigger.migrations
from django.db import migrations, models

MOVING_CARDS = Path(__file__).resolve().parent.parent / "sql" / "programmes" / "moving_cards.sql"


class Migration(migrations.Migration):

    dependencies = [
        ('memberships', '0014_points_days'),
    ]

    operations = [
        pgtrigger.migrations.RemoveTrigger(
            model_name='plan',
            name='insert_insert',
        ),
        pgtrigger.migrations.RemoveTrigger(
            model_name='plan',
            name='delete_delete',
        ),
        pgtrigger.migrations.RemoveTrigger(
            model_name='plan',
            name='update_update',
        ),
        migrations.RemoveConstraint(
            model_name='tier',
            name='tier_rank',
        ),
        migrations.AddField(
            model_name='plan',
            name='moves_on',
            field=models.DateField(blank=True, null=True, verbose_name='earlier cards move on'),
        ),
        migrations.AddField(
            model_name='planevent',
            name='moves_on',
            field=models.DateField(blank=True, null=True, verbose_name='earlier cards move on'),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='plan',
            trigger=pgtrigger.compiler.Trigger(name='insert_insert', sql=pgtrigger.compiler.UpsertTriggerSql(func='WITH _pgh_attached_context AS ( SELECT _pgh_attach_context() AS value ) INSERT INTO "memberships_planevent" ("code", "credit_limit_cap", "credit_term_days_cap", "grace_days", "id", "lead_days", "moves_on", "name", "name_en", "on_sale_from", "on_sale_until", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "price", "programme_id", "retry_days", "term_months", "version") SELECT new_values."code", new_values."credit_limit_cap", new_values."credit_term_days_cap", new_values."grace_days", new_values."id", new_values."lead_days", new_values."moves_on", new_values."name", new_values."name_en", new_values."on_sale_from", new_values."on_sale_until", _pgh_attached_context.value, clock_timestamp(), \'insert\', new_values."id", new_values."price", new_values."programme_id", new_values."retry_days", new_values."term_months", new_values."version" FROM ( SELECT new_values.* FROM new_values  ) AS new_values, _pgh_attached_context; RETURN NULL;', hash='450131b6716de14653d2c4df072bc9671e2655ca', level='STATEMENT', operation='INSERT', pgid='pgtrigger_insert_insert_9ddcb', referencing='REFERENCING NEW TABLE AS new_values ', table='memberships_plan', when='AFTER')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='plan',
            trigger=pgtrigger.compiler.Trigger(name='update_update', sql=pgtrigger.compiler.UpsertTriggerSql(func='WITH _pgh_attached_context AS ( SELECT _pgh_attach_context() AS value ) INSERT INTO "memberships_planevent" ("code", "credit_limit_cap", "credit_term_days_cap", "grace_days", "id", "lead_days", "moves_on", "name", "name_en", "on_sale_from", "on_sale_until", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "price", "programme_id", "retry_days", "term_months", "version") SELECT new_values."code", new_values."credit_limit_cap", new_values."credit_term_days_cap", new_values."grace_days", new_values."id", new_values."lead_days", new_values."moves_on", new_values."name", new_values."name_en", new_values."on_sale_from", new_values."on_sale_until", _pgh_attached_context.value, clock_timestamp(), \'update\', new_values."id", new_values."price", new_values."programme_id", new_values."retry_days", new_values."term_months", new_values."version" FROM ( SELECT new_values.* FROM old_values FULL JOIN new_values ON (old_values."id") = (new_values."id") WHERE (old_values.* IS DISTINCT FROM new_values.*) ) AS new_values, _pgh_attached_context; RETURN NULL;', hash='8d9614f27b5ba1116ff0f451591d397448d631a5', level='STATEMENT', operation='UPDATE', pgid='pgtrigger_update_update_d698c', referencing='REFERENCING OLD TABLE AS old_values  NEW TABLE AS new_values ', table='memberships_plan', when='AFTER')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='plan',
            trigger=pgtrigger.compiler.Trigger(name='delete_delete', sql=pgtrigger.compiler.UpsertTriggerSql(func='WITH _pgh_attached_context AS ( SELECT _pgh_attach_context() AS value ) INSERT INTO "memberships_planevent" ("code", "credit_limit_cap", "credit_term_days_cap", "grace_days", "id", "lead_days", "moves_on", "name", "name_en", "on_sale_from", "on_sale_until", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "price", "programme_id", "retry_days", "term_months", "version") SELECT old_values."code", old_values."credit_limit_cap", old_values."credit_term_days_cap", old_values."grace_days", old_values."id", old_values."lead_days", old_values."moves_on", old_values."name", old_values."name_en", old_values."on_sale_from", old_values."on_sale_until", _pgh_attached_context.value, clock_timestamp(), \'delete\', old_values."id", old_values."price", old_values."programme_id", old_values."retry_days", old_values."term_months", old_values."version" FROM ( SELECT old_values.* FROM old_values  ) AS old_values, _pgh_attached_context; RETURN NULL;', hash='f692c386f5799dbe376b0af06a8a360149ed05b8', level='STATEMENT', operation='DELETE', pgid='pgtrigger_delete_delete_9ef25', referencing='REFERENCING OLD TABLE AS old_values ', table='memberships_plan', when='AFTER')),
        ),
        migrations.AddConstraint(
            model_name='tier',
            constraint=models.UniqueConstraint(deferrable=django.db.models.constraints.Deferrable['DEFERRED'], fields=('group', 'rank'), name='tier_rank'),
        ),
        migrations.RunSQL(
            MOVING_CARDS.read_text(encoding="utf-8"), "DROP FUNCTION memberships_moving_cards(date, bigint, bigint);"
        ),
    ]
