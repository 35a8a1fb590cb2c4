"""The functions that say what follows members' rights, and the day on which the right that a grant follows ended."""

from pathlib import Path

from django.db import migrations, models

SQL = Path(__file__).resolve().parent.parent / "sql" / "grants"
# In the order in which one needs the other.
FUNCTIONS = {
    "wanted_grants": "DROP FUNCTION benefits_wanted_grants(bigint, bigint, date);",
    "grant_changes": "DROP FUNCTION benefits_grant_changes(bigint, bigint, date);",
}


class Migration(migrations.Migration):
    dependencies = [("benefits", "0003_redeem"), ("memberships", "0029_tiers_kept_whole")]

    operations = [
        migrations.RemoveIndex(model_name="grant", name="grant_following"),
        migrations.AddField(
            model_name="grant",
            name="right_ended_on",
            field=models.DateField(blank=True, null=True, verbose_name="right ended on"),
        ),
        migrations.AddIndex(
            model_name="grant",
            index=models.Index(
                condition=models.Q(("redemption", None), ("rule__isnull", False)), fields=["member", "id"],
                name="grant_following",
            ),
        ),
        *(
            migrations.RunSQL((SQL / f"{name}.sql").read_text(encoding="utf-8"), undo)
            for name, undo in FUNCTIONS.items()
        ),
    ]
