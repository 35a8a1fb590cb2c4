"""What the listener of the sandbox has heard: each message once, by its id."""

import sqlite3
from collections.abc import Callable
from datetime import datetime
from typing import Any

from memberships.gateways.sandbox.books import Books

PAGE = 1000


def keep_event(id: str, body: str, at: datetime) -> Callable[[sqlite3.Connection], None]:
    """The operation that keeps a message, or counts one more delivery of it."""

    def operation(connection: sqlite3.Connection) -> None:
        connection.execute(
            "INSERT INTO events (id, at, body) VALUES (?, ?, ?)"
            " ON CONFLICT (id) DO UPDATE SET deliveries = deliveries + 1",
            [id, at.isoformat(), body],
        )

    return operation


def list_events(books: Books, *, after: int) -> list[dict[str, Any]]:
    """A page of messages in the order they were first heard."""
    rows = books.read("SELECT * FROM events WHERE number > ? ORDER BY number LIMIT ?", after, PAGE)
    return [dict(row) for row in rows]
