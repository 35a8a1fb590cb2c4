"""What was paid back of a receipt that bounces is claimed: an invoice and an entry of kinds of their own."""

from pathlib import Path

from django.db import migrations, models
from django.db.models import Q

SQL = Path(__file__).resolve().parent.parent / "sql"
FOLLOWS_ITS_KIND = (
    Q(kind__in=["authorise", "release"], authorisation__isnull=False, invoice=None, receipt=None)
    | Q(kind__in=["invoice", "late_fee"], invoice__isnull=False, receipt=None)
    | Q(kind="credit_note", invoice__isnull=False, credit_note__isnull=False, receipt=None)
    | Q(kind__in=["receipt", "bounce", "unmatch", "refund"], receipt__isnull=False, invoice=None)
    | Q(kind__in=["allocate", "reclaim"], receipt__isnull=False, invoice__isnull=False)
    | Q(kind="deallocate", receipt__isnull=False, invoice__isnull=False, reverses__isnull=False)
    | Q(kind="write_off", invoice__isnull=False, receipt=None)
    | Q(kind="recover", invoice__isnull=False, receipt=None, reverses__isnull=False)
)
DOUBLE_ENTRY = (
    Q(kind="authorise", debit="authorised", credit="commitments")
    | Q(kind="release", debit="commitments", credit="authorised")
    | Q(kind="invoice", debit="receivable", credit="sales")
    | Q(kind="late_fee", debit="receivable", credit="fees")
    | Q(kind="credit_note", debit="sales", credit="receivable")
    | Q(kind="receipt", debit="cash", credit="unapplied")
    | Q(kind="allocate", debit="unapplied", credit="receivable")
    | Q(kind__in=["deallocate", "reclaim"], debit="receivable", credit="unapplied")
    | Q(kind__in=["bounce", "unmatch", "refund"], debit="unapplied", credit="cash")
    | Q(kind="write_off", debit="written_off", credit="receivable")
    | Q(kind="recover", debit="receivable", credit="written_off")
)


class Migration(migrations.Migration):
    dependencies = [("credit", "0008_official_invoice_steps")]

    operations = [
        migrations.AlterField(
            model_name="invoice", name="kind",
            field=models.CharField(
                choices=[("purchase", "purchase"), ("late_fee", "late fee"), ("claim", "claim of a refund")],
                db_default="purchase", default="purchase", max_length=16, verbose_name="kind",
            ),
        ),
        migrations.AlterField(
            model_name="creditentry", name="kind",
            field=models.CharField(
                choices=[
                    ("authorise", "authorise"), ("release", "release"), ("invoice", "invoice"),
                    ("late_fee", "late fee"), ("credit_note", "credit note"), ("receipt", "receipt"),
                    ("allocate", "allocate"), ("deallocate", "take an allocation back"), ("bounce", "bounced"),
                    ("unmatch", "no longer matched"), ("refund", "paid back"),
                    ("reclaim", "claim what was paid back"), ("write_off", "write off"),
                    ("recover", "take a write-off back"),
                ],
                max_length=16, verbose_name="kind",
            ),
        ),
        migrations.RemoveConstraint(model_name="creditentry", name="creditentry_follows_its_kind"),
        migrations.RemoveConstraint(model_name="creditentry", name="creditentry_double_entry"),
        migrations.AddConstraint(
            model_name="creditentry",
            constraint=models.CheckConstraint(condition=FOLLOWS_ITS_KIND, name="creditentry_follows_its_kind"),
        ),
        migrations.AddConstraint(
            model_name="creditentry",
            constraint=models.CheckConstraint(condition=DOUBLE_ENTRY, name="creditentry_double_entry"),
        ),
        # Made by 0002 on a new database; made again for those of before.
        migrations.RunSQL(
            (SQL / "ledger" / "book_entries.sql").read_text(encoding="utf-8"), migrations.RunSQL.noop
        ),
    ]
