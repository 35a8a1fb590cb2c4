"""Case notes with attachments, and the kinds that they are of."""

import django.contrib.postgres.indexes
import django.db.models.deletion
import memberships.models.case_notes
import pgtrigger.compiler
import pgtrigger.migrations
from django.conf import settings
from django.db import migrations, models

KINDS = """
INSERT INTO memberships_casenotekind (code, name, name_en, is_active) VALUES
    ('enquiry', '咨询', 'Enquiry', true),
    ('complaint', '投诉', 'Complaint', true),
    ('visit', '回访', 'Visit or call', true),
    ('credit', '授信与账款', 'Credit and payment', true),
    ('other', '其他', 'Other', true);
"""


class Migration(migrations.Migration):

    dependencies = [
        ('memberships', '0034_point_costs'),
        ('pghistory', '0007_auto_20250421_0444'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='CaseAttachment',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('name', models.CharField(blank=True, max_length=255, verbose_name='file name')),
                ('file', models.FileField(blank=True, upload_to=memberships.models.case_notes.attachment_path, verbose_name='file')),
                ('content_type', models.CharField(max_length=64, verbose_name='kind of file')),
                ('size', models.PositiveIntegerField(verbose_name='file size')),
                ('sha256', models.CharField(max_length=64, verbose_name='SHA-256 of the file')),
                ('erased_at', models.DateTimeField(blank=True, null=True, verbose_name='erased at')),
            ],
            options={
                'verbose_name': 'attachment',
                'verbose_name_plural': 'attachments',
            },
        ),
        migrations.CreateModel(
            name='CaseNoteKind',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('name', models.CharField(max_length=100, verbose_name='name (Chinese)')),
                ('name_en', models.CharField(max_length=100, verbose_name='name (English)')),
                ('code', models.SlugField(max_length=64, unique=True, verbose_name='code')),
                ('is_active', models.BooleanField(default=True, verbose_name='can be chosen')),
            ],
            options={
                'verbose_name': 'kind of case notes',
                'verbose_name_plural': 'kinds of case notes',
            },
        ),
        migrations.CreateModel(
            name='CaseNoteKindEvent',
            fields=[
                ('pgh_created_at', models.DateTimeField(auto_now_add=True)),
                ('pgh_label', models.TextField(help_text='The event label.')),
                ('pgh_id', models.BigAutoField(primary_key=True, serialize=False)),
                ('id', models.BigIntegerField()),
                ('name', models.CharField(max_length=100, verbose_name='name (Chinese)')),
                ('name_en', models.CharField(max_length=100, verbose_name='name (English)')),
                ('code', models.SlugField(db_index=False, max_length=64, verbose_name='code')),
                ('is_active', models.BooleanField(default=True, verbose_name='can be chosen')),
            ],
            options={
                'verbose_name': 'audit event',
                'verbose_name_plural': 'audit events',
                'abstract': False,
            },
        ),
        migrations.CreateModel(
            name='CaseNote',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('text', models.TextField(max_length=4000, verbose_name='note')),
                ('is_pinned', models.BooleanField(default=False, verbose_name='pinned')),
                ('follow_up_on', models.DateField(blank=True, null=True, verbose_name='follow up on')),
                ('followed_up_at', models.DateTimeField(blank=True, null=True, verbose_name='followed up at')),
                ('key', models.CharField(max_length=64, verbose_name='key')),
                ('written_at', models.DateTimeField(verbose_name='written at')),
                ('erased_at', models.DateTimeField(blank=True, null=True, verbose_name='erased at')),
                ('corrects', models.OneToOneField(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='correction', to='memberships.casenote', verbose_name='corrects')),
                ('member', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='case_notes', to='memberships.member', verbose_name='member')),
                ('written_by', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='written by')),
                ('kind', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='memberships.casenotekind', verbose_name='kind')),
            ],
            options={
                'verbose_name': 'case note',
                'verbose_name_plural': 'case notes',
                'permissions': [('read_casenote', 'Can read case notes and open their attachments'), ('write_casenote', 'Can write and correct case notes and follow them up')],
            },
        ),
        migrations.CreateModel(
            name='CaseAttachmentEvent',
            fields=[
                ('pgh_created_at', models.DateTimeField(auto_now_add=True)),
                ('pgh_label', models.TextField(help_text='The event label.')),
                ('pgh_id', models.BigAutoField(primary_key=True, serialize=False)),
                ('id', models.BigIntegerField()),
                ('content_type', models.CharField(max_length=64, verbose_name='kind of file')),
                ('size', models.PositiveIntegerField(verbose_name='file size')),
                ('sha256', models.CharField(max_length=64, verbose_name='SHA-256 of the file')),
                ('erased_at', models.DateTimeField(blank=True, null=True, verbose_name='erased at')),
                ('pgh_context', models.ForeignKey(db_constraint=False, db_index=False, null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to='pghistory.context')),
                ('pgh_obj', models.ForeignKey(db_constraint=False, on_delete=django.db.models.deletion.DO_NOTHING, related_name='audit_events', to='memberships.caseattachment')),
                ('note', models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', related_query_name='+', to='memberships.casenote', verbose_name='case note')),
            ],
            options={
                'verbose_name': 'audit event',
                'verbose_name_plural': 'audit events',
                'abstract': False,
            },
        ),
        migrations.AddField(
            model_name='caseattachment',
            name='note',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='attachments', to='memberships.casenote', verbose_name='case note'),
        ),
        migrations.CreateModel(
            name='CaseNoteEvent',
            fields=[
                ('pgh_created_at', models.DateTimeField(auto_now_add=True)),
                ('pgh_label', models.TextField(help_text='The event label.')),
                ('pgh_id', models.BigAutoField(primary_key=True, serialize=False)),
                ('id', models.BigIntegerField()),
                ('is_pinned', models.BooleanField(default=False, verbose_name='pinned')),
                ('follow_up_on', models.DateField(blank=True, null=True, verbose_name='follow up on')),
                ('followed_up_at', models.DateTimeField(blank=True, null=True, verbose_name='followed up at')),
                ('key', models.CharField(max_length=64, verbose_name='key')),
                ('written_at', models.DateTimeField(verbose_name='written at')),
                ('erased_at', models.DateTimeField(blank=True, null=True, verbose_name='erased at')),
                ('corrects', models.ForeignKey(db_constraint=False, db_index=False, null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', related_query_name='+', to='memberships.casenote', verbose_name='corrects')),
                ('member', models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', related_query_name='+', to='memberships.member', verbose_name='member')),
                ('pgh_context', models.ForeignKey(db_constraint=False, db_index=False, null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to='pghistory.context')),
                ('pgh_obj', models.ForeignKey(db_constraint=False, on_delete=django.db.models.deletion.DO_NOTHING, related_name='audit_events', to='memberships.casenote')),
                ('written_by', models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', related_query_name='+', to=settings.AUTH_USER_MODEL, verbose_name='written by')),
                ('kind', models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', related_query_name='+', to='memberships.casenotekind', verbose_name='kind')),
            ],
            options={
                'verbose_name': 'audit event',
                'verbose_name_plural': 'audit events',
                'abstract': False,
            },
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='casenotekind',
            trigger=pgtrigger.compiler.Trigger(name='insert_insert', sql=pgtrigger.compiler.UpsertTriggerSql(func='WITH _pgh_attached_context AS ( SELECT _pgh_attach_context() AS value ) INSERT INTO "memberships_casenotekindevent" ("code", "id", "is_active", "name", "name_en", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id") SELECT new_values."code", new_values."id", new_values."is_active", new_values."name", new_values."name_en", _pgh_attached_context.value, clock_timestamp(), \'insert\', new_values."id" FROM ( SELECT new_values.* FROM new_values  ) AS new_values, _pgh_attached_context; RETURN NULL;', hash='6007853f3ba299cd335b0c29e915715e07cc8618', level='STATEMENT', operation='INSERT', pgid='pgtrigger_insert_insert_a6db8', referencing='REFERENCING NEW TABLE AS new_values ', table='memberships_casenotekind', when='AFTER')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='casenotekind',
            trigger=pgtrigger.compiler.Trigger(name='update_update', sql=pgtrigger.compiler.UpsertTriggerSql(func='WITH _pgh_attached_context AS ( SELECT _pgh_attach_context() AS value ) INSERT INTO "memberships_casenotekindevent" ("code", "id", "is_active", "name", "name_en", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id") SELECT new_values."code", new_values."id", new_values."is_active", new_values."name", new_values."name_en", _pgh_attached_context.value, clock_timestamp(), \'update\', new_values."id" FROM ( SELECT new_values.* FROM old_values FULL JOIN new_values ON (old_values."id") = (new_values."id") WHERE (old_values.* IS DISTINCT FROM new_values.*) ) AS new_values, _pgh_attached_context; RETURN NULL;', hash='2dba175d3034efd8e3b441347d2cc49d5944b6f7', level='STATEMENT', operation='UPDATE', pgid='pgtrigger_update_update_d645a', referencing='REFERENCING OLD TABLE AS old_values  NEW TABLE AS new_values ', table='memberships_casenotekind', when='AFTER')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='casenotekind',
            trigger=pgtrigger.compiler.Trigger(name='delete_delete', sql=pgtrigger.compiler.UpsertTriggerSql(func='WITH _pgh_attached_context AS ( SELECT _pgh_attach_context() AS value ) INSERT INTO "memberships_casenotekindevent" ("code", "id", "is_active", "name", "name_en", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id") SELECT old_values."code", old_values."id", old_values."is_active", old_values."name", old_values."name_en", _pgh_attached_context.value, clock_timestamp(), \'delete\', old_values."id" FROM ( SELECT old_values.* FROM old_values  ) AS old_values, _pgh_attached_context; RETURN NULL;', hash='d82ae96dc1af910d1ea62c610005207f3f18a2de', level='STATEMENT', operation='DELETE', pgid='pgtrigger_delete_delete_4cf79', referencing='REFERENCING OLD TABLE AS old_values ', table='memberships_casenotekind', when='AFTER')),
        ),
        migrations.AddField(
            model_name='casenotekindevent',
            name='pgh_context',
            field=models.ForeignKey(db_constraint=False, db_index=False, null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to='pghistory.context'),
        ),
        migrations.AddField(
            model_name='casenotekindevent',
            name='pgh_obj',
            field=models.ForeignKey(db_constraint=False, on_delete=django.db.models.deletion.DO_NOTHING, related_name='audit_events', to='memberships.casenotekind'),
        ),
        migrations.AddIndex(
            model_name='caseattachmentevent',
            index=django.contrib.postgres.indexes.BrinIndex(autosummarize=True, fields=['pgh_created_at'], name='memberships_pgh_cre_3e5bfa_brin', pages_per_range=32),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='caseattachmentevent',
            trigger=pgtrigger.compiler.Trigger(name='keep_whole', sql=pgtrigger.compiler.UpsertTriggerSql(func="RAISE EXCEPTION '% only grows', TG_TABLE_NAME USING ERRCODE = 'check_violation';", hash='5e4d2f9968f3f9fab0e0d3d7ac6a8efeed6b7c75', level='STATEMENT', operation='TRUNCATE', pgid='pgtrigger_keep_whole_3b9eb', table='memberships_caseattachmentevent', when='BEFORE')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='caseattachmentevent',
            trigger=pgtrigger.compiler.Trigger(name='append_only', sql=pgtrigger.compiler.UpsertTriggerSql(func="RAISE EXCEPTION 'pgtrigger: Cannot update or delete rows from % table', TG_TABLE_NAME;", hash='04537064e246786f07a6c5cc6a8bdc82bdfd9440', operation='UPDATE OR DELETE', pgid='pgtrigger_append_only_96c4b', table='memberships_caseattachmentevent', when='BEFORE')),
        ),
        migrations.AddIndex(
            model_name='caseattachment',
            index=models.Index(condition=models.Q(('erased_at__isnull', False), models.Q(('file', ''), _negated=True)), fields=['id'], name='caseattachment_to_remove'),
        ),
        migrations.AddConstraint(
            model_name='caseattachment',
            constraint=models.UniqueConstraint(fields=('note', 'sha256'), name='caseattachment_once'),
        ),
        migrations.AddConstraint(
            model_name='caseattachment',
            constraint=models.CheckConstraint(condition=models.Q(('size__gte', 1)), name='caseattachment_not_empty'),
        ),
        migrations.AddConstraint(
            model_name='caseattachment',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('erased_at', None), models.Q(('name', ''), _negated=True), models.Q(('file', ''), _negated=True)), models.Q(('erased_at__isnull', False), ('name', '')), _connector='OR'), name='caseattachment_there_until_erased'),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='caseattachment',
            trigger=pgtrigger.compiler.Trigger(name='never_deleted', sql=pgtrigger.compiler.UpsertTriggerSql(func="RAISE EXCEPTION 'pgtrigger: Cannot delete rows from % table', TG_TABLE_NAME;", hash='7715ee961f2639a269ce51aa759167645bc1c97a', operation='DELETE', pgid='pgtrigger_never_deleted_7a36d', table='memberships_caseattachment', when='BEFORE')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='caseattachment',
            trigger=pgtrigger.compiler.Trigger(name='frozen', sql=pgtrigger.compiler.UpsertTriggerSql(condition='WHEN (OLD."id" IS DISTINCT FROM (NEW."id") OR OLD."note_id" IS DISTINCT FROM (NEW."note_id") OR OLD."content_type" IS DISTINCT FROM (NEW."content_type") OR OLD."size" IS DISTINCT FROM (NEW."size") OR OLD."sha256" IS DISTINCT FROM (NEW."sha256"))', func="RAISE EXCEPTION 'pgtrigger: Cannot update rows from % table', TG_TABLE_NAME;", hash='bdb1cc9784b55f1c209c23597b81c487c5c9b302', operation='UPDATE', pgid='pgtrigger_frozen_6e8b3', table='memberships_caseattachment', when='BEFORE')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='caseattachment',
            trigger=pgtrigger.compiler.Trigger(name='insert_insert', sql=pgtrigger.compiler.UpsertTriggerSql(func='WITH _pgh_attached_context AS ( SELECT _pgh_attach_context() AS value ) INSERT INTO "memberships_caseattachmentevent" ("content_type", "erased_at", "id", "note_id", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "sha256", "size") SELECT new_values."content_type", new_values."erased_at", new_values."id", new_values."note_id", _pgh_attached_context.value, clock_timestamp(), \'insert\', new_values."id", new_values."sha256", new_values."size" FROM ( SELECT new_values.* FROM new_values  ) AS new_values, _pgh_attached_context; RETURN NULL;', hash='1d82d9ad91bdc75e4d07725a8914d2dbb7f5f902', level='STATEMENT', operation='INSERT', pgid='pgtrigger_insert_insert_ec797', referencing='REFERENCING NEW TABLE AS new_values ', table='memberships_caseattachment', when='AFTER')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='caseattachment',
            trigger=pgtrigger.compiler.Trigger(name='update_update', sql=pgtrigger.compiler.UpsertTriggerSql(func='WITH _pgh_attached_context AS ( SELECT _pgh_attach_context() AS value ) INSERT INTO "memberships_caseattachmentevent" ("content_type", "erased_at", "id", "note_id", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "sha256", "size") SELECT new_values."content_type", new_values."erased_at", new_values."id", new_values."note_id", _pgh_attached_context.value, clock_timestamp(), \'update\', new_values."id", new_values."sha256", new_values."size" FROM ( SELECT new_values.* FROM old_values FULL JOIN new_values ON (old_values."id") = (new_values."id") WHERE (old_values."content_type" IS DISTINCT FROM (new_values."content_type") OR old_values."erased_at" IS DISTINCT FROM (new_values."erased_at") OR old_values."id" IS DISTINCT FROM (new_values."id") OR old_values."note_id" IS DISTINCT FROM (new_values."note_id") OR old_values."sha256" IS DISTINCT FROM (new_values."sha256") OR old_values."size" IS DISTINCT FROM (new_values."size")) ) AS new_values, _pgh_attached_context; RETURN NULL;', hash='8a41db8f3ab36db06609bea8835c7440e44e6628', level='STATEMENT', operation='UPDATE', pgid='pgtrigger_update_update_7c74b', referencing='REFERENCING OLD TABLE AS old_values  NEW TABLE AS new_values ', table='memberships_caseattachment', when='AFTER')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='caseattachment',
            trigger=pgtrigger.compiler.Trigger(name='delete_delete', sql=pgtrigger.compiler.UpsertTriggerSql(func='WITH _pgh_attached_context AS ( SELECT _pgh_attach_context() AS value ) INSERT INTO "memberships_caseattachmentevent" ("content_type", "erased_at", "id", "note_id", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "sha256", "size") SELECT old_values."content_type", old_values."erased_at", old_values."id", old_values."note_id", _pgh_attached_context.value, clock_timestamp(), \'delete\', old_values."id", old_values."sha256", old_values."size" FROM ( SELECT old_values.* FROM old_values  ) AS old_values, _pgh_attached_context; RETURN NULL;', hash='9a1946a947feaa9fb0892736974836b027008627', level='STATEMENT', operation='DELETE', pgid='pgtrigger_delete_delete_bef4e', referencing='REFERENCING OLD TABLE AS old_values ', table='memberships_caseattachment', when='AFTER')),
        ),
        migrations.AddIndex(
            model_name='casenoteevent',
            index=django.contrib.postgres.indexes.BrinIndex(autosummarize=True, fields=['pgh_created_at'], name='memberships_pgh_cre_883512_brin', pages_per_range=32),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='casenoteevent',
            trigger=pgtrigger.compiler.Trigger(name='keep_whole', sql=pgtrigger.compiler.UpsertTriggerSql(func="RAISE EXCEPTION '% only grows', TG_TABLE_NAME USING ERRCODE = 'check_violation';", hash='9a114f880596ffd6f8a10d726409aed348be173a', level='STATEMENT', operation='TRUNCATE', pgid='pgtrigger_keep_whole_4739f', table='memberships_casenoteevent', when='BEFORE')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='casenoteevent',
            trigger=pgtrigger.compiler.Trigger(name='append_only', sql=pgtrigger.compiler.UpsertTriggerSql(func="RAISE EXCEPTION 'pgtrigger: Cannot update or delete rows from % table', TG_TABLE_NAME;", hash='01a009c71253e139dc458f7a4af6226a4c1fa6be', operation='UPDATE OR DELETE', pgid='pgtrigger_append_only_c0584', table='memberships_casenoteevent', when='BEFORE')),
        ),
        migrations.AddIndex(
            model_name='casenote',
            index=models.Index(condition=models.Q(('follow_up_on__isnull', False), ('followed_up_at', None)), fields=['follow_up_on', 'id'], name='casenote_to_follow_up'),
        ),
        migrations.AddConstraint(
            model_name='casenote',
            constraint=models.UniqueConstraint(fields=('member', 'key'), name='casenote_key'),
        ),
        migrations.AddConstraint(
            model_name='casenote',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('erased_at', None), models.Q(('text', ''), _negated=True)), models.Q(('erased_at__isnull', False), ('text', '')), _connector='OR'), name='casenote_text_until_erased'),
        ),
        migrations.AddConstraint(
            model_name='casenote',
            constraint=models.CheckConstraint(condition=models.Q(('corrects', models.F('id')), _negated=True), name='casenote_corrects_another'),
        ),
        migrations.AddConstraint(
            model_name='casenote',
            constraint=models.CheckConstraint(condition=models.Q(('followed_up_at', None), ('follow_up_on__isnull', False), _connector='OR'), name='casenote_followed_up'),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='casenote',
            trigger=pgtrigger.compiler.Trigger(name='never_deleted', sql=pgtrigger.compiler.UpsertTriggerSql(func="RAISE EXCEPTION 'pgtrigger: Cannot delete rows from % table', TG_TABLE_NAME;", hash='c875a3e60aa3471704a4fa57a480db1cf45d3901', operation='DELETE', pgid='pgtrigger_never_deleted_a3e2a', table='memberships_casenote', when='BEFORE')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='casenote',
            trigger=pgtrigger.compiler.Trigger(name='frozen', sql=pgtrigger.compiler.UpsertTriggerSql(condition='WHEN (OLD."id" IS DISTINCT FROM (NEW."id") OR OLD."member_id" IS DISTINCT FROM (NEW."member_id") OR OLD."kind_id" IS DISTINCT FROM (NEW."kind_id") OR OLD."corrects_id" IS DISTINCT FROM (NEW."corrects_id") OR OLD."key" IS DISTINCT FROM (NEW."key") OR OLD."written_at" IS DISTINCT FROM (NEW."written_at") OR OLD."written_by_id" IS DISTINCT FROM (NEW."written_by_id"))', func="RAISE EXCEPTION 'pgtrigger: Cannot update rows from % table', TG_TABLE_NAME;", hash='b65c4690bb1422d809bdc96f39d4bbf36851ae84', operation='UPDATE', pgid='pgtrigger_frozen_99a80', table='memberships_casenote', when='BEFORE')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='casenote',
            trigger=pgtrigger.compiler.Trigger(name='only_erased', sql=pgtrigger.compiler.UpsertTriggerSql(condition='WHEN (OLD."text" IS DISTINCT FROM (NEW."text") AND NOT (NEW."text" = \'\'))', func="RAISE EXCEPTION 'pgtrigger: Cannot update rows from % table', TG_TABLE_NAME;", hash='62292a5095cfe137ad99be45e5b272316900c8fc', operation='UPDATE', pgid='pgtrigger_only_erased_a4e47', table='memberships_casenote', when='BEFORE')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='casenote',
            trigger=pgtrigger.compiler.Trigger(name='insert_insert', sql=pgtrigger.compiler.UpsertTriggerSql(func='WITH _pgh_attached_context AS ( SELECT _pgh_attach_context() AS value ) INSERT INTO "memberships_casenoteevent" ("corrects_id", "erased_at", "follow_up_on", "followed_up_at", "id", "is_pinned", "key", "kind_id", "member_id", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "written_at", "written_by_id") SELECT new_values."corrects_id", new_values."erased_at", new_values."follow_up_on", new_values."followed_up_at", new_values."id", new_values."is_pinned", new_values."key", new_values."kind_id", new_values."member_id", _pgh_attached_context.value, clock_timestamp(), \'insert\', new_values."id", new_values."written_at", new_values."written_by_id" FROM ( SELECT new_values.* FROM new_values  ) AS new_values, _pgh_attached_context; RETURN NULL;', hash='ff28bb400a43c109e2245000c29e2b6b535bec24', level='STATEMENT', operation='INSERT', pgid='pgtrigger_insert_insert_27dd9', referencing='REFERENCING NEW TABLE AS new_values ', table='memberships_casenote', when='AFTER')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='casenote',
            trigger=pgtrigger.compiler.Trigger(name='update_update', sql=pgtrigger.compiler.UpsertTriggerSql(func='WITH _pgh_attached_context AS ( SELECT _pgh_attach_context() AS value ) INSERT INTO "memberships_casenoteevent" ("corrects_id", "erased_at", "follow_up_on", "followed_up_at", "id", "is_pinned", "key", "kind_id", "member_id", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "written_at", "written_by_id") SELECT new_values."corrects_id", new_values."erased_at", new_values."follow_up_on", new_values."followed_up_at", new_values."id", new_values."is_pinned", new_values."key", new_values."kind_id", new_values."member_id", _pgh_attached_context.value, clock_timestamp(), \'update\', new_values."id", new_values."written_at", new_values."written_by_id" FROM ( SELECT new_values.* FROM old_values FULL JOIN new_values ON (old_values."id") = (new_values."id") WHERE (old_values."corrects_id" IS DISTINCT FROM (new_values."corrects_id") OR old_values."erased_at" IS DISTINCT FROM (new_values."erased_at") OR old_values."follow_up_on" IS DISTINCT FROM (new_values."follow_up_on") OR old_values."followed_up_at" IS DISTINCT FROM (new_values."followed_up_at") OR old_values."id" IS DISTINCT FROM (new_values."id") OR old_values."is_pinned" IS DISTINCT FROM (new_values."is_pinned") OR old_values."key" IS DISTINCT FROM (new_values."key") OR old_values."kind_id" IS DISTINCT FROM (new_values."kind_id") OR old_values."member_id" IS DISTINCT FROM (new_values."member_id") OR old_values."written_at" IS DISTINCT FROM (new_values."written_at") OR old_values."written_by_id" IS DISTINCT FROM (new_values."written_by_id")) ) AS new_values, _pgh_attached_context; RETURN NULL;', hash='57636bb148e085406cbda1b303be31c8aa7e4a8a', level='STATEMENT', operation='UPDATE', pgid='pgtrigger_update_update_d206d', referencing='REFERENCING OLD TABLE AS old_values  NEW TABLE AS new_values ', table='memberships_casenote', when='AFTER')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='casenote',
            trigger=pgtrigger.compiler.Trigger(name='delete_delete', sql=pgtrigger.compiler.UpsertTriggerSql(func='WITH _pgh_attached_context AS ( SELECT _pgh_attach_context() AS value ) INSERT INTO "memberships_casenoteevent" ("corrects_id", "erased_at", "follow_up_on", "followed_up_at", "id", "is_pinned", "key", "kind_id", "member_id", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "written_at", "written_by_id") SELECT old_values."corrects_id", old_values."erased_at", old_values."follow_up_on", old_values."followed_up_at", old_values."id", old_values."is_pinned", old_values."key", old_values."kind_id", old_values."member_id", _pgh_attached_context.value, clock_timestamp(), \'delete\', old_values."id", old_values."written_at", old_values."written_by_id" FROM ( SELECT old_values.* FROM old_values  ) AS old_values, _pgh_attached_context; RETURN NULL;', hash='3bbbbca8947246224830a45b9bf38cc45b495eba', level='STATEMENT', operation='DELETE', pgid='pgtrigger_delete_delete_3d193', referencing='REFERENCING OLD TABLE AS old_values ', table='memberships_casenote', when='AFTER')),
        ),
        migrations.AddIndex(
            model_name='casenotekindevent',
            index=django.contrib.postgres.indexes.BrinIndex(autosummarize=True, fields=['pgh_created_at'], name='memberships_pgh_cre_4f6083_brin', pages_per_range=32),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='casenotekindevent',
            trigger=pgtrigger.compiler.Trigger(name='keep_whole', sql=pgtrigger.compiler.UpsertTriggerSql(func="RAISE EXCEPTION '% only grows', TG_TABLE_NAME USING ERRCODE = 'check_violation';", hash='c5d30c313016e217924b0280f578d1f0f7689b3b', level='STATEMENT', operation='TRUNCATE', pgid='pgtrigger_keep_whole_d4688', table='memberships_casenotekindevent', when='BEFORE')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='casenotekindevent',
            trigger=pgtrigger.compiler.Trigger(name='append_only', sql=pgtrigger.compiler.UpsertTriggerSql(func="RAISE EXCEPTION 'pgtrigger: Cannot update or delete rows from % table', TG_TABLE_NAME;", hash='e5096a49d01dd827da98d00ef14009adc6667242', operation='UPDATE OR DELETE', pgid='pgtrigger_append_only_988fa', table='memberships_casenotekindevent', when='BEFORE')),
        ),
        migrations.RunSQL(KINDS, migrations.RunSQL.noop),
    ]
