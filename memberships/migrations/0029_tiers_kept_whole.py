"""Tiers and ladders, which standings and changes name without a key, are not emptied; a ladder does not move."""

import pgtrigger.compiler
import pgtrigger.migrations
from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("memberships", "0028_enrolments_by_programme")]

    operations = [
        pgtrigger.migrations.AddTrigger(
            model_name='tier',
            trigger=pgtrigger.compiler.Trigger(name='keep_whole', sql=pgtrigger.compiler.UpsertTriggerSql(func="RAISE EXCEPTION '% only grows', TG_TABLE_NAME USING ERRCODE = 'check_violation';", hash='20cf4126fc1869e27b4fce1d8285ab16b140612e', level='STATEMENT', operation='TRUNCATE', pgid='pgtrigger_keep_whole_24280', table='memberships_tier', when='BEFORE')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='tiergroup',
            trigger=pgtrigger.compiler.Trigger(name='frozen', sql=pgtrigger.compiler.UpsertTriggerSql(condition='WHEN (OLD."id" IS DISTINCT FROM (NEW."id") OR OLD."programme_id" IS DISTINCT FROM (NEW."programme_id"))', func="RAISE EXCEPTION 'pgtrigger: Cannot update rows from % table', TG_TABLE_NAME;", hash='949e88ff1641a39bfb967e8fd5fee29b9fb9b3bf', operation='UPDATE', pgid='pgtrigger_frozen_1342c', table='memberships_tiergroup', when='BEFORE')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='tiergroup',
            trigger=pgtrigger.compiler.Trigger(name='keep_whole', sql=pgtrigger.compiler.UpsertTriggerSql(func="RAISE EXCEPTION '% only grows', TG_TABLE_NAME USING ERRCODE = 'check_violation';", hash='86bbd0996895cd5b0b330fd73b490da62c584f20', level='STATEMENT', operation='TRUNCATE', pgid='pgtrigger_keep_whole_0f449', table='memberships_tiergroup', when='BEFORE')),
        ),
    ]
