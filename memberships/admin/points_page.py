"""What the page of a wallet shows: its figures, the lots with points left, the entries and their draws. Reads only."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date
from typing import Any
from urllib.parse import urlencode

from django.db.models import F, Q
from django.http import HttpRequest

from memberships.admin.display import owner_link
from memberships.models import Enrolment, LotDraw, PointsEntry, PointsLot
from memberships.models.points import EXPIRY_KEY
from memberships.services.points import wallet_figures

Kind = PointsEntry.Kind
PAGE_SIZE = 30
LOTS_SHOWN = 30
KIND_COLOURS = {Kind.EARN: "success", Kind.SPEND: "info", Kind.EXPIRE: "warning", Kind.REVERSE: "danger"}


@dataclass
class LotLine:
    """A lot as it stands on a day."""

    lot: PointsLot
    is_expired: bool
    is_booked: bool

    @property
    def spent(self) -> int:
        return self.lot.points - self.lot.remaining


@dataclass
class EntryLine:
    """An entry, and how much of which lot it took or gave back."""

    entry: PointsEntry
    colour: str
    draws: list[LotDraw] = field(default_factory=list)


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
    return {
        "wallet": wallet,
        "owner": owner_link(wallet.member),
        "figures": wallet_figures(wallet, on=on),
        "lots": lots if user.has_perm("memberships.view_pointslot") else [],
        "lots_first_url": "?" if request.GET.get("lots_after") else "",
        "lots_next_url": next_lots,
        "entries": _entries(wallet, before=request.GET.get("before", "")) if may_see_entries else None,
    }


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


def _entries(wallet: Enrolment, *, before: str) -> EntryPage:
    """A page of entries, the newest first, read by key."""
    entries = PointsEntry.objects.filter(enrolment=wallet).select_related("actor", "lot", "reverses").order_by("-pk")
    edge = int(before) if before.isascii() and before.isdecimal() and len(before) < 19 else None
    if edge is not None:
        entries = entries.filter(pk__lt=edge)
    found = list(entries[: PAGE_SIZE + 1])
    shown = found[:PAGE_SIZE]
    draws: dict[int, list[LotDraw]] = defaultdict(list)
    for draw in LotDraw.objects.filter(entry__in=shown).select_related("lot").order_by("pk"):
        draws[draw.entry_id].append(draw)
    return EntryPage(
        lines=[EntryLine(entry, KIND_COLOURS[Kind(entry.kind)], draws[entry.pk]) for entry in shown],
        first_url="?" if edge is not None else "",
        next_url=f"?{urlencode({'before': shown[-1].pk})}" if len(found) > PAGE_SIZE else "",
    )
