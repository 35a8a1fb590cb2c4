"""What we told a partner to do: each command once, by its id, with the first answer to it.

`answer_once` gives an operation for the books; what it answers is (HTTP status, data).
"""

import hashlib
import json
import re
import sqlite3
from collections.abc import Callable
from datetime import date
from typing import Any

from memberships.gateways.sandbox.books import Books
from memberships.gateways.sandbox.entries import KeyConflictError, RefusedError
from partners.sandbox.books import PAGE
from partners.sandbox.house import Moment

Answered = tuple[int, dict[str, Any]]
_WORD = re.compile(r"[!-~]{1,128}")


def answer_once(
    moment: Moment, *, id: str, digest: str, subject: str, command: str,
    carry_out: Callable[[sqlite3.Connection], Answered],
) -> Callable[[sqlite3.Connection], Answered]:
    """The operation that carries a command out, or gives the first answer again; KeyConflictError for another body."""

    def operation(connection: sqlite3.Connection) -> Answered:
        code = moment.partner.code
        earlier = connection.execute(
            "SELECT digest, status, answer FROM commands WHERE partner = ? AND id = ?", [code, id]
        ).fetchone()
        if earlier is not None:
            if earlier["digest"] != digest:
                raise KeyConflictError(id)
            return earlier["status"], json.loads(earlier["answer"])
        status, answer = carry_out(connection)
        connection.execute(
            "INSERT INTO commands (partner, id, digest, subject, command, status, answer, at)"
            " VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
            [code, id, digest, subject, command, status, json.dumps(answer), moment.at.isoformat()],
        )
        return status, answer

    return operation


def find_command(books: Books, partner: str, id: str) -> dict[str, Any] | None:
    """What it was answered."""
    rows = books.read("SELECT answer FROM commands WHERE partner = ? AND id = ?", partner, id)
    return json.loads(rows[0]["answer"]) if rows else None


def list_commands(books: Books, *, partner: str, after: int) -> list[dict[str, Any]]:
    """A page of all that came, in order."""
    rows = books.read(
        "SELECT number, id, subject, command, status, answer, at FROM commands WHERE partner = ? AND number > ?"
        " ORDER BY number LIMIT ?",
        partner, after, PAGE,
    )  # fmt: skip
    return [dict(row) | {"answer": json.loads(row["answer"])} for row in rows]


def digest_of(path: str, body: bytes) -> str:
    return hashlib.sha256(path.encode() + b"\n" + body).hexdigest()


def read_word(name: str, value: Any) -> str:
    """A key, a code or a reference."""
    if not isinstance(value, str) or not _WORD.fullmatch(value):
        raise RefusedError("invalid_request", f"{name} is 1 to 128 ASCII characters without blanks")
    return value


def read_text(name: str, value: Any, *, most: int = 1000) -> str:
    if not isinstance(value, str) or len(value) > most:
        raise RefusedError("invalid_request", f"{name} is a text of up to {most} characters")
    return value


def read_day(name: str, value: Any) -> str:
    """An ISO date, as it is."""
    try:
        return date.fromisoformat(value).isoformat()
    except (TypeError, ValueError):
        raise RefusedError("invalid_request", f"{name} is an ISO date") from None


def read_choice(name: str, value: Any, choices: tuple[str, ...]) -> str:
    if not isinstance(value, str) or value not in choices:
        raise RefusedError("invalid_request", f"{name} is one of {', '.join(choices)}")
    return value
