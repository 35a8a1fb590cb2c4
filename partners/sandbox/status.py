"""Status matches: a member of ours gets a tier at the partner, one per person and period.

A function that returns a Callable gives an operation for `Books.write`.
"""

import json
import sqlite3
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from memberships.gateways.sandbox.books import Books
from memberships.gateways.sandbox.entries import RefusedError
from partners.sandbox.commands import Answered, answer_once, read_day, read_text, read_word
from partners.sandbox.events import tell
from partners.sandbox.house import Moment

_STATUS = {"accepted": 202, "failed": 409}
_NAMES = ("member", "tier", "valid_from", "valid_until", "state", "sequence", "reason", "at")


@dataclass(frozen=True, slots=True)
class MatchOrder:
    """A match that we ask for; `evidence` as JSON."""

    match: str
    member: str
    tier: str
    valid_from: str
    valid_until: str
    evidence: str

    @classmethod
    def read(cls, fields: Mapping[str, Any]) -> "MatchOrder":
        valid_from = read_day("valid_from", fields.get("valid_from"))
        valid_until = read_day("valid_until", fields.get("valid_until"))
        if valid_until < valid_from:
            raise RefusedError("invalid_request", "valid_until is before valid_from")
        return cls(
            match=read_word("match", fields.get("match")), member=read_word("member", fields.get("member")),
            tier=read_text("tier", fields.get("tier"), most=128), valid_from=valid_from, valid_until=valid_until,
            evidence=read_text("evidence", json.dumps(fields.get("evidence"), ensure_ascii=False), most=4000),
        )  # fmt: skip


def match_status(
    moment: Moment, order: MatchOrder, *, id: str, digest: str
) -> Callable[[sqlite3.Connection], Answered]:
    """The operation that gives the status, once."""
    return answer_once(
        moment, id=read_word("webhook-id", id), digest=digest, subject=order.match, command="match",
        carry_out=lambda connection: _match(connection, moment, order),
    )  # fmt: skip


def _match(connection: sqlite3.Connection, moment: Moment, order: MatchOrder) -> Answered:
    known = _find(connection, moment.partner.code, order.match)
    if order.tier not in moment.partner.tiers:
        return 409, _refusal(moment, order, known, "unknown_tier")
    if known is not None:
        is_same = all(known[name] == getattr(order, name) for name in ("member", "tier", "valid_from", "valid_until"))
        if known["state"] == "ended" or not is_same:
            return 409, _refusal(moment, order, known, "ended" if known["state"] == "ended" else "already_matched")
        return _STATUS.get(known["state"], 200), answer_of(known)
    if _is_matched(connection, moment.partner.code, order):
        return 409, _refusal(moment, order, None, "already_matched")
    row = _insert(connection, moment, order)
    return _STATUS.get(row["state"], 200), answer_of(row)


def _is_matched(connection: sqlite3.Connection, partner: str, order: MatchOrder) -> bool:
    """Whether the person has a match that has not ended on some day of that period."""
    found = connection.execute(
        "SELECT 1 FROM matches WHERE partner = ? AND member = ? AND state <> 'ended'"
        " AND valid_from <= ? AND valid_until >= ?",
        [partner, order.member, order.valid_until, order.valid_from],
    ).fetchone()
    return found is not None


def _insert(connection: sqlite3.Connection, moment: Moment, order: MatchOrder) -> sqlite3.Row:
    partner = moment.partner
    connection.execute(
        "INSERT INTO matches"
        " (partner, key, member, tier, valid_from, valid_until, evidence, state, sequence, confirm_at, at)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, 'accepted', 0, ?, ?)",
        [partner.code, order.match, order.member, order.tier, order.valid_from, order.valid_until, order.evidence,
         None if partner.confirm_after_ms is None else time.time() + partner.confirm_after_ms / 1000,
         moment.at.isoformat()],
    )  # fmt: skip
    state = "accepted" if partner.is_async else "matched"
    return _change_state(connection, moment, order.match, state, reason="", is_told=partner.is_telling)


def end_status(
    moment: Moment, match: str, *, reason: str, id: str, digest: str
) -> Callable[[sqlite3.Connection], Answered]:
    """The operation that ends it because we said so, once."""

    def carry_out(connection: sqlite3.Connection) -> Answered:
        known = _find(connection, moment.partner.code, match)
        if known is None:
            return 409, {"match": match, "state": "failed", "sequence": 0, "reason": "not_matched",
                         "at": moment.at.isoformat()}  # fmt: skip
        if known["state"] != "ended":
            known = _change_state(
                connection, moment, match, "ended", reason=reason, is_told=moment.partner.is_telling
            )
        return 200, answer_of(known)

    return answer_once(
        moment, id=read_word("webhook-id", id), digest=digest, subject=match, command="end", carry_out=carry_out
    )


