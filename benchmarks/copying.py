"""Tables out of the database into files, and back: the fastest way in that there is."""

from pathlib import Path

import psycopg
from psycopg import sql

BLOCK = 1 << 20


def dump(database: psycopg.Connection, table: str, path: Path) -> None:
    """COPY a table into a file."""
    statement = sql.SQL("COPY {} TO STDOUT").format(sql.Identifier(table))
    with path.open("wb") as file, database.cursor().copy(statement) as copy:
        for block in copy:
            file.write(block)


def load(database: psycopg.Connection, table: str, path: Path) -> None:
    """COPY a file into a table."""
    statement = sql.SQL("COPY {} FROM STDIN").format(sql.Identifier(table))
    with path.open("rb") as file, database.cursor().copy(statement) as copy:
        while block := file.read(BLOCK):
            copy.write(block)
