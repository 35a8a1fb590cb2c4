"""What a request would do is said in each language of the house."""

import pgtrigger.compiler
import pgtrigger.migrations
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ("operations", "0010_notices"),
    ]

    operations = [
        pgtrigger.migrations.RemoveTrigger(
            model_name='approval',
            name='frozen',
        ),
        migrations.AddField(
            model_name='approval',
            name='texts',
            field=models.JSONField(db_default={}, default=dict, verbose_name='texts by language'),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='approval',
            trigger=pgtrigger.compiler.Trigger(name='frozen', sql=pgtrigger.compiler.UpsertTriggerSql(condition='WHEN (OLD."action" IS DISTINCT FROM (NEW."action") OR OLD."payload" IS DISTINCT FROM (NEW."payload") OR OLD."payload_hash" IS DISTINCT FROM (NEW."payload_hash") OR OLD."summary" IS DISTINCT FROM (NEW."summary") OR OLD."figures" IS DISTINCT FROM (NEW."figures") OR OLD."texts" IS DISTINCT FROM (NEW."texts") OR OLD."amount" IS DISTINCT FROM (NEW."amount") OR OLD."subject_type_id" IS DISTINCT FROM (NEW."subject_type_id") OR OLD."subject_id" IS DISTINCT FROM (NEW."subject_id") OR OLD."seen" IS DISTINCT FROM (NEW."seen") OR OLD."key" IS DISTINCT FROM (NEW."key") OR OLD."maker_id" IS DISTINCT FROM (NEW."maker_id") OR OLD."reason" IS DISTINCT FROM (NEW."reason") OR OLD."requested_on" IS DISTINCT FROM (NEW."requested_on") OR OLD."requested_at" IS DISTINCT FROM (NEW."requested_at"))', func="RAISE EXCEPTION 'pgtrigger: Cannot update rows from % table', TG_TABLE_NAME;", hash='b8a98c58313074b35e8d7bab81559cee58c0bc86', operation='UPDATE', pgid='pgtrigger_frozen_a3c4e', table='operations_approval', when='BEFORE')),
        ),
    ]
