"""What is written into the gateway's books, and what they say: charges, refunds, the list of money moved.

`book_charge`, `book_refund` and `seed_charges` give operations for `Books.write`. Each is done once per key: who asks
for the same under the same key gets the first result again. All money is CNY.
"""

import re
import sqlite3
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from memberships.dates import business_date
from memberships.gateways.sandbox.books import Books
from memberships.gateways.sandbox.tokens import (
    HARD,
    OUTCOMES,
    PAID,
    SUCCEEDED,
    Verdict,
    judge_charge,
    refuses_refunds,
)

_AMOUNT = re.compile(r"([0-9]{1,12})(?:\.([0-9]{1,2}))?")
_WORD = re.compile(r"[!-~]{1,128}")
_REFUNDED = Verdict(SUCCEEDED, "refunded")
PAGE = 1000


class RefusedError(ValueError):
    """The call cannot be meant so; nothing was done, and its key is still free."""

    def __init__(self, code: str, message: str) -> None:
        self.code = code
        super().__init__(message)


class KeyConflictError(RefusedError):
    """The key was used for something else."""

    def __init__(self, key: str) -> None:
        super().__init__("key_conflict", f"The key {key} was used with another body.")


@dataclass(frozen=True, slots=True)
class ChargeOrder:
    """A charge that was asked for."""

    key: str
    token: str
    fen: int

    @classmethod
    def read(cls, fields: Mapping[str, Any], *, key: Any) -> "ChargeOrder":
        return cls(_word("key", key), _word("token", fields.get("token")), _fen(fields))


@dataclass(frozen=True, slots=True)
class RefundRequest:
    """A refund that was asked for: of which charge, and how much of it."""

    key: str
    charge_key: str
    reference: str
    fen: int

    @classmethod
    def read(cls, fields: Mapping[str, Any], *, key: Any) -> "RefundRequest":
        charge_key = _word("charge_key", fields.get("charge_key"))
        reference = _word("reference", fields["reference"]) if fields.get("reference") else ""
        return cls(_word("key", key), charge_key, reference, _fen(fields))


def book_charge(order: ChargeOrder, at: datetime, verdict: Verdict | None = None) -> Callable[..., sqlite3.Row]:
    """The operation that charges; the token decides where no verdict is given."""
    asked = ("charge", order.key, order.key, order.token, order.fen)

    def operation(connection: sqlite3.Connection) -> sqlite3.Row:
        if earlier := _earlier(connection, *asked):
            return earlier
        (attempts,) = connection.execute(
            "SELECT count(*) FROM entries WHERE kind = 'charge' AND token = ?", [order.token]
        ).fetchone()
        return _insert(connection, *asked, verdict or judge_charge(order.token, attempts), at)

    return operation


def book_refund(request: RefundRequest, at: datetime) -> Callable[..., sqlite3.Row]:
    """The operation that gives back, or declines to."""

    def operation(connection: sqlite3.Connection) -> sqlite3.Row:
        asked = ("refund", request.key, request.charge_key, "", -request.fen)
        if earlier := _earlier(connection, *asked):
            return earlier
        charge = _found(connection, "charge", request.charge_key)
        return _insert(connection, *asked, _judge_refund(connection, request, charge), at)

    return operation


def _judge_refund(connection: sqlite3.Connection, request: RefundRequest, charge: sqlite3.Row | None) -> Verdict:
    if charge is None or charge["outcome"] != SUCCEEDED:
        return Verdict(HARD, "charge_not_found", "No money was taken under that charge key.")
    if request.reference and request.reference != reference_of(charge):
        return Verdict(HARD, "wrong_reference", "The reference is not that of the charge.")
    if refuses_refunds(charge["token"]):
        return Verdict(HARD, "refund_refused", "The payer's bank takes no refunds.")
    (given_back,) = connection.execute(
        "SELECT coalesce(-sum(fen), 0) FROM entries"
        " WHERE kind = 'refund' AND charge_key = ? AND outcome = 'succeeded'", [request.charge_key]
    ).fetchone()
    if given_back + request.fen > charge["fen"]:
        return Verdict(HARD, "exceeds_charge", "Refunds together would be more than the charge.")
    return _REFUNDED


def seed_charges(lines: Any) -> Callable[..., list[sqlite3.Row]]:
    """The operation that books charges of the past: key, token, amount, at, and outcome where it was a decline."""
    if not isinstance(lines, list) or not all(isinstance(line, dict) for line in lines):
        raise RefusedError("invalid_request", "charges are a list of objects")
    orders = [(ChargeOrder.read(line, key=line.get("key")), *_seeded(line)) for line in lines]
    if len({order.key for order, _at, _verdict in orders}) < len(orders):
        raise RefusedError("invalid_request", "a key stands there twice")

    def operation(connection: sqlite3.Connection) -> list[sqlite3.Row]:
        for order, _at, _verdict in orders:  # all are looked at before any is written
            _earlier(connection, "charge", order.key, order.key, order.token, order.fen)
        return [book_charge(order, at, verdict)(connection) for order, at, verdict in orders]

    return operation


