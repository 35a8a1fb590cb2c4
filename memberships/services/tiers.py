"""A member's tier: the first one, and one that is set by hand. (What points and cards give: tier_evaluation.)"""

from collections.abc import Mapping
from datetime import date, datetime

from django.db import transaction
from django.utils.translation import gettext as _

from memberships.errors import KeyConflictError, TierError
from memberships.models import Enrolment, Tier, TierChange, TierGroup, TierStanding
from memberships.models.tiers import Cause
from memberships.services.members import lock_member
from memberships.services.tier_evaluation import tell
from operations.audit import because
from operations.models import User
from operations.services.outbox import put_message

Kind = TierChange.Kind
#: Keys of the evaluation begin so; nobody else's does.
EVALUATION_KEY = "evaluate:"


@transaction.atomic
def give_first_tiers(
    enrolment: Enrolment, *, on: date, at: datetime, actor: User | None
) -> list[TierChange]:
    """Put a new wallet on the lowest tier of each ladder of its programme, where that needs no points.

    Those that have a tier keep it; ladders that begin with a threshold give their first tier at an evaluation. Locks
    the wallet. The changes that were made.
    """
    wallet = _locked(enrolment)
    changes = []
    for group in TierGroup.objects.filter(programme=wallet.programme_id).order_by("pk"):
        tier = Tier.objects.filter(group=group, threshold=0, plan_code="", retired_on=None).order_by("rank").first()
        if tier is None or TierStanding.objects.filter(enrolment=wallet, group=group).exists():
            continue
        evidence = {"points": 0, "threshold": 0, "to_tier": tier.code, "from_tier": None}
        changes.append(_move(
            wallet, None, tier, cause=Cause.POINTS, held_until=None, key="enrolled", evidence=evidence, on=on, at=at,
            actor=actor, reason="",
        ))
    tell(changes, on=on, actor=actor)
    return changes


@transaction.atomic
def set_tier(
    enrolment: Enrolment, tier: Tier, *, held_until: date | None, reason: str, key: str, on: date, at: datetime,
    actor: User | None, cause: Cause = Cause.HAND,
) -> TierChange:
    """Put a wallet on a tier, whatever its points, until a day (included), or None: until it is set again.

    Points that reach a higher tier raise it all the same. `cause`: HAND, or MATCH for a status of another programme.
    A repeat under the same key returns the first change. Locks the member, then the wallet: those who hear of a change
    lock the member as well.
    Raises TierError (another programme's or a retired tier, a date before the first day, no reason), KeyConflictError.
    """
    lock_member(enrolment.member_id)
    wallet = _locked(enrolment)
    first = TierChange.objects.filter(enrolment=wallet, group=tier.group_id, key=key).first()
    if first is not None:
        if (first.to_tier_id, first.held_until, first.cause) != (tier.pk, held_until, cause):
            raise KeyConflictError(key)
        return first
    refuse_tier(wallet, tier, held_until=held_until, reason=reason, key=key, on=on)
    standing = TierStanding.objects.filter(enrolment=wallet, group=tier.group_id).select_related("tier").first()
    evidence = {"to_tier": tier.code, "from_tier": standing.tier.code if standing else None}
    with because(reason, actor=actor):
        change = _move(
            wallet, standing, tier, cause=cause, held_until=held_until, key=key, evidence=evidence, on=on, at=at,
            actor=actor, reason=reason.strip(),
        )
    tell([change], on=on, actor=actor)
    return change


def standing_of(enrolment: Enrolment, group: TierGroup) -> TierStanding | None:
    """Where a wallet stands on a ladder; None: it has no tier yet."""
    return TierStanding.objects.filter(enrolment=enrolment, group=group).select_related("tier").first()


def _locked(enrolment: Enrolment) -> Enrolment:
    """The wallet, locked and read afresh."""
    return Enrolment.objects.select_for_update(no_key=True).get(pk=enrolment.pk)


def refuse_tier(
    wallet: Enrolment, tier: Tier, *, held_until: date | None, reason: str, key: str, on: date
) -> None:
    """Raises TierError."""
    if tier.group.programme_id != wallet.programme_id:
        raise TierError(_("“%(tier)s” is a tier of another programme.") % {"tier": tier})
    if tier.retired_on is not None and tier.retired_on <= on:
        raise TierError(_("“%(tier)s” is not offered any more.") % {"tier": tier})
    if held_until is not None and held_until < on:
        raise TierError(_("A tier holds to %(on)s at the least.") % {"on": on})
    if not reason.strip():
        raise TierError(_("A tier is not set without a reason."))
    if not key or len(key) > 64 or key.startswith(EVALUATION_KEY):
        raise TierError(_("“%(key)s” cannot be the key of a change of tier.") % {"key": key})


def _move(
    wallet: Enrolment, standing: TierStanding | None, tier: Tier, *, cause: Cause, held_until: date | None, key: str,
    evidence: Mapping[str, object], on: date, at: datetime, actor: User | None, reason: str,
) -> TierChange:
    """Write standing, change and message; the wallet is locked."""
    before = standing.tier if standing else None
    if standing is None:
        standing = TierStanding(member_id=wallet.member_id, enrolment=wallet, group_id=tier.group_id, since=on)
    elif standing.tier_id != tier.pk:
        standing.since = on
    standing.tier, standing.cause, standing.held_until, standing.below_since = tier, cause, held_until, None
    standing.save()
    change = TierChange.objects.create(
        member_id=wallet.member_id, enrolment=wallet, group_id=tier.group_id, key=key, kind=_kind(before, tier),
        cause=cause, from_tier=before, to_tier=tier, evidence=evidence, held_until=held_until, on=on, at=at,
        actor=actor, reason=reason[:200],
    )
    put_message(
        "tier.changed", f"tier:{wallet.pk}:{tier.group_id}:change-{change.pk}", {
            "member": wallet.member_id, "enrolment": wallet.pk, "group": tier.group.code, "kind": change.kind,
            "cause": cause, "from": before.code if before else None, "to": tier.code, "on": on.isoformat(),
            "held_until": held_until.isoformat() if held_until else None,
        }, owner=wallet.member_id, at=at,
    )
    return change


def _kind(before: Tier | None, after: Tier) -> Kind:
    if before is None:
        return Kind.FIRST
    if before.pk == after.pk:
        return Kind.KEPT
    return Kind.UP if after.rank > before.rank else Kind.DOWN
