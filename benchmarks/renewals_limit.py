"""The speed limit of a night's database work: the same rows by plain INSERTs and UPDATEs, in one session.

`remember_before` and `remember_after` keep copies of the tables around the real work; `measure_plain` and
`measure_unchecked` put the tables back as they were and write the difference once more, one statement a table.
`measure_plain` writes to the tables as they are, with their keys and triggers (which write the audit trail and the last
paid days); `measure_unchecked` writes every row itself with all of that off, indexes and CHECKs on. Afterwards every
table has to be what it was after the real work.
"""

import time
from collections.abc import Iterator
from contextlib import contextmanager

from django.db import connection
from psycopg import sql

from benchmarks.figures import BenchmarkError
from benchmarks.house import say
from memberships.models import Payment, PaymentEvent, Subscription, Term
from operations.models import OutboxMessage

#: What the work writes, and the key of each table.
TABLES = {
    Payment._meta.db_table: "id",
    PaymentEvent._meta.db_table: "id",
    Term._meta.db_table: "id",
    Subscription._meta.db_table: "id",
    OutboxMessage._meta.db_table: "id",
    Term.pgh_event_model._meta.db_table: "pgh_id",  # type: ignore[attr-defined]
    Subscription.pgh_event_model._meta.db_table: "pgh_id",  # type: ignore[attr-defined]
}
#: Refers to payments, so that they cannot be emptied alone.
EMPTIED_TOO = "memberships_refund"
#: In the order of the work; what a payment was when it was asked for is made up from what it is.
STATEMENTS = {
    "payments": """
        INSERT INTO memberships_payment SELECT * FROM bench.requested_payment ORDER BY id
    """,
    "requests": """
        INSERT INTO memberships_paymentevent
        SELECT * FROM bench.new_memberships_paymentevent WHERE kind = 'requested' ORDER BY id
    """,
    "terms": """
        INSERT INTO memberships_term SELECT * FROM bench.new_memberships_term ORDER BY id
    """,
    "answers": """
        UPDATE memberships_payment p
        SET state = a.state, decline = a.decline, code = a.code, reference = a.reference, answered_at = a.answered_at,
            next_attempt_on = a.next_attempt_on, next_ask_at = a.next_ask_at, term_id = a.term_id
        FROM bench.new_memberships_payment a
        WHERE p.id = a.id
    """,
    "answer events": """
        INSERT INTO memberships_paymentevent
        SELECT * FROM bench.new_memberships_paymentevent WHERE kind <> 'requested' ORDER BY id
    """,
    "last paid days": """
        UPDATE memberships_subscription s SET paid_until = t.ends_on
        FROM bench.new_memberships_term t
        WHERE s.id = t.subscription_id
    """,
    "messages": """
        INSERT INTO operations_outboxmessage SELECT * FROM bench.new_operations_outboxmessage ORDER BY id
    """,
    "audit trail": """
        INSERT INTO memberships_termevent SELECT * FROM bench.new_memberships_termevent ORDER BY pgh_id
    """,
}
#: Intents, terms and events with the UPDATE that answers the intents, and nothing else.
BARE = ("payments", "requests", "terms", "answers", "answer events")


def remember_before() -> None:
    """Copy the tables as they are before the work."""
    with connection.cursor() as cursor:
        cursor.execute("DROP SCHEMA IF EXISTS bench CASCADE; CREATE SCHEMA bench")
    for table, key in TABLES.items():
        _copy(table, f"before_{table}", key)


def remember_after() -> None:
    """Copy the tables as they are after it, and apart what is new in them."""
    for table, key in TABLES.items():
        _copy(table, f"after_{table}", key)
        _run(
            "CREATE TABLE {new} AS SELECT * FROM {table} t"
            " WHERE NOT EXISTS (SELECT FROM {before} b WHERE b.{key} = t.{key}) ORDER BY {key}",
            new=f"bench.new_{table}", table=table, before=f"bench.before_{table}", key=key,
        )
    _run("CREATE TABLE bench.requested_payment AS TABLE bench.new_memberships_payment")
    _run(
        "UPDATE bench.requested_payment SET state = 'requested', decline = '', code = '', reference = '',"
        " answered_at = NULL, next_attempt_on = NULL, next_ask_at = requested_at + interval '1 minute', term_id = NULL"
    )


def measure_plain() -> dict[str, float]:
    """Seconds of each of the BARE statements on the tables as they are; BenchmarkError when they come out otherwise."""
    with _triggers_off():
        _put_back()
    seconds = {name: _timed(name, STATEMENTS[name]) for name in BARE}
    for table in (Payment, PaymentEvent, Term, Subscription):
        _compare(table._meta.db_table)
    return seconds


def measure_unchecked() -> dict[str, float]:
    """Seconds of each statement, triggers and foreign keys off; BenchmarkError when a table comes out otherwise."""
    with _triggers_off():
        _put_back()
        seconds = {name: _timed(f"unchecked {name}", statement) for name, statement in STATEMENTS.items()}
    for table in TABLES:
        _compare(table)
    return seconds


@contextmanager
def _triggers_off() -> Iterator[None]:
    with connection.cursor() as cursor:
        cursor.execute("SET session_replication_role = replica")
    try:
        yield
    finally:
        with connection.cursor() as cursor:
            cursor.execute("SET session_replication_role = origin")


def _put_back() -> None:
    """The tables as they were before, without traces of what they held since."""
    tables = [*TABLES, EMPTIED_TOO]
    with connection.cursor() as cursor:
        cursor.execute(sql.SQL("TRUNCATE {}").format(sql.SQL(", ").join(map(sql.Identifier, tables))))
    for table, key in TABLES.items():
        _run(
            "INSERT INTO {table} SELECT * FROM {before} ORDER BY {key}",
            table=table, before=f"bench.before_{table}", key=key,
        )
    _run("VACUUM (ANALYZE)")
    _run("CHECKPOINT")


def _timed(name: str, statement: str) -> float:
    began = time.perf_counter()
    _run(statement)
    took = time.perf_counter() - began
    say(f"  limit, {name}: {took:.2f} s")
    return took


def _compare(table: str) -> None:
    """Both ways: no row is missing, none is another."""
    after = f"bench.after_{table}"
    with connection.cursor() as cursor:
        for first, second in ((table, after), (after, table)):
            cursor.execute(_named("SELECT EXISTS (TABLE {first} EXCEPT TABLE {second})", first=first, second=second))
            if cursor.fetchone()[0]:
                raise BenchmarkError(f"The limit wrote other rows into {table} than the work did.")


def _copy(table: str, name: str, key: str) -> None:
    _run("CREATE TABLE {copy} AS SELECT * FROM {table} ORDER BY {key}", copy=f"bench.{name}", table=table, key=key)


def _run(statement: str, **names: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(_named(statement, **names))


def _named(statement: str, **names: str) -> sql.Composed:
    """The statement with tables (schema.table) and columns in place."""
    return sql.SQL(statement).format(**{name: sql.Identifier(*words.split(".")) for name, words in names.items()})
