"""Brands, their campaigns, and what both have of the ledger of budgets."""

from pathlib import Path

import django.contrib.postgres.indexes
import django.core.validators
import django.db.models.deletion
import django.db.models.expressions
import pgtrigger.compiler
import pgtrigger.migrations
from decimal import Decimal
from django.conf import settings
from django.contrib.postgres.operations import AddConstraintNotValid
from django.db import migrations, models

REDEEM = Path(__file__).resolve().parent.parent / "sql" / "redemptions" / "redeem_benefit.sql"


class Migration(migrations.Migration):

    dependencies = [
        ('benefits', '0007_value_statements'),
        ('memberships', '0032_instants'),
        ('pghistory', '0007_auto_20250421_0444'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='Brand',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('name', models.CharField(max_length=100, verbose_name='name (Chinese)')),
                ('name_en', models.CharField(max_length=100, verbose_name='name (English)')),
                ('code', models.SlugField(max_length=48, unique=True, verbose_name='code')),
                ('category', models.CharField(blank=True, db_default='', default='', max_length=64, verbose_name='category')),
            ],
            options={
                'verbose_name': 'brand',
                'verbose_name_plural': 'brands',
                'permissions': [('import_brand', 'Can import brands')],
            },
        ),
        migrations.CreateModel(
            name='BrandEvent',
            fields=[
                ('pgh_created_at', models.DateTimeField(auto_now_add=True)),
                ('pgh_label', models.TextField(help_text='The event label.')),
                ('pgh_id', models.BigAutoField(primary_key=True, serialize=False)),
                ('id', models.BigIntegerField()),
                ('name', models.CharField(max_length=100, verbose_name='name (Chinese)')),
                ('name_en', models.CharField(max_length=100, verbose_name='name (English)')),
                ('code', models.SlugField(db_index=False, max_length=48, verbose_name='code')),
                ('category', models.CharField(blank=True, db_default='', default='', max_length=64, verbose_name='category')),
            ],
            options={
                'verbose_name': 'audit event',
                'verbose_name_plural': 'audit events',
                'abstract': False,
            },
        ),
        migrations.CreateModel(
            name='Campaign',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('name', models.CharField(max_length=100, verbose_name='name (Chinese)')),
                ('name_en', models.CharField(max_length=100, verbose_name='name (English)')),
                ('code', models.SlugField(max_length=64, verbose_name='code')),
                ('sub_plan', models.CharField(choices=[('c2m', 'made for members (C2M)'), ('alliance', '95% brand alliance'), ('new_products', 'new products'), ('a_plan', 'A plan'), ('gravity', 'gravity plan'), ('plus_day', 'PLUS DAY')], max_length=16, verbose_name='sub-plan')),
                ('segment', models.SlugField(blank=True, db_default='', default='', max_length=64, verbose_name='segment')),
                ('open_share', models.DecimalField(db_default=Decimal('1'), decimal_places=4, default=Decimal('1'), max_digits=5, validators=[django.core.validators.MinValueValidator(0), django.core.validators.MaxValueValidator(1)], verbose_name='open to a share of members')),
                ('baseline_from', models.DateField(blank=True, null=True, verbose_name='baseline from')),
                ('baseline_until', models.DateField(blank=True, null=True, verbose_name='baseline until (last day)')),
                ('stopped_at', models.DateTimeField(blank=True, null=True, verbose_name='stopped at')),
            ],
            options={
                'verbose_name': 'campaign',
                'verbose_name_plural': 'campaigns',
                'permissions': [('stop_campaign', 'Can stop campaigns and let them go on')],
            },
        ),
        migrations.CreateModel(
            name='CampaignEvent',
            fields=[
                ('pgh_created_at', models.DateTimeField(auto_now_add=True)),
                ('pgh_label', models.TextField(help_text='The event label.')),
                ('pgh_id', models.BigAutoField(primary_key=True, serialize=False)),
                ('id', models.BigIntegerField()),
                ('name', models.CharField(max_length=100, verbose_name='name (Chinese)')),
                ('name_en', models.CharField(max_length=100, verbose_name='name (English)')),
                ('code', models.SlugField(db_index=False, max_length=64, verbose_name='code')),
                ('sub_plan', models.CharField(choices=[('c2m', 'made for members (C2M)'), ('alliance', '95% brand alliance'), ('new_products', 'new products'), ('a_plan', 'A plan'), ('gravity', 'gravity plan'), ('plus_day', 'PLUS DAY')], max_length=16, verbose_name='sub-plan')),
                ('segment', models.SlugField(blank=True, db_default='', db_index=False, default='', max_length=64, verbose_name='segment')),
                ('open_share', models.DecimalField(db_default=Decimal('1'), decimal_places=4, default=Decimal('1'), max_digits=5, validators=[django.core.validators.MinValueValidator(0), django.core.validators.MaxValueValidator(1)], verbose_name='open to a share of members')),
                ('baseline_from', models.DateField(blank=True, null=True, verbose_name='baseline from')),
                ('baseline_until', models.DateField(blank=True, null=True, verbose_name='baseline until (last day)')),
                ('stopped_at', models.DateTimeField(blank=True, null=True, verbose_name='stopped at')),
            ],
            options={
                'verbose_name': 'audit event',
                'verbose_name_plural': 'audit events',
                'abstract': False,
            },
        ),
        migrations.CreateModel(
            name='CampaignFigure',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('on', models.DateField(verbose_name='business date')),
                ('group', models.CharField(choices=[('members', 'members'), ('others', 'ordinary users')], max_length=8, verbose_name='customers')),
                ('buyers', models.BigIntegerField(verbose_name='buyers')),
                ('orders', models.BigIntegerField(verbose_name='orders')),
                ('amount', models.DecimalField(decimal_places=2, max_digits=18, verbose_name='spent by customers (CNY)')),
            ],
            options={
                'verbose_name': 'daily figure of a campaign',
                'verbose_name_plural': 'daily figures of campaigns',
                'permissions': [('import_campaignfigure', 'Can import daily figures of campaigns')],
            },
        ),
        pgtrigger.migrations.RemoveTrigger(
            model_name='budget',
            name='insert_insert',
        ),
        pgtrigger.migrations.RemoveTrigger(
            model_name='budget',
            name='update_update',
        ),
        pgtrigger.migrations.RemoveTrigger(
            model_name='budget',
            name='delete_delete',
        ),
        migrations.RemoveConstraint(
            model_name='budget',
            name='budget_not_overdrawn',
        ),
        migrations.RemoveConstraint(
            model_name='budgetentry',
            name='budgetentry_sign',
        ),
        migrations.AddField(
            model_name='budget',
            name='part_of',
            field=models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='parts', to='benefits.budget', verbose_name='part of'),
        ),
        migrations.AddField(
            model_name='budget',
            name='reserved',
            field=models.DecimalField(db_default=0, decimal_places=4, default=0, max_digits=16, verbose_name='reserved (CNY)'),
        ),
        migrations.AddField(
            model_name='budgetevent',
            name='part_of',
            field=models.ForeignKey(db_constraint=False, db_index=False, null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', related_query_name='+', to='benefits.budget', verbose_name='part of'),
        ),
        migrations.AlterField(
            model_name='budgetentry',
            name='kind',
            field=models.CharField(choices=[('commit', 'commitment'), ('adjust', 'adjustment'), ('reserve', 'reserved for a campaign'), ('release', 'released by a campaign'), ('draw', 'draw'), ('return', 'return')], max_length=8, verbose_name='kind'),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='budget',
            trigger=pgtrigger.compiler.Trigger(name='insert_insert', sql=pgtrigger.compiler.UpsertTriggerSql(func='WITH _pgh_attached_context AS ( SELECT _pgh_attach_context() AS value ) INSERT INTO "benefits_budgetevent" ("amount", "brand_id", "code", "ends_on", "id", "name", "name_en", "part_of_id", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "programme_id", "starts_on") SELECT new_values."amount", new_values."brand_id", new_values."code", new_values."ends_on", new_values."id", new_values."name", new_values."name_en", new_values."part_of_id", _pgh_attached_context.value, clock_timestamp(), \'insert\', new_values."id", new_values."programme_id", new_values."starts_on" FROM ( SELECT new_values.* FROM new_values  ) AS new_values, _pgh_attached_context; RETURN NULL;', hash='1e7d31c6b8346fcef5f6a3c66454e92048f12313', level='STATEMENT', operation='INSERT', pgid='pgtrigger_insert_insert_2e945', referencing='REFERENCING NEW TABLE AS new_values ', table='benefits_budget', when='AFTER')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='budget',
            trigger=pgtrigger.compiler.Trigger(name='update_update', sql=pgtrigger.compiler.UpsertTriggerSql(func='WITH _pgh_attached_context AS ( SELECT _pgh_attach_context() AS value ) INSERT INTO "benefits_budgetevent" ("amount", "brand_id", "code", "ends_on", "id", "name", "name_en", "part_of_id", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "programme_id", "starts_on") SELECT new_values."amount", new_values."brand_id", new_values."code", new_values."ends_on", new_values."id", new_values."name", new_values."name_en", new_values."part_of_id", _pgh_attached_context.value, clock_timestamp(), \'update\', new_values."id", new_values."programme_id", new_values."starts_on" FROM ( SELECT new_values.* FROM old_values FULL JOIN new_values ON (old_values."id") = (new_values."id") WHERE (old_values."amount" IS DISTINCT FROM (new_values."amount") OR old_values."brand_id" IS DISTINCT FROM (new_values."brand_id") OR old_values."code" IS DISTINCT FROM (new_values."code") OR old_values."ends_on" IS DISTINCT FROM (new_values."ends_on") OR old_values."id" IS DISTINCT FROM (new_values."id") OR old_values."name" IS DISTINCT FROM (new_values."name") OR old_values."name_en" IS DISTINCT FROM (new_values."name_en") OR old_values."part_of_id" IS DISTINCT FROM (new_values."part_of_id") OR old_values."programme_id" IS DISTINCT FROM (new_values."programme_id") OR old_values."starts_on" IS DISTINCT FROM (new_values."starts_on")) ) AS new_values, _pgh_attached_context; RETURN NULL;', hash='6abc37dfca8b4e0e6eb946cbd7a8bfc3e5039e68', level='STATEMENT', operation='UPDATE', pgid='pgtrigger_update_update_8efed', referencing='REFERENCING OLD TABLE AS old_values  NEW TABLE AS new_values ', table='benefits_budget', when='AFTER')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='budget',
            trigger=pgtrigger.compiler.Trigger(name='delete_delete', sql=pgtrigger.compiler.UpsertTriggerSql(func='WITH _pgh_attached_context AS ( SELECT _pgh_attach_context() AS value ) INSERT INTO "benefits_budgetevent" ("amount", "brand_id", "code", "ends_on", "id", "name", "name_en", "part_of_id", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "programme_id", "starts_on") SELECT old_values."amount", old_values."brand_id", old_values."code", old_values."ends_on", old_values."id", old_values."name", old_values."name_en", old_values."part_of_id", _pgh_attached_context.value, clock_timestamp(), \'delete\', old_values."id", old_values."programme_id", old_values."starts_on" FROM ( SELECT old_values.* FROM old_values  ) AS old_values, _pgh_attached_context; RETURN NULL;', hash='98b2898ed5408488774b7bdf69c9cf0ebbad14fe', level='STATEMENT', operation='DELETE', pgid='pgtrigger_delete_delete_c5177', referencing='REFERENCING OLD TABLE AS old_values ', table='benefits_budget', when='AFTER')),
        ),
        # The ledger may be long: it is looked through by the next migration, beside the traffic.
        AddConstraintNotValid(
            model_name='budgetentry',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('amount__gte', 0), ('kind', 'draw')), models.Q(('amount__lte', 0), ('kind', 'return')), models.Q(('amount__gt', 0), ('kind__in', ['commit', 'reserve'])), models.Q(('amount__lt', 0), ('kind', 'release')), models.Q(('kind', 'adjust'), models.Q(('amount', 0), _negated=True)), _connector='OR'), name='budgetentry_sign'),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='brand',
            trigger=pgtrigger.compiler.Trigger(name='never_deleted', sql=pgtrigger.compiler.UpsertTriggerSql(func="RAISE EXCEPTION 'pgtrigger: Cannot delete rows from % table', TG_TABLE_NAME;", hash='9e0b24fe6d97cc978aa29ae40022d4f30d8a1c2f', operation='DELETE', pgid='pgtrigger_never_deleted_a4c19', table='benefits_brand', when='BEFORE')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='brand',
            trigger=pgtrigger.compiler.Trigger(name='frozen', sql=pgtrigger.compiler.UpsertTriggerSql(condition='WHEN (OLD."id" IS DISTINCT FROM (NEW."id") OR OLD."code" IS DISTINCT FROM (NEW."code"))', func="RAISE EXCEPTION 'pgtrigger: Cannot update rows from % table', TG_TABLE_NAME;", hash='59e20e91f35c33037918855782a6eb6dfb0e3d93', operation='UPDATE', pgid='pgtrigger_frozen_75dd3', table='benefits_brand', when='BEFORE')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='brand',
            trigger=pgtrigger.compiler.Trigger(name='insert_insert', sql=pgtrigger.compiler.UpsertTriggerSql(func='WITH _pgh_attached_context AS ( SELECT _pgh_attach_context() AS value ) INSERT INTO "benefits_brandevent" ("category", "code", "id", "name", "name_en", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id") SELECT new_values."category", new_values."code", new_values."id", new_values."name", new_values."name_en", _pgh_attached_context.value, clock_timestamp(), \'insert\', new_values."id" FROM ( SELECT new_values.* FROM new_values  ) AS new_values, _pgh_attached_context; RETURN NULL;', hash='1096bc83b431143bcab3c12dceb4f771227e061e', level='STATEMENT', operation='INSERT', pgid='pgtrigger_insert_insert_a9781', referencing='REFERENCING NEW TABLE AS new_values ', table='benefits_brand', when='AFTER')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='brand',
            trigger=pgtrigger.compiler.Trigger(name='update_update', sql=pgtrigger.compiler.UpsertTriggerSql(func='WITH _pgh_attached_context AS ( SELECT _pgh_attach_context() AS value ) INSERT INTO "benefits_brandevent" ("category", "code", "id", "name", "name_en", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id") SELECT new_values."category", new_values."code", new_values."id", new_values."name", new_values."name_en", _pgh_attached_context.value, clock_timestamp(), \'update\', new_values."id" FROM ( SELECT new_values.* FROM old_values FULL JOIN new_values ON (old_values."id") = (new_values."id") WHERE (old_values.* IS DISTINCT FROM new_values.*) ) AS new_values, _pgh_attached_context; RETURN NULL;', hash='f870b0eb9e01d87f18de40310002f41eafa943f6', level='STATEMENT', operation='UPDATE', pgid='pgtrigger_update_update_fe97c', referencing='REFERENCING OLD TABLE AS old_values  NEW TABLE AS new_values ', table='benefits_brand', when='AFTER')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='brand',
            trigger=pgtrigger.compiler.Trigger(name='delete_delete', sql=pgtrigger.compiler.UpsertTriggerSql(func='WITH _pgh_attached_context AS ( SELECT _pgh_attach_context() AS value ) INSERT INTO "benefits_brandevent" ("category", "code", "id", "name", "name_en", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id") SELECT old_values."category", old_values."code", old_values."id", old_values."name", old_values."name_en", _pgh_attached_context.value, clock_timestamp(), \'delete\', old_values."id" FROM ( SELECT old_values.* FROM old_values  ) AS old_values, _pgh_attached_context; RETURN NULL;', hash='2be1b23a91406cc278148a1ee9d9876078f2ee11', level='STATEMENT', operation='DELETE', pgid='pgtrigger_delete_delete_e7626', referencing='REFERENCING OLD TABLE AS old_values ', table='benefits_brand', when='AFTER')),
        ),
        migrations.AddField(
            model_name='budget',
            name='brand',
            field=models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='commitments', to='benefits.brand', verbose_name='committed by'),
        ),
        migrations.AddField(
            model_name='budgetevent',
            name='brand',
            field=models.ForeignKey(db_constraint=False, db_index=False, null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', related_query_name='+', to='benefits.brand', verbose_name='committed by'),
        ),
        migrations.AddConstraint(
            model_name='budget',
            constraint=models.CheckConstraint(condition=models.Q(('amount__gte', django.db.models.expressions.CombinedExpression(models.F('spent'), '+', models.F('reserved'))), ('reserved__gte', 0), ('spent__gte', 0)), name='budget_not_overdrawn'),
        ),
        migrations.AddConstraint(
            model_name='budget',
            constraint=models.UniqueConstraint(fields=('programme', 'brand'), name='budget_one_commitment'),
        ),
        migrations.AddConstraint(
            model_name='budget',
            constraint=models.CheckConstraint(condition=models.Q(('brand', None), models.Q(('part_of', None), ('spent', 0)), _connector='OR'), name='budget_of_brand_or_part'),
        ),
        migrations.AddField(
            model_name='brandevent',
            name='pgh_context',
            field=models.ForeignKey(db_constraint=False, db_index=False, null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to='pghistory.context'),
        ),
        migrations.AddField(
            model_name='brandevent',
            name='pgh_obj',
            field=models.ForeignKey(db_constraint=False, on_delete=django.db.models.deletion.DO_NOTHING, related_name='audit_events', to='benefits.brand'),
        ),
        migrations.AddField(
            model_name='campaign',
            name='brand',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='campaigns', to='benefits.brand', verbose_name='brand'),
        ),
        migrations.AddField(
            model_name='campaign',
            name='budget',
            field=models.OneToOneField(on_delete=django.db.models.deletion.PROTECT, related_name='campaign', to='benefits.budget', verbose_name='budget'),
        ),
        migrations.AddField(
            model_name='campaign',
            name='programme',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='campaigns', to='memberships.programme', verbose_name='programme'),
        ),
        migrations.AddField(
            model_name='campaignevent',
            name='brand',
            field=models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', related_query_name='+', to='benefits.brand', verbose_name='brand'),
        ),
        migrations.AddField(
            model_name='campaignevent',
            name='budget',
            field=models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', related_query_name='+', to='benefits.budget', verbose_name='budget'),
        ),
        migrations.AddField(
            model_name='campaignevent',
            name='pgh_context',
            field=models.ForeignKey(db_constraint=False, db_index=False, null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to='pghistory.context'),
        ),
        migrations.AddField(
            model_name='campaignevent',
            name='pgh_obj',
            field=models.ForeignKey(db_constraint=False, on_delete=django.db.models.deletion.DO_NOTHING, related_name='audit_events', to='benefits.campaign'),
        ),
        migrations.AddField(
            model_name='campaignevent',
            name='programme',
            field=models.ForeignKey(db_constraint=False, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', related_query_name='+', to='memberships.programme', verbose_name='programme'),
        ),
        migrations.AddField(
            model_name='campaignfigure',
            name='campaign',
            field=models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='figures', to='benefits.campaign', verbose_name='campaign'),
        ),
        migrations.AddIndex(
            model_name='brandevent',
            index=django.contrib.postgres.indexes.BrinIndex(autosummarize=True, fields=['pgh_created_at'], name='benefits_br_pgh_cre_ad9a88_brin', pages_per_range=32),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='brandevent',
            trigger=pgtrigger.compiler.Trigger(name='keep_whole', sql=pgtrigger.compiler.UpsertTriggerSql(func="RAISE EXCEPTION '% only grows', TG_TABLE_NAME USING ERRCODE = 'check_violation';", hash='93aca7a0d150df399d3ed8c09d0fb77f71562cce', level='STATEMENT', operation='TRUNCATE', pgid='pgtrigger_keep_whole_a4085', table='benefits_brandevent', when='BEFORE')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='brandevent',
            trigger=pgtrigger.compiler.Trigger(name='append_only', sql=pgtrigger.compiler.UpsertTriggerSql(func="RAISE EXCEPTION 'pgtrigger: Cannot update or delete rows from % table', TG_TABLE_NAME;", hash='99005a26434115bdd329bcdc172a32624021b4a9', operation='UPDATE OR DELETE', pgid='pgtrigger_append_only_be14d', table='benefits_brandevent', when='BEFORE')),
        ),
        migrations.AddConstraint(
            model_name='campaign',
            constraint=models.UniqueConstraint(fields=('programme', 'code'), name='campaign_code'),
        ),
        migrations.AddConstraint(
            model_name='campaign',
            constraint=models.CheckConstraint(condition=models.Q(('sub_plan__in', ['c2m', 'alliance', 'new_products', 'a_plan', 'gravity', 'plus_day'])), name='campaign_sub_plan'),
        ),
        migrations.AddConstraint(
            model_name='campaign',
            constraint=models.CheckConstraint(condition=models.Q(('open_share__range', (0, 1))), name='campaign_open_share'),
        ),
        migrations.AddConstraint(
            model_name='campaign',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('baseline_from', None), ('baseline_until', None)), models.Q(('baseline_from__isnull', False), ('baseline_until__gte', models.F('baseline_from'))), _connector='OR'), name='campaign_baseline_of_days'),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='campaign',
            trigger=pgtrigger.compiler.Trigger(name='never_deleted', sql=pgtrigger.compiler.UpsertTriggerSql(func="RAISE EXCEPTION 'pgtrigger: Cannot delete rows from % table', TG_TABLE_NAME;", hash='a99cf16bf6fbcc5f3e66f3c673a1eeb03340c142', operation='DELETE', pgid='pgtrigger_never_deleted_994a9', table='benefits_campaign', when='BEFORE')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='campaign',
            trigger=pgtrigger.compiler.Trigger(name='frozen', sql=pgtrigger.compiler.UpsertTriggerSql(condition='WHEN (OLD."id" IS DISTINCT FROM (NEW."id") OR OLD."programme_id" IS DISTINCT FROM (NEW."programme_id") OR OLD."code" IS DISTINCT FROM (NEW."code") OR OLD."brand_id" IS DISTINCT FROM (NEW."brand_id") OR OLD."budget_id" IS DISTINCT FROM (NEW."budget_id"))', func="RAISE EXCEPTION 'pgtrigger: Cannot update rows from % table', TG_TABLE_NAME;", hash='6d20cd4f6598f4fee55eecf0aa67b599a99f5df0', operation='UPDATE', pgid='pgtrigger_frozen_0148e', table='benefits_campaign', when='BEFORE')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='campaign',
            trigger=pgtrigger.compiler.Trigger(name='insert_insert', sql=pgtrigger.compiler.UpsertTriggerSql(func='WITH _pgh_attached_context AS ( SELECT _pgh_attach_context() AS value ) INSERT INTO "benefits_campaignevent" ("baseline_from", "baseline_until", "brand_id", "budget_id", "code", "id", "name", "name_en", "open_share", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "programme_id", "segment", "stopped_at", "sub_plan") SELECT new_values."baseline_from", new_values."baseline_until", new_values."brand_id", new_values."budget_id", new_values."code", new_values."id", new_values."name", new_values."name_en", new_values."open_share", _pgh_attached_context.value, clock_timestamp(), \'insert\', new_values."id", new_values."programme_id", new_values."segment", new_values."stopped_at", new_values."sub_plan" FROM ( SELECT new_values.* FROM new_values  ) AS new_values, _pgh_attached_context; RETURN NULL;', hash='3a97dd447b69f363ee7cd441e6a2217f03fe435e', level='STATEMENT', operation='INSERT', pgid='pgtrigger_insert_insert_f2d9d', referencing='REFERENCING NEW TABLE AS new_values ', table='benefits_campaign', when='AFTER')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='campaign',
            trigger=pgtrigger.compiler.Trigger(name='update_update', sql=pgtrigger.compiler.UpsertTriggerSql(func='WITH _pgh_attached_context AS ( SELECT _pgh_attach_context() AS value ) INSERT INTO "benefits_campaignevent" ("baseline_from", "baseline_until", "brand_id", "budget_id", "code", "id", "name", "name_en", "open_share", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "programme_id", "segment", "stopped_at", "sub_plan") SELECT new_values."baseline_from", new_values."baseline_until", new_values."brand_id", new_values."budget_id", new_values."code", new_values."id", new_values."name", new_values."name_en", new_values."open_share", _pgh_attached_context.value, clock_timestamp(), \'update\', new_values."id", new_values."programme_id", new_values."segment", new_values."stopped_at", new_values."sub_plan" FROM ( SELECT new_values.* FROM old_values FULL JOIN new_values ON (old_values."id") = (new_values."id") WHERE (old_values.* IS DISTINCT FROM new_values.*) ) AS new_values, _pgh_attached_context; RETURN NULL;', hash='ba528adda9a756b8ada7e5cde2e98453751e8f08', level='STATEMENT', operation='UPDATE', pgid='pgtrigger_update_update_8eb97', referencing='REFERENCING OLD TABLE AS old_values  NEW TABLE AS new_values ', table='benefits_campaign', when='AFTER')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='campaign',
            trigger=pgtrigger.compiler.Trigger(name='delete_delete', sql=pgtrigger.compiler.UpsertTriggerSql(func='WITH _pgh_attached_context AS ( SELECT _pgh_attach_context() AS value ) INSERT INTO "benefits_campaignevent" ("baseline_from", "baseline_until", "brand_id", "budget_id", "code", "id", "name", "name_en", "open_share", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "programme_id", "segment", "stopped_at", "sub_plan") SELECT old_values."baseline_from", old_values."baseline_until", old_values."brand_id", old_values."budget_id", old_values."code", old_values."id", old_values."name", old_values."name_en", old_values."open_share", _pgh_attached_context.value, clock_timestamp(), \'delete\', old_values."id", old_values."programme_id", old_values."segment", old_values."stopped_at", old_values."sub_plan" FROM ( SELECT old_values.* FROM old_values  ) AS old_values, _pgh_attached_context; RETURN NULL;', hash='a7b8dd0406ec48039b7b6a3fc74915aa0406c1ad', level='STATEMENT', operation='DELETE', pgid='pgtrigger_delete_delete_892c7', referencing='REFERENCING OLD TABLE AS old_values ', table='benefits_campaign', when='AFTER')),
        ),
        migrations.AddIndex(
            model_name='campaignevent',
            index=django.contrib.postgres.indexes.BrinIndex(autosummarize=True, fields=['pgh_created_at'], name='benefits_ca_pgh_cre_8c196d_brin', pages_per_range=32),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='campaignevent',
            trigger=pgtrigger.compiler.Trigger(name='keep_whole', sql=pgtrigger.compiler.UpsertTriggerSql(func="RAISE EXCEPTION '% only grows', TG_TABLE_NAME USING ERRCODE = 'check_violation';", hash='8a6d7af49e2a8cedbc64d6dd18fb5f4a82782189', level='STATEMENT', operation='TRUNCATE', pgid='pgtrigger_keep_whole_761d4', table='benefits_campaignevent', when='BEFORE')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='campaignevent',
            trigger=pgtrigger.compiler.Trigger(name='append_only', sql=pgtrigger.compiler.UpsertTriggerSql(func="RAISE EXCEPTION 'pgtrigger: Cannot update or delete rows from % table', TG_TABLE_NAME;", hash='21e4b1abcf5e04417d0e12ac06027508e168648c', operation='UPDATE OR DELETE', pgid='pgtrigger_append_only_2ed9a', table='benefits_campaignevent', when='BEFORE')),
        ),
        migrations.AddConstraint(
            model_name='campaignfigure',
            constraint=models.UniqueConstraint(fields=('campaign', 'on', 'group'), name='campaignfigure_once'),
        ),
        migrations.AddConstraint(
            model_name='campaignfigure',
            constraint=models.CheckConstraint(condition=models.Q(('amount__gte', 0), ('buyers__gte', 0), ('orders__gte', models.F('buyers'))), name='campaignfigure_makes_sense'),
        ),
        migrations.AddConstraint(
            model_name='campaignfigure',
            constraint=models.CheckConstraint(condition=models.Q(('group__in', ['members', 'others'])), name='campaignfigure_group'),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='campaignfigure',
            trigger=pgtrigger.compiler.Trigger(name='never_deleted', sql=pgtrigger.compiler.UpsertTriggerSql(func="RAISE EXCEPTION 'pgtrigger: Cannot delete rows from % table', TG_TABLE_NAME;", hash='f00c53984358ccac96e2c2ed5a9e9cb4ea318bdf', operation='DELETE', pgid='pgtrigger_never_deleted_58366', table='benefits_campaignfigure', when='BEFORE')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='campaignfigure',
            trigger=pgtrigger.compiler.Trigger(name='keep_whole', sql=pgtrigger.compiler.UpsertTriggerSql(func="RAISE EXCEPTION '% only grows', TG_TABLE_NAME USING ERRCODE = 'check_violation';", hash='8ea7e7a71dbca6470fdbc4dc5d87ac3462341470', level='STATEMENT', operation='TRUNCATE', pgid='pgtrigger_keep_whole_5d023', table='benefits_campaignfigure', when='BEFORE')),
        ),
        # It asks of campaigns now.
        migrations.RunSQL(REDEEM.read_text(encoding="utf-8"), migrations.RunSQL.noop),
    ]
