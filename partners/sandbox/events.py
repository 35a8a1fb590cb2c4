"""What partners have to tell us: an outbox of their own, in their books. `sender.py` sends it."""

import hashlib
import json
import sqlite3
import time
import uuid
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from memberships.gateways.sandbox.books import Books
from partners.sandbox.books import PAGE
from partners.sandbox.house import Moment

#: Of an answer to an event so much is kept.
LONGEST_ANSWER = 4000


def tell(connection: sqlite3.Connection, moment: Moment, type: str, subject: str, data: dict[str, Any]) -> None:
    """Put an event into the outbox, as often and as late as is ordered; part of the operation that it tells of."""
    id = f"evt_{uuid.uuid4().hex}"
    at = moment.at.astimezone(UTC).isoformat().replace("+00:00", "Z")
    body = json.dumps({"type": type, "timestamp": at, "data": data}, ensure_ascii=False, separators=(",", ":"))
    event = connection.execute(
        "INSERT INTO events (id, partner, subject, type, body, at) VALUES (?, ?, ?, ?, ?, ?)",
        [id, moment.partner.code, subject, type, body, moment.at.isoformat()],
    ).lastrowid
    faults = moment.faults
    for copy in range(faults.copies):
        late_ms = faults.delay_ms + faults.shuffle_ms * _draw(f"{faults.seed}:{type}:{subject}:{copy}")
        connection.execute(
            "INSERT INTO deliveries (event, copy, due_at) VALUES (?, ?, ?)",
            [event, copy, time.time() + late_ms / 1000],
        )


def find_due(books: Books, now: float, most: int) -> list[sqlite3.Row]:
    """Deliveries whose time has come, the longest due first."""
    return books.read(
        "SELECT d.number, d.event, d.copy, d.attempts, e.id, e.partner, e.type, e.subject, e.body"
        " FROM deliveries d JOIN events e ON e.number = d.event"
        " WHERE d.delivered_at IS NULL AND d.due_at <= ? ORDER BY d.due_at, d.number LIMIT ?",
        now, most,
    )  # fmt: skip


def next_due_at(books: Books, now: float) -> float | None:
    """When the first after now is due."""
    rows = books.read(
        "SELECT due_at FROM deliveries WHERE delivered_at IS NULL AND due_at > ? ORDER BY due_at, number LIMIT 1", now
    )
    return float(rows[0]["due_at"]) if rows else None


def note_delivered(
    delivery: sqlite3.Row, *, status: str, answer: str, at: datetime
) -> Callable[[sqlite3.Connection], None]:
    """The operation that notes a delivery which was taken; the first answer to its event is the one that counts."""

    def operation(connection: sqlite3.Connection) -> None:
        connection.execute(
            "UPDATE deliveries SET attempts = attempts + 1, status = ?, delivered_at = ? WHERE number = ?",
            [status, at.isoformat(), delivery["number"]],
        )
        connection.execute(
            "UPDATE events SET answer = ? WHERE number = ? AND answer IS NULL",
            [answer[:LONGEST_ANSWER], delivery["event"]],
        )

    return operation


def note_failed(
    delivery: sqlite3.Row, *, status: str, due_at: float
) -> Callable[[sqlite3.Connection], None]:
    """The operation that notes an attempt which was not taken, and when the next is due."""

    def operation(connection: sqlite3.Connection) -> None:
        connection.execute(
            "UPDATE deliveries SET attempts = attempts + 1, status = ?, due_at = ? WHERE number = ?",
            [status, due_at, delivery["number"]],
        )

    return operation


def hasten(partner: str) -> Callable[[sqlite3.Connection], None]:
    """The operation by which all that a partner has to send is due now, in the order in which it came to be."""

    def operation(connection: sqlite3.Connection) -> None:
        connection.execute(
            "UPDATE deliveries SET due_at = 0 WHERE delivered_at IS NULL"
            " AND event IN (SELECT number FROM events WHERE partner = ?)", [partner]
        )

    return operation


def list_events(books: Books, *, partner: str, after: int) -> list[dict[str, Any]]:
    """A page of a partner's events, each with its body, the first answer to it, and its deliveries."""
    rows = books.read(
        "SELECT number, id, subject, type, body, answer, at FROM events WHERE partner = ? AND number > ?"
        " ORDER BY number LIMIT ?",
        partner, after, PAGE,
    )  # fmt: skip
    return [dict(row) | {"deliveries": _deliveries(books, row["number"])} for row in rows]


def count_waiting(books: Books) -> int:
    """How many deliveries were not taken yet."""
    (row,) = books.read("SELECT count(*) AS waiting FROM deliveries WHERE delivered_at IS NULL")
    return int(row["waiting"])


def _deliveries(books: Books, event: int) -> list[dict[str, Any]]:
    rows = books.read(
        "SELECT attempts, status, delivered_at FROM deliveries WHERE event = ? ORDER BY number", event
    )
    return [dict(row) for row in rows]


def _draw(text: str) -> float:
    """From 0 to below 1, the same for the same text."""
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:6], "big") / 2**48