def end_by_itself(moment: Moment, match: str, *, reason: str) -> Callable[[sqlite3.Connection], dict[str, Any]]:
    """The operation by which the partner ends a status on its own, and tells us."""

    def operation(connection: sqlite3.Connection) -> dict[str, Any]:
        if _find(connection, moment.partner.code, match) is None:
            raise RefusedError("invalid_request", f"there is no match {match}")
        return answer_of(_change_state(connection, moment, match, "ended", reason=reason, is_told=True))

    return operation


def confirm_matches(moment: Moment, keys: list[str] | None, *, now: float) -> Callable[[sqlite3.Connection], int]:
    """The operation that confirms what is due by now (of those keys: whenever it is due); how many that was."""

    def operation(connection: sqlite3.Connection) -> int:
        waiting = connection.execute(
            "SELECT key FROM matches WHERE partner = ? AND state = 'accepted' AND (confirm_at <= ? OR ?)"
            " ORDER BY number",
            [moment.partner.code, now, keys is not None],
        ).fetchall()
        waiting = [row for row in waiting if not keys or row["key"] in keys]
        for row in waiting:
            _change_state(connection, moment, row["key"], "matched", reason="", is_told=True)
        return len(waiting)

    return operation


def present_status(moment: Moment, fields: Mapping[str, Any]) -> Callable[[sqlite3.Connection], None]:
    """The operation that tells of a member who has a tier at the partner and wants it matched by us."""
    member = read_word("member", fields.get("member"))
    data = {
        "member": member, "tier": read_text("tier", fields.get("tier"), most=128),
        "evidence": read_text("evidence", fields.get("evidence", "")),
        "valid_until": read_day("valid_until", fields.get("valid_until")),
    }  # fmt: skip
    return lambda connection: tell(connection, moment, "status.presented", member, data)


def register_member(moment: Moment, fields: Mapping[str, Any]) -> Callable[[sqlite3.Connection], None]:
    """The operation that tells of a member who is new at the partner."""
    member = read_word("member", fields.get("member"))
    data = {"member": member, "registered_on": read_day("registered_on", fields.get("registered_on"))}
    return lambda connection: tell(connection, moment, "member.registered", member, data)


def find_match(books: Books, partner: str, key: str) -> dict[str, Any] | None:
    rows = books.read("SELECT * FROM matches WHERE partner = ? AND key = ?", partner, key)
    return answer_of(rows[0]) if rows else None


def answer_of(row: sqlite3.Row) -> dict[str, Any]:
    """As it stands in answers and events."""
    number = f"{row['partner'][:2].upper()}{row['number']:09d}"
    return {"match": row["key"], "number": number} | {name: row[name] for name in _NAMES}


def _refusal(moment: Moment, order: MatchOrder, known: sqlite3.Row | None, reason: str) -> dict[str, Any]:
    """The answer to what cannot be done: a match that is there stays as it was."""
    return {
        "match": order.match, "number": answer_of(known)["number"] if known else "", "member": order.member,
        "tier": order.tier, "valid_from": order.valid_from, "valid_until": order.valid_until, "state": "failed",
        "sequence": known["sequence"] if known else 0, "reason": reason, "at": moment.at.isoformat(),
    }  # fmt: skip


def _change_state(
    connection: sqlite3.Connection, moment: Moment, key: str, state: str, *, reason: str, is_told: bool
) -> sqlite3.Row:
    connection.execute(
        "UPDATE matches SET state = ?, sequence = sequence + 1, reason = ?, at = ? WHERE partner = ? AND key = ?",
        [state, reason, moment.at.isoformat(), moment.partner.code, key],
    )
    row = _find(connection, moment.partner.code, key)
    assert row is not None
    if is_told and state != "accepted":
        tell(connection, moment, f"status.{state}", key, answer_of(row))
    return row


def _find(connection: sqlite3.Connection, partner: str, key: str) -> sqlite3.Row | None:
    row: sqlite3.Row | None = connection.execute(
        "SELECT * FROM matches WHERE partner = ? AND key = ?", [partner, key]
    ).fetchone()
    return row
