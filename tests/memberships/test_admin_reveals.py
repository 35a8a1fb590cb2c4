"""Personal data is masked everywhere; who may look says why, and leaves a trace."""

from datetime import UTC, datetime

import pytest
from django.db import DatabaseError, transaction

from memberships.models import Member
from operations.models import Reveal, User
from operations.services.reveals import ReasonMissingError, reveal
from tests.memberships.admin_pages import a_superuser, granted, signed_in
from tests.memberships.factories import TODAY, a_firm, a_person, an_operator

pytestmark = pytest.mark.django_db
SECRETS = ("李雷", "13812345678", "lilei@example.com", "韩梅梅", "13987654321", "buyer@example.com")
VIEW = ("memberships.view_member", "memberships.view_membercontact", "memberships.view_enterprisecustomer")


def reveal_url(member: Member) -> str:
    return f"/admin/memberships/membercontact/{member.contacts.get().pk}/reveal/"


@pytest.fixture
def looker() -> User:
    return granted(an_operator(), *VIEW, "memberships.reveal_membercontact")


def test_no_page_shows_personal_data_by_itself() -> None:
    person, firm = a_person(), a_firm()
    contact = person.contacts.get()
    contact.mobile = "13812345679"
    contact.save()
    desk = signed_in(a_superuser())
    for path in (
        "member/", f"member/{person.pk}/change/", f"member/{person.pk}/history/",
        "enterprisecustomer/", f"enterprisecustomer/{firm.pk}/change/", f"enterprisecustomer/{firm.pk}/history/",
        "membercontact/", f"membercontact/{contact.pk}/change/", f"membercontact/{contact.pk}/history/",
        f"membercontact/{contact.pk}/reveal/",
    ):
        page = desk.get(f"/admin/memberships/{path}").content.decode()
        assert not [secret for secret in (*SECRETS, "13812345679") if secret in page], path
    assert "138****5678" in desk.get(f"/admin/memberships/member/{person.pk}/history/").content.decode()


def test_a_reason_shows_the_data_once_and_leaves_a_trace(looker: User) -> None:
    person = a_person()
    page = signed_in(looker).post(reveal_url(person), {"fields_wanted": ["mobile"], "reason": "call back, ticket 12"})
    assert "13812345678" in page.content.decode() and "lilei@example.com" not in page.content.decode()
    assert "no-store" in page["cache-control"]
    trace = Reveal.objects.get()
    assert (trace.actor, trace.model, trace.object_id, trace.field, trace.reason) == (
        looker, "memberships.membercontact", person.contacts.get().pk, "mobile", "call back, ticket 12"
    )


@pytest.mark.parametrize("form", [{"fields_wanted": ["mobile"], "reason": "  "}, {"reason": "why"}, {}])
def test_without_a_reason_or_a_field_nothing_is_shown(looker: User, form: dict[str, object]) -> None:
    page = signed_in(looker).post(reveal_url(a_person()), form)
    assert "13812345678" not in page.content.decode()
    assert not Reveal.objects.exists()


def test_without_the_right_there_is_no_way() -> None:
    person, desk = a_person(), signed_in(granted(an_operator(), *VIEW))
    assert desk.get(reveal_url(person)).status_code == 403
    assert desk.post(reveal_url(person), {"fields_wanted": ["mobile"], "reason": "x"}).status_code == 403
    assert reveal_url(person) not in desk.get(f"/admin/memberships/member/{person.pk}/change/").content.decode()


def test_the_trace_stays(looker: User) -> None:
    contact = a_person().contacts.get()
    at = datetime(TODAY.year, TODAY.month, TODAY.day, tzinfo=UTC)
    assert reveal(contact, ["name"], reason="audit", actor=looker, at=at) == {"name": "李雷"}
    with pytest.raises(ReasonMissingError):
        reveal(contact, ["name"], reason=" ", actor=looker, at=at)
    with pytest.raises(DatabaseError), transaction.atomic():
        Reveal.objects.all().delete()


def test_auditors_see_who_looked(looker: User) -> None:
    person = a_person()
    signed_in(looker).post(reveal_url(person), {"fields_wanted": ["mobile"], "reason": "ticket 12"})
    auditor = granted(User.objects.create_user("ann", is_staff=True), *VIEW, "operations.view_reveal")
    assert "ticket 12" in signed_in(auditor).get(f"/admin/memberships/member/{person.pk}/change/").content.decode()
    assert "ticket 12" in signed_in(auditor).get("/admin/operations/reveal/").content.decode()
