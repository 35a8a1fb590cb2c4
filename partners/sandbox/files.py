"""Daily files: each line is a command; what became of each stands in the file's result, at once or later."""

import csv
import hashlib
import io
import re
import sqlite3
import time
from collections.abc import Callable
from dataclasses import dataclass, field, fields
from typing import Any

from memberships.gateways.sandbox.books import Books
from memberships.gateways.sandbox.entries import KeyConflictError, RefusedError
from partners.sandbox.commands import digest_of, read_text, read_word
from partners.sandbox.house import Moment
from partners.sandbox.orders import Order, place_order

COLUMNS = ["line", "order", "command", "sku", "member", "starts_on", "ends_on"]
RESULT_COLUMNS = ["line", "order", "result", "reference", "reason"]
NAME = re.compile(r"[A-Za-z0-9._-]{1,100}")
_MOST_LATE_MS = 86_400_000


@dataclass(frozen=True)
class FileOrders:
    """What is wrong with the files of a partner from now on: which lines it rejects or passes over, and how late it is.

    Of the other lines a share is rejected, the same ones for the same seed. `result_after_ms` None: when told.
    """

    reject_share: float = 0
    seed: int = 0
    reject_orders: list[str] = field(default_factory=list)
    omit_orders: list[str] = field(default_factory=list)
    reason: str = "rejected_to_order"
    result_after_ms: int | None = 0

    @classmethod
    def read(cls, data: dict[str, Any]) -> "FileOrders":
        if unknown := set(data) - {known.name for known in fields(cls)}:
            raise RefusedError("invalid_request", f"nothing can be ordered of: {', '.join(sorted(unknown))}")
        orders = cls(**data)
        late_ms = orders.result_after_ms
        if type(orders.reject_share) not in (int, float) or not 0 <= orders.reject_share <= 1:
            raise RefusedError("invalid_request", "reject_share is from 0 to 1")
        if type(orders.seed) is not int or not (
            late_ms is None or (type(late_ms) is int and 0 <= late_ms <= _MOST_LATE_MS)
        ):
            raise RefusedError("invalid_request", "seed and result_after_ms are whole numbers, up to a day")
        for name in ("reject_orders", "omit_orders"):
            if not isinstance(getattr(orders, name), list):
                raise RefusedError("invalid_request", f"{name} is a list")
            [read_word(name, value) for value in getattr(orders, name)]
        read_text("reason", orders.reason)
        return orders

    def rejects(self, order: str) -> bool:
        draw = int.from_bytes(hashlib.sha256(f"{self.seed}:{order}".encode()).digest()[:6], "big") / 2**48
        return order in self.reject_orders or draw < self.reject_share


def take_file(
    moment: Moment, name: str, content: bytes
) -> Callable[[sqlite3.Connection], tuple[int, dict[str, Any]]]:
    """The operation that takes a file, once by its name: (HTTP status, data). RefusedError where it is none."""
    if not NAME.fullmatch(name):
        raise RefusedError("invalid_request", "a name is 1 to 100 letters, digits, dots, - and _")
    rows = read_rows(content)
    orders = FileOrders.read(moment.partner.file_orders)
    digest = hashlib.sha256(content).hexdigest()

    def operation(connection: sqlite3.Connection) -> tuple[int, dict[str, Any]]:
        known = connection.execute(
            "SELECT digest FROM files WHERE partner = ? AND name = ?", [moment.partner.code, name]
        ).fetchone()
        if known is not None and known["digest"] != digest:
            raise KeyConflictError(name)
        if known is None:
            result = _result_of(connection, moment, name, rows, orders)
            late_ms = orders.result_after_ms
            connection.execute(
                "INSERT INTO files (partner, name, digest, lines, result, result_at, at) VALUES (?, ?, ?, ?, ?, ?, ?)",
                [moment.partner.code, name, digest, len(rows), result,
                 None if late_ms is None else time.time() + late_ms / 1000, moment.at.isoformat()],
            )  # fmt: skip
        return (200 if known else 201), {"name": name, "lines": len(rows), "sha256": digest}

    return operation


def read_rows(content: bytes) -> list[dict[str, str]]:
    """The lines of a file after its first. RefusedError `invalid_file` names what is wrong with it as a whole."""
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise RefusedError("invalid_file", "the file is not UTF-8") from None
    try:
        head, *rows = csv.reader(io.StringIO(text, newline=""), strict=True)
    except (csv.Error, ValueError) as error:
        raise RefusedError("invalid_file", f"the file is no CSV with a first line: {error}") from None
    if head != COLUMNS:
        raise RefusedError("invalid_file", f"the first line is {','.join(COLUMNS)}")
    rows = [row for row in rows if row]
    for number, row in enumerate(rows, start=2):
        if len(row) != len(COLUMNS):
            raise RefusedError("invalid_file", f"row {number} has {len(row)} columns instead of {len(COLUMNS)}")
    return [dict(zip(COLUMNS, row, strict=True)) for row in rows]


def find_result(books: Books, partner: str, name: str, *, now: float) -> bytes | None:
    """The result; empty bytes when it is not there yet, None where no such file was taken."""
    rows = books.read("SELECT result, result_at FROM files WHERE partner = ? AND name = ?", partner, name)
    if not rows:
        return None
    is_there = rows[0]["result_at"] is not None and rows[0]["result_at"] <= now
    return bytes(rows[0]["result"]) if is_there else b""


def release_result(partner: str, name: str) -> Callable[[sqlite3.Connection], None]:
    """The operation by which a result is there now."""

    def operation(connection: sqlite3.Connection) -> None:
        done = connection.execute(
            "UPDATE files SET result_at = 0 WHERE partner = ? AND name = ?", [partner, name]
        )
        if not done.rowcount:
            raise RefusedError("invalid_request", f"there is no file {name}")

    return operation


def _result_of(
    connection: sqlite3.Connection, moment: Moment, name: str, rows: list[dict[str, str]], orders: FileOrders
) -> bytes:
    """Do what the lines say, and say what became of each."""
    text = io.StringIO(newline="")
    result = csv.writer(text)
    result.writerow(RESULT_COLUMNS)
    for row in rows:
        if row["order"] in orders.omit_orders:
            continue
        reference, reason = "", orders.reason
        if not orders.rejects(row["order"]):
            reference, reason = _carry_out(connection, moment, name, row)
        verdict = "rejected" if reason else "accepted"
        result.writerow([row["line"], row["order"], verdict, reference, reason])
    return text.getvalue().encode()


def _carry_out(
    connection: sqlite3.Connection, moment: Moment, name: str, row: dict[str, str]
) -> tuple[str, str]:
    """The reference, and the reason where it was not done."""
    id = f"{name}:{row['line']}"
    fields = row | {"ends_on": row["ends_on"] or None}
    try:
        order = Order.read(fields, id=id, digest=digest_of(id, repr(sorted(row.items())).encode()))
        _status, answer = place_order(moment, order)(connection)
    except RefusedError as error:
        return "", f"{error.code}: {error}"
    return answer["reference"], answer["reason"]
