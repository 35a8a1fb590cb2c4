"""Receipts out of a checked bank statement: set-based statements over the staging rows of one batch.

They are matched and allocated by the statements that do it for a single one (receipts.py, allocations.py). All rows of
a credit line are written by the chunk that has the first of them, in the file's order, so that the file comes to what
its rows would come to one by one, whoever works on which chunk. What a file wrote names who uploaded it and, where that
took two, who approved it. Every statement may run twice: rows that were done have an ImportRow, and a bank's number is
booked once.
"""

from collections import defaultdict
from datetime import date
from decimal import Decimal

from django.db.models import Count, Q
from django.utils.formats import number_format
from django.utils.translation import gettext as _

from credit.errors import money
from credit.models import Receipt
from credit.services import statements
from credit.services.allocations import allocate_receipts
from operations.approval_actions import approval_of
from operations.models import ImportBatch, ImportRow

Outcome = ImportRow.Outcome


def resolve_repeats(batch: ImportBatch) -> None:
    """A number of the bank that stands in the file again: one of identical rows stays, differing ones are invalid."""
    statements.run("import_receipts/resolve_repeats", batch=batch.pk, column=_headers(batch)["bank_number"])


def compare_with_receipts(batch: ImportBatch, *, on: date) -> None:
    """What is booked already, what cannot be, and whose the others are."""
    header = _headers(batch)
    statements.run(
        "import_receipts/judge", batch=batch.pk, on=on, number_column=header["bank_number"],
        day_column=header["received_on"], payer_column=header["payer_name"],
    )
    statements.run("import_receipts/match", batch=batch.pk, on=on)


def total(batch: ImportBatch) -> Decimal:
    """How much money the new rows say came in."""
    return sum((amount for _rule, _rows, amount in _matched(batch)), Decimal(0))


def notes(batch: ImportBatch) -> list[str]:
    """What the preview says beyond its rows: how many receipts find their firm, by which rule."""
    words = {value: str(label) for value, label in Receipt.Rule.choices}
    return [
        _("%(rows)s receipts, %(amount)s CNY: %(rule)s.") % {
            "rows": number_format(rows), "amount": money(amount),
            "rule": words.get(rule) or _("nobody knows whose, they go to the work list"),
        }
        for rule, rows, amount in _matched(batch)
    ]


def apply_rows(batch: ImportBatch, first: int, last: int, *, on: date) -> tuple[int, int]:
    """Book the new rows of a range of lines, with the others of their credit lines, and let them pay.

    Of the range: (booked, left out because somebody booked the bank's number meanwhile). Locks the credit lines in key
    order.
    """
    at = batch.confirmed_at
    assert at is not None
    ((lines,),) = statements.rows("import_receipts/lines_to_write", batch=batch.pk, first=first, last=last)
    if lines:
        where = {"batch": batch.pk, "lines": lines}
        statements.rows("import_receipts/lock_lines", **where)
        actor, approval = batch.uploaded_by, approval_of(batch)
        checker = approval.checker if approval else None
        made = statements.rows(
            "import_receipts/insert", on=on, at=at, actor=actor and actor.pk, checker=checker and checker.pk,
            approval=approval and approval.pk, **where,
        )
        allocate_receipts(
            made, received=[receipt for _line, receipt in made], are_new=True, on=on, at=at, actor=actor,
            checker=checker, approval=approval,
        )
        statements.run("import_receipts/note_written", number_column=_headers(batch)["bank_number"], **where)
    outcomes = ImportRow.objects.filter(batch=batch, line__range=(first, last)).aggregate(
        applied=Count("pk", filter=Q(outcome=Outcome.APPLIED)), left_out=Count("pk", filter=Q(outcome=Outcome.LEFT_OUT))
    )
    return outcomes["applied"], outcomes["left_out"]


def _matched(batch: ImportBatch) -> list[tuple[str, int, Decimal]]:
    return [(rule, rows, amount) for rule, rows, amount in statements.rows(
        "import_receipts/count_matched", batch=batch.pk
    )]


def _headers(batch: ImportBatch) -> dict[str, str]:
    """The file's header of each staged column; blank where it has none."""
    return defaultdict(str, zip(batch.columns, batch.headers, strict=True))
