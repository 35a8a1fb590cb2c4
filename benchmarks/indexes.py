"""Tables that are filled first and indexed then, which takes a fraction of the time."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from django.db import connection

SQL = Path(__file__).resolve().parent / "sql"


@contextmanager
def indexed_afterwards(table: str) -> Iterator[None]:
    """Without the indexes and unique keys of a table that no foreign key rests on; they are as before in the end."""
    with connection.cursor() as cursor:
        cursor.execute((SQL / "secondary_indexes.sql").read_text(encoding="utf-8"), {"table": table})
        found = list(cursor.fetchall())
        for drop, _make in found:
            cursor.execute(drop)
        yield
        for _drop, make in found:
            cursor.execute(make)
