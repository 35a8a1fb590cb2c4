"""Segments of members: who is put into one, for which days. What follows a right by it begins and ends with that."""

from datetime import date, datetime, timedelta

from django.db import transaction
from django.db.models import Q

from benefits.errors import SegmentError as SegmentError
from benefits.errors import SegmentOverlapError
from benefits.models import MemberSegment
from benefits.services.grants import follow_rights
from memberships.models import Member
from memberships.services.members import lock_member
from operations.audit import because
from operations.models import User


@transaction.atomic
def put_into_segment(
    member: Member, segment: str, *, since: date, until: date | None = None, reason: str = "", on: date, at: datetime,
    actor: User | None,
) -> MemberSegment:
    """The member belongs to a segment from `since` to `until` (included; None: without an end).

    A repeat with the same days returns the first one. Locks the member.
    Raises SegmentOverlapError when it belongs to it on some of these days.
    """
    lock_member(member.pk)
    later = Q() if until is None else Q(since__lte=until)
    found = MemberSegment.objects.filter(Q(until=None) | Q(until__gte=since), later, member=member, segment=segment)
    for known in found:
        if (known.since, known.until) == (since, until):
            return known
        raise SegmentOverlapError(known)
    with because(reason, actor=actor):
        belongs = MemberSegment.objects.create(member=member, segment=segment, since=since, until=until)
    follow_rights(member, on=on, at=at, actor=actor)
    return belongs


@transaction.atomic
def take_out_of_segment(
    member: Member, segment: str, *, first_day_without: date, reason: str = "", on: date, at: datetime,
    actor: User | None,
) -> MemberSegment | None:
    """The member belongs to a segment up to the day before; what was to begin later does not. A repeat changes nothing.

    Returns the days that are left of it, None where nothing is. Locks the member.
    """
    lock_member(member.pk)
    last = first_day_without - timedelta(days=1)
    with because(reason, actor=actor):
        MemberSegment.objects.filter(member=member, segment=segment, since__gt=last).delete()
        belongs = MemberSegment.objects.current(on=last).filter(member=member, segment=segment).first()
        if belongs is not None and belongs.until != last:
            belongs.until = last
            belongs.save(update_fields=["until"])
    follow_rights(member, on=on, at=at, actor=actor)
    return belongs
