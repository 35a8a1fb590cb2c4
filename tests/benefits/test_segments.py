"""Segments: for which days a member belongs to one."""

from collections.abc import Iterator
from datetime import date

import pytest
from django.utils import translation

from benefits.errors import SegmentOverlapError
from benefits.models import MemberSegment
from benefits.services.segments import put_into_segment, take_out_of_segment
from memberships.models import Member
from tests.benefits.benefit_stories import TODAY, a_person, at
from tests.memberships.factories import an_operator, last_event

pytestmark = pytest.mark.django_db
JUNE, DECEMBER = date(2027, 6, 1), date(2027, 12, 31)


@pytest.fixture(autouse=True)
def _in_english() -> Iterator[None]:
    with translation.override("en"):
        yield


def put(member: Member, since: date, until: date | None = None) -> MemberSegment:
    return put_into_segment(member, "families", since=since, until=until, on=TODAY, at=at(TODAY), actor=None)


def take_out(member: Member, first_day_without: date) -> MemberSegment | None:
    return take_out_of_segment(
        member, "families", first_day_without=first_day_without, on=TODAY, at=at(TODAY), actor=None
    )


def spans(member: Member) -> list[tuple[date, date | None]]:
    return list(MemberSegment.objects.filter(member=member).order_by("since").values_list("since", "until"))


def test_a_member_belongs_to_it_from_day_to_day() -> None:
    member = a_person()
    first = put(member, TODAY, JUNE)
    assert put(member, TODAY, JUNE) == first
    assert [MemberSegment.objects.current(on=day).exists() for day in (TODAY, JUNE, DECEMBER)] == [True, True, False]
    put(member, DECEMBER)
    assert spans(member) == [(TODAY, JUNE), (DECEMBER, None)]


def test_days_do_not_overlap() -> None:
    member = a_person()
    put(member, TODAY, JUNE)
    for since, until in ((JUNE, DECEMBER), (date(2027, 1, 1), None), (TODAY, DECEMBER)):
        with pytest.raises(SegmentOverlapError, match="2027-01-15 to 2027-06-01"):
            put(member, since, until)
    put(a_person(), JUNE, DECEMBER)
    assert spans(member) == [(TODAY, JUNE)]


def test_a_member_is_taken_out_of_it_and_what_was_to_come_is_not() -> None:
    member = a_person()
    put(member, TODAY, JUNE)
    put(member, DECEMBER)
    left = take_out(member, date(2027, 3, 1))
    assert left is not None
    assert spans(member) == [(TODAY, date(2027, 2, 28))]
    assert take_out(member, date(2027, 3, 1)) == left
    assert take_out(member, TODAY) is None
    assert spans(member) == []


def test_the_trail_says_who_and_why() -> None:
    member, actor = a_person(), an_operator()
    belongs = put_into_segment(
        member, "families", since=TODAY, reason="two children", on=TODAY, at=at(TODAY), actor=actor
    )
    context = last_event(belongs).pgh_context
    assert (context["reason"], context["user"]) == ("two children", actor.pk)
