"""Codes are claimed and voided with the grants they are given for, and imported; files know when they are due."""

from pathlib import Path

import django.contrib.postgres.fields
import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

SQL = Path(__file__).resolve().parent.parent / "sql" / "vouchers"
FUNCTIONS = {
    "claim": "DROP TRIGGER partners_claim_codes ON benefits_grant; DROP FUNCTION partners_claim_codes();",
    "void_ended": "DROP TRIGGER partners_void_ended_codes ON benefits_grant; DROP FUNCTION partners_void_ended_codes();",
    "keep_claimed": "DROP TRIGGER partners_keep_claimed ON benefits_redemption; DROP FUNCTION partners_keep_claimed();",
}
# One UNLOGGED partition a batch; see operations/imports/staging.py.
STAGING = """
CREATE TABLE partners_staged_vouchercode (
    batch_id bigint NOT NULL,
    line bigint NOT NULL,
    verdict text NOT NULL,
    object_id bigint,
    faults jsonb,
    offer_id bigint,
    code bytea,
    code_hash bytea,
    ending text,
    expires_on date,
    clears text[]
) PARTITION BY LIST (batch_id);
"""
DROP_STAGING = "DROP TABLE partners_staged_vouchercode;"


class Migration(migrations.Migration):

    dependencies = [
        ('benefits', '0004_grants'),
        ('operations', '0012_api_clients'),
        ('partners', '0006_statements'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='StagedVoucherCode',
            fields=[
                ('batch_id', models.BigIntegerField()),
                ('line', models.BigIntegerField(primary_key=True, serialize=False)),
                ('verdict', models.CharField(choices=[('new', 'new'), ('changed', 'changed'), ('unchanged', 'unchanged'), ('invalid', 'invalid'), ('duplicate', 'duplicate')], max_length=16)),
                ('object_id', models.BigIntegerField(null=True)),
                ('faults', models.JSONField(null=True)),
                ('offer_id', models.BigIntegerField(null=True)),
                ('code', models.BinaryField(null=True)),
                ('code_hash', models.BinaryField(null=True)),
                ('ending', models.TextField(null=True)),
                ('expires_on', models.DateField(null=True)),
                ('clears', django.contrib.postgres.fields.ArrayField(base_field=models.TextField(), null=True, size=None)),
            ],
            options={
                'db_table': 'partners_staged_vouchercode',
                'abstract': False,
                'managed': False,
            },
        ),
        migrations.CreateModel(
            name='CodeStock',
            fields=[
                ('offer', models.OneToOneField(on_delete=django.db.models.deletion.PROTECT, primary_key=True, related_name='code_stock', serialize=False, to='partners.offer', verbose_name='offer')),
                ('low_since', models.DateTimeField(blank=True, null=True, verbose_name='low since')),
                ('warnings', models.PositiveIntegerField(default=0, verbose_name='warnings')),
            ],
            options={
                'verbose_name': 'stock of voucher codes',
                'verbose_name_plural': 'stocks of voucher codes',
                'default_permissions': ('view',),
            },
        ),
        migrations.AddField(
            model_name='dailyfile',
            name='attempts',
            field=models.PositiveIntegerField(db_default=0, default=0, verbose_name='attempts'),
        ),
        migrations.AddField(
            model_name='dailyfile',
            name='next_attempt_at',
            field=models.DateTimeField(blank=True, null=True, verbose_name='next attempt at'),
        ),
        migrations.AddField(
            model_name='dailyfile',
            name='tally',
            field=models.JSONField(blank=True, db_default={}, default=dict, verbose_name='result in figures'),
        ),
        migrations.AddField(
            model_name='vouchercode',
            name='voided_at',
            field=models.DateTimeField(blank=True, null=True, verbose_name='void since'),
        ),
        migrations.AddField(
            model_name='vouchercode',
            name='voided_by',
            field=models.ForeignKey(blank=True, db_index=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='voided by'),
        ),
        migrations.AddIndex(
            model_name='vouchercode',
            index=models.Index(fields=['offer', 'state', 'id'], name='vouchercode_by_state'),
        ),
        *(
            migrations.RunSQL((SQL / f"{name}.sql").read_text(encoding="utf-8"), undo)
            for name, undo in FUNCTIONS.items()
        ),
        migrations.RunSQL(STAGING, DROP_STAGING),
    ]
