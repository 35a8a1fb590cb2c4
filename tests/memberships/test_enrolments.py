"""Who may open a wallet: in a programme for members, for stores, and one that is open to some members first."""

from decimal import Decimal

import pytest
from django.db import connection

from memberships.errors import EnrolmentScopeError, NotOpenToMemberError
from memberships.models import Enrolment, Member
from memberships.services.enrolments import cohort_of, enrol_member, is_open_to
from tests.memberships.factories import TODAY, a_firm, a_person, jd_plus, jd_plus_enterprise
from tests.memberships.points_stories import morning

pytestmark = pytest.mark.django_db


def test_firm_has_a_wallet_for_each_of_its_stores() -> None:
    firm, stars = a_firm(), jd_plus_enterprise()
    stars.enrols = "store"
    stars.save()
    first, second = (
        enrol_member(firm, stars, on=TODAY, at=morning(TODAY), actor=None, scope=store) for store in ("1001", "1002")
    )
    assert enrol_member(firm, stars, on=TODAY, at=morning(TODAY), actor=None, scope="1001") == first != second
    with pytest.raises(EnrolmentScopeError):
        enrol_member(firm, stars, on=TODAY, at=morning(TODAY), actor=None)


def test_store_has_no_wallet_where_members_have_one() -> None:
    with pytest.raises(EnrolmentScopeError):
        enrol_member(a_person(), jd_plus(), on=TODAY, at=morning(TODAY), actor=None, scope="1001")


def test_programme_that_is_open_to_some_members_first_is_closed_to_the_others() -> None:
    """Whoever is in stays in when the share grows."""
    members = [Member(pk=pk) for pk in range(1, 2001)]
    half, most = jd_plus(code="half", open_share=Decimal("0.5")), jd_plus(code="most", open_share=Decimal("0.8"))
    early = {member.pk for member in members if is_open_to(half, member.pk)}
    later = {member.pk for member in members if is_open_to(most, member.pk)}
    assert early < later
    assert 900 < len(early) < 1100
    everybody = jd_plus(code="all")
    assert all(is_open_to(everybody, member.pk) for member in members)


def test_member_outside_the_cohort_is_told_so_and_keeps_the_wallet_there_is() -> None:
    member, meituan = a_person(), jd_plus(open_share=Decimal(0))
    with pytest.raises(NotOpenToMemberError, match="0"):
        enrol_member(member, meituan, on=TODAY, at=morning(TODAY), actor=None)
    wallet = Enrolment.objects.create(member=member, programme=meituan, enrolled_on=TODAY)
    assert enrol_member(member, meituan, on=TODAY, at=morning(TODAY), actor=None) == wallet


def test_cohort_of_a_member_is_the_same_in_sql() -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT id, ('x' || left(md5(id::text), 8))::bit(32)::bigint % 10000 FROM generate_series(1, 300) AS id"
        )
        assert all(cohort_of(pk) == cohort for pk, cohort in cursor.fetchall())
