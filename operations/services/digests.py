"""Digests of the audit trail: what came to each of its tables in a day is summed up, and the days are chained.

A table is covered by ranges of keys that follow each other. The day's range ends with the highest key whose instant is
of that day or before; where a table tells no instant, with the highest. So each row is covered once, whenever it came:
- What was given a key in the range and is not committed yet is waited for (`wait_for_writers`).
- What commits later under a higher key, though its instant may be of the day, belongs to the next day's range.
Every row is summed up as text, with the columns that the table had, under fixed settings.

A digest is the SHA-256 over lines of text, which anybody can compute anew: the name of the method, the date, the digest
before ("" for the first), then a line for each part, by table and key: table, first key, last key, rows, SHA-256 and
columns, divided by a space, the columns by commas.
"""

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from time import monotonic, sleep

from django.db import connection, transaction
from django.utils.translation import gettext as _

from operations.dates import day_begins
from operations.errors import PlusdeskError
from operations.models import AuditDigest, AuditDigestPart
from operations.services.trail import NO_KEY
from operations.statements import ours
from operations.trail import TrailTable, trail_tables

METHOD = "plusdesk-audit-digest-1"
#: What is summed up of an event's context.
CONTEXT = "context.metadata"
#: Keys of a part.
STEP = 50_000
DAY = timedelta(days=1)
#: How long writers are waited for in one go, and how often they are asked about.
PATIENCE, PAUSE = timedelta(minutes=1), timedelta(milliseconds=100)


class StillWrittenError(PlusdeskError):
    """A transaction that was given keys of a table goes on; the digest comes later."""

    def __init__(self, table: str) -> None:
        super().__init__(_("A transaction still writes to %(table)s; the digest waits for its end.") % {"table": table})


@dataclass(frozen=True)
class Range:
    """What of a table is to be covered, both ends included."""

    table: str
    first: int
    last: int


@dataclass(frozen=True)
class Sum:
    """How many rows there are, and their SHA-256."""

    rows: int
    sha256: str

    def __str__(self) -> str:
        return f"{self.rows} {self.sha256[:16]}"


def ranges_until(on: date, *, planned: Mapping[str, int]) -> list[Range]:
    """What came to the trail up to a date and is not covered yet, in ranges that take a second or so each.

    `planned`: by table, the last key that somebody is about to cover.
    """
    found: list[Range] = []
    for table, first in _grown():
        first = max(first, planned[table.name] + 1) if table.name in planned else first
        found += _parts(table, first, _last_key(table, first, on))
    return found


def _grown() -> list[tuple[TrailTable, int]]:
    """The tables that have grown, and the key with which what is not covered begins."""
    tables = {table.name: table for table in trail_tables() if table.model is not AuditDigestPart}
    rows = ours.rows("audit/grown", tables=list(tables), keys=[table.key for table in tables.values()])
    return [(tables[name], NO_KEY if covered is None else covered + 1) for name, covered in rows]


def _last_key(table: TrailTable, first: int, on: date) -> int | None:
    """The highest key of the day or before; None where there is none."""
    rows = table.model._default_manager.filter(pk__gte=first)
    if table.at:
        end = day_begins(on + DAY)
        rows = rows.filter(**{f"{_field(table, table.at)}__lt": end})
    key: int | None = rows.order_by("-pk").values_list("pk", flat=True).first()
    return key


def _field(table: TrailTable, column: str) -> str:
    return next(field.name for field in table.model._meta.concrete_fields if field.column == column)


def _parts(table: TrailTable, first: int, last: int | None) -> Iterator[Range]:
    """The range in steps; the first begins where the range does, though keys may begin much later."""
    if last is None:
        return
    least = table.model._default_manager.filter(pk__gte=first).order_by("pk").values_list("pk", flat=True).first()
    while first <= last:
        end = min(last, max(first, least or first) + STEP - 1)
        yield Range(table.name, first, end)
        first = end + 1


