"""The day on which a member's points end is put off, by hand: of lots with a day of their own, and of idle wallets.

Points that are over stay over (points_reinstatement). Each lot that is concerned gets a LotExtension: from which day to
which, by whom, why, under which key.
"""

from datetime import date, datetime
from typing import NamedTuple

from django.db import transaction
from django.db.models import Q
from django.utils.translation import gettext as _

from memberships.errors import KeyConflictError, PointsExtensionError
from memberships.models import Enrolment, LotExtension, PointsLot
from memberships.services.points_booking import check_key, lock_wallet
from memberships.services.points_expiry import ending_lots
from operations.models import User


class Extended(NamedTuple):
    """What was put off: so many points of so many lots, to which day; None: they do not end any more."""

    lots: int
    points: int
    to_date: date | None


@transaction.atomic
def extend_points(
    enrolment: Enrolment, *, ending_by: date, to_date: date | None, key: str, on: date, at: datetime,
    actor: User | None, reason: str,
) -> Extended:
    """Put off what ends by a day to another, later one. A repeat returns the first result.

    Raises ReservedKeyError, KeyConflictError, and PointsExtensionError: the day is not later, or nothing ends by then.
    """
    check_key(key)
    wallet = lock_wallet(enrolment.pk)
    if first := _first_result(wallet, key=key, to_date=to_date):
        return first
    lots = refuse_extension(wallet, ending_by=ending_by, to_date=to_date, on=on)
    LotExtension.objects.bulk_create(
        LotExtension(
            member_id=wallet.member_id, lot=lot, key=key, from_date=lot.ends_on, to_date=to_date,  # type: ignore[attr-defined]
            on=on, at=at, actor=actor, reason=reason,
        )
        for lot in lots
    )
    own_day = PointsLot.objects.filter(pk__in=[lot.pk for lot in lots], expires_on__lte=ending_by)
    own_day.update(expires_on=to_date)
    # An idle day that is over is none to be put off: its points are gone, though no night has booked it yet.
    idle = Q(idle_on__gt=on, idle_on__lte=ending_by)
    Enrolment.objects.filter(idle, pk=wallet.pk).update(idle_on=to_date)
    return Extended(len(lots), sum(lot.remaining for lot in lots), to_date)


def refuse_extension(enrolment: Enrolment, *, ending_by: date, to_date: date | None, on: date) -> list[PointsLot]:
    """The lots that would be put off. Raises PointsExtensionError when the day is not later, or when there are none."""
    if to_date is not None and to_date <= ending_by:
        raise PointsExtensionError(
            _("%(to)s is no later day than %(from)s: points are only put off.") % {"to": to_date, "from": ending_by}
        )
    lots = list(ending_lots(enrolment, by=ending_by, on=on))
    if not lots:
        raise PointsExtensionError(_("No points of this wallet end by %(day)s, after today.") % {"day": ending_by})
    return lots


def _first_result(wallet: Enrolment, *, key: str, to_date: date | None) -> Extended | None:
    """What was put off under the key before. Raises KeyConflictError."""
    made = list(LotExtension.objects.filter(member=wallet.member_id, key=key).select_related("lot"))
    if not made:
        return None
    if any(extension.to_date != to_date or extension.lot.enrolment_id != wallet.pk for extension in made):
        raise KeyConflictError(key)
    return Extended(len(made), sum(extension.lot.remaining for extension in made), to_date)
