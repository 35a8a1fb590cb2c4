"""Grants and reviews of credit out of a checked file: set-based twins of decisions.py and line_changes.py.

The rows are judged by the same rules, at the preview and again under the locks of the application. A file is approved
as a whole: what it wrote names who uploaded it and who approved it. Every statement may run twice: rows that were done
have an ImportRow.
"""

from collections import defaultdict
from datetime import date
from decimal import Decimal
from typing import Any

from django.db.models import Count, Q
from psycopg.types.json import Jsonb

from credit.models import CreditPolicy
from credit.services import statements
from credit.services.line_terms import longest_term
from credit.services.policies import Offer
from credit.terms.checks import DAYS, FIRST, OFF_DAYS
from memberships.models import Plan
from operations.approval_actions import approval_of
from operations.models import ImportBatch, ImportRow

Outcome = ImportRow.Outcome
GRANTS, REVIEWS = "grants", "reviews"
#: The kinds of imports that grant and review.
IMPORTERS = ("credit-grants", "credit-reviews")


def resolve_repeats(batch: ImportBatch) -> None:
    """Rows about the same firm: one of identical ones stays, differing ones are invalid."""
    statements.run("import_limits/resolve_repeats", batch=batch.pk, member_column=_headers(batch)["member_number"])


def compare(kind: str, batch: ImportBatch, *, on: date, is_preview: bool) -> None:
    """What is so already, and what cannot be."""
    _judge(kind, batch, None, on=on, is_preview=is_preview)


def weight(batch: ImportBatch) -> Decimal:
    """What the lines that are granted, raised or given other terms may owe afterwards, together."""
    ((amount,),) = statements.rows("import_limits/weight", batch=batch.pk)
    return Decimal(amount)


def raised_alone(user_id: int, *, since: date, besides: ImportBatch) -> Decimal:
    """What the lines that a person granted or raised by other files from a business date on, without anybody's
    approval, may owe: those that are being applied whole, of the others what was written.
    """
    batches = ImportBatch.objects.filter(uploaded_by=user_id, importer__in=IMPORTERS).exclude(pk=besides.pk)
    pending = [
        batch for batch in batches.filter(state=ImportBatch.State.APPLYING) if approval_of(batch) is None
    ]
    ((written,),) = statements.rows(
        "import_limits/raised_alone", user=user_id, since=since, pending=[batch.pk for batch in pending]
    )
    return Decimal(written) + sum((weight(batch) for batch in pending), Decimal(0))


def apply_rows(kind: str, batch: ImportBatch, first: int, last: int, *, on: date) -> tuple[int, int]:
    """Write the new rows of a range of lines.

    Of the range: (applied, left out because they cannot be written any more, or the line was changed meanwhile).
    Locks members, then credit lines, each in key order.
    """
    where = {"batch": batch.pk, "first": first, "last": last}
    statements.rows("import_limits/lock_members", **where)
    statements.rows("import_limits/lock_lines", **where)
    ((lines,),) = statements.rows("import_limits/lines_to_write", **where)
    if lines:
        _judge(kind, batch, lines, on=on, is_preview=False)
        statements.run(
            "import_limits/grant" if kind == GRANTS else "import_limits/review", batch=batch.pk, lines=lines, on=on,
            at=batch.confirmed_at, **_signature(batch),
        )
        statements.run("import_limits/note_written", batch=batch.pk, lines=lines)
    outcomes = ImportRow.objects.filter(batch=batch, line__range=(first, last)).aggregate(
        applied=Count("pk", filter=Q(outcome=Outcome.APPLIED)), left_out=Count("pk", filter=Q(outcome=Outcome.LEFT_OUT))
    )
    return outcomes["applied"], outcomes["left_out"]


def _judge(kind: str, batch: ImportBatch, lines: list[int] | None, *, on: date, is_preview: bool) -> None:
    header = _headers(batch)
    more: dict[str, Any] = {} if kind == GRANTS else {
        "is_preview": is_preview, "first_day": FIRST, "days": DAYS, "off_days": OFF_DAYS
    }
    statements.run(
        f"import_limits/judge_{kind}", batch=batch.pk, lines=lines, on=on, longest=Jsonb(_longest_terms(on)),
        member_column=header["member_number"], limit_column=header["wanted_limit"], term_column=header["term_days"],
        review_column=header["review_on"], **more,
    )


def _longest_terms(on: date) -> dict[str, int]:
    """The longest term in days by plan, of the plans that have an offer on that day."""
    offers = {policy.programme_id: policy.offers for policy in CreditPolicy.objects.in_force(on=on)}
    found = {}
    for plan in Plan.objects.filter(programme__in=offers):
        said = offers[plan.programme_id].get(plan.code)
        if said is not None:
            offer = Offer(Decimal(said["limit"]), said["terms"], said.get("minimum_standing", {}))
            found[str(plan.pk)] = longest_term(plan, offer)
    return found


def _signature(batch: ImportBatch) -> dict[str, int | None]:
    """Who uploaded the file, who approved it, and by which request."""
    approval = approval_of(batch)
    checker, request = (approval.checker_id, approval.pk) if approval else (None, None)
    return {"maker": batch.uploaded_by_id, "checker": checker, "approval": request}


def _headers(batch: ImportBatch) -> dict[str, str]:
    return defaultdict(str, zip(batch.columns, batch.headers, strict=True))
