"""What the page of a wallet shows: figures, what is pending, what ends next, tiers, lots, entries. Reads only."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any, NamedTuple
from urllib.parse import urlencode

from django.db.models import F, Q, Sum
from django.http import HttpRequest

from memberships.admin.actions import Button, offered
from memberships.admin.display import owner_link
from memberships.admin.points_actions import ENTRY_ACTIONS, entries_with_reversals
from memberships.models import Enrolment, LotDraw, LotExtension, PointsEntry, PointsLot, TierStanding
from memberships.models.points import EXPIRY_KEY, Account
from memberships.services.points import wallet_figures
from memberships.services.points_expiry import endings

Kind = PointsEntry.Kind
PAGE_SIZE = 30
LOTS_SHOWN = 30
#: Days on which points end, days on which pending ones are posted, extensions: so many of each.
DAYS_SHOWN = 6
EXTENSIONS_SHOWN = 10
KIND_COLOURS = {
    Kind.EARN: "success", Kind.ACCRUE: "", Kind.POST: "success", Kind.SPEND: "info", Kind.EXPIRE: "warning",
    Kind.REVERSE: "danger", Kind.ADJUST: "info", Kind.REINSTATE: "success",
}


@dataclass
class LotLine:
    """A lot as it stands on a day."""

    lot: PointsLot
    is_expired: bool
    is_booked: bool

    @property
    def spent(self) -> int:
        return self.lot.points - self.lot.remaining


class DayLine(NamedTuple):
    """A day on which points are posted ("post") or end ("expire", or "idle": unless something happens before)."""

    day: date
    points: int
    event: str


@dataclass
class EntryLine:
    """An entry, what of which lots it took or gave back, the balance after it if known, and what can be done."""

    entry: PointsEntry
    colour: str
    draws: list[LotDraw] = field(default_factory=list)
    balance: int | None = None
    buttons: list[Button] = field(default_factory=list)

    @property
    def is_pending(self) -> bool:
        """It moved what is pending, and no balance."""
        return Account.LIABILITY not in (self.entry.debit, self.entry.credit)


@dataclass(frozen=True)
class EntryPage:
    lines: list[EntryLine]
    first_url: str
    next_url: str


def wallet_page(request: HttpRequest, wallet: Enrolment, *, on: date) -> dict[str, Any]:
    """Everything the page shows, in a fixed number of queries; only what the user may view."""
    user = request.user
    lots, next_lots = _lots(wallet, after=request.GET.get("lots_after", ""), on=on)
    may_see_entries = user.has_perm("memberships.view_pointsentry")
    ending = endings(wallet, on=on, days=DAYS_SHOWN)
    return {
        "wallet": wallet,
        "owner": owner_link(wallet.member),
        "figures": wallet_figures(wallet, on=on),
        "endings": ending,
        "days": _days_to_come(wallet, ending),
        "standings": _standings(wallet) if user.has_perm("memberships.view_tierstanding") else [],
        "extensions": _extensions(wallet) if user.has_perm("memberships.view_lotextension") else [],
        "lots": lots if user.has_perm("memberships.view_pointslot") else [],
        "lots_first_url": "?" if request.GET.get("lots_after") else "",
        "lots_next_url": next_lots,
        "entries": _entries(request, wallet, before=request.GET.get("before", ""), on=on) if may_see_entries else None,
    }


def _days_to_come(wallet: Enrolment, ending: Sequence[tuple[date, int]]) -> list[DayLine]:
    """What is posted and what ends, by day."""
    posted = [DayLine(day, points, "post") for day, points in (_pending(wallet) if wallet.pending else [])]
    ended = [DayLine(day, points, "idle" if day == wallet.idle_on else "expire") for day, points in ending]
    return sorted([*posted, *ended], key=lambda line: line.day)


def _pending(wallet: Enrolment) -> list[tuple[date, int]]:
    """The last days of the return windows that are open, and how many points they hold back; the first ones."""
    lots = PointsLot.objects.filter(enrolment=wallet, remaining__gt=0).pending()
    by_day = lots.values_list("pending_until").annotate(points=Sum("remaining")).order_by("pending_until")
    return [(day, points) for day, points in by_day[:DAYS_SHOWN] if day]


def _standings(wallet: Enrolment) -> list[TierStanding]:
    """The wallet's tiers, one of each ladder."""
    held = TierStanding.objects.filter(member=wallet.member_id, enrolment=wallet)
    return list(held.select_related("tier", "group").order_by("group"))


