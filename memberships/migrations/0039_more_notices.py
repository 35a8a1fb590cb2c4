"""The functions that say whom a night tells of what is over: cards, renewals, refunds, tiers; and how members are reached."""

from pathlib import Path

from django.db import migrations

SQL = Path(__file__).resolve().parent.parent / "sql" / "notices"
REACH = "DROP FUNCTION memberships_notice_has_mobile(bigint); DROP FUNCTION memberships_notice_has_email(bigint);"
FUNCTIONS = ("card_lapsed", "card_renewed", "refund_paid", "tier_reached")


class Migration(migrations.Migration):
    dependencies = [("memberships", "0038_languages"), ("operations", "0020_notice_rules")]

    operations = [
        migrations.RunSQL((SQL / "has_mobile.sql").read_text(encoding="utf-8"), REACH),
        *(
            migrations.RunSQL(
                (SQL / f"{name}.sql").read_text(encoding="utf-8"),
                f"DROP FUNCTION memberships_notice_{name}(date, integer, bigint, bigint);",
            )
            for name in FUNCTIONS
        ),
    ]
