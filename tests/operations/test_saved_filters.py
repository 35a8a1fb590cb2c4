"""Saved filters: they stand above a list, open it, are its default, are shared, and say when they are old."""

from typing import Any

import pytest
from django.contrib.auth.models import Group
from django.contrib.messages import get_messages
from django.test import Client

from operations.models import OutboxMessage, SavedFilter, User
from operations.services.saved_filters import MOST
from tests.memberships.admin_pages import granted, signed_in
from tests.operations.outbox_stories import a_message

pytestmark = pytest.mark.django_db
LIST = "/admin/operations/outboxmessage/"
PARKED = "state__exact=parked"


@pytest.fixture
def desk() -> Client:
    return signed_in(granted(User.objects.create_user("xiaomei", is_staff=True), "operations.view_outboxmessage"))


def save(desk: Client, asked: str, **fields: Any) -> Any:
    return desk.post(f"{LIST}filters/save/?{asked}", fields)


def told(answer: Any) -> str:
    return " ".join(str(message) for message in get_messages(answer.wsgi_request))


def shown(answer: Any) -> list[OutboxMessage]:
    return list(answer.context["cl"].result_list)


def test_a_filter_is_saved_opened_made_the_default_renamed_and_deleted(desk: Client) -> None:
    wanted, other = a_message("card.renewed"), a_message("card.lapsed")
    OutboxMessage.objects.filter(pk=wanted.pk).update(state="parked")
    assert "Save this filter" not in desk.get(LIST).content.decode(), "there is nothing to save"
    assert f"{LIST}filters/save/?{PARKED}" in desk.get(f"{LIST}?{PARKED}&after=7").content.decode()
    assert save(desk, PARKED, name="  ").status_code == 422
    assert save(desk, f"{PARKED}&before=9", name="Stuck", is_default="on").status_code == 302
    saved = SavedFilter.objects.get()
    assert (saved.asked, saved.owner.username, saved.model) == (PARKED, "xiaomei", "operations.outboxmessage")
    page = desk.get(f"{LIST}?{PARKED}")
    assert "Stuck" in page.content.decode() and page.context["saved_filters"][0].is_chosen
    assert shown(desk.get(LIST, follow=True)) == [wanted], "the list opens with it"
    assert shown(desk.get(f"{LIST}?everything=1")) == [other, wanted]
    within = desk.get(LIST, headers={"referer": f"http://testserver{LIST}?{PARKED}"})
    assert shown(within) == [other, wanted], "who goes to the first page of everything stays there"
    assert desk.post(f"{LIST}filters/{saved.pk}/change/", {"name": "Parked"}).status_code == 302
    saved.refresh_from_db()
    assert (saved.name, saved.is_default, saved.asked) == ("Parked", False, PARKED)
    assert desk.get(f"{LIST}filters/{saved.pk}/change/").status_code == 200
    assert desk.get(f"{LIST}filters/{saved.pk}/delete/").status_code == 405
    assert "is deleted" in told(desk.post(f"{LIST}filters/{saved.pk}/delete/"))
    assert not SavedFilter.objects.exists()


def test_it_is_shared_with_a_group_of_ones_own_and_only_its_owner_changes_it(desk: Client) -> None:
    ours, theirs = Group.objects.create(name="客服"), Group.objects.create(name="财务")
    xiaomei = User.objects.get(username="xiaomei")
    xiaomei.groups.add(ours)
    assert save(desk, PARKED, name="Stuck", group=theirs.pk).status_code == 422
    assert save(desk, PARKED, name="Stuck", group=ours.pk, is_default="on").status_code == 302
    saved = SavedFilter.objects.get()
    colleague = granted(User.objects.create_user("lilei", is_staff=True), "operations.view_outboxmessage")
    browser = signed_in(colleague)
    assert browser.get(f"{LIST}filters/{saved.pk}/").status_code == 404
    colleague.groups.add(ours)
    page = browser.get(LIST)
    assert page.status_code == 200, "another's default is not mine"
    assert "Stuck" in page.content.decode() and f"filters/{saved.pk}/change/" not in page.content.decode()
    assert browser.get(f"{LIST}filters/{saved.pk}/")["Location"] == f"{LIST}?{PARKED}"
    for press in ("change", "delete"):
        assert browser.post(f"{LIST}filters/{saved.pk}/{press}/", {"name": "Mine"}).status_code == 403
    assert signed_in(User.objects.create_user("nobody", is_staff=True)).get(f"{LIST}filters/save/").status_code == 403


@pytest.mark.parametrize("asked", ["gone__exact=1", "state__exact__foo=1", "key=1"])
def test_what_does_not_fit_the_list_any_more_says_so(desk: Client, asked: str) -> None:
    message = a_message()
    SavedFilter.objects.create(
        owner=User.objects.get(username="xiaomei"), model="operations.outboxmessage", name="Old", asked=asked,
        is_default=True,
    )
    answer = desk.get(LIST, follow=True)
    assert answer.status_code == 200 and shown(answer) == [message]
    assert "“Old” does not fit this list any more" in answer.content.decode()


def test_there_are_so_many_at_most_and_none_names_a_person(desk: Client) -> None:
    for number in range(MOST):
        assert save(desk, PARKED, name=f"Filter {number}").status_code == 302
    assert "already: delete one first" in save(desk, PARKED, name="One more").content.decode()
    assert save(desk, "topic=card.renewed", name="Filter 0").status_code == 302, "the same name is written over"
    assert SavedFilter.objects.get(name="Filter 0").asked == "topic=card.renewed"
    assert "may be personal data" in save(desk, "q=138+0013+8000", name="Filter 1").content.decode()
    first, second = SavedFilter.objects.order_by("pk")[:2]
    taken = desk.post(f"{LIST}filters/{first.pk}/change/", {"name": second.name})
    assert "is the name of another one" in taken.content.decode()
