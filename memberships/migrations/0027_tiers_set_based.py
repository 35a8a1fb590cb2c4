"""The evaluation of tiers in sets: its functions anew, an index of ends, and keys of rows as triggers of statements."""

from pathlib import Path

import django.db.models.deletion
import pgtrigger.compiler
import pgtrigger.migrations
from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations, models

SQL = Path(__file__).resolve().parent.parent / "sql" / "tiers"
# In the order in which one needs the other.
FUNCTIONS = ("full_years", "numbers", "facts", "decide", "decisions")
# The triggers stand before the keys go: no row is written unchecked.
DROP_COMPOSITE_KEYS = """
ALTER TABLE memberships_tierstanding DROP CONSTRAINT tierstanding_of_members_wallet;
ALTER TABLE memberships_tierstanding DROP CONSTRAINT tierstanding_tier_of_group;
ALTER TABLE memberships_tierchange DROP CONSTRAINT tierchange_of_members_wallet;
"""
COMPOSITE_KEYS = """
ALTER TABLE memberships_tierstanding ADD CONSTRAINT tierstanding_of_members_wallet
    FOREIGN KEY (enrolment_id, member_id) REFERENCES memberships_enrolment (id, member_id);
ALTER TABLE memberships_tierstanding ADD CONSTRAINT tierstanding_tier_of_group
    FOREIGN KEY (tier_id, group_id) REFERENCES memberships_tier (id, group_id);
ALTER TABLE memberships_tierchange ADD CONSTRAINT tierchange_of_members_wallet
    FOREIGN KEY (enrolment_id, member_id) REFERENCES memberships_enrolment (id, member_id);
"""


class Migration(migrations.Migration):
    # An index that is made beside the traffic is not made in a transaction.
    atomic = False
    dependencies = [("memberships", "0026_what_ifs")]

    operations = [
        AddIndexConcurrently(
            model_name="tierstanding",
            index=models.Index(
                condition=models.Q(("held_until__isnull", False)), fields=["held_until", "enrolment"],
                name="tierstanding_ends",
            ),
        ),
        *(
            migrations.RunSQL((SQL / f"{name}.sql").read_text(encoding="utf-8"), migrations.RunSQL.noop)
            for name in FUNCTIONS
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='tier',
            trigger=pgtrigger.compiler.Trigger(name='never_deleted', sql=pgtrigger.compiler.UpsertTriggerSql(func="RAISE EXCEPTION 'pgtrigger: Cannot delete rows from % table', TG_TABLE_NAME;", hash='30021a0deb2ff4009602e3f5f6c8c8267da47db4', operation='DELETE', pgid='pgtrigger_never_deleted_43b2d', table='memberships_tier', when='BEFORE')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='tier',
            trigger=pgtrigger.compiler.Trigger(name='frozen', sql=pgtrigger.compiler.UpsertTriggerSql(condition='WHEN (OLD."id" IS DISTINCT FROM (NEW."id") OR OLD."group_id" IS DISTINCT FROM (NEW."group_id"))', func="RAISE EXCEPTION 'pgtrigger: Cannot update rows from % table', TG_TABLE_NAME;", hash='1d1c5fa76095d64d24968baec58250d12a9b3aa2', operation='UPDATE', pgid='pgtrigger_frozen_cd2f2', table='memberships_tier', when='BEFORE')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='tierchange',
            trigger=pgtrigger.compiler.Trigger(name='of_its_own', sql=pgtrigger.compiler.UpsertTriggerSql(func="IF EXISTS (SELECT 1 FROM new_rows r LEFT JOIN memberships_enrolment w ON w.id = r.enrolment_id AND w.member_id = r.member_id LEFT JOIN memberships_tier t ON t.id = r.to_tier_id AND t.group_id = r.group_id LEFT JOIN memberships_tier f ON f.id = r.from_tier_id AND f.group_id = r.group_id WHERE w.id IS NULL OR t.id IS NULL OR (r.from_tier_id IS NOT NULL AND f.id IS NULL)) THEN RAISE EXCEPTION '% names a wallet of another member or a tier of another ladder', TG_TABLE_NAME USING ERRCODE = 'foreign_key_violation'; END IF; RETURN NULL;", hash='707765dcc6dd1c8e78ef534330c6ca721204fb2f', level='STATEMENT', operation='INSERT', pgid='pgtrigger_of_its_own_0be15', referencing='REFERENCING NEW TABLE AS new_rows ', table='memberships_tierchange', when='AFTER')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='tierstanding',
            trigger=pgtrigger.compiler.Trigger(name='begins_on_its_own', sql=pgtrigger.compiler.UpsertTriggerSql(func="IF EXISTS (SELECT 1 FROM new_rows r LEFT JOIN memberships_enrolment w ON w.id = r.enrolment_id AND w.member_id = r.member_id LEFT JOIN memberships_tier t ON t.id = r.tier_id AND t.group_id = r.group_id WHERE w.id IS NULL OR t.id IS NULL) THEN RAISE EXCEPTION '% names a wallet of another member or a tier of another ladder', TG_TABLE_NAME USING ERRCODE = 'foreign_key_violation'; END IF; RETURN NULL;", hash='328dc1d9c072a5fb4c62118e0ac55ef045a3f8e1', level='STATEMENT', operation='INSERT', pgid='pgtrigger_begins_on_its_own_ed164', referencing='REFERENCING NEW TABLE AS new_rows ', table='memberships_tierstanding', when='AFTER')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='tierstanding',
            trigger=pgtrigger.compiler.Trigger(name='moves_on_its_own', sql=pgtrigger.compiler.UpsertTriggerSql(func="IF EXISTS (SELECT 1 FROM new_rows r LEFT JOIN memberships_tier t ON t.id = r.tier_id AND t.group_id = r.group_id WHERE t.id IS NULL) THEN RAISE EXCEPTION '% names a wallet of another member or a tier of another ladder', TG_TABLE_NAME USING ERRCODE = 'foreign_key_violation'; END IF; RETURN NULL;", hash='9aed1111596940e3906ab0e648b1cc37a2d201e6', level='STATEMENT', operation='UPDATE', pgid='pgtrigger_moves_on_its_own_3ba03', referencing='REFERENCING NEW TABLE AS new_rows ', table='memberships_tierstanding', when='AFTER')),
        ),
        migrations.RunSQL(DROP_COMPOSITE_KEYS, COMPOSITE_KEYS),
        migrations.AlterField(
            model_name="tierchange",
            name="from_tier",
            field=models.ForeignKey(blank=True, db_constraint=False, db_index=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name="+", to="memberships.tier", verbose_name="from"),
        ),
        migrations.AlterField(
            model_name="tierchange",
            name="group",
            field=models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name="+", to="memberships.tiergroup", verbose_name="tier group"),
        ),
        migrations.AlterField(
            model_name="tierchange",
            name="to_tier",
            field=models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name="+", to="memberships.tier", verbose_name="to"),
        ),
    ]
