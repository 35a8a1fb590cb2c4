"""What a partner bills for a month, as CSV, and the differences that are planted in it to order.

    {"month": "2026-11", "seed": 1, "drop": 3, "invent": ["X1"], "amount": 2, "state": 1, "duplicate": 2}

    kind       the statement
    ---------  -------------------------------------------------------
    drop       lacks the line
    invent     has a line of an order that never was
    amount     bills 1.00 more
    state      says that an active order is revoked, any other that it is active
    duplicate  has the line twice

Each kind is a number of lines, drawn by the seed, or a list of orders. A line has one difference at most.
"""

import csv
import io
import random
import re
import sqlite3
from collections.abc import Callable, Iterator
from decimal import Decimal
from typing import Any

from memberships.gateways.sandbox.books import Books
from memberships.gateways.sandbox.entries import RefusedError
from partners.sandbox.commands import read_word
from partners.sandbox.orders import reference_of
from partners.sandbox.roster import Partner
from partners.sandbox.usages import read_answer

COLUMNS = ["order", "reference", "sku", "state", "started_on", "ended_on", "amount", "currency"]
KINDS = ("drop", "invent", "amount", "state", "duplicate")
Line = dict[str, str]
_ONCE = """
SELECT partner, number, key, sku, state, starts_on, revoked_on FROM fulfilments
WHERE partner = ?1 AND was_active AND starts_on BETWEEN ?2 AND ?3 ORDER BY number"""
_BY_MONTH = """
SELECT partner, number, key, sku, state, starts_on, revoked_on FROM fulfilments
WHERE partner = ?1 AND was_active AND starts_on <= ?3
    AND coalesce(ends_on, ?2) >= ?2 AND coalesce(revoked_on, ?2) >= ?2 ORDER BY number"""
_MONTH = re.compile(r"[0-9]{4}-(0[1-9]|1[0-2])")


def read_month(text: Any) -> str:
    if not isinstance(text, str) or not _MONTH.fullmatch(text):
        raise RefusedError("invalid_request", "month is like 2026-11")
    return text


def write_statement(books: Books, partner: Partner, month: str) -> bytes:
    """The month's lines with what is planted, as CSV."""
    text = io.StringIO(newline="")
    writer = csv.DictWriter(text, COLUMNS)
    writer.writeheader()
    writer.writerows(_billed_lines(books, partner, month))
    return text.getvalue().encode()


def plant(
    books: Books, partner: Partner, month: str, data: dict[str, Any]
) -> Callable[[sqlite3.Connection], None]:
    """The operation that plants differences in place of those of that month. RefusedError where lines are too few."""
    if unknown := set(data) - {"month", "seed", *KINDS}:
        raise RefusedError("invalid_request", f"nothing can be planted of: {', '.join(sorted(unknown))}")
    orders = [line["order"] for line in _true_lines(books, partner, month)]
    picked = _pick(orders, data, month)

    def operation(connection: sqlite3.Connection) -> None:
        unplant(partner.code, month)(connection)
        connection.executemany(
            "INSERT INTO plants (partner, month, kind, order_key) VALUES (?, ?, ?, ?)",
            [(partner.code, month, kind, order) for kind, keys in picked.items() for order in keys],
        )

    return operation


def unplant(partner: str, month: str) -> Callable[[sqlite3.Connection], None]:
    """The operation after which that month's statement is true."""

    def operation(connection: sqlite3.Connection) -> None:
        connection.execute("DELETE FROM plants WHERE partner = ? AND month = ?", [partner, month])

    return operation


def list_plants(books: Books, partner: Partner, month: str) -> list[dict[str, Any]]:
    """What is planted: kind, order, and the line as it `was` and is `now` (null where there is none)."""
    lines = {line["order"]: line for line in _true_lines(books, partner, month)}
    found = []
    for order, kind in _plants(books, partner.code, month).items():
        was = lines.get(order)
        now = _changed(partner, month, kind, order, was)
        found.append({"kind": kind, "order": order, "was": was, "now": now[0] if now else None})
    return found


