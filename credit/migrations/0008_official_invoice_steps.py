"""Each step of an official invoice is kept, with who took it."""

import django.contrib.postgres.indexes
import django.db.models.deletion
import pgtrigger.compiler
import pgtrigger.migrations
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('credit', '0007_signed_entries'),
        ('memberships', '0032_instants'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='OfficialInvoiceStep',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('state', models.CharField(choices=[('none', 'not requested'), ('requested', 'requested'), ('issued', 'issued'), ('voided', 'voided')], max_length=16, verbose_name='official invoice')),
                ('number', models.CharField(blank=True, max_length=32, verbose_name='number of the official invoice')),
                ('issued_on', models.DateField(blank=True, null=True, verbose_name='official invoice of')),
                ('reason', models.CharField(blank=True, max_length=200, verbose_name='note')),
                ('at', models.DateTimeField(verbose_name='at')),
                ('actor', models.ForeignKey(blank=True, db_index=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='operator')),
                ('invoice', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='official_steps', to='credit.invoice', verbose_name='invoice')),
                ('member', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='memberships.member', verbose_name='member')),
            ],
            options={
                'verbose_name': 'step of an official invoice',
                'verbose_name_plural': 'steps of official invoices',
                'indexes': [models.Index(fields=['invoice', 'id'], name='officialinvoicestep_of_invoice'), django.contrib.postgres.indexes.BrinIndex(autosummarize=True, fields=['at'], name='officialinvoicestep_by_instant', pages_per_range=32)],
            },
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='officialinvoicestep',
            trigger=pgtrigger.compiler.Trigger(name='append_only', sql=pgtrigger.compiler.UpsertTriggerSql(func="RAISE EXCEPTION 'pgtrigger: Cannot update or delete rows from % table', TG_TABLE_NAME;", hash='3ec2ef201452366d7c435d870ad175b6be94578d', operation='UPDATE OR DELETE', pgid='pgtrigger_append_only_62b62', table='credit_officialinvoicestep', when='BEFORE')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='officialinvoicestep',
            trigger=pgtrigger.compiler.Trigger(name='keep_whole', sql=pgtrigger.compiler.UpsertTriggerSql(func="RAISE EXCEPTION '% only grows', TG_TABLE_NAME USING ERRCODE = 'check_violation';", hash='3f7109e8d3c38036dff31398ba3530d209b125a8', level='STATEMENT', operation='TRUNCATE', pgid='pgtrigger_keep_whole_1d3fb', table='credit_officialinvoicestep', when='BEFORE')),
        ),
    ]
