"""The points ledger in plain Python, to compare the real one with: a list of lots, a list of entries, no clock."""

from collections.abc import Iterator
from contextlib import contextmanager
from copy import deepcopy
from dataclasses import dataclass, field
from datetime import date


class Refused(Exception):  # noqa: N818
    """The ledger does not do that."""


@dataclass
class Lot:
    """`lost` is what expired of it; its own entry has been booked once anything did."""

    points: int
    remaining: int
    expires_on: date | None
    lost: int = 0


@dataclass
class Entry:
    kind: str
    points: int
    on: date
    lot: int | None = None
    draws: dict[int, int] = field(default_factory=dict)
    is_reversed: bool = False


@dataclass
class Ledger:
    """One wallet. Lots and entries are named by their place."""

    lots: list[Lot] = field(default_factory=list)
    entries: list[Entry] = field(default_factory=list)

    @property
    def balance(self) -> int:
        return sum(entry.points for entry in self.entries)

    def spendable(self, on: date) -> int:
        return sum(lot.remaining for lot in self.lots if self._is_spendable(lot, on))

    def earn(self, points: int, on: date, expires_on: date | None) -> None:
        self.lots.append(Lot(points, points, expires_on))
        self.entries.append(Entry("earn", points, on, lot=len(self.lots) - 1))

    def spend(self, points: int, on: date) -> None:
        if self.spendable(on) < points:
            raise Refused
        entry = Entry("spend", -points, on)
        self.entries.append(entry)
        self._draw(entry, points, on)

    def expire(self, on: date) -> None:
        due = [lot for lot in self.lots if lot.expires_on and lot.expires_on <= on and lot.remaining and not lot.lost]
        for lot in sorted(due, key=lambda lot: lot.expires_on or on):
            lot.lost = lot.remaining
            self.entries.append(Entry("expire", -lot.remaining, lot.expires_on or on, lot=self.lots.index(lot)))

    def reverse(self, place: int, on: date) -> None:
        """All or nothing, as the service is."""
        entry = self.entries[place]
        with self._whole():
            if entry.kind in ("expire", "reverse") or entry.is_reversed:
                raise Refused
            entry.is_reversed = True
            self.expire(on)
            if entry.kind == "earn":
                self._take_back(entry, on)
            else:
                self._give_back(entry, on)

    def _take_back(self, earned: Entry, on: date) -> None:
        assert earned.lot is not None
        taken = min(earned.points - self.lots[earned.lot].lost, self.spendable(on))
        if not taken:
            raise Refused
        entry = Entry("reverse", -taken, on)
        self.entries.append(entry)
        self._draw(entry, taken, on, first=earned.lot)

    def _give_back(self, spent: Entry, on: date) -> None:
        self.entries.append(Entry("reverse", -spent.points, on))
        for place, points in sorted(spent.draws.items()):
            lot = self.lots[place]
            lot.remaining += points
            if lot.lost or (lot.expires_on and lot.expires_on <= on):
                lot.lost += points
                self.entries.append(Entry("expire", -points, on, lot=place))

    def _draw(self, entry: Entry, points: int, on: date, first: int | None = None) -> None:
        places = [place for place, lot in enumerate(self.lots) if self._is_spendable(lot, on)]
        for place in sorted(places, key=lambda place: (place != first, self.lots[place].expires_on or date.max, place)):
            drawn = min(points, self.lots[place].remaining)
            if drawn:
                self.lots[place].remaining -= drawn
                entry.draws[place] = drawn
                points -= drawn

    @staticmethod
    def _is_spendable(lot: Lot, on: date) -> bool:
        return not lot.lost and (lot.expires_on is None or lot.expires_on > on)

    @contextmanager
    def _whole(self) -> Iterator[None]:
        before = deepcopy((self.lots, self.entries))
        try:
            yield
        except Refused:
            self.lots, self.entries = before
            raise
