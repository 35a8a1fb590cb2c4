"""Members use benefits at a partner, which tells us and keeps what we answered."""

import json
import sqlite3
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from memberships.dates import business_date
from memberships.gateways.sandbox.books import Books
from memberships.gateways.sandbox.entries import RefusedError, read_instant
from partners.sandbox.books import PAGE
from partners.sandbox.commands import read_text, read_word
from partners.sandbox.events import tell
from partners.sandbox.house import Moment

MOST_TIMES = 10_000


@dataclass(frozen=True, slots=True)
class Use:
    """A member uses a benefit `times` times, each time `quantity` units of it."""

    member: str
    benefit: str
    category: str
    quantity: int
    times: int
    usage: str
    at: datetime

    @classmethod
    def read(cls, fields: Mapping[str, Any], now: datetime) -> "Use":
        usage = read_word("usage", fields["usage"]) if fields.get("usage") else ""
        times = _count("times", fields.get("times", 1))
        if usage and times != 1:
            raise RefusedError("invalid_request", "a usage that is named is one")
        return cls(
            member=read_word("member", fields.get("member")), benefit=read_word("benefit", fields.get("benefit")),
            category=read_text("category", fields.get("category", ""), most=128), times=times, usage=usage,
            quantity=_count("quantity", fields.get("quantity", 1)),
            at=read_instant(fields["at"]) if fields.get("at") else now,
        )  # fmt: skip


def use_benefit(moment: Moment, use: Use) -> Callable[[sqlite3.Connection], list[str]]:
    """The operation that keeps the usages, each told by an event. A named one that is there is told of again."""

    def operation(connection: sqlite3.Connection) -> list[str]:
        usages = [use.usage or f"use_{uuid.uuid4().hex[:20]}" for _time in range(use.times)]
        for usage in usages:
            connection.execute(
                "INSERT OR IGNORE INTO usages (partner, usage, member, benefit, category, quantity, at, day)"
                " VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
                [moment.partner.code, usage, use.member, use.benefit, use.category, use.quantity, use.at.isoformat(),
                 business_date(use.at).isoformat()],
            )  # fmt: skip
            row = connection.execute(
                "SELECT * FROM usages WHERE partner = ? AND usage = ?", [moment.partner.code, usage]
            ).fetchone()
            tell(connection, moment, "benefit.used", usage, _said_of(row))
        return usages

    return operation


def list_usages(books: Books, *, partner: str, after: int) -> list[dict[str, Any]]:
    """A page of a partner's usages, each with what we answered to its first event, null before."""
    rows = books.read(
        "SELECT u.*, (SELECT e.answer FROM events e WHERE e.partner = u.partner AND e.subject = u.usage"
        " AND e.answer IS NOT NULL ORDER BY e.number LIMIT 1) AS answer"
        " FROM usages u WHERE u.partner = ? AND u.number > ? ORDER BY u.number LIMIT ?",
        partner, after, PAGE,
    )  # fmt: skip
    return [_said_of(row) | {"number": row["number"], "answer": read_answer(row["answer"])} for row in rows]


def read_answer(text: str | None) -> Any:
    """What was answered, as data; as text where it is no JSON."""
    if text is None:
        return None
    try:
        return json.loads(text)
    except ValueError:
        return text


def _said_of(row: sqlite3.Row) -> dict[str, Any]:
    return {name: row[name] for name in ("usage", "member", "benefit", "category", "quantity", "at")}


def _count(name: str, value: Any) -> int:
    if type(value) is not int or not 1 <= value <= MOST_TIMES:
        raise RefusedError("invalid_request", f"{name} is from 1 to {MOST_TIMES}")
    return value
