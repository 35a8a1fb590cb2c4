"""Orders and what became of them: provision, suspend, resume and revoke, confirmed at once or later.

`server.py` has the table of what each command makes of each state. A function that returns a Callable gives an
operation for `Books.write`.
"""

import sqlite3
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from memberships.dates import business_date
from memberships.gateways.sandbox.books import Books
from memberships.gateways.sandbox.entries import RefusedError
from partners.sandbox.books import PAGE
from partners.sandbox.commands import Answered, answer_once, read_choice, read_day, read_word
from partners.sandbox.events import tell
from partners.sandbox.house import Moment

COMMANDS = ("provision", "suspend", "resume", "revoke")
#: What a partner may make of an order by itself.
CHANGES = ("active", "suspended", "revoked", "failed")
#: What a command makes of a state; "given" is active, or accepted where the partner confirms later. What does not
#: stand here cannot be done.
_AFTER: dict[str, dict[str, str]] = {
    "provision": {
        "absent": "given", "failed": "given", "accepted": "accepted", "active": "active", "suspended": "active",
    },
    "suspend": {"accepted": "suspended", "active": "suspended", "suspended": "suspended"},
    "resume": {"accepted": "accepted", "active": "active", "suspended": "active"},
    "revoke": dict.fromkeys(("absent", "accepted", "active", "suspended", "revoked", "failed"), "revoked"),
}  # fmt: skip
_STATUS = {"accepted": 202, "failed": 409}
_CONFIRMED_AT_ONCE = 500


@dataclass(frozen=True, slots=True)
class Order:
    """A command of ours, with its id and a digest of what was sent."""

    id: str
    digest: str
    order: str
    command: str
    sku: str
    member: str
    starts_on: str
    ends_on: str | None

    @classmethod
    def read(cls, fields: Mapping[str, Any], *, id: str, digest: str) -> "Order":
        starts_on = read_day("starts_on", fields.get("starts_on"))
        ends_on = None if fields.get("ends_on") is None else read_day("ends_on", fields["ends_on"])
        if ends_on is not None and ends_on < starts_on:
            raise RefusedError("invalid_request", "ends_on is before starts_on")
        return cls(
            id=read_word("webhook-id", id), digest=digest, order=read_word("order", fields.get("order")),
            command=read_choice("command", fields.get("command"), COMMANDS), sku=read_word("sku", fields.get("sku")),
            member=read_word("member", fields.get("member")), starts_on=starts_on, ends_on=ends_on,
        )  # fmt: skip


def place_order(moment: Moment, order: Order) -> Callable[[sqlite3.Connection], Answered]:
    """The operation that does what the command says, once."""
    return answer_once(
        moment, id=order.id, digest=order.digest, subject=order.order, command=order.command,
        carry_out=lambda connection: _carry_out(connection, moment, order),
    )  # fmt: skip


def _carry_out(connection: sqlite3.Connection, moment: Moment, order: Order) -> Answered:
    known = _find(connection, moment.partner.code, order.order)
    state = known["state"] if known else "absent"
    after = _AFTER[order.command].get(state)
    if after is None:
        return 409, _refusal(moment, order, known, "revoked" if state == "revoked" else "not_provisioned")
    if after == "given":
        after = _given(moment, order)
    if order.command == "provision" or after != state:
        known = _write(connection, moment, order, known, after)
    assert known is not None, "what was absent has been written"
    return _STATUS.get(after, 200), answer_of(known) | {"command": order.id}


def _given(moment: Moment, order: Order) -> str:
    """The state after a first provision."""
    if order.sku.startswith("refused"):
        return "failed"
    is_later = moment.partner.is_async or order.sku.startswith("later-refused")
    return "accepted" if is_later else "active"


def _refusal(moment: Moment, order: Order, known: sqlite3.Row | None, reason: str) -> dict[str, Any]:
    """The answer to what cannot be done: the order stays as it was, and so does its sequence."""
    return {
        "order": order.order, "command": order.id, "state": "failed", "reference": reference_of(known) if known else "",
        "sequence": known["sequence"] if known else 0, "reason": reason, "at": moment.at.isoformat(),
    }


def _write(
    connection: sqlite3.Connection, moment: Moment, order: Order, known: sqlite3.Row | None, state: str
) -> sqlite3.Row:
    """The order's row after the command, and the event of it where the partner tells."""
    if known is None:
        connection.execute(
            "INSERT INTO fulfilments (partner, key, sku, member, starts_on, ends_on, state, sequence, at)"
            " VALUES (?, ?, ?, ?, ?, ?, 'accepted', 0, ?)",
            [moment.partner.code, order.order, order.sku, order.member, order.starts_on, order.ends_on,
             moment.at.isoformat()],
        )  # fmt: skip
    if order.command == "provision":
        _count_provision(connection, moment, order, known, state)
    if order.command == "revoke":
        connection.execute(
            "UPDATE fulfilments SET revoked_on = ? WHERE partner = ? AND key = ?",
            [business_date(moment.at).isoformat(), moment.partner.code, order.order],
        )
    reason = "sku_refused" if state == "failed" else ""
    return change_state(
        connection, moment, order.order, state, reason=reason, command=order.id, is_told=moment.partner.is_telling
    )


