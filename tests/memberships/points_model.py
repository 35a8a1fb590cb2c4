"""The points ledger in plain Python, to compare the real one with: a list of lots, a list of entries, no clock."""

import calendar
from collections.abc import Iterator
from contextlib import contextmanager
from copy import deepcopy
from dataclasses import dataclass, field
from datetime import date, timedelta

DAY = timedelta(days=1)


class Refused(Exception):  # noqa: N818
    """The ledger does not do that."""


@dataclass
class Lot:
    """`is_booked`: an entry has expired it, whatever its day."""

    points: int
    remaining: int
    expires_on: date | None
    pending_until: date | None = None
    qualifying: int = 0
    is_booked: bool = False


@dataclass
class Entry:
    """Lots and entries are named by their place."""

    kind: str
    points: int
    on: date
    qualifying: int = 0
    lot: int | None = None
    reverses: int | None = None
    was_pending: bool = False
    asked: int = 0
    missing: int = 0
    claims: int | None = None
    draws: dict[int, int] = field(default_factory=dict)

    @property
    def drawn(self) -> int:
        return sum(self.draws.values())


@dataclass
class Policy:
    """`idle_months` 0: points do not end by inactivity."""

    reversal: str = "within_balance"
    renewed_days: int = 0
    reinstate_days: int = 0
    idle_months: int = 0

    def idle_on(self, active_on: date) -> date | None:
        """The first day after the month that is so many months after that of the last activity."""
        if not self.idle_months:
            return None
        day = active_on.replace(day=1)
        for _month in range(self.idle_months + 1):
            day += timedelta(days=calendar.monthrange(day.year, day.month)[1])
        return day


