"""Statements keep their file and what matched; settlements say where a line comes from; what may be billed."""

from pathlib import Path

import django.db.models.deletion
import partners.models.statements
import pgtrigger.compiler
import pgtrigger.migrations
from django.conf import settings
from django.db import migrations, models


BILLED = Path(__file__).resolve().parent.parent / "sql" / "statements" / "billed.sql"


class Migration(migrations.Migration):

    dependencies = [
        ('partners', '0005_status_matches'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        pgtrigger.migrations.RemoveTrigger(
            model_name='partner',
            name='insert_insert',
        ),
        pgtrigger.migrations.RemoveTrigger(
            model_name='partner',
            name='update_update',
        ),
        pgtrigger.migrations.RemoveTrigger(
            model_name='partner',
            name='delete_delete',
        ),
        pgtrigger.migrations.RemoveTrigger(
            model_name='partnerstatement',
            name='path',
        ),
        pgtrigger.migrations.RemoveTrigger(
            model_name='partnerstatement',
            name='insert_insert',
        ),
        pgtrigger.migrations.RemoveTrigger(
            model_name='partnerstatement',
            name='update_update',
        ),
        pgtrigger.migrations.RemoveTrigger(
            model_name='partnerstatement',
            name='delete_delete',
        ),
        migrations.AddField(
            model_name='partner',
            name='statement_mapping',
            field=models.JSONField(blank=True, db_default={}, default=dict, verbose_name='reading of its statements'),
        ),
        migrations.AddField(
            model_name='partnerevent',
            name='statement_mapping',
            field=models.JSONField(blank=True, db_default={}, default=dict, verbose_name='reading of its statements'),
        ),
        migrations.AddField(
            model_name='partnerstatement',
            name='file',
            field=models.FileField(blank=True, db_default='', upload_to=partners.models.statements.upload_path, verbose_name='file'),
        ),
        migrations.AddField(
            model_name='partnerstatement',
            name='file_name',
            field=models.CharField(db_default='', max_length=255, verbose_name='file name'),
        ),
        migrations.AddField(
            model_name='partnerstatement',
            name='file_sha256',
            field=models.CharField(db_default='', max_length=64, verbose_name='SHA-256 of the file'),
        ),
        migrations.AddField(
            model_name='partnerstatement',
            name='imported_by',
            field=models.ForeignKey(blank=True, db_index=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='imported by'),
        ),
        migrations.AddField(
            model_name='partnerstatement',
            name='lines_read',
            field=models.PositiveIntegerField(db_default=0, default=0, verbose_name='lines'),
        ),
        migrations.AddField(
            model_name='partnerstatement',
            name='matched',
            field=models.JSONField(db_default=[], default=list, verbose_name='matched'),
        ),
        migrations.AddField(
            model_name='partnerstatementevent',
            name='file',
            field=models.FileField(blank=True, db_default='', upload_to=partners.models.statements.upload_path, verbose_name='file'),
        ),
        migrations.AddField(
            model_name='partnerstatementevent',
            name='file_name',
            field=models.CharField(db_default='', max_length=255, verbose_name='file name'),
        ),
        migrations.AddField(
            model_name='partnerstatementevent',
            name='file_sha256',
            field=models.CharField(db_default='', max_length=64, verbose_name='SHA-256 of the file'),
        ),
        migrations.AddField(
            model_name='partnerstatementevent',
            name='imported_by',
            field=models.ForeignKey(db_constraint=False, db_index=False, null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', related_query_name='+', to=settings.AUTH_USER_MODEL, verbose_name='imported by'),
        ),
        migrations.AddField(
            model_name='partnerstatementevent',
            name='lines_read',
            field=models.PositiveIntegerField(db_default=0, default=0, verbose_name='lines'),
        ),
        migrations.AddField(
            model_name='partnerstatementevent',
            name='matched',
            field=models.JSONField(db_default=[], default=list, verbose_name='matched'),
        ),
        migrations.AddField(
            model_name='settlementline',
            name='source',
            field=models.CharField(choices=[('statement', "the partner's statement"), ('own', 'our own records'), ('prepaid', 'our own records, prepaid')], db_default='statement', default='statement', max_length=16, verbose_name='source'),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='partner',
            trigger=pgtrigger.compiler.Trigger(name='insert_insert', sql=pgtrigger.compiler.UpsertTriggerSql(func='WITH _pgh_attached_context AS ( SELECT _pgh_attach_context() AS value ) INSERT INTO "partners_partnerevent" ("api_url", "breaker_failures", "breaker_seconds", "code", "contract_from", "contract_until", "id", "in_flight", "name", "name_en", "per_second", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "statement_mapping", "timeout_seconds") SELECT new_values."api_url", new_values."breaker_failures", new_values."breaker_seconds", new_values."code", new_values."contract_from", new_values."contract_until", new_values."id", new_values."in_flight", new_values."name", new_values."name_en", new_values."per_second", _pgh_attached_context.value, clock_timestamp(), \'insert\', new_values."id", new_values."statement_mapping", new_values."timeout_seconds" FROM ( SELECT new_values.* FROM new_values  ) AS new_values, _pgh_attached_context; RETURN NULL;', hash='aa532bb4bf073aaf4db27b46812446df81b0e162', level='STATEMENT', operation='INSERT', pgid='pgtrigger_insert_insert_71860', referencing='REFERENCING NEW TABLE AS new_values ', table='partners_partner', when='AFTER')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='partner',
            trigger=pgtrigger.compiler.Trigger(name='update_update', sql=pgtrigger.compiler.UpsertTriggerSql(func='WITH _pgh_attached_context AS ( SELECT _pgh_attach_context() AS value ) INSERT INTO "partners_partnerevent" ("api_url", "breaker_failures", "breaker_seconds", "code", "contract_from", "contract_until", "id", "in_flight", "name", "name_en", "per_second", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "statement_mapping", "timeout_seconds") SELECT new_values."api_url", new_values."breaker_failures", new_values."breaker_seconds", new_values."code", new_values."contract_from", new_values."contract_until", new_values."id", new_values."in_flight", new_values."name", new_values."name_en", new_values."per_second", _pgh_attached_context.value, clock_timestamp(), \'update\', new_values."id", new_values."statement_mapping", new_values."timeout_seconds" FROM ( SELECT new_values.* FROM old_values FULL JOIN new_values ON (old_values."id") = (new_values."id") WHERE (old_values.* IS DISTINCT FROM new_values.*) ) AS new_values, _pgh_attached_context; RETURN NULL;', hash='0db202df87b806a6578b6e1b29f6530086d83284', level='STATEMENT', operation='UPDATE', pgid='pgtrigger_update_update_17ece', referencing='REFERENCING OLD TABLE AS old_values  NEW TABLE AS new_values ', table='partners_partner', when='AFTER')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='partner',
            trigger=pgtrigger.compiler.Trigger(name='delete_delete', sql=pgtrigger.compiler.UpsertTriggerSql(func='WITH _pgh_attached_context AS ( SELECT _pgh_attach_context() AS value ) INSERT INTO "partners_partnerevent" ("api_url", "breaker_failures", "breaker_seconds", "code", "contract_from", "contract_until", "id", "in_flight", "name", "name_en", "per_second", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "statement_mapping", "timeout_seconds") SELECT old_values."api_url", old_values."breaker_failures", old_values."breaker_seconds", old_values."code", old_values."contract_from", old_values."contract_until", old_values."id", old_values."in_flight", old_values."name", old_values."name_en", old_values."per_second", _pgh_attached_context.value, clock_timestamp(), \'delete\', old_values."id", old_values."statement_mapping", old_values."timeout_seconds" FROM ( SELECT old_values.* FROM old_values  ) AS old_values, _pgh_attached_context; RETURN NULL;', hash='3f5586537506858a20ca97f03b239442098bac63', level='STATEMENT', operation='DELETE', pgid='pgtrigger_delete_delete_e7dd8', referencing='REFERENCING OLD TABLE AS old_values ', table='partners_partner', when='AFTER')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='partnerstatement',
            trigger=pgtrigger.compiler.Trigger(name='never_deleted', sql=pgtrigger.compiler.UpsertTriggerSql(func="RAISE EXCEPTION 'pgtrigger: Cannot delete rows from % table', TG_TABLE_NAME;", hash='cfb3633592b6acf157599794c92bf4697470ca8e', operation='DELETE', pgid='pgtrigger_never_deleted_cc1ac', table='partners_partnerstatement', when='BEFORE')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='partnerstatement',
            trigger=pgtrigger.compiler.Trigger(name='frozen', sql=pgtrigger.compiler.UpsertTriggerSql(condition='WHEN (OLD."id" IS DISTINCT FROM (NEW."id") OR OLD."partner_id" IS DISTINCT FROM (NEW."partner_id") OR OLD."month" IS DISTINCT FROM (NEW."month") OR OLD."number" IS DISTINCT FROM (NEW."number") OR OLD."batch_id" IS DISTINCT FROM (NEW."batch_id") OR OLD."matched_at" IS DISTINCT FROM (NEW."matched_at") OR OLD."file" IS DISTINCT FROM (NEW."file") OR OLD."file_name" IS DISTINCT FROM (NEW."file_name") OR OLD."file_sha256" IS DISTINCT FROM (NEW."file_sha256") OR OLD."lines_read" IS DISTINCT FROM (NEW."lines_read") OR OLD."counts" IS DISTINCT FROM (NEW."counts") OR OLD."matched" IS DISTINCT FROM (NEW."matched") OR OLD."imported_by_id" IS DISTINCT FROM (NEW."imported_by_id"))', func="RAISE EXCEPTION 'pgtrigger: Cannot update rows from % table', TG_TABLE_NAME;", hash='6ce7bfdfde0b7b3f99f0fab5f2ab17ea72e9f06e', operation='UPDATE', pgid='pgtrigger_frozen_5f603', table='partners_partnerstatement', when='BEFORE')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='partnerstatement',
            trigger=pgtrigger.compiler.Trigger(name='path', sql=pgtrigger.compiler.UpsertTriggerSql(condition='WHEN (OLD."state" IS DISTINCT FROM NEW."state" AND (OLD."state", NEW."state") NOT IN ((\'matched\', \'settled\'), (\'matched\', \'withdrawn\')))', func='RAISE EXCEPTION \'Invalid transition of % from "%" to "%"\', TG_TABLE_NAME, OLD.state, NEW.state USING ERRCODE = \'check_violation\';', hash='c2d235fadf3137c44bd8de80640ae4191f4068ef', operation='UPDATE', pgid='pgtrigger_path_c0b0e', table='partners_partnerstatement', when='BEFORE')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='partnerstatement',
            trigger=pgtrigger.compiler.Trigger(name='keep_whole', sql=pgtrigger.compiler.UpsertTriggerSql(func="RAISE EXCEPTION '% only grows', TG_TABLE_NAME USING ERRCODE = 'check_violation';", hash='36b82a38da25408351669a910d5a2e627d98bf8e', level='STATEMENT', operation='TRUNCATE', pgid='pgtrigger_keep_whole_1fb31', table='partners_partnerstatement', when='BEFORE')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='partnerstatement',
            trigger=pgtrigger.compiler.Trigger(name='insert_insert', sql=pgtrigger.compiler.UpsertTriggerSql(func='WITH _pgh_attached_context AS ( SELECT _pgh_attach_context() AS value ) INSERT INTO "partners_partnerstatementevent" ("batch_id", "counts", "file", "file_name", "file_sha256", "id", "imported_by_id", "lines_read", "matched", "matched_at", "month", "number", "partner_id", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "state") SELECT new_values."batch_id", new_values."counts", new_values."file", new_values."file_name", new_values."file_sha256", new_values."id", new_values."imported_by_id", new_values."lines_read", new_values."matched", new_values."matched_at", new_values."month", new_values."number", new_values."partner_id", _pgh_attached_context.value, clock_timestamp(), \'insert\', new_values."id", new_values."state" FROM ( SELECT new_values.* FROM new_values  ) AS new_values, _pgh_attached_context; RETURN NULL;', hash='9d2805496bf5576ab47f767d961aa4f44729c077', level='STATEMENT', operation='INSERT', pgid='pgtrigger_insert_insert_c94b2', referencing='REFERENCING NEW TABLE AS new_values ', table='partners_partnerstatement', when='AFTER')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='partnerstatement',
            trigger=pgtrigger.compiler.Trigger(name='update_update', sql=pgtrigger.compiler.UpsertTriggerSql(func='WITH _pgh_attached_context AS ( SELECT _pgh_attach_context() AS value ) INSERT INTO "partners_partnerstatementevent" ("batch_id", "counts", "file", "file_name", "file_sha256", "id", "imported_by_id", "lines_read", "matched", "matched_at", "month", "number", "partner_id", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "state") SELECT new_values."batch_id", new_values."counts", new_values."file", new_values."file_name", new_values."file_sha256", new_values."id", new_values."imported_by_id", new_values."lines_read", new_values."matched", new_values."matched_at", new_values."month", new_values."number", new_values."partner_id", _pgh_attached_context.value, clock_timestamp(), \'update\', new_values."id", new_values."state" FROM ( SELECT new_values.* FROM old_values FULL JOIN new_values ON (old_values."id") = (new_values."id") WHERE (old_values.* IS DISTINCT FROM new_values.*) ) AS new_values, _pgh_attached_context; RETURN NULL;', hash='a7f0355552f15bbe6eb39ce01beba786c2ac0871', level='STATEMENT', operation='UPDATE', pgid='pgtrigger_update_update_bee87', referencing='REFERENCING OLD TABLE AS old_values  NEW TABLE AS new_values ', table='partners_partnerstatement', when='AFTER')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='partnerstatement',
            trigger=pgtrigger.compiler.Trigger(name='delete_delete', sql=pgtrigger.compiler.UpsertTriggerSql(func='WITH _pgh_attached_context AS ( SELECT _pgh_attach_context() AS value ) INSERT INTO "partners_partnerstatementevent" ("batch_id", "counts", "file", "file_name", "file_sha256", "id", "imported_by_id", "lines_read", "matched", "matched_at", "month", "number", "partner_id", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "state") SELECT old_values."batch_id", old_values."counts", old_values."file", old_values."file_name", old_values."file_sha256", old_values."id", old_values."imported_by_id", old_values."lines_read", old_values."matched", old_values."matched_at", old_values."month", old_values."number", old_values."partner_id", _pgh_attached_context.value, clock_timestamp(), \'delete\', old_values."id", old_values."state" FROM ( SELECT old_values.* FROM old_values  ) AS old_values, _pgh_attached_context; RETURN NULL;', hash='248926ab3b4503297e35977bdb5ac3e75356b2bc', level='STATEMENT', operation='DELETE', pgid='pgtrigger_delete_delete_ebc97', referencing='REFERENCING OLD TABLE AS old_values ', table='partners_partnerstatement', when='AFTER')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='settlement',
            trigger=pgtrigger.compiler.Trigger(name='frozen', sql=pgtrigger.compiler.UpsertTriggerSql(condition='WHEN (OLD."id" IS DISTINCT FROM (NEW."id") OR OLD."partner_id" IS DISTINCT FROM (NEW."partner_id") OR OLD."month" IS DISTINCT FROM (NEW."month"))', func="RAISE EXCEPTION 'pgtrigger: Cannot update rows from % table', TG_TABLE_NAME;", hash='c3c243660dcb182b1597a8e319bb9b9717bf4248', operation='UPDATE', pgid='pgtrigger_frozen_74832', table='partners_settlement', when='BEFORE')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='settlement',
            trigger=pgtrigger.compiler.Trigger(name='keep_whole', sql=pgtrigger.compiler.UpsertTriggerSql(func="RAISE EXCEPTION '% only grows', TG_TABLE_NAME USING ERRCODE = 'check_violation';", hash='cb425122be4cbd520334d09e7f98c1ace271d4aa', level='STATEMENT', operation='TRUNCATE', pgid='pgtrigger_keep_whole_7362d', table='partners_settlement', when='BEFORE')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='settlementadjustment',
            trigger=pgtrigger.compiler.Trigger(name='keep_whole', sql=pgtrigger.compiler.UpsertTriggerSql(func="RAISE EXCEPTION '% only grows', TG_TABLE_NAME USING ERRCODE = 'check_violation';", hash='73524bb3c9c1338ff422040ef2c286c30e8964db', level='STATEMENT', operation='TRUNCATE', pgid='pgtrigger_keep_whole_df460', table='partners_settlementadjustment', when='BEFORE')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='settlementline',
            trigger=pgtrigger.compiler.Trigger(name='never_changed', sql=pgtrigger.compiler.UpsertTriggerSql(func="RAISE EXCEPTION 'pgtrigger: Cannot update rows from % table', TG_TABLE_NAME;", hash='893407f7dc8a364542223b841015df91710b7095', operation='UPDATE', pgid='pgtrigger_never_changed_6a505', table='partners_settlementline', when='BEFORE')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='settlementline',
            trigger=pgtrigger.compiler.Trigger(name='keep_whole', sql=pgtrigger.compiler.UpsertTriggerSql(func="RAISE EXCEPTION '% only grows', TG_TABLE_NAME USING ERRCODE = 'check_violation';", hash='c32341973f32392c95c5e016010eac841353fd99', level='STATEMENT', operation='TRUNCATE', pgid='pgtrigger_keep_whole_ae9df', table='partners_settlementline', when='BEFORE')),
        ),
        migrations.AddIndex(
            model_name="statementline", index=models.Index(fields=["order"], name="statementline_by_order")
        ),
        migrations.RunSQL(BILLED.read_text(encoding="utf-8"), "DROP FUNCTION partners_billed"),
    ]
