"""Persons out of a checked file: members with their number in another system, a wallet, and what was in it there.

Only new persons are written: who is a member already is unchanged, or named. What was in a wallet is an adjustment with
the reason "opening balance" and the key "opening:<wallet>". Nothing is locked but what is made: the number of the other
system is claimed first, in its order. Every statement may run twice: rows that were done have an ImportRow.
"""

from collections import defaultdict
from datetime import date
from decimal import Decimal

from django.db.models import Count, Q

from memberships.services import statements
from operations.models import ImportBatch, ImportRow

Outcome = ImportRow.Outcome
#: Where a row does not say which system knows the person by that number.
SOURCE = "import"
#: More lines than any file has.
LAST_LINE = 9_223_372_036_854_775_807
#: What sql/points/adjust.sql takes; the opening balances come in lists of this order.
OPENING = ("enrolments", "points", "keys", "codes", "expires_on", "qualifying", "reasons")


def resolve_repeats(batch: ImportBatch) -> None:
    """Rows of one file with the same number of the same system: identical ones are one, differing ones all invalid."""
    statements.run(
        "import_members/resolve_repeats", batch=batch.pk, column=_headers(batch)["external_id"], source=SOURCE
    )


def compare_with_members(batch: ImportBatch, *, on: date) -> None:
    """Who is a member already, and who cannot become one by this row."""
    _judge(batch, 0, LAST_LINE, on=on)


def total_points(batch: ImportBatch) -> Decimal:
    """How many opening points the batch would give."""
    ((points,),) = statements.rows("import_members/total_points", batch=batch.pk)
    return Decimal(points)


def apply_rows(batch: ImportBatch, first: int, last: int, *, on: date) -> tuple[int, int]:
    """Write the new persons of a range of lines with their opening balances; (applied, left out)."""
    assert batch.confirmed_at is not None
    where = {"batch": batch.pk, "first": first, "last": last}
    ((lines,),) = statements.rows("import_members/new_lines", **where)
    if lines:
        _judge(batch, first, last, on=on)
        statements.run("import_members/leave_out_drifted", batch=batch.pk, lines=lines)
        (opening,) = statements.rows("import_members/insert_new", on=on, source=SOURCE, **where)
        if opening[0]:
            actor = batch.uploaded_by.pk if batch.uploaded_by else None
            # The wallets are new: no debt is paid by it, and nothing of theirs has ended.
            statements.rows(
                "points/adjust", on=on, at=batch.confirmed_at, actor=actor, **dict(zip(OPENING, opening, strict=True))
            )
    outcomes = ImportRow.objects.filter(batch=batch, line__range=(first, last)).aggregate(
        applied=Count("pk", filter=Q(outcome=Outcome.APPLIED)), left_out=Count("pk", filter=Q(outcome=Outcome.LEFT_OUT))
    )
    return outcomes["applied"], outcomes["left_out"]


def _judge(batch: ImportBatch, first: int, last: int, *, on: date) -> None:
    header = _headers(batch)
    statements.run(
        "import_members/judge", batch=batch.pk, first=first, last=last, on=on, source=SOURCE,
        joined_column=header["joined_on"], expires_column=header["expires_on"], scope_column=header["scope"],
        id_column=header["external_id"], programme_column=header["programme_id"],
    )


def _headers(batch: ImportBatch) -> dict[str, str]:
    """The file's headers by staging column; blank for a column that it has not."""
    return defaultdict(str, zip(batch.columns, batch.headers, strict=True))
