"""Tables out of the database into files, and back: the fastest way in that there is."""

import os
from collections.abc import Sequence
from pathlib import Path

import psycopg
from django.db import connection
from django.db.models import Model
from psycopg import sql

from benchmarks.house import Stopwatch

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


def copy_again(models: Sequence[type[Model]], folder: Path, watch: Stopwatch) -> None:
    """Empty the tables and COPY their rows in again: indexes as they are, no triggers, no keys. Measures `limit`."""
    tables = [model._meta.db_table for model in models]
    # Connections of the worker are gone, ours would wait for its own lock.
    connection.close()
    with psycopg.connect(os.environ["DATABASE_URL"], autocommit=True) as database:
        for table in tables:
            dump(database, table, folder / table)
        database.execute("SET session_replication_role = replica")
        names = sql.SQL(", ").join(map(sql.Identifier, tables))
        database.execute(sql.SQL("TRUNCATE {} CASCADE").format(names))
        database.execute("CHECKPOINT")
        with watch.measuring("limit"):
            for table in tables:
                load(database, table, folder / table)
