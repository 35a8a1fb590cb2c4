"""Firms and contacts are found by what stands in their names, and by the initials of those in pinyin.

Expressions of the names, indexed beside the traffic: no column is added and no row is written. A beginning of a
contact's name is found by its pairs as well; the index of beginnings goes.
"""

from pathlib import Path

import django.contrib.postgres.indexes
from django.contrib.postgres.operations import AddIndexConcurrently, RemoveIndexConcurrently
from django.db import migrations, models
from django.db.models import Q

from memberships.models.names import NameInitials, NamePairs

SQL = Path(__file__).resolve().parent.parent / "sql" / "names"
NAMED = ~Q(name="")


def _initials(name: str, *, is_person: bool) -> django.contrib.postgres.indexes.OpClass:
    return django.contrib.postgres.indexes.OpClass(NameInitials(name, is_person=is_person), name="text_pattern_ops")


class Migration(migrations.Migration):
    # An index that is made beside the traffic is not made in a transaction.
    atomic = False
    dependencies = [("memberships", "0047_text_messages")]

    operations = [
        migrations.RunSQL(
            (SQL / "pairs.sql").read_text(encoding="utf-8"), "DROP FUNCTION name_pairs(text, bigint)"
        ),
        migrations.RunSQL(
            (SQL / "initials.sql").read_text(encoding="utf-8"), "DROP FUNCTION name_initials(text, boolean)"
        ),
        AddIndexConcurrently(
            "enterprisecustomer",
            django.contrib.postgres.indexes.GinIndex(NamePairs("legal_name", "member_id"), name="customer_name_pairs"),
        ),
        AddIndexConcurrently(
            "enterprisecustomer",
            models.Index(_initials("legal_name", is_person=False), name="customer_initials"),
        ),
        AddIndexConcurrently(
            "membercontact",
            django.contrib.postgres.indexes.GinIndex(
                NamePairs("name", "id"), name="contact_name_pairs", condition=NAMED
            ),
        ),
        AddIndexConcurrently(
            "membercontact",
            models.Index(_initials("name", is_person=True), name="contact_initials", condition=NAMED),
        ),
        RemoveIndexConcurrently("membercontact", "contact_name_prefix"),
    ]
