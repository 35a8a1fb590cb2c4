"""What becomes due by itself: confirmations of what was accepted."""

import asyncio
import contextlib
import time

from memberships.gateways.sandbox.books import Books
from partners.sandbox import orders, status
from partners.sandbox.house import House
from partners.sandbox.roster import find_partner

#: Also for a partner that was down when its time came.
LONGEST_PAUSE = 1.0


class Clockwork:
    """Sleeps until the next one is due, or something may be due earlier."""

    def __init__(self, house: House) -> None:
        self.house = house

    async def run(self) -> None:
        while True:
            self.house.to_confirm.clear()
            now = time.time()
            if due := self._due(now):
                for code in due:
                    await self._confirm(code, now)
                continue
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self.house.to_confirm.wait(), self._pause(now))

    def _due(self, now: float) -> list[str]:
        """The partners that have something to confirm. One that is down does so when it is up again."""
        rows = self.house.books.read(
            "SELECT partner FROM fulfilments WHERE state = 'accepted' AND confirm_at <= ?"
            " UNION SELECT partner FROM matches WHERE state = 'accepted' AND confirm_at <= ?", now, now
        )
        codes = [row["partner"] for row in rows]
        return [code for code in codes if not self.house.chooser_of(code).is_down]

    async def _confirm(self, code: str, now: float) -> None:
        if partner := find_partner(self.house.books, code):
            moment = self.house.moment(partner)
            await self.house.write(orders.confirm_orders(moment, None, now=now))
            await self.house.write(status.confirm_matches(moment, None, now=now))

    def _pause(self, now: float) -> float:
        (row,) = self.house.books.read(
            "SELECT min(confirm_at) AS next FROM ("
            " SELECT confirm_at FROM fulfilments WHERE state = 'accepted' UNION ALL"
            " SELECT confirm_at FROM matches WHERE state = 'accepted') WHERE confirm_at > ?", now
        )
        return LONGEST_PAUSE if row["next"] is None else min(max(row["next"] - now, 0.001), LONGEST_PAUSE)


def count_to_confirm(books: Books) -> int:
    """How much was accepted that will be confirmed by itself."""
    (row,) = books.read(
        "SELECT (SELECT count(*) FROM fulfilments WHERE state = 'accepted' AND confirm_at IS NOT NULL)"
        " + (SELECT count(*) FROM matches WHERE state = 'accepted' AND confirm_at IS NOT NULL) AS waiting"
    )
    return int(row["waiting"])