def _extensions(wallet: Enrolment) -> list[LotExtension]:
    """The newest ones."""
    made = LotExtension.objects.filter(member=wallet.member_id, lot__enrolment=wallet)
    return list(made.select_related("actor").order_by("-pk")[:EXTENSIONS_SHOWN])


def _lots(wallet: Enrolment, *, after: str, on: date) -> tuple[list[LotLine], str]:
    """A page of the lots that are not spent, the earliest expiry first, and the address of the next page.

    Lots that never expire come last. A lot that is spent to the last point is found by its entries.
    """
    lots = PointsLot.objects.filter(enrolment=wallet, remaining__gt=0)
    place = _place(after)
    if place is not None:
        day, key = place
        same = Q(expires_on=day, pk__gt=key)
        lots = lots.filter(same | Q(expires_on__gt=day) | Q(expires_on=None) if day else same)
    found = list(lots.order_by(F("expires_on").asc(nulls_last=True), "pk")[: LOTS_SHOWN + 1])
    shown = found[:LOTS_SHOWN]
    expired = _expired(wallet, [lot for lot in shown if lot.expires_on])
    lines = [
        LotLine(lot, lot.pk in expired or (lot.expires_on is not None and lot.expires_on <= on), lot.pk in expired)
        for lot in shown
    ]
    if len(found) <= LOTS_SHOWN:
        return lines, ""
    last = shown[-1]
    return lines, "?" + urlencode({"lots_after": f"{last.expires_on or ''}_{last.pk}"})


def _place(text: str) -> tuple[date | None, int] | None:
    """The expiry and key of the lot that a page begins after; None (the beginning) when it is broken."""
    day, _underscore, key = text.partition("_")
    if not (key.isascii() and key.isdecimal() and len(key) < 19):
        return None
    try:
        return (date.fromisoformat(day) if day else None), int(key)
    except ValueError:
        return None


def _expired(wallet: Enrolment, lots: Iterable[PointsLot]) -> set[int]:
    """The lots that an entry has expired, by the key that such an entry has."""
    keys = {f"{EXPIRY_KEY}{lot.pk}": lot.pk for lot in lots}
    booked = PointsEntry.objects.filter(member=wallet.member_id, key__in=keys).values_list("key", flat=True)
    return {keys[key] for key in booked}


def _entries(request: HttpRequest, wallet: Enrolment, *, before: str, on: date) -> EntryPage:
    """A page of entries, the newest first, read by key."""
    entries = entries_with_reversals().filter(enrolment=wallet).order_by("-pk")
    edge = int(before) if before.isascii() and before.isdecimal() and len(before) < 19 else None
    if edge is not None:
        entries = entries.filter(pk__lt=edge)
    found = list(entries[: PAGE_SIZE + 1])
    shown = found[:PAGE_SIZE]
    draws: dict[int, list[LotDraw]] = defaultdict(list)
    for draw in LotDraw.objects.filter(entry__in=shown).select_related("lot").order_by("pk"):
        draws[draw.entry_id].append(draw)
    balances = _balances(wallet, shown, is_newest=edge is None)
    return EntryPage(
        lines=[
            EntryLine(
                entry, KIND_COLOURS[Kind(entry.kind)], draws[entry.pk], balances.get(entry.pk),
                offered(request, ENTRY_ACTIONS, entry, on=on),
            )
            for entry in shown
        ],
        first_url="?" if edge is not None else "",
        next_url=f"?{urlencode({'before': shown[-1].pk})}" if len(found) > PAGE_SIZE else "",
    )


def _balances(wallet: Enrolment, shown: list[PointsEntry], *, is_newest: bool) -> dict[int, int]:
    """The balance after each of some entries in a row, newest first, of those that moved it.

    It is counted back from the wallet's; on later pages the entries between are added up, by the wallet's index.
    """
    balance, after = wallet.balance, {}
    if shown and not is_newest:
        moved = PointsEntry.objects.filter(enrolment=wallet, pk__gt=shown[0].pk).filter(
            Q(debit=Account.LIABILITY) | Q(credit=Account.LIABILITY)
        )
        balance -= moved.aggregate(points=Sum("points", default=0))["points"]
    for entry in shown:
        if Account.LIABILITY in (entry.debit, entry.credit):
            after[entry.pk], balance = balance, balance - entry.points
    return after
