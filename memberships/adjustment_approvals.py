"""Adjustments of points over somebody's limit take two people."""

from datetime import date, datetime
from decimal import Decimal
from typing import Any

from django.db.models import Sum
from django.db.models.functions import Abs
from django.utils.formats import number_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from memberships.models import AdjustmentReason, PointsEntry
from memberships.points_approvals import WalletAction
from memberships.services.points_adjustments import (
    ADJUST_POINTS,
    Adjustment,
    adjust_points_for_many,
    refuse_adjustment,
)
from operations.approvals import Description, Outcome, Payload
from operations.models import Approval, User


class AdjustPoints(WalletAction):
    """Payload: {"wallet", "points", "qualifying", "reason_code", "expires_on": a day or null, "key", "asked_by",
    "asked_on"}.

    The amount is the points that are given or taken, of either kind, whichever is more: with all that the same person
    did alone of the wallet on that business date, so that many small adjustments weigh as much as one. What it does is
    the same whatever is in the wallet; that there is enough to be taken is asked before the request, and again at the
    end.
    """

    name = ADJUST_POINTS
    label = gettext_lazy("adjust points")
    permission = "memberships.adjust_points"

    def amount(self, payload: Payload) -> Decimal | None:
        points, qualifying = _adjusted_alone(payload)
        return Decimal(max(points + abs(payload["points"]), qualifying + abs(payload["qualifying"])))

    def check(self, payload: Payload, *, actor: User, on: date, at: datetime) -> None:
        refuse_adjustment(adjustment_of(payload), on=on)

    def describe(self, payload: Payload) -> Description:
        code = AdjustmentReason.objects.get(code=payload["reason_code"])
        points = number_format(payload["points"])
        summary = _("Adjust the points of member %(member)s by %(points)s: %(code)s.") % {
            "member": self.wallet(payload), "points": points, "code": code
        }
        figures: list[tuple[str, str]] = [(_("Points"), points)]
        if payload["qualifying"]:
            figures.append((_("Qualifying points"), number_format(payload["qualifying"])))
        if before := max(_adjusted_alone(payload)):
            figures.append((_("Adjusted alone before, on the same day"), number_format(before)))
        if payload["points"] > 0:
            figures.append((_("Expire"), payload["expires_on"] or _("never")))
        return Description(summary, tuple(figures))

    def execute(
        self, payload: Payload, *, actor: User, checker: User | None, reason: str, on: date, at: datetime
    ) -> Outcome:
        adjustment = adjustment_of(payload, reason=reason)
        refuse_adjustment(adjustment, on=on)
        new = adjust_points_for_many([adjustment], on=on, at=at, actor=actor)
        words = _("The points were adjusted by %(points)s.") % {"points": number_format(payload["points"])}
        return Outcome(words, {"new": new})


def _adjusted_alone(payload: Payload) -> tuple[int, int]:
    """What the person adjusted of the wallet on the day without anybody's approval, of either kind of points."""
    # Requests that waited before the day was weighed do not say it.
    if "asked_by" not in payload:
        return 0, 0
    approved = Approval.objects.filter(action=ADJUST_POINTS, subject_id=payload["wallet"]).exclude(checker=None)
    entries = PointsEntry.objects.filter(
        enrolment=payload["wallet"], actor=payload["asked_by"], on=date.fromisoformat(payload["asked_on"]),
        # Of merges and imports are the others, which are weighed as a whole.
        kind=PointsEntry.Kind.ADJUST, reason_code__is_active=True,
    ).exclude(key__in=[payload["key"], *approved.values_list("payload__key", flat=True)])
    sums = entries.aggregate(points=Sum(Abs("points")), qualifying=Sum(Abs("qualifying")))
    return sums["points"] or 0, sums["qualifying"] or 0


def adjustment_of(payload: Payload, *, reason: str = "") -> Adjustment:
    """What the service is given of a payload."""
    day: Any = payload["expires_on"]
    return Adjustment(
        payload["wallet"], payload["points"], payload["key"], payload["reason_code"],
        date.fromisoformat(day) if day else None, payload["qualifying"], reason,
    )
