import pgtrigger.compiler
import pgtrigger.migrations
from django.db import migrations


class Migration(migrations.Migration):

    dependencies = [
        ('operations', '0005_run_summary'),
    ]

    operations = [
        pgtrigger.migrations.RemoveTrigger(
            model_name='outboxmessage',
            name='path',
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='outboxmessage',
            trigger=pgtrigger.compiler.Trigger(name='path', sql=pgtrigger.compiler.UpsertTriggerSql(condition='WHEN (OLD."state" IS DISTINCT FROM NEW."state" AND (OLD."state", NEW."state") NOT IN ((\'queued\', \'sent\'), (\'queued\', \'unheard\'), (\'queued\', \'parked\'), (\'parked\', \'queued\'), (\'unheard\', \'queued\')))', func='RAISE EXCEPTION \'Invalid transition of % from "%" to "%"\', TG_TABLE_NAME, OLD.state, NEW.state USING ERRCODE = \'check_violation\';', hash='0ad5b7bf733cbcedad607dabe68c2fe96a7afb8f', operation='UPDATE', pgid='pgtrigger_path_eccad', table='operations_outboxmessage', when='BEFORE')),
        ),
    ]
