"""The staging table of a batch: one UNLOGGED partition, made, filled, attached, emptied, and dropped by a sweep.

Dropping takes a lock on the parent, and would wait for any check at work while previews queue behind it. So a
batch that is done is emptied (a lock on its own table only), and the sweep drops it when nobody is in the way.
"""

import io
from collections.abc import Iterable

import polars as pl
from django.db import connection
from django.db.models import Model
from psycopg import sql

from operations.models import ImportBatch, StagedRow


def partition_name(staged: type[StagedRow], batch: ImportBatch) -> str:
    """The batch's own table under the importer's partitioned parent."""
    return f"{staged._meta.db_table}_{batch.pk}"


def create_partition(staged: type[StagedRow], batch: ImportBatch) -> None:
    """Make the batch's table apart from its parent, so that nobody waits while it is filled."""
    statement = sql.SQL("CREATE UNLOGGED TABLE {partition} (LIKE {parent} INCLUDING DEFAULTS)")
    _execute(statement, staged, batch)


def is_made(staged: type[StagedRow], batch: ImportBatch) -> bool:
    """Whether the batch has its table, rows in it or not."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT to_regclass(%s) IS NOT NULL", [partition_name(staged, batch)])
        return bool(cursor.fetchone()[0])


def attach_partition(staged: type[StagedRow], batch: ImportBatch) -> None:
    """Index the filled table and hang it under its parent, where queries by batch find it."""
    # The check lets ATTACH trust the rows instead of reading them.
    _execute(
        sql.SQL("ALTER TABLE {partition} ADD CONSTRAINT of_batch CHECK (batch_id = {batch}), ADD PRIMARY KEY (line)"),
        staged, batch,
    )
    _execute(sql.SQL("ALTER TABLE {parent} ATTACH PARTITION {partition} FOR VALUES IN ({batch})"), staged, batch)


def analyze_partition(staged: type[StagedRow], batch: ImportBatch) -> None:
    """Give the planner the figures of the rows just filled in."""
    _execute(sql.SQL("ANALYZE {partition}"), staged, batch)


def index_verdicts(staged: type[StagedRow], batch: ImportBatch) -> None:
    """Let the preview page through each verdict by line; made last, so that updates before it stay cheap."""
    _execute(sql.SQL("CREATE INDEX IF NOT EXISTS {index} ON {partition} (verdict, line)"), staged, batch)


def empty_partition(staged: type[StagedRow], batch: ImportBatch) -> None:
    """Take the batch's staging rows away; nothing when there are none."""
    if is_made(staged, batch):
        _execute(sql.SQL("TRUNCATE {partition}"), staged, batch)


def drop_partition(staged: type[StagedRow], batch: ImportBatch) -> None:
    """Drop the batch's table. Raises OperationalError when its parent stays locked for a second."""
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL lock_timeout = '1s'")
    _execute(sql.SQL("DROP TABLE IF EXISTS {partition}"), staged, batch)


def batches_with_partitions(staged: type[StagedRow]) -> list[int]:
    """The ids of the batches that have a table."""
    parent = staged._meta.db_table
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT inhrelid::regclass::text FROM pg_inherits WHERE inhparent = %s::regclass", [parent]
        )
        return [int(name.removeprefix(f"{parent}_")) for (name,) in cursor.fetchall()]


def copy_rows(staged: type[StagedRow], batch: ImportBatch, rows: pl.DataFrame) -> None:
    """COPY a frame, whose columns are named like the table's, into the batch's table.

    Strings are always quoted and nulls never, so that "" and NULL stay apart.
    """
    statement = sql.SQL("COPY {partition} ({columns}) FROM STDIN (FORMAT csv)").format(
        partition=sql.Identifier(partition_name(staged, batch)),
        columns=sql.SQL(", ").join(sql.Identifier(name) for name in rows.columns),
    )
    text = io.BytesIO()
    rows.write_csv(text, include_header=False, quote_style="non_numeric")
    with connection.cursor() as cursor, cursor.copy(statement) as copy:
        copy.write(text.getbuffer())


def refresh_statistics(models: Iterable[type[Model]]) -> None:
    """Tell the planner at once what a large import did to the tables; autovacuum may take a minute to."""
    for model in models:
        with connection.cursor() as cursor:
            cursor.execute(sql.SQL("ANALYZE {}").format(sql.Identifier(model._meta.db_table)).as_string())


def is_staged(staged: type[StagedRow], batch: ImportBatch) -> bool:
    """False after a crash of PostgreSQL has emptied the table, or when it is gone."""
    return staged._default_manager.filter(batch_id=batch.pk).exists()


def keep_invalid_rows(staged: type[StagedRow], label_column: str, batch: ImportBatch) -> None:
    """Keep the invalid rows of a batch whose staging rows go, with their reasons: one INSERT from SELECT.

    Writes ImportRows only and takes no lock on anything shared; a second time it finds them there.
    """
    statement = sql.SQL(
        """
        INSERT INTO operations_importrow (batch_id, line, verdict, outcome, label, faults)
        SELECT batch_id, line, verdict, 'invalid', left(coalesce({label}, ''), 255), faults
        FROM {staged} WHERE batch_id = %s AND verdict = 'invalid'
        ON CONFLICT (batch_id, line) DO NOTHING
        """
    ).format(label=sql.Identifier(label_column), staged=sql.Identifier(staged._meta.db_table))
    with connection.cursor() as cursor:
        cursor.execute(statement.as_string(), [batch.pk])


def _execute(statement: sql.SQL, staged: type[StagedRow], batch: ImportBatch) -> None:
    composed = statement.format(
        partition=sql.Identifier(partition_name(staged, batch)),
        parent=sql.Identifier(staged._meta.db_table),
        index=sql.Identifier(f"{partition_name(staged, batch)}_verdict"),
        batch=sql.Literal(batch.pk),
    )
    with connection.cursor() as cursor:
        cursor.execute(composed.as_string())
