"""What happened in a period is found by its instant: in the trail, and in what else only grows."""

from django.contrib.postgres.indexes import BrinIndex
from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations

#: Model, field and index.
INSTANTS = (
    ("balanceconfirmationevent", "pgh_created_at", "credit_bala_pgh_cre_5e7779_brin"),
    ("blockingexclusionevent", "pgh_created_at", "credit_bloc_pgh_cre_842b27_brin"),
    ("creditdecision", "at", "creditdecision_by_instant"),
    ("creditentry", "at", "creditentry_by_instant"),
    ("creditlineevent", "pgh_created_at", "credit_cred_pgh_cre_2e01eb_brin"),
    ("creditnote", "at", "creditnote_by_instant"),
    ("creditpolicyevent", "pgh_created_at", "credit_cred_pgh_cre_a0f8b8_brin"),
    ("holidayevent", "pgh_created_at", "credit_holi_pgh_cre_4e4420_brin"),
    ("lineversion", "at", "lineversion_by_instant"),
    ("overduechange", "at", "overduechange_by_instant"),
    ("overduepauseevent", "pgh_created_at", "credit_over_pgh_cre_bb87ea_brin"),
    ("temporaryincreaseevent", "pgh_created_at", "credit_temp_pgh_cre_272d31_brin"),
)


class Migration(migrations.Migration):
    # Indexes that are made beside the traffic are not made in a transaction.
    atomic = False
    dependencies = [("credit", "0005_rules_of_draws")]

    operations = [
        AddIndexConcurrently(
            model_name=model, index=BrinIndex(fields=[field], name=name, pages_per_range=32, autosummarize=True)
        )
        for model, field, name in INSTANTS
    ]
