"""Functions of renewals and lapses; the import's comparison knows the days of grace; an event for money taken twice."""

from pathlib import Path

from django.db import migrations, models

SQL = Path(__file__).resolve().parent.parent / "sql"
FUNCTIONS = {
    "term_ends_on": "DROP FUNCTION memberships_term_ends_on(date, date, integer);",
    "renewals/due_renewals": "DROP FUNCTION memberships_due_renewals(date, bigint, bigint);",
    "payments/payments_to_retry": "DROP FUNCTION memberships_payments_to_retry(date, bigint, bigint, boolean, bigint);",
    "payments/still_wanted": "DROP FUNCTION memberships_payment_still_wanted(bigint, date);",
    "lapses/ending_cards": "DROP FUNCTION memberships_ending_cards(date, bigint, bigint);",
}
KINDS = [
    ("requested", "requested"), ("succeeded", "succeeded"), ("declined", "declined"), ("unknown", "no answer"),
    ("absent", "the gateway never got it"), ("abandoned", "abandoned"), ("contradicted", "paid all the same"),
    ("refund_requested", "refund requested"), ("refunded", "refunded"), ("refund_declined", "refund declined"),
    ("refund_unknown", "refund: no answer"),
]


class Migration(migrations.Migration):
    dependencies = [("memberships", "0005_points_expiry_key")]

    operations = [
        *(
            migrations.RunSQL((SQL / f"{name}.sql").read_text(encoding="utf-8"), undo)
            for name, undo in FUNCTIONS.items()
        ),
        migrations.AlterField("paymentevent", "kind", models.CharField(choices=KINDS, max_length=20, verbose_name="kind")),
    ]
