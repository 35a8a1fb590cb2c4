"""A revision keeps what it was compared with, and why it was left out on its day."""

import pgtrigger.compiler
import pgtrigger.migrations
from django.conf import settings
from django.db import migrations, models


# Revisions that wait now were compared with something that nobody kept: on their day they are left out with a note,
# and can be taken up again.
class Migration(migrations.Migration):

    dependencies = [
        ("memberships", "0022_words"),
        ("operations", "0010_notices"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        pgtrigger.migrations.RemoveTrigger(
            model_name='programmerevision',
            name='submitted_is_frozen',
        ),
        pgtrigger.migrations.RemoveTrigger(
            model_name='programmerevision',
            name='path',
        ),
        migrations.AddField(
            model_name='programmerevision',
            name='base_hash',
            field=models.CharField(blank=True, default='', max_length=64, verbose_name='hash of what it was compared with'),
        ),
        migrations.AddField(
            model_name='programmerevision',
            name='left_out',
            field=models.CharField(blank=True, default='', max_length=500, verbose_name='did not take effect'),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='programmerevision',
            trigger=pgtrigger.compiler.Trigger(name='submitted_is_frozen', sql=pgtrigger.compiler.UpsertTriggerSql(condition="WHEN (OLD.state <> 'draft' AND (OLD.code, OLD.number, OLD.document_hash, OLD.base_hash, OLD.source, OLD.document, OLD.rolled_back_to_id) IS DISTINCT FROM (NEW.code, NEW.number, NEW.document_hash, NEW.base_hash, NEW.source, NEW.document, NEW.rolled_back_to_id))", func="RAISE EXCEPTION 'revision % is submitted and cannot change: make a new one', OLD.id USING ERRCODE = 'check_violation';", hash='35db378e59947e943e57d5fd85126bee843b59f4', operation='UPDATE', pgid='pgtrigger_submitted_is_frozen_011ae', table='memberships_programmerevision', when='BEFORE')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='programmerevision',
            trigger=pgtrigger.compiler.Trigger(name='path', sql=pgtrigger.compiler.UpsertTriggerSql(condition='WHEN (OLD."state" IS DISTINCT FROM NEW."state" AND (OLD."state", NEW."state") NOT IN ((\'draft\', \'submitted\'), (\'draft\', \'rejected\'), (\'submitted\', \'approved\'), (\'submitted\', \'rejected\'), (\'submitted\', \'draft\'), (\'approved\', \'in_effect\'), (\'approved\', \'rejected\'), (\'rejected\', \'draft\'), (\'in_effect\', \'superseded\')))', func='RAISE EXCEPTION \'Invalid transition of % from "%" to "%"\', TG_TABLE_NAME, OLD.state, NEW.state USING ERRCODE = \'check_violation\';', hash='2ccff971595d0101b472ccbf45959d4ac0f5f04c', operation='UPDATE', pgid='pgtrigger_path_a003e', table='memberships_programmerevision', when='BEFORE')),
        ),
        migrations.AddConstraint(
            model_name='programmerevision',
            constraint=models.CheckConstraint(condition=models.Q(('left_out', ''), ('state', 'rejected'), _connector='OR'), name='programmerevision_left_out'),
        ),
    ]
