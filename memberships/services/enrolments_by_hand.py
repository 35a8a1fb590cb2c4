"""Wallets that somebody at the desk opens for a member, and who did it and why."""

from datetime import date, datetime

from django.db import transaction

from memberships.errors import AlreadyEnrolledError
from memberships.models import Enrolment, Member, Programme
from memberships.models.programmes import Enrols
from memberships.services.enrolments import enrol_member, is_open_to
from memberships.services.members import lock_member
from operations.models import User

TEXT = 200


@transaction.atomic
def enrol_by_hand(
    member: Member, programme: Programme, *, reason: str, on: date, at: datetime, actor: User, scope: str = ""
) -> Enrolment:
    """Open the member's wallet in a programme, for a store (`scope`) where it has one for each; keep who and why.

    Raises AlreadyEnrolledError, and what `enrol_member` raises. Locks the member.
    """
    lock_member(member.pk)
    there = Enrolment.objects.filter(member=member, programme=programme, scope=scope)
    if wallet := there.select_related("programme").first():
        raise AlreadyEnrolledError(wallet)
    wallet = enrol_member(member, programme, on=on, at=at, actor=actor, scope=scope)
    wallet.enrolled_by, wallet.reason = actor, reason.strip()[:TEXT]
    wallet.save(update_fields=["enrolled_by", "reason"])
    return wallet


def programmes_for(member: Member) -> list[Programme]:
    """The programmes that are open to the member's kind and cohort, and that they are not in; all that enrol stores."""
    there = Enrolment.objects.filter(member=member).values("programme")
    found = Programme.objects.filter(audience=member.kind).exclude(enrols=Enrols.MEMBER, pk__in=there).order_by("pk")
    return [programme for programme in found if is_open_to(programme, member.pk)]
