"""Holding something by name, where no row lock would do: PostgreSQL's advisory locks.

A hold for the session outlives transactions, and PostgreSQL lets go of it when the session ends, however it does. So
workers need sessions of their own (DATABASE_POOL). A hold for the transaction ends with it.
"""

from collections.abc import Iterator
from contextlib import contextmanager

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.db import connection


@contextmanager
def holding(name: str) -> Iterator[bool]:
    """Hold something by name for the database session; False when another session has it.

    ImproperlyConfigured in a pool of transactions: the lock would stay with a session that is another's by then.
    """
    if settings.DATABASE_POOL == "transaction":
        raise ImproperlyConfigured(f"“{name}” is held for a session: DATABASE_POOL has to be “session” here.")
    is_held = _ask("SELECT pg_try_advisory_lock(hashtextextended(%s, 0))", name)
    try:
        yield is_held
    finally:
        # A session that was lost has let go already.
        if is_held and connection.is_usable():
            _ask("SELECT pg_advisory_unlock(hashtextextended(%s, 0))", name)


def is_free(name: str) -> bool:
    """Whether no other session holds it; from then to the end of the transaction, none can."""
    return _ask("SELECT pg_try_advisory_xact_lock(hashtextextended(%s, 0))", name)


def queue_for(name: str) -> None:
    """Wait until no other session holds it, and hold it to the end of the transaction."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", [name])


def _ask(question: str, name: str) -> bool:
    with connection.cursor() as cursor:
        cursor.execute(question, [name])
        return bool(cursor.fetchone()[0])
