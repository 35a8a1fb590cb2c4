"""Orders and returns out of a checked file: set-based statements over the staging rows of one batch.

Wallets are locked in key order. Returns are booked in rounds of one of each wallet, by the statements that book a
single one: as many rounds as the wallet with the most returns has in a chunk. A return is booked after its order
wherever it stands in the file: a chunk that meets a return records its order first, although the line is another
chunk's, which then finds it done. Every statement may run twice: rows that were done have an ImportRow.
"""

from collections import defaultdict
from datetime import date, datetime
from itertools import groupby
from operator import itemgetter
from typing import Any, NamedTuple

from django.db.models import Count, Q
from django.utils.formats import number_format
from django.utils.translation import gettext as _

from memberships.services import statements
from memberships.services.orders import RecordedReturn, Return, book_awards, record_orders, record_returns
from memberships.services.points_booking import Locked
from operations.imports.faults import Fault
from operations.models import ImportBatch, ImportRow
from operations.models.imports import Verdict

Outcome = ImportRow.Outcome


class _Chunk(NamedTuple):
    """What one transaction works on, and in whose name."""

    batch: ImportBatch
    lines: list[int]
    on: date
    at: datetime

    def run(self, name: str, **more: Any) -> int:
        return statements.run(f"import_orders/{name}", batch=self.batch.pk, lines=self.lines, **more)

    def lock_wallets(self) -> Locked:
        (found,) = statements.rows("import_orders/lock_wallets", batch=self.batch.pk, lines=self.lines, on=self.on)
        return Locked(indebted=found[0], idle=found[1])


def resolve_repeats(batch: ImportBatch) -> None:
    """Rows of one file with the same order number: one of identical ones stays, differing ones are all invalid."""
    statements.run("import_orders/resolve_repeated_numbers", batch=batch.pk, column=_headers(batch)["number"])


def compare_with_orders(batch: ImportBatch, *, on: date) -> None:
    """What is recorded already, what cannot be, and where the orders are that returns are of."""
    _judge(batch, None, on=on)


def notes(batch: ImportBatch) -> list[str]:
    """What the preview says beyond its rows: for which stores wallets will be opened."""
    (counted,) = statements.rows("import_orders/count_new_wallets", batch=batch.pk)
    if not counted[0]:
        return []
    return [
        _("%(wallets)s points wallets will be opened, for stores that are new to their members.")
        % {"wallets": number_format(counted[0])}
    ]


def apply_rows(batch: ImportBatch, first: int, last: int, *, on: date) -> tuple[int, int]:
    """Record the new rows of a range of lines and book their points; (applied, left out).

    Opens wallets, locks them all in key order, judges the rows again and leaves out what cannot be recorded any more.
    """
    at = batch.confirmed_at
    assert at is not None
    where = {"batch": batch.pk, "first": first, "last": last}
    chunk = _Chunk(batch, _lines(where), on, at)
    if chunk.lines:
        chunk.run("open_wallets", on=on)
        locked = chunk.lock_wallets()
        # Another chunk may have written some of them for its returns, while we waited.
        chunk = chunk._replace(lines=_lines(where))
        _judge(batch, chunk.lines, on=on)
        chunk.run("leave_out_drifted")
        _record_orders(chunk, locked)
        _record_returns(chunk)
        chunk.run("note_written", at=at)
    outcomes = ImportRow.objects.filter(batch=batch, line__range=(first, last)).aggregate(
        applied=Count("pk", filter=Q(outcome=Outcome.APPLIED)), left_out=Count("pk", filter=Q(outcome=Outcome.LEFT_OUT))
    )
    return outcomes["applied"], outcomes["left_out"]


def _lines(where: dict[str, int]) -> list[int]:
    (found,) = statements.rows("import_orders/lines_to_write", **where)
    return found[0] or []


def _judge(batch: ImportBatch, lines: list[int] | None, *, on: date) -> None:
    """Orders first: a return of an invalid one is invalid, too."""
    header = _headers(batch)
    columns = {"number_column": header["number"], "day_column": header["ordered_on"]}
    statements.run(
        "import_orders/judge_orders", batch=batch.pk, lines=lines, on=on, member_column=header["member_number"],
        scope_column=header["scope"], **columns,
    )
    statements.run(
        "import_orders/judge_returns", batch=batch.pk, lines=lines, day_column=header["ordered_on"],
        amount_column=header["amount"], returns_column=header["returns"],
    )


def _record_orders(chunk: _Chunk, locked: Locked) -> None:
    (found,) = statements.rows("import_orders/orders_to_record", batch=chunk.batch.pk, lines=chunk.lines)
    if found[0] is None:
        return
    wallets, numbers, categories, amounts, days = found
    awards = record_orders(
        wallets, numbers=numbers, categories=categories, amounts=amounts, days=days, on=chunk.on, at=chunk.at
    )
    book_awards(awards, locked, on=chunk.on, at=chunk.at, actor=chunk.batch.uploaded_by)


def _record_returns(chunk: _Chunk) -> None:
    """In rounds of one return of a wallet each: what a return takes back depends on those before it."""
    found = statements.rows("import_orders/returns_to_record", batch=chunk.batch.pk, lines=chunk.lines)
    for _number, group in groupby(found, key=itemgetter(0)):
        rows = list(group)
        returns = [Return(bought, number, amount, day) for _round, _line, bought, number, amount, day in rows]
        made = record_returns(returns, on=chunk.on, at=chunk.at, actor=chunk.batch.uploaded_by)
        ImportRow.objects.bulk_create(
            [_note(chunk, row[1], row[3], one) for row, one in zip(rows, made, strict=True) if one.missing],
            ignore_conflicts=True,
        )


def _note(chunk: _Chunk, line: int, number: str, made: RecordedReturn) -> ImportRow:
    """A return that could not take back all, with what was missing."""
    fault = Fault(line, "", number, "not_taken_back", str(made.missing))
    return ImportRow(
        batch=chunk.batch, line=line, verdict=Verdict.NEW, label=number, outcome=Outcome.APPLIED, object_id=made.order,
        faults=[fault.as_json()],
    )


def _headers(batch: ImportBatch) -> dict[str, str]:
    """The file's headers by staging column; blank for a column that it has not."""
    return defaultdict(str, zip(batch.columns, batch.headers, strict=True))
