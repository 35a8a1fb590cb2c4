"""The partners that the server plays: rows of its books, five of them from the first."""

import json
import re
import sqlite3
from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass, field, fields, replace
from typing import Any

from memberships.gateways.sandbox.books import Books
from memberships.gateways.sandbox.entries import RefusedError

MODES = ("orders", "usages", "files", "status")
_CODE = re.compile(r"[a-z][a-z0-9-]{0,30}")
_AMOUNT = re.compile(r"[0-9]{1,10}\.[0-9]{2,4}")
#: The first words of other paths.
_TAKEN = ("control", "health")
_AS_JSON = ("modes", "prices", "tiers", "file_orders")

_KEEP = """
INSERT OR REPLACE INTO partners (
    code, modes, is_async, is_telling, confirm_after_ms, price, prices, billed, tiers, file_orders
) VALUES (
    :code, :modes, :is_async, :is_telling, :confirm_after_ms, :price, :prices, :billed, :tiers, :file_orders
)"""


@dataclass(frozen=True, slots=True)
class Partner:
    """`price` of a sku that `prices` does not name, CNY, for each fulfilment, or for each month of it (`billed`).

    `confirm_after_ms` None: confirmed only when told to.
    """

    code: str
    modes: tuple[str, ...]
    is_async: bool = False
    is_telling: bool = False
    confirm_after_ms: int | None = 0
    price: str = "10.00"
    prices: dict[str, str] = field(default_factory=dict)
    billed: str = "fulfilment"
    tiers: tuple[str, ...] = ()
    file_orders: dict[str, Any] = field(default_factory=dict)

    def price_of(self, sku: str) -> str:
        return self.prices.get(sku, self.price)


SEEDED = (
    Partner("iqiyi", ("orders",)),
    Partner("kugou", ("orders",), is_async=True, is_telling=True),
    Partner("jd-health", ("orders", "usages")),
    Partner("jd-read", ("files",)),
    Partner("marriott", ("status",), tiers=("Member", "Silver", "Gold", "Platinum", "Titanium", "Ambassador")),
)
#: What a control call may change of a partner.
CHANGEABLE = ("is_async", "is_telling", "confirm_after_ms", "price", "prices", "billed", "tiers")


def find_partner(books: Books, code: str) -> Partner | None:
    rows = books.read("SELECT * FROM partners WHERE code = ?", code)
    return _partner(rows[0]) if rows else None


def list_partners(books: Books) -> list[Partner]:
    return [_partner(row) for row in books.read("SELECT * FROM partners ORDER BY code")]


def read_partner(data: dict[str, Any]) -> Partner:
    """A new one, from what a control call sent."""
    if unknown := set(data) - {"code", "modes", *CHANGEABLE}:
        raise RefusedError("invalid_request", f"a partner has no {', '.join(sorted(unknown))}")
    code, modes = data.get("code"), data.get("modes")
    if not isinstance(code, str) or not _CODE.fullmatch(code) or code in _TAKEN:
        raise RefusedError("invalid_request", "code is up to 31 small letters, digits and -, and not a word of ours")
    if not isinstance(modes, list) or not modes or not set(modes) <= set(MODES):
        raise RefusedError("invalid_request", f"modes are a list of {', '.join(MODES)}")
    return change_partner(Partner(code, tuple(modes)), {name: data[name] for name in CHANGEABLE if name in data})


def change_partner(partner: Partner, data: dict[str, Any]) -> Partner:
    """As it is with what a control call sent."""
    for name, value in data.items():
        if name not in CHANGEABLE or not _CHECKS[name](value):
            raise RefusedError("invalid_request", f"{name} cannot be {json.dumps(value)}")
    return replace(partner, **data | ({"tiers": tuple(data["tiers"])} if "tiers" in data else {}))


def keep_partners(partners: Iterable[Partner], *, is_new: bool = False) -> Callable[[sqlite3.Connection], None]:
    """The operation that writes them; with `is_new`, none that is there."""

    def operation(connection: sqlite3.Connection) -> None:
        for partner in partners:
            if is_new and connection.execute("SELECT 1 FROM partners WHERE code = ?", [partner.code]).fetchone():
                continue
            row = asdict(partner)
            connection.execute(_KEEP, row | {name: json.dumps(row[name]) for name in _AS_JSON})

    return operation


def as_data(partner: Partner) -> dict[str, Any]:
    return asdict(partner)


def _partner(row: sqlite3.Row) -> Partner:
    values = {known.name: row[known.name] for known in fields(Partner)}
    values |= {name: json.loads(values[name]) for name in _AS_JSON}
    values |= {name: tuple(values[name]) for name in ("modes", "tiers")}
    return Partner(**values | {name: bool(values[name]) for name in ("is_async", "is_telling")})


def _is_amount(value: Any) -> bool:
    return isinstance(value, str) and _AMOUNT.fullmatch(value) is not None


def _is_delay(value: Any) -> bool:
    return value is None or (type(value) is int and 0 <= value <= 86_400_000)


_CHECKS: dict[str, Callable[[Any], bool]] = {
    "is_async": lambda value: isinstance(value, bool),
    "is_telling": lambda value: isinstance(value, bool),
    "confirm_after_ms": _is_delay,
    "price": _is_amount,
    "prices": lambda value: isinstance(value, dict) and all(map(_is_amount, value.values())),
    "billed": lambda value: value in ("fulfilment", "month"),
    "tiers": lambda value: isinstance(value, list) and all(isinstance(tier, str) for tier in value),
}
