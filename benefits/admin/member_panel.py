"""The section “Benefits” of a member's page: what they are entitled to and why, what they chose, used and hold."""

from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from django.http import HttpRequest
from django.urls import reverse
from django.utils.formats import number_format
from django.utils.translation import gettext as _

from benefits.admin.choosing import PERMISSION as MAY_CHOOSE
from benefits.admin.display import GRANT_COLOURS, REDEMPTION_COLOURS, price_in_words
from benefits.admin.redeeming import PERMISSION as MAY_REDEEM
from benefits.admin.segments import ACTIONS as SEGMENT_ACTIONS
from benefits.admin.segments import PERMISSION as MAY_CHANGE_SEGMENTS
from benefits.models import Grant, MemberSegment, Redemption
from benefits.models.benefits import Kind
from benefits.models.grants import LIVE
from benefits.services.entitlements import Entitlement, entitlements_of
from memberships.admin.actions import offered
from memberships.admin.display import today
from memberships.models import Member
from memberships.services.merges import records_of
from operations.admin.dashboard import Figure
from operations.admin.panels import MemberPanel

#: Rows of a part at the most; more are in the lists.
ROWS = 10
#: What an operator redeems for a member. The others change a price, answer a question, or are there without a use.
REDEEMED_KINDS = (
    Kind.COUPON, Kind.SERVICE, Kind.BUY_ONE_GET_ONE, Kind.POINTS_EXCHANGE, Kind.PARTNER_SUBSCRIPTION, Kind.GIFT,
)


@dataclass(frozen=True)
class Line:
    """An entitlement as it is shown."""

    entitlement: Entitlement
    left: str
    price: str
    redeem_url: str
    choose_url: str


class BenefitsPanel(MemberPanel):
    name = "benefits"
    permission = "benefits.view_benefit"
    template = "benefits/member_panel.html"

    def context(self, request: HttpRequest, member_id: int) -> dict[str, Any]:
        member, user = Member(pk=member_id), request.user
        found = entitlements_of(member, on=today())
        lines = [
            _line(member, each, may_redeem=user.has_perm(MAY_REDEEM), may_choose=user.has_perm(MAY_CHOOSE))
            for each in found
        ]
        return {
            # What an operator redeems comes first, what applies by itself after it.
            "lines": sorted(
                (line for line in lines if line.entitlement.is_entitled),
                key=lambda line: not _is_by_hand(line.entitlement),
            ),
            "options": [line for line in lines if not line.entitlement.is_entitled],
            "tiles": _tiles(lines),
            "redemptions": _redemptions(member) if user.has_perm("benefits.view_redemption") else None,
            "grants": _grants(member) if user.has_perm("benefits.view_grant") else None,
            "segments": _segments(request, member) if user.has_perm("benefits.view_membersegment") else None,
            "put_url": reverse("admin:benefits_membersegment_put", args=[member.pk])
            if user.has_perm(MAY_CHANGE_SEGMENTS) else "",
        }


def _tiles(lines: list[Line]) -> list[Figure]:
    """How many benefits can be redeemed now, and how many are still to be chosen; both stand further down the page."""
    usable = sum(line.entitlement.is_redeemable and _is_by_hand(line.entitlement) for line in lines)
    open_choices = sum(not line.entitlement.is_entitled for line in lines)
    note = _("to be chosen: %(count)s") % {"count": open_choices} if open_choices else ""
    return [Figure(_("Benefits to redeem"), number_format(usable), "#benefits", note)] if lines else []


def _line(member: Member, entitlement: Entitlement, *, may_redeem: bool, may_choose: bool) -> Line:
    benefit, choice = entitlement.benefit, entitlement.choice
    redeem = reverse("admin:benefits_redemption_redeem", args=[member.pk, benefit.pk])
    if entitlement.category:
        redeem = f"{redeem}?{urlencode({'category': entitlement.category})}"
    can_change = choice is not None and (choice.may_choose or choice.may_swap)
    return Line(
        entitlement, _left(entitlement),
        price_in_words(points=entitlement.points_price, price=entitlement.member_price),
        redeem if may_redeem and entitlement.is_redeemable and benefit.kind in REDEEMED_KINDS else "",
        reverse("admin:benefits_choice_choose", args=[member.pk, choice.group.pk])
        if choice is not None and may_choose and can_change else "",
    )


def _is_by_hand(entitlement: Entitlement) -> bool:
    """Whether it is for an operator to redeem at all, however much of it is left."""
    return not entitlement.won.right.is_automatic and entitlement.benefit.kind in REDEEMED_KINDS


def _left(entitlement: Entitlement) -> str:
    if entitlement.quota is None:
        return _("without limit")
    return _("%(left)s of %(quota)s") % {
        "left": number_format(entitlement.left or 0), "quota": number_format(entitlement.quota)
    }


def _redemptions(member: Member) -> list[Any]:
    newest: list[Any] = list(
        Redemption.objects.filter(member__in=records_of(member.pk)).select_related("benefit").order_by("-pk")[:ROWS]
    )
    for redemption in newest:
        redemption.colour = REDEMPTION_COLOURS[Redemption.State(redemption.state)]
        redemption.paid = price_in_words(points=redemption.points, price=redemption.price)
    return newest


def _grants(member: Member) -> list[Any]:
    """What is held now, then what was, newest first; under all of the member's numbers."""
    own = Grant.objects.filter(member__in=records_of(member.pk)).select_related("benefit").order_by("-pk")
    grants: list[Any] = list(own.filter(state__in=LIVE)[:ROWS])
    grants += own.exclude(state__in=LIVE)[:ROWS - len(grants)]
    for grant in grants:
        grant.colour = GRANT_COLOURS[Grant.State(grant.state)]
    return grants


def _segments(request: HttpRequest, member: Member) -> list[Any]:
    """Those that the member is in, or will be, each with its buttons."""
    on = today()
    found: list[Any] = list(
        MemberSegment.objects.exclude(until__lt=on).filter(member=member).order_by("segment", "since")[:ROWS]
    )
    for belongs in found:
        belongs.buttons = offered(request, SEGMENT_ACTIONS, belongs, on=on)
    return found
