"""A credit note of a late fee is less income of fees; a line that is to be closed is not taken up with a card."""

from pathlib import Path

from django.db import migrations, models

SQL = Path(__file__).resolve().parent.parent / "sql"


class Migration(migrations.Migration):

    dependencies = [("credit", "0011_receipt_steps")]

    operations = [
        migrations.RunSQL(
            (SQL / "lapses/lines_to_follow.sql").read_text(encoding="utf-8"), migrations.RunSQL.noop
        ),
        migrations.RemoveConstraint(
            model_name='creditentry',
            name='creditentry_double_entry',
        ),
        migrations.AddConstraint(
            model_name='creditentry',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('credit', 'commitments'), ('debit', 'authorised'), ('kind', 'authorise')), models.Q(('credit', 'authorised'), ('debit', 'commitments'), ('kind', 'release')), models.Q(('credit', 'sales'), ('debit', 'receivable'), ('kind', 'invoice')), models.Q(('credit', 'fees'), ('debit', 'receivable'), ('kind', 'late_fee')), models.Q(('credit', 'receivable'), ('debit__in', ['sales', 'fees']), ('kind', 'credit_note')), models.Q(('credit', 'unapplied'), ('debit', 'cash'), ('kind', 'receipt')), models.Q(('credit', 'receivable'), ('debit', 'unapplied'), ('kind', 'allocate')), models.Q(('credit', 'unapplied'), ('debit', 'receivable'), ('kind__in', ['deallocate', 'reclaim'])), models.Q(('credit', 'cash'), ('debit', 'unapplied'), ('kind__in', ['bounce', 'unmatch', 'refund'])), models.Q(('credit', 'receivable'), ('debit', 'written_off'), ('kind', 'write_off')), models.Q(('credit', 'written_off'), ('debit', 'receivable'), ('kind', 'recover')), _connector='OR'), name='creditentry_double_entry'),
        ),
    ]
