"""What became of receipts that were nobody's is kept, with who did it and why."""

import django.contrib.postgres.indexes
import django.db.models.deletion
import pgtrigger.compiler
import pgtrigger.migrations
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('credit', '0010_receipts_by_hand'),
        ('operations', '0015_sign_in'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='ReceiptStep',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('state', models.CharField(choices=[('unmatched', 'not matched'), ('matched', 'matched'), ('bounced', 'bounced'), ('set_aside', 'set aside')], max_length=16, verbose_name='state')),
                ('reason', models.CharField(max_length=200, verbose_name='reason')),
                ('on', models.DateField(verbose_name='business date')),
                ('at', models.DateTimeField(verbose_name='at')),
                ('actor', models.ForeignKey(blank=True, db_index=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='operator')),
                ('approval', models.ForeignKey(blank=True, db_index=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='operations.approval', verbose_name='approval')),
                ('checker', models.ForeignKey(blank=True, db_index=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='approved by')),
                ('receipt', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='steps', to='credit.receipt', verbose_name='receipt')),
            ],
            options={
                'verbose_name': 'step of a receipt',
                'verbose_name_plural': 'steps of receipts',
                'indexes': [models.Index(fields=['receipt', 'id'], name='receiptstep_of_receipt'), django.contrib.postgres.indexes.BrinIndex(autosummarize=True, fields=['at'], name='receiptstep_by_instant', pages_per_range=32)],
                'constraints': [models.CheckConstraint(condition=models.Q(models.Q(('approval', None), ('checker', None)), models.Q(('actor__isnull', False), ('approval__isnull', False), ('checker__isnull', False), models.Q(('checker', models.F('actor')), _negated=True)), _connector='OR'), name='receiptstep_two_people')],
            },
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='receiptstep',
            trigger=pgtrigger.compiler.Trigger(name='append_only', sql=pgtrigger.compiler.UpsertTriggerSql(func="RAISE EXCEPTION 'pgtrigger: Cannot update or delete rows from % table', TG_TABLE_NAME;", hash='1fc381d5143812db4820d4a89b307728f06ae843', operation='UPDATE OR DELETE', pgid='pgtrigger_append_only_88283', table='credit_receiptstep', when='BEFORE')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='receiptstep',
            trigger=pgtrigger.compiler.Trigger(name='keep_whole', sql=pgtrigger.compiler.UpsertTriggerSql(func="RAISE EXCEPTION '% only grows', TG_TABLE_NAME USING ERRCODE = 'check_violation';", hash='cbc1d56206b2ab821820327ab25532c7050796b9', level='STATEMENT', operation='TRUNCATE', pgid='pgtrigger_keep_whole_1a699', table='credit_receiptstep', when='BEFORE')),
        ),
    ]
