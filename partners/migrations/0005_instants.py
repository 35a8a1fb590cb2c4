"""What happened in a period is found by its instant: in the trail, and in what else only grows."""

from django.contrib.postgres.indexes import BrinIndex
from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations

#: Model, field and index.
INSTANTS = (
    ("fulfilmentevent", "at", "fulfilmentevent_by_instant"),
    ("offerevent", "pgh_created_at", "partners_of_pgh_cre_cf8cf1_brin"),
    ("partnercontactevent", "pgh_created_at", "partners_pa_pgh_cre_bcd3f4_brin"),
    ("partnerevent", "pgh_created_at", "partners_pa_pgh_cre_18240f_brin"),
    ("partnerkeyevent", "pgh_created_at", "partners_pa_pgh_cre_ccd00c_brin"),
    ("partnerstatementevent", "pgh_created_at", "partners_pa_pgh_cre_cd582c_brin"),
    ("registrationgiftevent", "pgh_created_at", "partners_re_pgh_cre_92eb97_brin"),
    ("settlementadjustment", "at", "settlementadjustment_by_instant"),
    ("settlementevent", "pgh_created_at", "partners_se_pgh_cre_ae0dbf_brin"),
    ("statusmatchevent", "pgh_created_at", "partners_st_pgh_cre_b04dd6_brin"),
    ("statusmatchruleevent", "pgh_created_at", "partners_st_pgh_cre_96bfff_brin"),
)


class Migration(migrations.Migration):
    # Indexes that are made beside the traffic are not made in a transaction.
    atomic = False
    dependencies = [("partners", "0004_followed_offers")]

    operations = [
        AddIndexConcurrently(
            model_name=model, index=BrinIndex(fields=[field], name=name, pages_per_range=32, autosummarize=True)
        )
        for model, field, name in INSTANTS
    ]
