"""An offer that nothing names yet may be taken back; foreign keys hold the others."""

import pgtrigger.migrations
from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("partners", "0002_follow_grants")]

    operations = [pgtrigger.migrations.RemoveTrigger(model_name="offer", name="never_deleted")]
