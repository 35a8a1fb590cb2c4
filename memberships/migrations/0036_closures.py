"""Closed accounts: what was erased does not come back, and points that are left are given up."""

import django.db.models.deletion
import operations.models.sealed
import pgtrigger.compiler
import pgtrigger.migrations
from django.conf import settings
from django.db import migrations, models

REASON = """
INSERT INTO memberships_adjustmentreason (code, name, name_en, is_active) VALUES
    ('account-closed', '账户注销', 'Account closed', false);
"""


class Migration(migrations.Migration):

    dependencies = [
        ('memberships', '0035_case_notes'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='AccountClosure',
            fields=[
                ('member', models.OneToOneField(on_delete=django.db.models.deletion.PROTECT, primary_key=True, related_name='closure', serialize=False, to='memberships.member', verbose_name='member')),
                ('on', models.DateField(verbose_name='business date')),
                ('at', models.DateTimeField(verbose_name='at')),
                ('actor', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='asked for by')),
                ('checker', models.ForeignKey(blank=True, db_index=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='approved by')),
                ('reason', models.CharField(max_length=200, verbose_name='reason')),
                ('erased', models.JSONField(default=dict, verbose_name='erased')),
                ('marks', operations.models.sealed.SealedTextField(null=True, verbose_name='to be searched for in files')),
                ('searched_at', models.DateTimeField(blank=True, null=True, verbose_name='files searched at')),
            ],
            options={
                'verbose_name': 'closed account',
                'verbose_name_plural': 'closed accounts',
                'permissions': [('close_account', 'Can ask for accounts to be closed and their personal data erased')],
            },
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='membercontact',
            trigger=pgtrigger.compiler.Trigger(name='forgotten_insert', sql=pgtrigger.compiler.UpsertTriggerSql(func="\n    IF EXISTS (\n        SELECT FROM new_values contact\n        JOIN memberships_accountclosure closure ON closure.member_id = contact.member_id\n        WHERE (contact.name, contact.mobile, contact.email) <> ('', '', '')\n    ) THEN\n        RAISE EXCEPTION 'the account of a member was closed: nothing personal is kept of them'\n            USING ERRCODE = 'check_violation';\n    END IF;\n    RETURN NULL;\n", hash='25b0389610d1839392151ff5820d6334e4ca7e37', level='STATEMENT', operation='INSERT', pgid='pgtrigger_forgotten_insert_3eae0', referencing='REFERENCING NEW TABLE AS new_values ', table='memberships_membercontact', when='AFTER')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='membercontact',
            trigger=pgtrigger.compiler.Trigger(name='forgotten_update', sql=pgtrigger.compiler.UpsertTriggerSql(func="\n    IF EXISTS (\n        SELECT FROM new_values contact\n        JOIN memberships_accountclosure closure ON closure.member_id = contact.member_id\n        WHERE (contact.name, contact.mobile, contact.email) <> ('', '', '')\n    ) THEN\n        RAISE EXCEPTION 'the account of a member was closed: nothing personal is kept of them'\n            USING ERRCODE = 'check_violation';\n    END IF;\n    RETURN NULL;\n", hash='4ea349c4de5edea2c16a3fe256c4a4c80c24315f', level='STATEMENT', operation='UPDATE', pgid='pgtrigger_forgotten_update_465de', referencing='REFERENCING NEW TABLE AS new_values ', table='memberships_membercontact', when='AFTER')),
        ),
        migrations.AddIndex(
            model_name='accountclosure',
            index=models.Index(condition=models.Q(('searched_at', None)), fields=['member'], name='accountclosure_to_search'),
        ),
        migrations.AddConstraint(
            model_name='accountclosure',
            constraint=models.CheckConstraint(condition=models.Q(('reason', ''), _negated=True), name='accountclosure_has_reason'),
        ),
        migrations.AddConstraint(
            model_name='accountclosure',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('marks__isnull', False), ('searched_at', None)), models.Q(('marks__isnull', True), ('searched_at__isnull', False)), _connector='OR'), name='accountclosure_searched_once'),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='accountclosure',
            trigger=pgtrigger.compiler.Trigger(name='never_deleted', sql=pgtrigger.compiler.UpsertTriggerSql(func="RAISE EXCEPTION 'pgtrigger: Cannot delete rows from % table', TG_TABLE_NAME;", hash='96615ed8e3feedb6c8b2a8f164caec6c8b278589', operation='DELETE', pgid='pgtrigger_never_deleted_441ac', table='memberships_accountclosure', when='BEFORE')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='accountclosure',
            trigger=pgtrigger.compiler.Trigger(name='frozen', sql=pgtrigger.compiler.UpsertTriggerSql(condition='WHEN (OLD."member_id" IS DISTINCT FROM (NEW."member_id") OR OLD."on" IS DISTINCT FROM (NEW."on") OR OLD."at" IS DISTINCT FROM (NEW."at") OR OLD."actor_id" IS DISTINCT FROM (NEW."actor_id") OR OLD."checker_id" IS DISTINCT FROM (NEW."checker_id") OR OLD."reason" IS DISTINCT FROM (NEW."reason") OR OLD."erased" IS DISTINCT FROM (NEW."erased"))', func="RAISE EXCEPTION 'pgtrigger: Cannot update rows from % table', TG_TABLE_NAME;", hash='6866103c6876a4c87ab74c775c02799911ae6eb1', operation='UPDATE', pgid='pgtrigger_frozen_8b6d3', table='memberships_accountclosure', when='BEFORE')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='accountclosure',
            trigger=pgtrigger.compiler.Trigger(name='keep_whole', sql=pgtrigger.compiler.UpsertTriggerSql(func="RAISE EXCEPTION '% only grows', TG_TABLE_NAME USING ERRCODE = 'check_violation';", hash='b8e25d00d73929e7fee89ffe233c4fa1a31be0c3', level='STATEMENT', operation='TRUNCATE', pgid='pgtrigger_keep_whole_41f35', table='memberships_accountclosure', when='BEFORE')),
        ),
        migrations.RunSQL(REASON, migrations.RunSQL.noop),
    ]
