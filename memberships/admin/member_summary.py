"""What a member's page begins with: card, tier and how far the next is, points and what ends next; and the wallets."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from django.http import HttpRequest
from django.urls import reverse
from django.utils.formats import number_format
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from memberships.admin.actions import Button, offered
from memberships.admin.points_actions import WALLET_ACTIONS
from memberships.models import Enrolment, Member, Subscription, Tier, TierStanding
from memberships.services import statements
from operations.admin.dashboard import Figure

#: Wallets that are shown at the most; a firm with more stores is looked at in the list.
MOST_WALLETS = 20


@dataclass(frozen=True)
class Rung:
    """Where a wallet stands on a ladder, the points that count, and the tier they lead to next."""

    standing: TierStanding | None
    points: int
    next_tier: Tier | None

    @property
    def missing(self) -> int:
        """Points to the next tier; 0 when the next evaluation gives it."""
        return max(self.next_tier.threshold - self.points, 0) if self.next_tier else 0

    @property
    def share(self) -> int:
        """How far it is, in hundredths."""
        return min(100, self.points * 100 // (self.next_tier.threshold or 1)) if self.next_tier else 100

    @property
    def words(self) -> str:
        """As in “1,200 of 2,000 points to Gold”; where there is none above: the points alone."""
        points = number_format(self.points)
        if self.next_tier is None:
            return _("%(points)s qualifying points, the highest tier") % {"points": points}
        if not self.missing:
            return _("%(points)s qualifying points: %(tier)s from the next evaluation on") % {
                "points": points, "tier": self.next_tier}
        facts = {"points": points, "threshold": number_format(self.next_tier.threshold), "tier": self.next_tier}
        return _("%(points)s of %(threshold)s qualifying points to %(tier)s") % facts


@dataclass
class WalletLine:
    """A wallet with what ends next, its tiers, and its buttons."""

    wallet: Enrolment
    ends_on: date | None = None
    ending: int = 0
    rungs: list[Rung] = field(default_factory=list)
    buttons: list[Button] = field(default_factory=list)


def wallet_lines(request: HttpRequest, member: Member, *, on: date) -> list[WalletLine]:
    """The wallets, in a fixed number of queries; tiers and what ends only where the user may see that."""
    wallets = Enrolment.objects.filter(member=member).select_related("programme", "programme__points_policy")
    lines = {wallet.pk: WalletLine(wallet) for wallet in wallets.order_by("pk")[:MOST_WALLETS]}
    user = request.user
    if lines and user.has_perm("memberships.view_pointslot"):
        for key, ends_on, points in statements.rows("member_page/ends_next", wallets=[*lines], on=on):
            lines[key].ends_on, lines[key].ending = ends_on, points
    if lines and user.has_perm("memberships.view_tierstanding"):
        for key, rungs in _rungs(member, [*lines], on=on).items():
            lines[key].rungs = rungs
    for line in lines.values():
        line.buttons = offered(request, WALLET_ACTIONS, line.wallet, on=on)
    return list(lines.values())


def _rungs(member: Member, wallets: Sequence[int], *, on: date) -> dict[int, list[Rung]]:
    """By wallet, where it stands on each ladder of its programme."""
    found = statements.rows("member_page/tier_progress", wallets=[*wallets], on=on)
    standings = {
        (standing.enrolment_id, standing.group_id): standing
        for standing in TierStanding.objects.filter(member=member, enrolment__in=wallets).select_related("tier")
    }
    tiers = Tier.objects.in_bulk({next_tier for _wallet, _group, _points, next_tier, _threshold in found if next_tier})
    rungs: dict[int, list[Rung]] = defaultdict(list)
    for wallet, group, points, next_tier, _threshold in found:
        rungs[wallet].append(Rung(standings.get((wallet, group)), points, tiers.get(next_tier)))
    return rungs


def tiles(subscriptions: Sequence[Any], wallets: Sequence[WalletLine] | None, panels: Sequence[dict[str, Any]]) -> list[
    Figure
]:
    """The figures on top of the page, from what its sections have read; panels of upper floors add theirs."""
    found = [
        Figure(
            each.plan.programme, str(each.plan), reverse("admin:memberships_subscription_change", args=[each.pk]),
            _until(each),
        )
        for each in subscriptions if each.ended_on is None or each.status == Subscription.Status.ACTIVE
    ]
    for line in (wallets or ())[:MOST_TILES]:
        found += _wallet_tiles(line)
    return [*found, *(tile for panel in panels for tile in panel.get("tiles", ()))]


#: Wallets that have tiles.
MOST_TILES = 3


def _until(subscription: Any) -> str:
    day = subscription.paid_until
    return f"{subscription.status_label} · {day:%Y-%m-%d}" if day else str(subscription.status_label)


def _wallet_tiles(line: WalletLine) -> list[Figure]:
    """Tier and points of a wallet."""
    wallet, url = line.wallet, reverse("admin:memberships_enrolment_change", args=[line.wallet.pk])
    tiers = [
        Figure(_("Tier"), str(rung.standing.tier) if rung.standing else "–", url, rung.words)
        for rung in line.rungs if rung.standing or rung.next_tier
    ]
    notes = []
    if wallet.pending:
        notes.append(_("pending: %(points)s") % {"points": number_format(wallet.pending)})
    if line.ends_on:
        facts = {"points": number_format(line.ending), "day": line.ends_on.isoformat()}
        notes.append(_("%(points)s end on %(day)s") % facts)
    points = ngettext("%(points)s point", "%(points)s points", wallet.balance) % {
        "points": number_format(wallet.balance)}
    return [*tiers, Figure(str(wallet.programme), points, url, " · ".join(notes), is_bad=wallet.balance < 0)]
