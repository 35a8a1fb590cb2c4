"""Enterprise customers out of a checked file: set-based statements over the staging rows of one batch.

Row locks are taken on members, in key order. Every statement may run twice: what a first run did is not
there to be done any more (verdicts are set, ImportRows have an outcome).
"""

from collections import defaultdict
from datetime import date, datetime
from pathlib import Path

from django.db import connection
from django.db.models import Count, Q

from operations.models import ImportBatch, ImportRow

SQL = Path(__file__).resolve().parent.parent / "sql" / "import_customers"
#: What writes the changed rows of a range, table by table.
CHANGES = (
    "update_customers", "update_contacts", "update_subscriptions", "end_expired_subscriptions", "insert_subscriptions",
    "withdraw_requests", "update_requests", "mark_changed_applied",
)
Parameter = int | str | bool | date | datetime | None


def statement(name: str) -> str:
    """The text of a statement in sql/import_customers; what it touches and locks is said there."""
    return (SQL / f"{name}.sql").read_text(encoding="utf-8")


def run(name: str, **parameters: Parameter) -> int:
    """Execute a statement and return how many rows it touched."""
    with connection.cursor() as cursor:
        cursor.execute(statement(name), parameters)
        return int(cursor.rowcount)


def resolve_repeats(batch: ImportBatch) -> None:
    """Rows of one file with the same credit code: one of identical ones stays, differing ones are all invalid.

    Rows that give one external id to several credit codes are invalid too.
    """
    header = headers(batch)
    run("resolve_repeated_codes", batch=batch.pk, column=header["credit_code"])
    run("resolve_repeated_external_ids", batch=batch.pk, column=header["external_id"])


def compare_with_customers(batch: ImportBatch, *, on: date, is_preview: bool) -> None:
    """Find the customers that the rows mean, and what would change on a day; note it where it will be confirmed."""
    header = headers(batch)
    run("refuse_same_customer_twice", batch=batch.pk, column=header["credit_code"])
    run(
        "compare", batch=batch.pk, on=on, is_preview=is_preview, code_column=header["credit_code"],
        plan_column=header["plan_id"],
    )
    if not is_preview:
        run("recall_new", batch=batch.pk, checked_at=batch.checked_at)


def headers(batch: ImportBatch) -> dict[str, str]:
    """The file's headers by staging column; blank for a column that it has not."""
    return defaultdict(str, zip(batch.columns, batch.headers, strict=True))


def apply_rows(batch: ImportBatch, first: int, last: int, *, on: date) -> tuple[int, int]:
    """Write the new and changed rows of a range of lines; (applied, left out).

    Locks the members of the changed rows, compares again, and leaves out what differs from the preview.
    """
    lines = {"batch": batch.pk, "first": first, "last": last}
    run("lock_members", **lines)
    run("leave_out_drifted", on=on, **lines)
    run("insert_new", on=on, **lines)
    for name in CHANGES:
        run(name, on=on, **lines)
    outcomes = ImportRow.objects.filter(batch=batch, line__range=(first, last)).aggregate(
        applied=Count("pk", filter=Q(outcome=ImportRow.Outcome.APPLIED)),
        left_out=Count("pk", filter=Q(outcome=ImportRow.Outcome.LEFT_OUT)),
    )
    return outcomes["applied"], outcomes["left_out"]