def digest_range(on: date, part: Range) -> AuditDigestPart:
    """Sum up a range and keep it; the one there is, if there is. In a transaction. Raises StillWrittenError."""
    known = AuditDigestPart.objects.filter(table_name=part.table, first_key=part.first).first()
    if known is not None:
        return known
    wait_for_writers(part.table)
    columns = columns_of(part.table)
    found = sum_up(part, columns)
    return AuditDigestPart.objects.create(
        on=on, table_name=part.table, columns=columns, first_key=part.first, last_key=part.last, rows=found.rows,
        sha256=found.sha256,
    )


def wait_for_writers(table: str) -> None:
    """Wait until every transaction that has written to the table so far has ended. Others may come, and do not matter.

    Raises StillWrittenError when one goes on for longer than is waited in one go.
    """
    writers, until = set(ours.rows("audit/writers", table=table)), monotonic() + PATIENCE.total_seconds()
    while writers:
        if monotonic() > until:
            raise StillWrittenError(table)
        sleep(PAUSE.total_seconds())
        writers &= set(ours.rows("audit/writers", table=table))


def columns_of(table: str) -> list[str]:
    """What is summed up of a table: its columns by name and, of events, what their context says."""
    with connection.cursor() as cursor:
        found = connection.introspection.get_table_description(cursor, table)
    is_event = any(column.name == "pgh_context_id" for column in found)
    return [*sorted(column.name for column in found), *([CONTEXT] if is_event else [])]


def sum_up(part: Range, columns: Sequence[str]) -> Sum:
    """The rows that stand in a range now. Raises DatabaseError where a table or column is gone."""
    quote = connection.ops.quote_name
    names = [column if column == CONTEXT else f"entry.{quote(column)}" for column in columns]
    is_event = CONTEXT in columns
    statement = ours.text("audit/sum").format(
        key=quote("pgh_id" if is_event else "id"), table=quote(part.table), columns=", ".join(names),
        context="LEFT JOIN pghistory_context AS context ON context.id = entry.pgh_context_id" if is_event else "",
    )
    with _as_always(), connection.cursor() as cursor:
        cursor.execute(statement, {"first": part.first, "last": part.last})
        rows, sha256 = cursor.fetchone()
    return Sum(rows, sha256)


@contextmanager
def _as_always() -> Iterator[None]:
    """A transaction in which a row has the same text as ever."""
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute(
                "SET LOCAL TimeZone = 'UTC'; SET LOCAL DateStyle = 'ISO, YMD'; SET LOCAL IntervalStyle = 'postgres'; "
                "SET LOCAL bytea_output = 'hex'; SET LOCAL extra_float_digits = 1"
            )
        yield


def close_day(on: date, *, at: datetime) -> AuditDigest:
    """Chain the parts of a date to the digest before; the one there is, if there is. All parts have to be there."""
    known = AuditDigest.objects.filter(on=on).first()
    if known is not None:
        return known
    before = AuditDigest.objects.filter(on__lt=on).order_by("-on").first()
    previous = before.sha256 if before else ""
    rows, sha256 = chained(on, previous)
    return AuditDigest.objects.create(on=on, rows=rows, sha256=sha256, previous_sha256=previous, made_at=at)


def chained(on: date, previous: str) -> tuple[int, str]:
    """How many rows the parts of a date have, and the digest that follows from them and the one before."""
    parts = list(AuditDigestPart.objects.filter(on=on).order_by("table_name", "first_key"))
    lines = [METHOD, on.isoformat(), previous]
    lines += [
        f"{part.table_name} {part.first_key} {part.last_key} {part.rows} {part.sha256} {','.join(part.columns)}"
        for part in parts
    ]
    return sum(part.rows for part in parts), hashlib.sha256("\n".join(lines).encode()).hexdigest()


def found_now(part: AuditDigestPart) -> Sum:
    """The same sum over what stands in the part's range now. Raises DatabaseError where a column is gone."""
    return sum_up(Range(part.table_name, part.first_key, part.last_key), part.columns)
