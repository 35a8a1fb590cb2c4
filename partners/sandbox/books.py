"""The partners' own books, as one file: `memberships/gateways/sandbox/books.py` says how it is read and written."""

import sqlite3
from collections.abc import Callable
from pathlib import Path

from memberships.gateways.sandbox.books import Books

PAGE = 1000

#: `at` is an ISO instant of the books' clock; `confirm_at`, `due_at` and `result_at` are seconds of the machine's.
#: A `confirm_at` of null waits for an order to confirm. `digest` is that of what was sent.
_SCHEMA = """
CREATE TABLE IF NOT EXISTS settings (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS partners (
    code TEXT PRIMARY KEY,
    modes TEXT NOT NULL,
    is_async INTEGER NOT NULL DEFAULT 0,
    is_telling INTEGER NOT NULL DEFAULT 0,
    confirm_after_ms INTEGER DEFAULT 0,
    price TEXT NOT NULL DEFAULT '10.00',
    prices TEXT NOT NULL DEFAULT '{}',
    billed TEXT NOT NULL DEFAULT 'fulfilment',
    tiers TEXT NOT NULL DEFAULT '[]',
    file_orders TEXT NOT NULL DEFAULT '{}'
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS commands (
    number INTEGER PRIMARY KEY AUTOINCREMENT,
    partner TEXT NOT NULL,
    id TEXT NOT NULL,
    digest TEXT NOT NULL,
    subject TEXT NOT NULL,
    command TEXT NOT NULL,
    status INTEGER NOT NULL,
    answer TEXT NOT NULL,
    at TEXT NOT NULL,
    UNIQUE (partner, id)
);
CREATE TABLE IF NOT EXISTS fulfilments (
    number INTEGER PRIMARY KEY AUTOINCREMENT,
    partner TEXT NOT NULL,
    key TEXT NOT NULL,
    sku TEXT NOT NULL,
    member TEXT NOT NULL,
    starts_on TEXT NOT NULL,
    ends_on TEXT,
    state TEXT NOT NULL CHECK (state IN ('accepted', 'active', 'suspended', 'revoked', 'failed')),
    sequence INTEGER NOT NULL,
    reason TEXT NOT NULL DEFAULT '',
    command TEXT,
    provisioned INTEGER NOT NULL DEFAULT 0,
    extended INTEGER NOT NULL DEFAULT 0,
    was_active INTEGER NOT NULL DEFAULT 0,
    revoked_on TEXT,
    confirm_at REAL,
    at TEXT NOT NULL,
    UNIQUE (partner, key)
);
CREATE INDEX IF NOT EXISTS fulfilments_to_confirm ON fulfilments (confirm_at) WHERE state = 'accepted';
CREATE INDEX IF NOT EXISTS fulfilments_by_month ON fulfilments (partner, starts_on) WHERE was_active;
CREATE TABLE IF NOT EXISTS matches (
    number INTEGER PRIMARY KEY AUTOINCREMENT,
    partner TEXT NOT NULL,
    key TEXT NOT NULL,
    member TEXT NOT NULL,
    tier TEXT NOT NULL,
    valid_from TEXT NOT NULL,
    valid_until TEXT NOT NULL,
    evidence TEXT NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('accepted', 'matched', 'ended')),
    sequence INTEGER NOT NULL,
    reason TEXT NOT NULL DEFAULT '',
    confirm_at REAL,
    at TEXT NOT NULL,
    UNIQUE (partner, key)
);
CREATE INDEX IF NOT EXISTS matches_of_member ON matches (partner, member);
CREATE INDEX IF NOT EXISTS matches_to_confirm ON matches (confirm_at) WHERE state = 'accepted';
CREATE TABLE IF NOT EXISTS usages (
    number INTEGER PRIMARY KEY AUTOINCREMENT,
    partner TEXT NOT NULL,
    usage TEXT NOT NULL,
    member TEXT NOT NULL,
    benefit TEXT NOT NULL,
    category TEXT NOT NULL,
    quantity INTEGER NOT NULL,
    at TEXT NOT NULL,
    day TEXT NOT NULL,
    UNIQUE (partner, usage)
);
CREATE TABLE IF NOT EXISTS files (
    number INTEGER PRIMARY KEY AUTOINCREMENT,
    partner TEXT NOT NULL,
    name TEXT NOT NULL,
    digest TEXT NOT NULL,
    lines INTEGER NOT NULL,
    result BLOB NOT NULL,
    result_at REAL,
    at TEXT NOT NULL,
    UNIQUE (partner, name)
);
CREATE TABLE IF NOT EXISTS plants (
    number INTEGER PRIMARY KEY AUTOINCREMENT,
    partner TEXT NOT NULL,
    month TEXT NOT NULL,
    kind TEXT NOT NULL,
    order_key TEXT NOT NULL,
    UNIQUE (partner, month, order_key)
);
CREATE TABLE IF NOT EXISTS events (
    number INTEGER PRIMARY KEY AUTOINCREMENT,
    id TEXT NOT NULL UNIQUE,
    partner TEXT NOT NULL,
    subject TEXT NOT NULL,
    type TEXT NOT NULL,
    body TEXT NOT NULL,
    answer TEXT,
    at TEXT NOT NULL
);
CREATE INDEX IF NOT EXISTS events_of_subject ON events (partner, subject);
CREATE TABLE IF NOT EXISTS deliveries (
    number INTEGER PRIMARY KEY AUTOINCREMENT,
    event INTEGER NOT NULL REFERENCES events,
    copy INTEGER NOT NULL,
    due_at REAL NOT NULL,
    attempts INTEGER NOT NULL DEFAULT 0,
    status TEXT NOT NULL DEFAULT '',
    delivered_at TEXT
);
CREATE INDEX IF NOT EXISTS deliveries_due ON deliveries (due_at, number) WHERE delivered_at IS NULL;
CREATE INDEX IF NOT EXISTS deliveries_of_event ON deliveries (event);
"""
_EMPTY = (
    "DELETE FROM deliveries", "DELETE FROM events", "DELETE FROM plants", "DELETE FROM files", "DELETE FROM usages",
    "DELETE FROM matches", "DELETE FROM fulfilments", "DELETE FROM commands", "DELETE FROM partners",
)  # fmt: skip


def open_books(path: Path) -> Books:
    return Books(path, _SCHEMA)


def empty_books(connection: sqlite3.Connection) -> None:
    """Of all but the settings: where events go is where the listener is, whatever has been heard."""
    for statement in _EMPTY:
        connection.execute(statement)


def read_setting(books: Books, name: str) -> str:
    rows = books.read("SELECT value FROM settings WHERE name = ?", name)
    return str(rows[0]["value"]) if rows else ""


def write_setting(name: str, value: str) -> Callable[[sqlite3.Connection], None]:
    """The operation that sets it."""

    def operation(connection: sqlite3.Connection) -> None:
        connection.execute("INSERT OR REPLACE INTO settings (name, value) VALUES (?, ?)", [name, value])

    return operation
