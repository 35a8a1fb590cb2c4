"""What-ifs are counted in the background and kept; which cards move says what it rests on."""

from pathlib import Path

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

MOVING_CARDS = Path(__file__).resolve().parent.parent / "sql" / "programmes" / "moving_cards.sql"


class Migration(migrations.Migration):

    dependencies = [
        ("memberships", "0025_idled_after"),
        ("operations", "0010_notices"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='WhatIf',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('content_hash', models.CharField(max_length=64, verbose_name='hash of the content')),
                ('base_hash', models.CharField(blank=True, default='', max_length=64, verbose_name='hash of what it was compared with')),
                ('on', models.DateField(verbose_name='evaluated on')),
                ('ladders', models.JSONField(verbose_name='ladders')),
                ('counts', models.JSONField(default=dict, verbose_name='counts')),
                ('asked_at', models.DateTimeField(verbose_name='asked at')),
                ('counted_at', models.DateTimeField(blank=True, null=True, verbose_name='counted at')),
                ('asked_by', models.ForeignKey(blank=True, db_index=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='asked by')),
                ('programme', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='what_ifs', to='memberships.programme', verbose_name='programme')),
                ('revision', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='what_ifs', to='memberships.programmerevision', verbose_name='programme revision')),
                ('run', models.ForeignKey(blank=True, db_index=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='operations.jobrun', verbose_name='job run')),
            ],
            options={
                'verbose_name': 'what-if',
                'verbose_name_plural': 'what-ifs',
                'indexes': [models.Index(condition=models.Q(('revision', None)), fields=['content_hash', 'on'], name='whatif_typed')],
            },
        ),
        # Another column: the function has to be made anew, as a fresh database has it since 0015.
        migrations.RunSQL(
            "DROP FUNCTION memberships_moving_cards(date, bigint, bigint);" + MOVING_CARDS.read_text(encoding="utf-8"),
            migrations.RunSQL.noop,
        ),
    ]