@dataclass
class Ledger:
    """One wallet."""

    policy: Policy = field(default_factory=Policy)
    #: The first day on which inactivity has ended all posted points, and how many entries there were when it last did.
    idle_on: date | None = None
    idled_after: int = 0
    lots: list[Lot] = field(default_factory=list)
    entries: list[Entry] = field(default_factory=list)

    @property
    def balance(self) -> int:
        return sum(entry.points for entry in self.entries if entry.kind != "accrue" and not entry.was_pending)

    @property
    def pending(self) -> int:
        return sum(lot.remaining for lot in self.lots if lot.pending_until)

    @property
    def debt(self) -> int:
        return sum(-entry.points - entry.drawn for entry in self._owing())

    def spendable(self, on: date) -> int:
        if self._is_idle(on):
            return 0
        return sum(lot.remaining for lot in self.lots if self._is_spendable(lot, on))

    def earn(
        self, points: int, on: date, expires_on: date | None, qualifying: int, pending_until: date | None
    ) -> None:
        if (not points and not qualifying) or (expires_on and expires_on <= max(on, pending_until or on)):
            raise Refused
        self._end_idle(on)
        place = None
        if points or pending_until:
            place = len(self.lots)
            self.lots.append(Lot(points, points, expires_on, pending_until, qualifying if pending_until else 0))
        kind, counted = ("accrue", 0) if pending_until else ("earn", qualifying)
        self.entries.append(Entry(kind, points, on, counted, lot=place))
        self._is_active(on)
        self._settle(on)

    def adjust(self, points: int, on: date, expires_on: date | None, qualifying: int) -> None:
        """What is taken is never more than there is; it does not put inactivity off, but begins its count."""
        if (not points and not qualifying) or (points > 0 and expires_on and expires_on <= on):
            raise Refused
        if -points > max(0, self.spendable(on) - self.debt):
            raise Refused
        self._end_idle(on)
        place = None
        if points > 0:
            place = len(self.lots)
            self.lots.append(Lot(points, points, expires_on))
        self.entries.append(Entry("adjust", points, on, qualifying, lot=place))
        if points > 0 or self.idle_on is None:
            self._is_active(on)
        self._settle(on)

    def post(self, on: date) -> None:
        due = [(lot.pending_until, place) for place, lot in enumerate(self.lots) if lot.pending_until]
        posted = [(last_day, place) for last_day, place in sorted(due) if last_day < on]
        if posted:
            self._end_idle(on)
        for last_day, place in posted:
            lot = self.lots[place]
            lot.pending_until = None
            self.entries.append(Entry("post", lot.remaining, last_day + DAY, lot.qualifying, lot=place))
        if posted:
            self.idle_on = self.idle_on or self.policy.idle_on(on)
            self._settle(on)

    def spend(self, points: int, on: date) -> None:
        if self.spendable(on) < points:
            raise Refused
        entry = Entry("spend", -points, on)
        self.entries.append(entry)
        self._draw(entry, points, on)
        self._is_active(on)

    def expire(self, on: date) -> None:
        self._end_idle(on)
        due = [
            (lot.expires_on, place) for place, lot in enumerate(self.lots)
            if lot.expires_on and lot.expires_on <= on and lot.remaining and not lot.is_booked and not lot.pending_until
        ]
        for day, place in sorted(due):
            self._lose(place, self.lots[place].remaining, day)

    def extend(self, ending_by: date, to_date: date, on: date) -> None:
        ending = [
            lot for lot in self.lots
            if on < self._ends_on(lot) <= ending_by and lot.remaining and not lot.is_booked
        ]
        if to_date <= ending_by or not ending:
            raise Refused
        for lot in ending:
            if lot.expires_on and lot.expires_on <= ending_by:
                lot.expires_on = to_date
        if self.idle_on and on < self.idle_on <= ending_by:
            self.idle_on = to_date

    def reinstate(self, place: int, on: date, expires_on: date | None) -> None:
        lost = self.entries[place]
        last_day = lost.on + timedelta(days=self.policy.reinstate_days)
        if lost.kind != "expire" or self._reversals(place) or not self.policy.reinstate_days or on > last_day:
            raise Refused
        if expires_on and expires_on <= on:
            raise Refused
        self.expire(on)
        self._give_again(place, on, expires_on)
        self._is_active(on)
        self._settle(on)

    def reverse(self, place: int, on: date, points: int | None, qualifying: int | None) -> None:
        """All or nothing, as the service is."""
        entry = self.entries[place]
        with self._whole():
            if entry.kind == "spend":
                self._give_back(place, on, points, qualifying)
            elif entry.kind in ("earn", "accrue"):
                self._take_back(place, on, points, qualifying)
            else:
                raise Refused

    # --- awards

    def _take_back(self, place: int, on: date, points: int | None, qualifying: int | None) -> None:
        award = self.entries[place]
        points, qualifying = self._part(place, points, qualifying)
        reversal = Entry("reverse", 0, on, reverses=place, asked=points)
        lot = self.lots[award.lot] if award.lot is not None else None
        if lot and lot.pending_until:
            reversal.points, reversal.was_pending = -points, True
            self.entries.append(reversal)
            lot.remaining -= points
            if lot.remaining == 0 and lot.qualifying == qualifying:
                lot.pending_until = None
            else:
                lot.qualifying -= qualifying
            return
        if self.policy.reversal == "pending_only":
            raise Refused
        self.expire(on)
        owed = min(points, self._not_expired(place)) if lot else 0
        if not owed and not qualifying:
            raise Refused
        there = min(owed, self.spendable(on))
        may_owe = self.policy.reversal == "may_go_negative"
        reversal.points = -owed if may_owe else -there
        reversal.missing = 0 if may_owe else owed - there
        self.entries.append(reversal)
        self._draw(reversal, there, on, first=award.lot)
        posted = [entry.on for entry in self.entries if entry.kind == "post" and entry.lot == award.lot]
        counted_on = posted[0] if award.kind == "accrue" and posted else award.on
        if counted_on == on:
            reversal.qualifying = -qualifying
        elif qualifying:
            self.entries.append(Entry("reverse", 0, counted_on, -qualifying, reverses=place))

    def _part(self, place: int, points: int | None, qualifying: int | None) -> tuple[int, int]:
        award, lot = self.entries[place], self.entries[place].lot
        left = award.points - sum(entry.asked for entry in self._reversals(place))
        if lot is not None and self.lots[lot].pending_until:
            left_qualifying = self.lots[lot].qualifying
        else:
            given = award.qualifying + sum(e.qualifying for e in self.entries if e.kind == "post" and e.lot == lot)
            if award.kind == "earn":
                given = award.qualifying
            left_qualifying = given + sum(entry.qualifying for entry in self._reversals(place))
        asked = left if points is None else points
        if qualifying is None:
            qualifying = left_qualifying * asked // left if left else left_qualifying
        is_within = 0 <= asked <= left and 0 <= qualifying <= left_qualifying
        if not is_within or (asked == 0 and qualifying == 0):
            raise Refused
        return asked, qualifying

    def _not_expired(self, place: int) -> int:
        award = self.entries[place]
        kept = award.points - self._lost_for_good(award.lot)
        return max(0, kept + sum(entry.points - entry.missing for entry in self._reversals(place)))

    def _lost_for_good(self, lot: int | None) -> int:
        """What is given again is a lot that may be lost again."""
        lost = 0
        for at, entry in enumerate(self.entries):
            if entry.kind == "expire" and entry.lot == lot:
                given = self._reversals(at)
                lost += sum(self._lost_for_good(again.lot) for again in given) if given else -entry.points
        return lost

    # --- spends

    def _give_back(self, place: int, on: date, points: int | None, qualifying: int | None) -> None:
        spent = self.entries[place]
        if self._reversals(place) or points not in (None, -spent.points) or qualifying:
            raise Refused
        self.expire(on)
        self.entries.append(Entry("reverse", -spent.points, on, reverses=place))
        gift = dict(spent.draws)
        for lot, given in gift.items():
            self.lots[lot].remaining += given
        self.idle_on = self.idle_on or self.policy.idle_on(on)
        for owing in self._owing():
            self._take_from_gift(owing, -owing.points - owing.drawn, gift, None)
        for at, lacking in list(enumerate(self.entries)):
            if at > place and lacking.missing > 0:
                self._claim(at, gift, on)
        self._lose_gift(gift, on, is_idled=place < self.idled_after)

    def _claim(self, at: int, gift: dict[int, int], on: date) -> None:
        lacking = self.entries[at]
        still = lacking.missing + sum(entry.missing for entry in self.entries if entry.claims == at)
        taken = min(still, sum(gift.values()))
        if taken:
            claim = Entry("reverse", -taken, on, reverses=lacking.reverses, missing=-taken, claims=at)
            self.entries.append(claim)
            assert lacking.reverses is not None
            self._take_from_gift(claim, taken, gift, self.entries[lacking.reverses].lot)

    def _take_from_gift(self, entry: Entry, points: int, gift: dict[int, int], first: int | None) -> None:
        for lot in sorted(gift, key=lambda lot: (lot != first, self.lots[lot].expires_on or date.max, lot)):
            taken = min(points, gift[lot])
            gift[lot] -= taken
            points -= taken
            self.lots[lot].remaining -= taken
            entry.draws[lot] = entry.draws.get(lot, 0) + taken

    def _lose_gift(self, gift: dict[int, int], on: date, *, is_idled: bool) -> None:
        """Of a lot that is over: what inactivity ended after the spend, too, whatever was left of the lot then."""
        lost = []
        for place in sorted(gift):
            lot = self.lots[place]
            if gift[place] and (is_idled or lot.is_booked or (lot.expires_on and lot.expires_on <= on)):
                self._lose(place, gift[place], on)
                lost.append(len(self.entries) - 1)
        for at in lost if self.policy.renewed_days else []:
            self._give_again(at, on, on + timedelta(days=self.policy.renewed_days))

    # --- both

    def _reversals(self, place: int) -> list[Entry]:
        return [entry for entry in self.entries if entry.reverses == place]

    def _owing(self) -> list[Entry]:
        return [
            entry for entry in self.entries
            if entry.kind in ("reverse", "adjust") and not entry.was_pending and entry.drawn < -entry.points
        ]

    def _settle(self, on: date) -> None:
        for owing in self._owing():
            self._draw(owing, min(-owing.points - owing.drawn, self.spendable(on)), on)

    def _is_active(self, on: date) -> None:
        day = self.policy.idle_on(on)
        if day is not None:
            self.idle_on = max(day, self.idle_on or day)

    def _is_idle(self, on: date) -> bool:
        return self.idle_on is not None and self.idle_on <= on

    def _end_idle(self, on: date) -> None:
        """All posted points are gone since the wallet's day; it has no such day until it is active again."""
        if not self._is_idle(on):
            return
        ended, self.idled_after, self.idle_on = self.idle_on, len(self.entries), None
        assert ended is not None
        left = [
            (lot.expires_on or date.max, place) for place, lot in enumerate(self.lots)
            if lot.remaining and not lot.is_booked and not lot.pending_until
        ]
        for day, place in sorted(left):
            self._lose(place, self.lots[place].remaining, min(day, ended))

    def _ends_on(self, lot: Lot) -> date:
        own, idle = lot.expires_on or date.max, self.idle_on or date.max
        return own if lot.pending_until else min(own, idle)

    def _lose(self, place: int, points: int, day: date) -> None:
        self.lots[place].is_booked = True
        self.entries.append(Entry("expire", -points, day, lot=place))

    def _give_again(self, at: int, on: date, expires_on: date | None) -> None:
        points = -self.entries[at].points
        self.lots.append(Lot(points, points, expires_on))
        self.entries.append(Entry("reinstate", points, on, lot=len(self.lots) - 1, reverses=at))

    def _draw(self, entry: Entry, points: int, on: date, first: int | None = None) -> None:
        places = [place for place, lot in enumerate(self.lots) if self._is_spendable(lot, on)]
        for place in sorted(places, key=lambda place: (place != first, self.lots[place].expires_on or date.max, place)):
            drawn = min(points, self.lots[place].remaining)
            self.lots[place].remaining -= drawn
            entry.draws[place] = entry.draws.get(place, 0) + drawn
            points -= drawn

    @staticmethod
    def _is_spendable(lot: Lot, on: date) -> bool:
        return not lot.pending_until and not lot.is_booked and (lot.expires_on is None or lot.expires_on > on)

    @contextmanager
    def _whole(self) -> Iterator[None]:
        before = deepcopy((self.lots, self.entries, self.idle_on, self.idled_after))
        try:
            yield
        except Refused:
            self.lots, self.entries, self.idle_on, self.idled_after = before
            raise
