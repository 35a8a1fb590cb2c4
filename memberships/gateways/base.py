"""The interface of a payment gateway.

An adapter never raises for what the network or the gateway does: it answers UNKNOWN, and whoever called asks again
later (`find_charge`, `find_refund`), under the same key. ABSENT is the gateway's own word that it never got the key.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum
from functools import cache
from typing import Any, Protocol

from django.conf import settings
from django.utils.module_loading import import_string
from django.utils.translation import gettext as _

from operations.errors import UnknownNameError


class Outcome(StrEnum):
    """What became of a charge or a refund, as far as the gateway has said."""

    SUCCEEDED = "succeeded"
    SOFT_DECLINE = "soft"
    HARD_DECLINE = "hard"
    UNKNOWN = "unknown"
    ABSENT = "absent"


@dataclass(frozen=True, slots=True)
class Charge:
    """What is asked for. `key` is the idempotency key: the same key is charged once, however often it is sent."""

    key: str
    token: str
    amount: Decimal
    currency: str = "CNY"
    description: str = ""


@dataclass(frozen=True, slots=True)
class RefundOrder:
    """What is to be given back of a charge. `reference` is the gateway's own of the charge."""

    key: str
    charge_key: str
    reference: str
    amount: Decimal
    currency: str = "CNY"


@dataclass(frozen=True, slots=True)
class Answer:
    """The gateway's answer. `code` and `message` are its own words, `reference` its number of what it did.

    `amount` is what it says that it moved, without a sign, and `token` whose money it took, where it says so.
    """

    key: str
    outcome: Outcome
    code: str = ""
    reference: str = ""
    message: str = ""
    amount: Decimal | None = None
    token: str = ""


@dataclass(frozen=True, slots=True)
class GatewayRecord:
    """A line of the gateway's own list of money moved. `amount` is negative for a refund."""

    key: str
    reference: str
    amount: Decimal
    at: datetime


class Gateway(Protocol):
    """One gateway. Used inside `async with`, which opens and closes its connections."""

    name: str

    async def __aenter__(self) -> "Gateway": ...

    async def __aexit__(self, *error: Any) -> None: ...

    async def charge(self, charge: Charge) -> Answer:
        """Ask for money: succeeded, declined or UNKNOWN."""

    async def find_charge(self, key: str) -> Answer:
        """Ask what became of a charge: succeeded, declined, ABSENT, or UNKNOWN when it cannot be asked now."""

    async def refund(self, order: RefundOrder) -> Answer:
        """Ask to give money back: succeeded, declined or UNKNOWN."""

    async def find_refund(self, key: str) -> Answer:
        """Ask what became of a refund, as `find_charge` does."""

    def list_records(self, *, first: date, last: date) -> Iterator[GatewayRecord]:
        """The gateway's own list of money moved from the first to the last business date, charges and refunds.

        Blocking. GatewayUnreachableError when it cannot be had.
        """


@cache
def _adapter(name: str) -> type:
    try:
        return import_string(settings.GATEWAYS[name]["adapter"])  # type: ignore[no-any-return]
    except KeyError:
        known = ", ".join(sorted(settings.GATEWAYS))
        raise UnknownNameError(
            _("There is no gateway “%(name)s”; there are: %(known)s") % {"name": name, "known": known}
        ) from None


def get_gateway(name: str) -> Gateway:
    """A new adapter of that gateway, by its settings; UnknownNameError names those there are."""
    gateway: Gateway = _adapter(name)(name=name, **settings.GATEWAYS[name].get("options", {}))
    return gateway
