"""Two records of one person or firm become one: merges, their journal, and functions that know all numbers of a member."""

from pathlib import Path

import django.contrib.postgres.indexes
import django.db.models.deletion
import operations.models.sealed
import pgtrigger.compiler
import pgtrigger.migrations
from django.conf import settings
from django.db import migrations, models

SQL = Path(__file__).resolve().parent.parent / "sql"
FUNCTIONS = {
    "merges/records_of": "DROP FUNCTION memberships_records_of(bigint);",
    "merges/survivor_of": "DROP FUNCTION memberships_survivor_of(bigint);",
    "merges/number_of": "DROP FUNCTION memberships_number_of(bigint);",
    "merges/same_store": "DROP FUNCTION memberships_same_store(bigint, bigint);",
    # It names the number to use instead, so it cannot stand before the functions above.
    "compare_customers": Path(__file__).with_name("0002_compare_customers.sql").read_text(encoding="utf-8").replace(
        "CREATE FUNCTION", "CREATE OR REPLACE FUNCTION"
    ),
}
REASON = """
INSERT INTO memberships_adjustmentreason (code, name, name_en, is_active) VALUES
    ('records-merged', '会员合并', 'Records merged', false);
"""


class Migration(migrations.Migration):

    dependencies = [
        ('memberships', '0040_staged_language'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='MemberMerge',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('on', models.DateField(verbose_name='business date')),
                ('at', models.DateTimeField(verbose_name='at')),
                ('reason', models.CharField(max_length=200, verbose_name='reason')),
                ('undone_on', models.DateField(blank=True, null=True, verbose_name='undone on')),
                ('undone_at', models.DateTimeField(blank=True, null=True, verbose_name='undone at')),
                ('undone_reason', models.CharField(blank=True, db_default='', default='', max_length=200, verbose_name='why it was undone')),
                ('actor', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='asked for by')),
                ('checker', models.ForeignKey(blank=True, db_index=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='approved by')),
                ('former', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='ended_by', to='memberships.member', verbose_name='number that ended')),
                ('survivor', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='merges', to='memberships.member', verbose_name='number that stays')),
                ('undone_by', models.ForeignKey(blank=True, db_index=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='undoing asked for by')),
                ('undone_checker', models.ForeignKey(blank=True, db_index=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='undoing approved by')),
            ],
            options={
                'verbose_name': 'merge of members',
                'verbose_name_plural': 'merges of members',
                'permissions': [('merge_member', 'Can ask for two records to be merged, and for that to be undone')],
            },
        ),
        migrations.CreateModel(
            name='MergeMove',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('table', models.CharField(max_length=64, verbose_name='record')),
                ('row', models.BigIntegerField(verbose_name='key')),
                ('columns', models.CharField(max_length=200, verbose_name='fields')),
                ('is_loose', models.BooleanField(default=False, verbose_name='put back where unchanged')),
                ('values', operations.models.sealed.SealedTextField(null=True, verbose_name='values before and after')),
                ('merge', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='moves', to='memberships.membermerge', verbose_name='merge of members')),
            ],
            options={
                'verbose_name': 'what a merge moved',
                'verbose_name_plural': 'what merges moved',
                'default_permissions': (),
            },
        ),
        migrations.AddIndex(
            model_name='membermerge',
            index=models.Index(fields=['survivor'], name='membermerge_of_survivor'),
        ),
        migrations.AddIndex(
            model_name='membermerge',
            index=django.contrib.postgres.indexes.BrinIndex(autosummarize=True, fields=['at'], name='membermerge_by_instant', pages_per_range=32),
        ),
        migrations.AddConstraint(
            model_name='membermerge',
            constraint=models.UniqueConstraint(condition=models.Q(('undone_at', None)), fields=('former',), name='membermerge_one_in_force'),
        ),
        migrations.AddConstraint(
            model_name='membermerge',
            constraint=models.CheckConstraint(condition=models.Q(('former', models.F('survivor')), _negated=True), name='membermerge_of_two'),
        ),
        migrations.AddConstraint(
            model_name='membermerge',
            constraint=models.CheckConstraint(condition=models.Q(('reason', ''), _negated=True), name='membermerge_has_reason'),
        ),
        migrations.AddConstraint(
            model_name='membermerge',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('undone_at', None), ('undone_by', None), ('undone_checker', None), ('undone_on', None), ('undone_reason', '')), models.Q(('undone_at__isnull', False), ('undone_by__isnull', False), ('undone_on__gte', models.F('on')), models.Q(('undone_reason', ''), _negated=True)), _connector='OR'), name='membermerge_undone_as_a_whole'),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='membermerge',
            trigger=pgtrigger.compiler.Trigger(name='never_deleted', sql=pgtrigger.compiler.UpsertTriggerSql(func="RAISE EXCEPTION 'pgtrigger: Cannot delete rows from % table', TG_TABLE_NAME;", hash='fec0793a838229f3cf323b9e62129f3195fc199f', operation='DELETE', pgid='pgtrigger_never_deleted_30a3d', table='memberships_membermerge', when='BEFORE')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='membermerge',
            trigger=pgtrigger.compiler.Trigger(name='frozen', sql=pgtrigger.compiler.UpsertTriggerSql(condition='WHEN (OLD."id" IS DISTINCT FROM (NEW."id") OR OLD."former_id" IS DISTINCT FROM (NEW."former_id") OR OLD."survivor_id" IS DISTINCT FROM (NEW."survivor_id") OR OLD."on" IS DISTINCT FROM (NEW."on") OR OLD."at" IS DISTINCT FROM (NEW."at") OR OLD."actor_id" IS DISTINCT FROM (NEW."actor_id") OR OLD."checker_id" IS DISTINCT FROM (NEW."checker_id") OR OLD."reason" IS DISTINCT FROM (NEW."reason"))', func="RAISE EXCEPTION 'pgtrigger: Cannot update rows from % table', TG_TABLE_NAME;", hash='7f3aa1e7287189fd2c4ff63fdac73d5fc176346a', operation='UPDATE', pgid='pgtrigger_frozen_dc987', table='memberships_membermerge', when='BEFORE')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='membermerge',
            trigger=pgtrigger.compiler.Trigger(name='undone_once', sql=pgtrigger.compiler.UpsertTriggerSql(condition='WHEN (OLD."undone_at" IS NOT NULL)', func="RAISE EXCEPTION 'pgtrigger: Cannot update rows from % table', TG_TABLE_NAME;", hash='599aaac0116ea1f6c692ef1eec762ae1916f2b09', operation='UPDATE', pgid='pgtrigger_undone_once_b1cc7', table='memberships_membermerge', when='BEFORE')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='membermerge',
            trigger=pgtrigger.compiler.Trigger(name='keep_whole', sql=pgtrigger.compiler.UpsertTriggerSql(func="RAISE EXCEPTION '% only grows', TG_TABLE_NAME USING ERRCODE = 'check_violation';", hash='728a7e5d6ca8a27f4b680b796630245042f9add1', level='STATEMENT', operation='TRUNCATE', pgid='pgtrigger_keep_whole_528eb', table='memberships_membermerge', when='BEFORE')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='mergemove',
            trigger=pgtrigger.compiler.Trigger(name='never_deleted', sql=pgtrigger.compiler.UpsertTriggerSql(func="RAISE EXCEPTION 'pgtrigger: Cannot delete rows from % table', TG_TABLE_NAME;", hash='e066d7225760e9d3dc9575a0fc6a42be58ecbc5d', operation='DELETE', pgid='pgtrigger_never_deleted_dd1da', table='memberships_mergemove', when='BEFORE')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='mergemove',
            trigger=pgtrigger.compiler.Trigger(name='frozen', sql=pgtrigger.compiler.UpsertTriggerSql(condition='WHEN (OLD."id" IS DISTINCT FROM (NEW."id") OR OLD."merge_id" IS DISTINCT FROM (NEW."merge_id") OR OLD."table" IS DISTINCT FROM (NEW."table") OR OLD."row" IS DISTINCT FROM (NEW."row") OR OLD."columns" IS DISTINCT FROM (NEW."columns") OR OLD."is_loose" IS DISTINCT FROM (NEW."is_loose"))', func="RAISE EXCEPTION 'pgtrigger: Cannot update rows from % table', TG_TABLE_NAME;", hash='27e3388cd40862a6d8ac985fd7876f3cf16b43f2', operation='UPDATE', pgid='pgtrigger_frozen_d307d', table='memberships_mergemove', when='BEFORE')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='mergemove',
            trigger=pgtrigger.compiler.Trigger(name='only_forgotten', sql=pgtrigger.compiler.UpsertTriggerSql(condition='WHEN (NEW."values" IS NOT NULL)', func="RAISE EXCEPTION 'pgtrigger: Cannot update rows from % table', TG_TABLE_NAME;", hash='6cda293cb22d3d7b4f0f03d09deb43882c18c559', operation='UPDATE', pgid='pgtrigger_only_forgotten_54381', table='memberships_mergemove', when='BEFORE')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='mergemove',
            trigger=pgtrigger.compiler.Trigger(name='keep_whole', sql=pgtrigger.compiler.UpsertTriggerSql(func="RAISE EXCEPTION '% only grows', TG_TABLE_NAME USING ERRCODE = 'check_violation';", hash='d06d81f20609d313c9de3092b78a78ae2d9c0eff', level='STATEMENT', operation='TRUNCATE', pgid='pgtrigger_keep_whole_63ba7', table='memberships_mergemove', when='BEFORE')),
        ),
        migrations.RunSQL(REASON, migrations.RunSQL.noop),
        *(
            migrations.RunSQL((SQL / f"{name}.sql").read_text(encoding="utf-8"), undo)
            for name, undo in FUNCTIONS.items()
        ),
    ]
