"""Invoices out of a checked list: set-based statements over the staging rows of one batch.

Rows draw on their lines in the file's order, as if each were entered by hand (invoices.py): what a rule stops is
invalid, and of what does not fit into the limit the row that does not, while a smaller one after it may. All rows of a
line are written by the chunk that has the first of them, whoever works on which chunk; the line is locked and the rows
are judged again before. Every statement may run twice: rows that were done have an ImportRow.
"""

from collections import defaultdict
from datetime import date

from django.db.models import Count, Q
from django.utils.formats import number_format
from django.utils.translation import gettext as _

from credit.errors import money
from credit.services import statements
from credit.services.blocking import let_go_of_over
from credit.services.invoices import OURS
from operations.models import ImportBatch, ImportRow

Outcome = ImportRow.Outcome


def resolve_repeats(batch: ImportBatch) -> None:
    """A number that stands in the file again: one of identical rows stays, differing ones are all invalid."""
    statements.run("import_invoices/resolve_repeats", batch=batch.pk, column=_headers(batch)["number"])


def compare_with_lines(batch: ImportBatch, *, on: date) -> None:
    """What is entered already, what cannot be, and what of the rest the lines let be drawn."""
    _judge(batch, None, on=on)


def notes(batch: ImportBatch) -> list[str]:
    """What the preview says beyond its rows: of how much the new invoices are."""
    ((rows, lines, amount),) = statements.rows("import_invoices/count", batch=batch.pk)
    if not rows:
        return []
    words = _("%(rows)s invoices of %(lines)s credit lines, %(amount)s CNY.")
    return [words % {"rows": number_format(rows), "lines": number_format(lines), "amount": money(amount)}]


def apply_rows(batch: ImportBatch, first: int, last: int, *, on: date) -> tuple[int, int]:
    """Enter the new rows of a range of lines of the file, with the others of their credit lines.

    Of the range: (entered, left out because they cannot be drawn any more). Locks the credit lines in key order.
    """
    at = batch.confirmed_at
    assert at is not None
    ((lines,),) = statements.rows("import_invoices/lines_to_write", batch=batch.pk, first=first, last=last)
    if lines:
        where = {"batch": batch.pk, "lines": lines}
        locked = [line for (line,) in statements.rows("import_invoices/lock_lines", **where)]
        let_go_of_over(locked, on=on, at=at, actor=None)
        _judge(batch, lines, on=on)
        statements.run("import_invoices/leave_out_drifted", **where)
        actor = batch.uploaded_by
        statements.run("import_invoices/insert", on=on, at=at, actor=actor.pk if actor else None, **where)
        statements.run("import_invoices/note_written", number_column=_headers(batch)["number"], **where)
    outcomes = ImportRow.objects.filter(batch=batch, line__range=(first, last)).aggregate(
        applied=Count("pk", filter=Q(outcome=Outcome.APPLIED)), left_out=Count("pk", filter=Q(outcome=Outcome.LEFT_OUT))
    )
    return outcomes["applied"], outcomes["left_out"]


def _judge(batch: ImportBatch, lines: list[int] | None, *, on: date) -> None:
    header = _headers(batch)
    statements.run(
        "import_invoices/judge", batch=batch.pk, lines=lines, on=on, customer_column=header["customer"],
        ours=OURS, number_column=header["number"], amount_column=header["amount"], day_column=header["invoiced_on"],
    )


def _headers(batch: ImportBatch) -> dict[str, str]:
    """The file's header of each staged column; blank where it has none."""
    return defaultdict(str, zip(batch.columns, batch.headers, strict=True))
