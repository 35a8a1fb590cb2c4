"""What the page of an order shows: its facts, what it earned by, its returns, the entries of them all. Reads only."""

from collections import defaultdict
from dataclasses import dataclass
from typing import Any

from django.db.models import QuerySet
from django.http import HttpRequest

from memberships.admin.display import owner_link
from memberships.admin.points_page import KIND_COLOURS, EntryLine, EntryPage
from memberships.models import LotDraw, Order, PointsEntry
from memberships.models.points import EXPIRY_KEY, POSTING_KEY, QUALIFYING_KEY
from memberships.services.orders import order_key, recorded_return
from memberships.templatetags.figures import plain

Kind = PointsEntry.Kind


@dataclass(frozen=True)
class ReturnLine:
    """A return, and what it could not take back."""

    order: Order
    missing: int


def order_page(request: HttpRequest, order: Order) -> dict[str, Any]:
    """Everything the page shows; entries only where the user may view them."""
    bought = order.returns or order
    found = bought.returned.select_related("returns__rule").order_by("pk")
    returns = [ReturnLine(back, recorded_return(back).missing) for back in found]
    award = _entries_by_key(bought, [order_key(bought.number)]).first()
    entries = None
    if request.user.has_perm("memberships.view_pointsentry"):
        entries = _entries(bought, returns, award)
    return {
        "order": order,
        "bought": bought,
        "points_per_yuan": plain(order.rule.points_per_yuan) if order.rule else "",
        "owner": owner_link(order.member),
        "returns": returns,
        "lot": award.lot if award else None,
        "entries": entries,
    }


def _entries(bought: Order, returns: list[ReturnLine], award: PointsEntry | None) -> EntryPage:
    """What the order and its returns booked, and the posting and the end of its lot, by their keys.

    A return of another day than the award has its qualifying points in an entry beside, which its entry's id leads to.
    """
    keys = [order_key(one.number) for one in (bought, *(line.order for line in returns))]
    if award and award.lot_id:
        keys += [f"{POSTING_KEY}{award.lot_id}", f"{EXPIRY_KEY}{award.lot_id}"]
    own = _entries_by_key(bought, keys)
    beside = [f"{QUALIFYING_KEY}{pk}" for pk in own.filter(kind=Kind.REVERSE).values_list("pk", flat=True)]
    entries = list(_entries_by_key(bought, keys + beside))
    draws: dict[int, list[LotDraw]] = defaultdict(list)
    for draw in LotDraw.objects.filter(entry__in=entries).select_related("lot").order_by("pk"):
        draws[draw.entry_id].append(draw)
    lines = [EntryLine(entry, KIND_COLOURS.get(Kind(entry.kind), ""), draws[entry.pk]) for entry in entries]
    return EntryPage(lines, "", "")


def _entries_by_key(order: Order, keys: list[str]) -> "QuerySet[PointsEntry]":
    entries = PointsEntry.objects.filter(member=order.member_id, key__in=keys)
    return entries.select_related("actor", "lot", "reverses", "reason_code").order_by("pk")
