"""What was paid for a card that went with a merge is told of the card that goes on."""

from pathlib import Path

from django.db import migrations

SPANS = Path(__file__).resolve().parent.parent / "sql" / "values" / "spans.sql"


class Migration(migrations.Migration):
    dependencies = [("benefits", "0014_merged_holders"), ("memberships", "0045_merged_cards")]

    operations = [migrations.RunSQL(SPANS.read_text(encoding="utf-8"), migrations.RunSQL.noop)]
