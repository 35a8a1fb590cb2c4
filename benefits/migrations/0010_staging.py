"""Staging tables of what is imported: brands, and daily figures of campaigns."""

import django.contrib.postgres.fields
from django.db import migrations, models

# One UNLOGGED partition a batch; see operations/imports/staging.py.
BRANDS = """
CREATE TABLE benefits_staged_brand (
    batch_id bigint NOT NULL,
    line bigint NOT NULL,
    verdict text NOT NULL,
    object_id bigint,
    faults jsonb,
    code text,
    name text,
    name_en text,
    category text,
    clears text[]
) PARTITION BY LIST (batch_id);
"""
FIGURES = """
CREATE TABLE benefits_staged_campaignfigure (
    batch_id bigint NOT NULL,
    line bigint NOT NULL,
    verdict text NOT NULL,
    object_id bigint,
    faults jsonb,
    campaign_id bigint,
    reported_on text,
    buyer_group text,
    buyers bigint,
    orders bigint,
    amount numeric(18, 2),
    clears text[]
) PARTITION BY LIST (batch_id);
"""


class Migration(migrations.Migration):

    dependencies = [
        ('benefits', '0009_budget_days'),
    ]

    operations = [
        migrations.CreateModel(
            name='StagedBrand',
            fields=[
                ('batch_id', models.BigIntegerField()),
                ('line', models.BigIntegerField(primary_key=True, serialize=False)),
                ('verdict', models.CharField(choices=[('new', 'new'), ('changed', 'changed'), ('unchanged', 'unchanged'), ('invalid', 'invalid'), ('duplicate', 'duplicate')], max_length=16)),
                ('object_id', models.BigIntegerField(null=True)),
                ('faults', models.JSONField(null=True)),
                ('code', models.TextField(null=True)),
                ('name', models.TextField(null=True)),
                ('name_en', models.TextField(null=True)),
                ('category', models.TextField(null=True)),
                ('clears', django.contrib.postgres.fields.ArrayField(base_field=models.TextField(), null=True, size=None)),
            ],
            options={
                'db_table': 'benefits_staged_brand',
                'abstract': False,
                'managed': False,
            },
        ),
        migrations.CreateModel(
            name='StagedCampaignFigure',
            fields=[
                ('batch_id', models.BigIntegerField()),
                ('line', models.BigIntegerField(primary_key=True, serialize=False)),
                ('verdict', models.CharField(choices=[('new', 'new'), ('changed', 'changed'), ('unchanged', 'unchanged'), ('invalid', 'invalid'), ('duplicate', 'duplicate')], max_length=16)),
                ('object_id', models.BigIntegerField(null=True)),
                ('faults', models.JSONField(null=True)),
                ('campaign_id', models.BigIntegerField(null=True)),
                ('reported_on', models.TextField(null=True)),
                ('buyer_group', models.TextField(null=True)),
                ('buyers', models.BigIntegerField(null=True)),
                ('orders', models.BigIntegerField(null=True)),
                ('amount', models.DecimalField(decimal_places=2, max_digits=18, null=True)),
                ('clears', django.contrib.postgres.fields.ArrayField(base_field=models.TextField(), null=True, size=None)),
            ],
            options={
                'db_table': 'benefits_staged_campaignfigure',
                'abstract': False,
                'managed': False,
            },
        ),
        migrations.RunSQL(BRANDS, "DROP TABLE benefits_staged_brand;"),
        migrations.RunSQL(FIGURES, "DROP TABLE benefits_staged_campaignfigure;"),
    ]