def _count_provision(
    connection: sqlite3.Connection, moment: Moment, order: Order, known: sqlite3.Row | None, state: str
) -> None:
    """Given once more, or (with a later last day) extended; what failed was not given."""
    given = known if known is not None and known["provisioned"] else None
    is_extension = given is not None and _is_later(order.ends_on, given["ends_on"])
    starts_on = given["starts_on"] if given is not None and is_extension else order.starts_on
    connection.execute(
        "UPDATE fulfilments SET provisioned = provisioned + ?, extended = extended + ?, sku = ?, member = ?,"
        " starts_on = ?, ends_on = ? WHERE partner = ? AND key = ?",
        [state != "failed" and not is_extension, is_extension, order.sku, order.member, starts_on, order.ends_on,
         moment.partner.code, order.order],
    )  # fmt: skip


def _is_later(day: str | None, known: str | None) -> bool:
    """Whether a last day is later than another; null has no end."""
    return known is not None and (day is None or day > known)


def change_state(
    connection: sqlite3.Connection, moment: Moment, key: str, state: str, *, reason: str, command: str | None,
    is_told: bool,
) -> sqlite3.Row:
    """Part of an operation: the order is in that state from now on, under the next number of its sequence."""
    after_ms = moment.partner.confirm_after_ms
    is_timed = state == "accepted" and after_ms is not None
    connection.execute(
        "UPDATE fulfilments SET state = ?, sequence = sequence + 1, reason = ?, command = ?, at = ?, confirm_at = ?,"
        " was_active = was_active OR ? = 'active', provisioned = CASE ? WHEN 'failed' THEN 0 ELSE provisioned END"
        " WHERE partner = ? AND key = ?",
        [state, reason, command, moment.at.isoformat(), time.time() + (after_ms or 0) / 1000 if is_timed else None,
         state, state, moment.partner.code, key],
    )  # fmt: skip
    row = _find(connection, moment.partner.code, key)
    assert row is not None
    if is_told and state != "accepted":
        tell(connection, moment, f"fulfilment.{state}", key, answer_of(row))
    return row


def confirm_orders(moment: Moment, keys: list[str] | None, *, now: float) -> Callable[[sqlite3.Connection], int]:
    """The operation that confirms what is due by now (of those keys: whenever it is due); how many that was."""

    def operation(connection: sqlite3.Connection) -> int:
        waiting = connection.execute(
            "SELECT key, sku, command FROM fulfilments WHERE partner = ? AND state = 'accepted'"
            " AND (confirm_at <= ? OR ?) ORDER BY number LIMIT ?",
            [moment.partner.code, now, keys is not None, -1 if keys else _CONFIRMED_AT_ONCE],
        ).fetchall()
        waiting = [row for row in waiting if not keys or row["key"] in set(keys)]
        for row in waiting:
            is_refused = row["sku"].startswith("later-refused")
            state, reason = ("failed", "sku_refused") if is_refused else ("active", "")
            change_state(
                connection, moment, row["key"], state, reason=reason, command=row["command"], is_told=True
            )
        return len(waiting)

    return operation


def change_by_itself(
    moment: Moment, key: str, state: str, reason: str
) -> Callable[[sqlite3.Connection], dict[str, Any]]:
    """The operation by which the partner changes an order on its own, and tells us."""

    def operation(connection: sqlite3.Connection) -> dict[str, Any]:
        if _find(connection, moment.partner.code, key) is None:
            raise RefusedError("invalid_request", f"there is no order {key}")
        if state == "revoked":
            connection.execute(
                "UPDATE fulfilments SET revoked_on = ? WHERE partner = ? AND key = ?",
                [business_date(moment.at).isoformat(), moment.partner.code, key],
            )
        return answer_of(
            change_state(connection, moment, key, state, reason=reason, command=None, is_told=True)
        )

    return operation


def find_fulfilment(books: Books, partner: str, key: str) -> dict[str, Any] | None:
    rows = books.read("SELECT * FROM fulfilments WHERE partner = ? AND key = ?", partner, key)
    return answer_of(rows[0]) if rows else None


def list_fulfilments(books: Books, *, partner: str, after: int) -> list[dict[str, Any]]:
    """A page of all of a partner's, with what only the books know: how often provisioned, extended."""
    rows = books.read(
        "SELECT * FROM fulfilments WHERE partner = ? AND number > ? ORDER BY number LIMIT ?", partner, after, PAGE
    )
    names = ("number", "sku", "member", "starts_on", "ends_on", "provisioned", "extended", "revoked_on")
    return [answer_of(row) | {name: row[name] for name in names} for row in rows]


def answer_of(row: sqlite3.Row) -> dict[str, Any]:
    """As it stands in answers and events."""
    names = ("command", "state", "sequence", "reason", "at")
    return {"order": row["key"], "reference": reference_of(row)} | {name: row[name] for name in names}


def reference_of(row: sqlite3.Row) -> str:
    """The partner's own number of the order."""
    return f"{row['partner'][:2].upper()}{row['number']:010d}"


def _find(connection: sqlite3.Connection, partner: str, key: str) -> sqlite3.Row | None:
    row: sqlite3.Row | None = connection.execute(
        "SELECT * FROM fulfilments WHERE partner = ? AND key = ?", [partner, key]
    ).fetchone()
    return row
