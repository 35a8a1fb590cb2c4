"""Adjustments by hand out of a checked file, booked like those at the desk (points_adjustments.py).

The key of each is the file's hash and the line, so that a file that comes again books nothing again. Wallets are locked
in key order before the rows are judged once more. All rows of a wallet are booked together, so that what its preview
said of them holds: the range that meets the first of them books those of other ranges, too, which then find them done.
Every statement may run twice: rows that were done have an ImportRow.
"""

from collections import defaultdict
from datetime import date
from decimal import Decimal

from django.db.models import Count, Q

from memberships.services import statements
from memberships.services.points_adjustments import Adjustment, adjust_points_for_many, find_uncovered
from operations.approval_actions import approval_of
from operations.dates import business_date, day_begins
from operations.models import ImportBatch, ImportRow

Outcome, State = ImportRow.Outcome, ImportBatch.State


def resolve_repeats(batch: ImportBatch) -> None:
    """Rows of one file that say the same of the same wallet are one adjustment."""
    statements.run("import_adjustments/resolve_repeats", batch=batch.pk)


def compare_with_wallets(batch: ImportBatch, *, on: date) -> None:
    """What is booked already, and what cannot be."""
    _judge(batch, None, _adjustments(batch, None, on=on), on=on)


def total_points(batch: ImportBatch) -> Decimal:
    """How many points the batch would move, given or taken."""
    ((points,),) = statements.rows("import_adjustments/total_points", batch=batch.pk)
    return Decimal(points)


def given_alone(batch: ImportBatch) -> Decimal:
    """What who uploaded it moved by other files since that day, of those that nobody else approved.

    Files that are being applied count whole.
    """
    files = ImportBatch.objects.filter(
        uploaded_by=batch.uploaded_by_id, importer=batch.importer,
        state__in=(State.APPLYING, State.APPLIED, State.PARTLY_APPLIED),
        confirmed_at__gte=day_begins(business_date(batch.uploaded_at)),
    )
    alone = [each for each in files.exclude(pk=batch.pk) if approval_of(each) is None]
    booked = [each for each in alone if each.state != State.APPLYING]
    ((points,),) = statements.rows(
        "import_adjustments/booked_points", batches=[each.pk for each in booked], keys=[_key(each) for each in booked]
    )
    return Decimal(points) + sum((total_points(each) for each in alone if each not in booked), Decimal(0))


def apply_rows(batch: ImportBatch, first: int, last: int, *, on: date) -> tuple[int, int]:
    """Book the new rows of a range of lines, and all others of their wallets.

    Of the range: (applied, left out because they cannot be booked any more).
    """
    assert batch.confirmed_at is not None
    where = {"batch": batch.pk, "first": first, "last": last}
    statements.rows("import_adjustments/lock_wallets", **where)
    ((lines,),) = statements.rows("import_adjustments/lines_to_write", **where)
    if lines:
        _judge(batch, lines, _adjustments(batch, lines, on=on), on=on)
        adjust_points_for_many(
            _adjustments(batch, lines, on=on), on=on, at=batch.confirmed_at, actor=batch.uploaded_by
        )
        statements.run("import_adjustments/note_written", batch=batch.pk, lines=lines)
    outcomes = ImportRow.objects.filter(batch=batch, line__range=(first, last)).aggregate(
        applied=Count("pk", filter=Q(outcome=Outcome.APPLIED)), left_out=Count("pk", filter=Q(outcome=Outcome.LEFT_OUT))
    )
    return outcomes["applied"], outcomes["left_out"]


def _adjustments(batch: ImportBatch, lines: list[int] | None, *, on: date) -> list[Adjustment]:
    rows = statements.rows("import_adjustments/adjustments", batch=batch.pk, lines=lines, on=on, key=_key(batch))
    return [Adjustment(*row) for row in rows]


def _judge(batch: ImportBatch, lines: list[int] | None, adjustments: list[Adjustment], *, on: date) -> None:
    header: dict[str, str] = defaultdict(str, zip(batch.columns, batch.headers, strict=True))
    statements.run(
        "import_adjustments/judge", batch=batch.pk, lines=lines, on=on, key=_key(batch),
        uncovered=[uncovered.enrolment_id for uncovered in find_uncovered(adjustments, on=on)],
        member_column=header["member_number"], scope_column=header["scope"], points_column=header["points"],
    )


def _key(batch: ImportBatch) -> str:
    """What the keys of a file's adjustments begin with; the line follows."""
    return f"adjust:{batch.file_sha256[:32]}:"