def _pick(orders: list[str], data: dict[str, Any], month: str) -> dict[str, list[str]]:
    """Which orders get which difference."""
    named = {kind: _named(kind, data.get(kind, 0)) for kind in KINDS}
    taken = {order for keys in named.values() for order in keys}
    if len(taken) < sum(map(len, named.values())):
        raise RefusedError("invalid_request", "an order is named twice")
    if missing := {order for kind in KINDS if kind != "invent" for order in named[kind]} - set(orders):
        raise RefusedError("invalid_request", f"the statement has no {', '.join(sorted(missing))}")
    free = [order for order in orders if order not in taken]
    random.Random(f"{data.get('seed', 0)}:{month}").shuffle(free)  # nosec B311
    for kind in KINDS:
        count = data.get(kind, 0)
        if isinstance(count, list):
            continue
        if kind == "invent":
            named[kind] = [f"invented-{month}-{number}" for number in range(1, count + 1)]
            continue
        if count > len(free):
            raise RefusedError("invalid_request", f"the statement has too few lines: {len(orders)}")
        named[kind], free = free[:count], free[count:]
    return named


def _named(kind: str, value: Any) -> list[str]:
    """The orders of a list; none for a number."""
    if isinstance(value, list):
        return [read_word(kind, order) for order in value]
    if type(value) is not int or value < 0:
        raise RefusedError("invalid_request", f"{kind} is a number of lines or a list of orders")
    return []


def _billed_lines(books: Books, partner: Partner, month: str) -> Iterator[Line]:
    plants = _plants(books, partner.code, month)
    for line in _true_lines(books, partner, month):
        kind = plants.pop(line["order"], None)
        yield from [line] if kind is None else _changed(partner, month, kind, line["order"], line)
    for order, kind in plants.items():
        yield from _changed(partner, month, kind, order, None)


def _changed(partner: Partner, month: str, kind: str, order: str, line: Line | None) -> list[Line]:
    """The lines in place of that one (None: there was none)."""
    if kind == "invent":
        return [{
            "order": order, "reference": f"XX-{order}", "sku": "vip-year", "state": "active",
            "started_on": f"{month}-15", "ended_on": "", "amount": partner.price_of("vip-year"), "currency": "CNY",
        }]  # fmt: skip
    if line is None:
        return []
    match kind:
        case "amount":
            return [line | {"amount": str(Decimal(line["amount"]) + 1)}]
        case "state":
            return [line | {"state": "revoked" if line["state"] == "active" else "active"}]
        case "duplicate":
            return [line, line]
    return []


def _true_lines(books: Books, partner: Partner, month: str) -> Iterator[Line]:
    """Orders that were ever active, as the partner bills them, then usages that we redeemed, by their day."""
    statement = _BY_MONTH if partner.billed == "month" else _ONCE
    for row in books.read(statement, partner.code, f"{month}-01", f"{month}-31"):
        yield {
            "order": row["key"], "reference": reference_of(row), "sku": row["sku"], "state": row["state"],
            "started_on": row["starts_on"], "ended_on": row["revoked_on"] or "",
            "amount": partner.price_of(row["sku"]), "currency": "CNY",
        }  # fmt: skip
    for row in books.read(
        "SELECT u.usage, u.benefit, u.quantity, u.day, (SELECT e.answer FROM events e WHERE e.partner = u.partner"
        " AND e.subject = u.usage AND e.answer IS NOT NULL ORDER BY e.number LIMIT 1) AS answer"
        " FROM usages u WHERE u.partner = ? AND u.day BETWEEN ? AND ? ORDER BY u.number",
        partner.code, f"{month}-01", f"{month}-31",
    ):  # fmt: skip
        answer = read_answer(row["answer"])
        if isinstance(answer, dict) and answer.get("outcome") == "redeemed":
            yield {
                "order": row["usage"], "reference": row["usage"], "sku": row["benefit"], "state": "used",
                "started_on": row["day"], "ended_on": row["day"],
                "amount": str(Decimal(partner.price_of(row["benefit"])) * row["quantity"]), "currency": "CNY",
            }  # fmt: skip


def _plants(books: Books, partner: str, month: str) -> dict[str, str]:
    """Order and kind of difference."""
    rows = books.read(
        "SELECT order_key, kind FROM plants WHERE partner = ? AND month = ? ORDER BY number", partner, month
    )
    return {row["order_key"]: row["kind"] for row in rows}
