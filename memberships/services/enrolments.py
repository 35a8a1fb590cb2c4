"""Wallets are opened: one for each member, or for each store, in the programmes that are open to the member."""

import hashlib
from datetime import date, datetime

from django.db import transaction

from memberships.errors import AudienceError, EnrolmentScopeError, MemberClosedError, NotOpenToMemberError
from memberships.models import Enrolment, Member, Programme
from memberships.models.programmes import Enrols
from memberships.services.members import lock_member
from memberships.services.tiers import give_first_tiers
from memberships.signals import member_enrolled
from operations.audit import because
from operations.models import User

#: A member stands in one of so many cohorts; a programme that is open to a share of members is open to the first ones.
COHORTS = 10_000


@transaction.atomic
def enrol_member(
    member: Member, programme: Programme, *, on: date, at: datetime, actor: User | None, scope: str = ""
) -> Enrolment:
    """Open the member's wallet in a programme, for a store (`scope`) where it has one for each; a repeat returns it.

    It stands on the first tier of each ladder where that needs no points. (Wallets that an import opens, many at once,
    come to theirs at the next evaluation.)

    Raises EnrolmentScopeError, MemberClosedError, AudienceError, NotOpenToMemberError.
    """
    if bool(scope) != (programme.enrols == Enrols.STORE):
        raise EnrolmentScopeError(programme)
    member = lock_member(member.pk)
    if wallet := Enrolment.objects.filter(member=member, programme=programme, scope=scope).first():
        return wallet
    if not Member.objects.open(on=on).filter(pk=member.pk).exists():
        raise MemberClosedError(member, on=on)
    if programme.audience != member.kind:
        raise AudienceError(member, programme)
    if not is_open_to(programme, member.pk):
        raise NotOpenToMemberError(member, programme)
    with because("enrolled", actor=actor):
        wallet = Enrolment.objects.create(member=member, programme=programme, scope=scope, enrolled_on=on)
        give_first_tiers(wallet, on=on, at=at, actor=actor)
    member_enrolled.send(Enrolment, enrolment=wallet, on=on, actor=actor)
    return wallet


def is_open_to(programme: Programme, member_id: int) -> bool:
    """Whether the member is of the share of members to whom the programme is open."""
    return cohort_of(member_id) < programme.open_share * COHORTS


def cohort_of(member_id: int) -> int:
    """0 to 9,999, for ever the same. In SQL: ('x' || left(md5(id::text), 8))::bit(32)::bigint % 10000."""
    digest = hashlib.md5(str(member_id).encode(), usedforsecurity=False).hexdigest()
    return int(digest[:8], 16) % COHORTS
