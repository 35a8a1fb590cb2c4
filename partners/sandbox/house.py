"""What the parts of the server share: the books, the clock, the keys, the faults ordered of each partner."""

import asyncio
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, TypeVar

from memberships.gateways.sandbox.books import Books
from memberships.gateways.sandbox.clock import Clock
from memberships.gateways.sandbox.server import Load
from partners.sandbox.address import Address, PartnerSecrets, fresh_secrets
from partners.sandbox.faults import PartnerChooser, PartnerFaults
from partners.sandbox.roster import SEEDED, Partner, keep_partners, list_partners

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Moment:
    """What goes into the books with whatever is done: whose it is, when, and how its events are sent."""

    partner: Partner
    at: datetime
    faults: PartnerFaults


class House:
    """One server's state. `note_address` writes the address file anew when there are other keys.

    Those of the five that confirm later do so after `confirm_after_ms` at first.
    """

    def __init__(
        self, books: Books, address: Address, note_address: Callable[[Address], None], *, confirm_after_ms: int = 0
    ) -> None:
        self.books = books
        self.address = address
        self.clock = Clock()
        self.is_stamped = False
        self.load = Load()
        self.under_way: Counter[tuple[str, str]] = Counter()
        #: Set when something may be due: the sender and the clockwork each wait for theirs.
        self.to_send, self.to_confirm = asyncio.Event(), asyncio.Event()
        self._note_address = note_address
        self._seeded = [replace(partner, confirm_after_ms=confirm_after_ms) for partner in SEEDED]
        self._choosers: dict[str, PartnerChooser] = {}

    async def open(self) -> None:
        """See that the five are there, and that every partner has keys."""
        await self.books.write(keep_partners(self._seeded, is_new=True))
        known = self.address.partners
        self._keep({partner.code: fresh_secrets() for partner in list_partners(self.books)} | known)

    def listen_at(self, url: str) -> None:
        self.address = replace(self.address, url=url)
        self._note_address(self.address)

    def secrets_of(self, code: str) -> PartnerSecrets:
        return self.address.partners[code]

    def give_secrets(self, code: str, secrets: PartnerSecrets) -> None:
        self._keep(self.address.partners | {code: secrets})

    def chooser_of(self, code: str) -> PartnerChooser:
        return self._choosers.setdefault(code, PartnerChooser(PartnerFaults()))

    def order_faults(self, code: str, faults: PartnerFaults) -> None:
        self._choosers[code] = PartnerChooser(faults)
        self.wake()

    def moment(self, partner: Partner) -> Moment:
        return Moment(partner, self.clock.now(), self.chooser_of(partner.code).faults)

    def stamp(self) -> int:
        """The time that signatures bear: the machine's, or the story's where that is ordered."""
        return int((self.clock if self.is_stamped else Clock()).now().timestamp())

    async def write(self, operation: Callable[..., T]) -> T:
        """Do it in the books; what it left to send or to confirm is then looked for."""
        result = await self.books.write(operation)
        self.wake()
        return result

    def wake(self) -> None:
        self.to_send.set()
        self.to_confirm.set()

    def _keep(self, partners: dict[str, PartnerSecrets]) -> None:
        self.address = replace(self.address, partners=partners)
        self._note_address(self.address)


def page_of(name: str, rows: list[dict[str, Any]], size: int) -> dict[str, Any]:
    """A page of rows with their numbers, and after which number the next begins (null: none)."""
    return {name: rows, "next": rows[-1]["number"] if len(rows) == size else None}
