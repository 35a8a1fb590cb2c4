"""What happened in a period is found by its instant: in the trail, and in what else only grows."""

from django.contrib.postgres.indexes import BrinIndex
from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations

#: Model, field and index.
INSTANTS = (
    ("adjustmentreasonevent", "pgh_created_at", "memberships_pgh_cre_c489f7_brin"),
    ("creditrequestevent", "pgh_created_at", "memberships_pgh_cre_4ce995_brin"),
    ("earnpromotionevent", "pgh_created_at", "memberships_pgh_cre_71acb1_brin"),
    ("earnruleevent", "pgh_created_at", "memberships_pgh_cre_e90653_brin"),
    ("enterprisecustomerevent", "pgh_created_at", "memberships_pgh_cre_15c367_brin"),
    ("lotextension", "at", "lotextension_by_instant"),
    ("membercontactevent", "pgh_created_at", "memberships_pgh_cre_a81491_brin"),
    ("memberevent", "pgh_created_at", "memberships_pgh_cre_9ba84c_brin"),
    ("memberreferenceevent", "pgh_created_at", "memberships_pgh_cre_90b886_brin"),
    ("order", "recorded_at", "order_by_instant"),
    ("paymentmethodevent", "pgh_created_at", "memberships_pgh_cre_c332a3_brin"),
    ("planevent", "pgh_created_at", "memberships_pgh_cre_354fe5_brin"),
    ("pointsentry", "at", "pointsentry_by_instant"),
    ("pointspolicyevent", "pgh_created_at", "memberships_pgh_cre_80ec9b_brin"),
    ("programmeevent", "pgh_created_at", "memberships_pgh_cre_c6707b_brin"),
    ("programmerevisionevent", "pgh_created_at", "memberships_pgh_cre_ce9edb_brin"),
    ("subscriptionevent", "pgh_created_at", "memberships_pgh_cre_88708c_brin"),
    ("termevent", "pgh_created_at", "memberships_pgh_cre_43a682_brin"),
    ("tierchange", "at", "tierchange_by_instant"),
    ("tierevent", "pgh_created_at", "memberships_pgh_cre_f5b819_brin"),
    ("tiergroupevent", "pgh_created_at", "memberships_pgh_cre_8255dd_brin"),
)


class Migration(migrations.Migration):
    # Indexes that are made beside the traffic are not made in a transaction.
    atomic = False
    dependencies = [("memberships", "0031_contact_names")]

    operations = [
        AddIndexConcurrently(
            model_name=model, index=BrinIndex(fields=[field], name=name, pages_per_range=32, autosummarize=True)
        )
        for model, field, name in INSTANTS
    ]