def _seeded(line: Mapping[str, Any]) -> tuple[datetime, Verdict]:
    outcome = line.get("outcome", SUCCEEDED)
    if outcome not in OUTCOMES:
        raise RefusedError("invalid_request", f"outcome is one of {', '.join(OUTCOMES)}")
    at = read_instant(line.get("at"))
    return at, PAID if outcome == SUCCEEDED else Verdict(outcome, _word("code", line.get("code", "declined")))


def find_entry(books: Books, kind: str, key: str) -> sqlite3.Row | None:
    rows = books.read("SELECT * FROM entries WHERE kind = ? AND key = ?", kind, key)
    return rows[0] if rows else None


def list_charges(books: Books, *, token: str, after: int) -> list[sqlite3.Row]:
    """A page of every attempt at a charge, declines too, in the order of booking; of one token when that is given."""
    if token:
        return books.read(
            "SELECT * FROM entries WHERE kind = 'charge' AND token = ? AND id > ? ORDER BY id LIMIT ?",
            token, after, PAGE,
        )
    return books.read("SELECT * FROM entries WHERE kind = 'charge' AND id > ? ORDER BY id LIMIT ?", after, PAGE)


def list_moved(books: Books, *, first: str, last: str, after: tuple[str, int]) -> list[sqlite3.Row]:
    """A page of the money moved from the first to the last day, in the order of day and booking."""
    return books.read(
        "SELECT * FROM entries WHERE outcome = 'succeeded' AND day BETWEEN ? AND ? AND (day, id) > (?, ?)"
        " ORDER BY day, id LIMIT ?",
        first, last, *after, PAGE,
    )


def empty_books(connection: sqlite3.Connection) -> None:
    connection.execute("DELETE FROM entries")
    connection.execute("DELETE FROM events")


def reference_of(entry: sqlite3.Row) -> str:
    """The gateway's own number of what it did."""
    return f"SB{entry['day'].replace('-', '')}{entry['id']:010d}"


def as_data(entry: sqlite3.Row) -> dict[str, Any]:
    """As it stands in an answer. A refund's amount is negative."""
    sign, fen = "-" if entry["fen"] < 0 else "", abs(entry["fen"])
    return {
        "kind": entry["kind"], "key": entry["key"], "charge_key": entry["charge_key"], "token": entry["token"],
        "amount": f"{sign}{fen // 100}.{fen % 100:02d}", "currency": "CNY", "outcome": entry["outcome"],
        "code": entry["code"], "message": entry["message"], "reference": reference_of(entry), "at": entry["at"],
    }


def read_instant(text: Any) -> datetime:
    """An ISO instant with its zone."""
    try:
        at = datetime.fromisoformat(text)
    except (TypeError, ValueError):
        at = None
    if at is None or at.tzinfo is None:
        raise RefusedError("invalid_request", "at is an ISO instant with its zone")
    return at


def _word(name: str, value: Any) -> str:
    """A key, a token or the like."""
    if not isinstance(value, str) or not _WORD.fullmatch(value):
        raise RefusedError("invalid_request", f"{name} is 1 to 128 ASCII characters without blanks")
    return value


def _fen(fields: Mapping[str, Any]) -> int:
    """The amount in fen: a positive decimal in a string, CNY."""
    found = _AMOUNT.fullmatch(fields["amount"]) if isinstance(fields.get("amount"), str) else None
    fen = int(found[1]) * 100 + int((found[2] or "0").ljust(2, "0")) if found else 0
    if fen <= 0:
        raise RefusedError("invalid_request", "amount is a positive decimal in a string")
    if fields.get("currency", "CNY") != "CNY":
        raise RefusedError("invalid_request", "currency is CNY")
    return fen


def _found(connection: sqlite3.Connection, kind: str, key: str) -> sqlite3.Row | None:
    row: sqlite3.Row | None = connection.execute(
        "SELECT * FROM entries WHERE kind = ? AND key = ?", [kind, key]
    ).fetchone()
    return row


def _earlier(
    connection: sqlite3.Connection, kind: str, key: str, charge_key: str, token: str, fen: int
) -> sqlite3.Row | None:
    """What was done under that key, if anything; KeyConflictError when it was something else."""
    earlier = _found(connection, kind, key)
    if earlier is not None and (earlier["charge_key"], earlier["token"], earlier["fen"]) != (charge_key, token, fen):
        raise KeyConflictError(key)
    return earlier


def _insert(
    connection: sqlite3.Connection, kind: str, key: str, charge_key: str, token: str, fen: int, verdict: Verdict,
    at: datetime,
) -> sqlite3.Row:
    inserted = connection.execute(
        "INSERT INTO entries (kind, key, charge_key, token, fen, outcome, code, message, at, day)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        [kind, key, charge_key, token, fen, verdict.outcome, verdict.code, verdict.message, at.isoformat(),
         business_date(at).isoformat()],
    )
    row: sqlite3.Row = connection.execute("SELECT * FROM entries WHERE id = ?", [inserted.lastrowid]).fetchone()
    return row
