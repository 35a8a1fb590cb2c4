"""What happened in a period is found by its instant: in the trail, and in what else only grows."""

from django.contrib.postgres.indexes import BrinIndex
from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations

#: Model, field and index.
INSTANTS = (
    ("benefitevent", "pgh_created_at", "benefits_be_pgh_cre_db28bb_brin"),
    ("benefitruleevent", "pgh_created_at", "benefits_be_pgh_cre_41c8eb_brin"),
    ("benefitstockevent", "pgh_created_at", "benefits_be_pgh_cre_475bc5_brin"),
    ("benefittermsevent", "pgh_created_at", "benefits_be_pgh_cre_23d045_brin"),
    ("budgetentry", "at", "budgetentry_by_instant"),
    ("budgetevent", "pgh_created_at", "benefits_bu_pgh_cre_7eb3ca_brin"),
    ("choicegroupevent", "pgh_created_at", "benefits_ch_pgh_cre_0888b0_brin"),
    ("choiceoptionevent", "pgh_created_at", "benefits_ch_pgh_cre_51efe2_brin"),
    ("keptanswer", "at", "keptanswer_by_instant"),
    ("membersegmentevent", "pgh_created_at", "benefits_me_pgh_cre_0c46f9_brin"),
    ("pricingpolicyevent", "pgh_created_at", "benefits_pr_pgh_cre_be72fd_brin"),
)


class Migration(migrations.Migration):
    # Indexes that are made beside the traffic are not made in a transaction.
    atomic = False
    dependencies = [("benefits", "0005_value_lines")]

    operations = [
        AddIndexConcurrently(
            model_name=model, index=BrinIndex(fields=[field], name=name, pages_per_range=32, autosummarize=True)
        )
        for model, field, name in INSTANTS
    ]
