"""Gauges of the house: how things stand in the database, read when Prometheus asks.

Each is read by an index and by no more than `MANY` rows, so that asking every few seconds costs the desk nothing: a
count that says 10,000 means "or more".
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import connection

MANY = 10_000
#: Labels and value.
Sample = tuple[tuple[str, ...], float]


@dataclass
class Gauge:
    """One gauge, registered with `operations.registry.gauges`. `read` gives a sample for each set of labels."""

    name: str
    help: str
    labels: tuple[str, ...]
    read: Callable[[datetime], Iterator[Sample]]


def rows(statement: str, *values: Any) -> list[tuple[Any, ...]]:
    """What a statement answers."""
    with connection.cursor() as cursor:
        cursor.execute(statement, values)
        found: list[tuple[Any, ...]] = cursor.fetchall()
        return found


def samples(statement: str, *values: Any) -> Iterator[Sample]:
    """Of each row: the last column is the value, those before it are labels. NULL is no sample."""
    for *labels, value in rows(statement, *values):
        if value is not None:
            yield tuple(map(str, labels)), float(value)


def counted(table: str, condition: str, *values: Any) -> float:
    """How many rows of a table fulfil a condition, up to MANY. Both are texts of ours, never of anybody's."""
    statement = f"SELECT count(*) FROM (SELECT 1 FROM {table} WHERE {condition} LIMIT {MANY}) AS found"  # nosec B608
    return float(rows(statement, *values)[0][0])


def one(value: float | None, *labels: str) -> Iterator[Sample]:
    """A single sample; none where nothing is known."""
    if value is not None:
        yield labels, float(value)


def age(instant: datetime | None, at: datetime) -> float:
    """Seconds since then; 0 where there is nothing that could be old."""
    return max(0.0, (at - instant).total_seconds()) if instant else 0.0


def first(found: Sequence[tuple[Any, ...]]) -> Any:
    """The first column of the first row."""
    return found[0][0] if found else None
