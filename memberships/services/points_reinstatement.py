"""Points that expired are given again, within the programme's days for that: once, as a new lot with its own expiry."""

from datetime import date, datetime, timedelta

from django.db import transaction
from django.utils.translation import gettext as _

from memberships.errors import NotReinstatableError, PointsExpiryError
from memberships.models import Enrolment, PointsEntry, PointsLot, PointsPolicy
from memberships.models.points import REINSTATEMENT_KEY, Account
from memberships.services.points_booking import book_entry, lock_wallet
from memberships.services.points_debts import settle_debts
from memberships.services.points_expiry import expire_enrolment, over_by
from memberships.services.points_policies import expiry_of, idle_on
from memberships.services.points_transfers import pass_on
from operations.models import User

Kind = PointsEntry.Kind


@transaction.atomic
def reinstate_points(
    expired: PointsEntry, *, expires_on: date | None, on: date, at: datetime, actor: User | None, reason: str
) -> PointsEntry:
    """Give a wallet again what an entry expired; `expires_on` is the first day without it, None: it stays.

    A repeat returns the first result. Raises NotReinstatableError, PointsExpiryError.
    """
    wallet = lock_wallet(expired.enrolment_id)
    key = f"{REINSTATEMENT_KEY}{expired.pk}"
    if first := PointsEntry.objects.filter(member_id=wallet.member_id, key=key).first():
        return first
    refuse_reinstatement(expired, on=on)
    over_on = over_by(on)
    if expires_on is not None and expires_on <= over_on:
        raise PointsExpiryError(expires_on=expires_on, over_on=over_on)
    # What is over goes first: the new points must not revive an idle wallet's old ones.
    expire_enrolment(wallet, on=over_on, at=at, actor=actor)
    lot = PointsLot.objects.create(
        member_id=wallet.member_id, enrolment=wallet, points=-expired.points, remaining=-expired.points, earned_on=on,
        expires_on=expires_on,
    )
    entry = book_entry(PointsEntry(
        member_id=wallet.member_id, enrolment=wallet, key=key, kind=Kind.REINSTATE, points=lot.points, lot=lot,
        reverses=expired, debit=Account.BREAKAGE, credit=Account.LIABILITY, on=on, at=at, actor=actor, reason=reason,
    ))
    _put_off_inactivity(wallet, on=on)
    settle_debts([wallet.pk], on=on)
    pass_on(wallet, key=f"{entry.pk}", on=on, at=at, actor=actor)
    return entry


def refuse_reinstatement(expired: PointsEntry, *, on: date) -> None:
    """Raises NotReinstatableError when what an entry expired cannot be given again on a day."""
    if expired.kind != Kind.EXPIRE:
        raise NotReinstatableError(_("Only points that expired are given again."))
    if PointsEntry.objects.filter(reverses=expired).exists():
        raise NotReinstatableError(_("These points were given again before."))
    policy = policy_of(expired.enrolment)
    days = policy.reinstate_days if policy else 0
    if not days:
        raise NotReinstatableError(_("This programme does not give expired points again."))
    last_day = expired.on + timedelta(days=days)
    if on > last_day:
        raise NotReinstatableError(
            _("These points expired on %(on)s and could be given again until %(last)s.")
            % {"on": expired.on, "last": last_day}
        )


def expiry_of_new(enrolment: Enrolment, *, on: date) -> date | None:
    """The first day without points that are given on a day, as the policy of the wallet's programme has it."""
    policy = policy_of(enrolment)
    return expiry_of(policy, on) if policy else None


def policy_of(enrolment: Enrolment) -> PointsPolicy | None:
    """The policy of the wallet's programme, if it has one."""
    return PointsPolicy.objects.filter(programme=enrolment.programme_id).first()


def _put_off_inactivity(wallet: Enrolment, *, on: date) -> None:
    """A wallet that got points is not idle for the policy's months; the wallet is locked."""
    policy = policy_of(wallet)
    day = idle_on(policy, on) if policy else None
    if day is not None:
        Enrolment.objects.filter(pk=wallet.pk).exclude(idle_on__gte=day).update(idle_on=day)
