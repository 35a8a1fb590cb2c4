"""A member's page at the desk: enrolling them in a programme, and what stands against it."""

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.db import IntegrityError, transaction
from django.test import Client
from django.utils import timezone

from memberships.admin.display import today
from memberships.errors import AlreadyEnrolledError
from memberships.models import Enrolment, Member, Programme
from memberships.services.enrolments_by_hand import enrol_by_hand, programmes_for
from tests.memberships.admin_pages import granted, signed_in
from tests.memberships.factories import a_firm, a_person, an_operator, jd_plus, jd_plus_enterprise
from tests.memberships.points_stories import a_wallet
from tests.memberships.tier_stories import stars

pytestmark = pytest.mark.django_db
VIEWS = ("memberships.view_member", "memberships.view_enrolment", "memberships.view_enterprisecustomer")
REASON = "asked for it on the phone"


@pytest.fixture
def desk() -> Client:
    return signed_in(granted(an_operator(), *VIEWS, "memberships.add_enrolment"))


def page_of(member: Member, page: str = "change") -> str:
    return f"/admin/memberships/member/{member.pk}/{page}/"


def enrol(desk: Client, member: Member, programme: Programme, **fields: Any) -> Any:
    form = desk.get(page_of(member, "enrol")).context["form"]
    data = {"programme": programme.pk, "scope": "", "reason": REASON, "seen": form.initial["seen"]}
    return desk.post(page_of(member, "enrol"), {**data, **fields}, follow=True)


def faults(answer: Any) -> dict[str, list[str]]:
    """What the form did not like, by field."""
    assert answer.status_code == 422
    return dict(answer.context["form"].errors)


def test_member_is_enrolled_and_the_wallet_says_by_whom_and_why(desk: Client) -> None:
    member, programme = a_person(on=today()), stars().programme
    assert page_of(member, "enrol") in desk.get(page_of(member)).content.decode()
    answer = enrol(desk, member, programme)
    wallet = Enrolment.objects.get(member=member, programme=programme)
    assert answer.redirect_chain[-1][0] == f"/admin/memberships/enrolment/{wallet.pk}/change/"
    page = answer.content.decode()
    assert "Enrolled in" in page and "xiaomei" in page and REASON in page
    assert wallet.enrolled_by is not None and wallet.enrolled_by.username == "xiaomei"
    assert (wallet.enrolled_on, wallet.reason) == (today(), REASON)


def test_second_click_enrols_nobody_twice(desk: Client) -> None:
    member, programme = a_person(on=today()), jd_plus()
    jd_plus(code="another")
    seen = desk.get(page_of(member, "enrol")).context["form"].initial["seen"]
    enrol(desk, member, programme, seen=seen)
    assert "nothing more was done" in enrol(desk, member, programme, seen=seen).content.decode()
    assert Enrolment.objects.count() == 1


def test_only_programmes_for_the_member_are_offered(desk: Client) -> None:
    """Not those for firms, not those the member is in, not those that are open to others first."""
    member, programme = a_person(on=today()), jd_plus(code="taobao")
    a_wallet(member, jd_plus())
    jd_plus_enterprise()
    closed = jd_plus(code="meituan", open_share=Decimal(0))
    offered = desk.get(page_of(member, "enrol")).context["form"].fields["programme"].queryset
    assert list(offered) == [programme] == programmes_for(member)
    assert "programme" in faults(enrol(desk, member, closed))
    assert not Enrolment.objects.filter(programme=closed).exists()


def test_member_of_every_programme_is_told_so(desk: Client) -> None:
    member = a_person(on=today())
    a_wallet(member, jd_plus())
    answer = desk.get(page_of(member, "enrol"), follow=True)
    assert "is in every programme that is open to them" in answer.content.decode()
    assert answer.redirect_chain == [(page_of(member), 302)]


def test_closed_member_is_not_enrolled(desk: Client) -> None:
    member, programme = a_person(on=today() - timedelta(days=9)), jd_plus()
    Member.objects.filter(pk=member.pk).update(closed_on=today())
    assert page_of(member, "enrol") not in desk.get(page_of(member)).content.decode()
    answer = desk.post(page_of(member, "enrol"), {"programme": programme.pk, "reason": REASON}, follow=True)
    assert "The membership is closed" in answer.content.decode()
    assert not Enrolment.objects.exists()


def test_firm_is_enrolled_once_for_each_store(desk: Client) -> None:
    firm, programme = a_firm(on=today()), jd_plus_enterprise()
    Programme.objects.filter(pk=programme.pk).update(enrols="store")
    customer = desk.get(f"/admin/memberships/enterprisecustomer/{firm.pk}/change/").content.decode()
    assert page_of(firm, "enrol") in customer
    assert "say which" in str(faults(enrol(desk, firm, programme)))
    # A full-width digit and spaces are read as an import reads them.
    enrol(desk, firm, programme, scope=" 100１ ")
    assert "already, since" in str(faults(enrol(desk, firm, programme, scope="1001")))
    enrol(desk, firm, programme, scope="1002")
    assert list(Enrolment.objects.order_by("pk").values_list("scope", flat=True)) == ["1001", "1002"]
    assert "JD PLUS Enterprise × 2" in desk.get(page_of(firm, "enrol")).content.decode()
    assert "JD PLUS Enterprise · 1002" in desk.get(page_of(firm)).content.decode()


@pytest.mark.parametrize(
    ("store", "fault"),
    # Four characters each once they are normalised; and what a spreadsheet makes of a long number.
    [("㍿" * 30, "longer than 64 characters"), ("1.10105E+17", "A spreadsheet turned this code into a number")],
)
def test_store_that_a_file_may_not_name_is_refused_at_the_desk_too(desk: Client, store: str, fault: str) -> None:
    firm, programme = a_firm(on=today()), jd_plus_enterprise()
    Programme.objects.filter(pk=programme.pk).update(enrols="store")
    assert fault in str(faults(enrol(desk, firm, programme, scope=store))["scope"])
    assert not Enrolment.objects.exists()


def test_store_is_refused_where_a_member_has_one_wallet(desk: Client) -> None:
    firm, stores = a_firm(on=today()), jd_plus_enterprise()
    Programme.objects.filter(pk=stores.pk).update(enrols="store")
    one_each = jd_plus(code="one-each", audience="enterprise")
    assert "leave this blank" in str(faults(enrol(desk, firm, one_each, scope="1001")))


def test_nobody_enrols_without_the_right_or_a_reason(desk: Client) -> None:
    member, programme = a_person(on=today()), jd_plus()
    assert "reason" in faults(enrol(desk, member, programme, reason="  "))
    reader = signed_in(granted(an_operator("reader"), *VIEWS))
    assert page_of(member, "enrol") not in reader.get(page_of(member)).content.decode()
    for method in (reader.get, reader.post):
        assert method(page_of(member, "enrol")).status_code == 403
    assert not Enrolment.objects.exists()


def test_wallet_of_an_import_is_not_taken_for_one_by_hand() -> None:
    member, programme, operator = a_person(on=today()), jd_plus(), an_operator()
    wallet = a_wallet(member, programme)
    facts: dict[str, Any] = {"on": today(), "at": timezone.now(), "actor": operator, "reason": REASON}
    with pytest.raises(AlreadyEnrolledError):
        enrol_by_hand(member, programme, **facts)
    wallet.refresh_from_db()
    assert (wallet.enrolled_by, wallet.reason) == (None, "")
    with pytest.raises(IntegrityError), transaction.atomic():
        Enrolment.objects.create(member=member, programme=programme, enrolled_on=today())
