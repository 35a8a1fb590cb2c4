"""The functions that use a benefit and take a use back; a return's key is used once."""

from pathlib import Path

from django.db import migrations, models

SQL = Path(__file__).resolve().parent.parent / "sql" / "redemptions"
REDEEM = "bigint, bigint, text, bigint, text, text, bigint, text, date, timestamptz, bigint, text, text[]"
RETURN = "bigint, text, bigint, date, timestamptz, bigint, text"


class Migration(migrations.Migration):
    dependencies = [("benefits", "0003_pricing"), ("memberships", "0029_tiers_kept_whole")]

    operations = [
        migrations.AddConstraint(
            model_name="redemption",
            constraint=models.UniqueConstraint(
                condition=models.Q(("return_key", ""), _negated=True), fields=("member", "return_key"),
                name="redemption_return_key",
            ),
        ),
        migrations.RunSQL(
            (SQL / "redeem_benefit.sql").read_text(encoding="utf-8"), f"DROP FUNCTION benefits_redeem({REDEEM});"
        ),
        migrations.RunSQL(
            (SQL / "return_redemption.sql").read_text(encoding="utf-8"),
            f"DROP FUNCTION benefits_return_redemption({RETURN});",
        ),
    ]
