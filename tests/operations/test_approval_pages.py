"""The inbox, the page of a request, and the limits: what is shown to whom, and what they press."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import Group
from django.contrib.messages import get_messages
from django.test import Client
from django.utils import timezone

from operations import roles
from operations.dates import business_date
from operations.models import Approval, ApprovalLimit, User
from operations.services.approvals import approve, reject
from tests.operations.approval_stories import a_checker, a_painter, a_request, a_wall, painting, rights
from tests.operations.run_pages import signed_in, someone

pytestmark = pytest.mark.django_db
LIST = "/admin/operations/approval/"
LIMITS = "/admin/operations/approvallimit/"


@pytest.fixture(autouse=True)
def _painting() -> Iterator[None]:
    with painting():
        yield


def page(request: Approval, name: str = "change") -> str:
    return f"{LIST}{request.pk}/{name}/"


def listed(desk: Client, box: str = "") -> set[int]:
    answer = desk.get(LIST, {"box": box} if box else {})
    assert answer.status_code == 200
    return {approval.pk for approval in answer.context["cl"].result_list}


def told(answer: Any) -> str:
    return " ".join(str(message) for message in get_messages(answer.wsgi_request))


def now_request(wall: User, maker: User, **facts: Any) -> Approval:
    return a_request(wall, maker, at=timezone.now(), **facts)


# --- the inbox


def test_the_inbox_begins_with_what_waits_for_the_reader() -> None:
    wall, maker, checker = a_wall(), a_painter(), a_checker()
    checker.user_permissions.add(*rights("change_user"))
    checker = User.objects.get(pk=checker.pk)
    theirs, own = now_request(wall, maker), now_request(wall, checker, colour="blue")
    over = reject(now_request(wall, maker, colour="green"), checker=checker, decision="No.", at=timezone.now())
    late = now_request(wall, maker, colour="pink")
    Approval.objects.filter(pk=late.pk).update(expires_at=timezone.now() - timedelta(seconds=1))
    desk = signed_in(checker)
    assert listed(desk) == listed(desk, "for_me") == {theirs.pk}
    assert listed(desk, "mine") == {own.pk}
    assert listed(desk, "waiting") == {theirs.pk, own.pk, late.pk}
    assert listed(desk, "decided") == {over.pk}
    assert listed(desk, "all") == {theirs.pk, own.pk, late.pk, over.pk} == listed(desk, "all")
    assert listed(signed_in(maker)) == {theirs.pk, over.pk, late.pk}


def test_what_the_reader_may_not_see_does_not_wait_for_them() -> None:
    request = now_request(a_wall(), a_painter())
    blind = someone("blind", "decide_approval", "view_approval")
    assert listed(signed_in(blind)) == set() and listed(signed_in(blind), "waiting") == {request.pk}
    shown = signed_in(blind).get(page(request)).content.decode()
    assert "You may not decide about this request." in shown and "/approve/" not in shown


def test_a_box_that_nobody_offers_is_the_first_one() -> None:
    request = now_request(a_wall(), a_painter())
    assert listed(signed_in(a_checker()), "attic") == {request.pk}


def test_the_dashboard_says_how_many_wait() -> None:
    now_request(a_wall(), a_painter())
    to_do = {each.label: each.shown for each in signed_in(a_checker()).get("/admin/").context["to_do"]}
    assert to_do["Waiting for me"] == "1"
    others = signed_in(someone("reader", "view_approval")).get("/admin/").context["to_do"]
    assert "Waiting for me" not in {each.label for each in others}


# --- the page


def test_the_page_shows_what_it_would_do_for_whom_and_why() -> None:
    request = now_request(a_wall(), a_painter())
    shown = signed_in(a_checker()).get(page(request)).content.decode()
    for words in ("Paint it red.", "20 litres", "xiaomei", "It is grey.", "colour", request.payload_hash, "/approve/"):
        assert words in shown, words


def test_the_payload_is_shown_as_text_whatever_is_in_it() -> None:
    request = now_request(a_wall(), a_painter(), colour="<script>alert(1)</script>")
    shown = signed_in(a_checker()).get(page(request)).content.decode()
    assert "<script>alert(1)" not in shown and "&lt;script&gt;alert(1)" in shown


def test_the_history_says_who_decided_and_why() -> None:
    request, checker = now_request(a_wall(), a_painter()), a_checker()
    desk = signed_in(checker)
    assert "Approved and done: It is red." in told(desk.post(page(request, "approve"), {"reason": "Nice."}))
    newest = desk.get(page(request, "history")).context["history"].entries[0]
    assert newest.actor == checker and newest.reason == "Nice."
    assert "approved and done" in str(newest.changes)


def test_every_button_asks_first_and_needs_its_right() -> None:
    request, maker, checker = now_request(a_wall(), a_painter()), User.objects.get(username="xiaomei"), a_checker()
    reader = someone("reader", "view_approval", "view_user")
    allowed = {maker: {"withdraw"}, checker: {"approve", "reject"}, reader: set()}
    for user, actions in allowed.items():
        for action in ("approve", "reject", "withdraw"):
            expected = 200 if action in actions else 403
            assert signed_in(user).get(page(request, action)).status_code == expected, (user, action)
            if expected == 403:
                assert signed_in(user).post(page(request, action), {"reason": "x"}).status_code == 403
    request.refresh_from_db()
    assert request.state == "waiting"


def test_a_request_that_was_decided_meanwhile_is_shown_as_it_is() -> None:
    request = now_request(a_wall(), a_painter())
    reject(request, checker=a_checker(), decision="No.", at=timezone.now())
    answer = signed_in(a_checker("laoli")).post(page(request, "approve"), {"reason": ""})
    assert "already" in told(answer) and answer.url == page(request)


def test_who_asked_sees_the_request_without_any_right_and_strangers_do_not() -> None:
    maker = a_painter()
    request = now_request(a_wall(), maker)
    maker.user_permissions.clear()
    assert signed_in(maker).get(page(request)).status_code == 200
    stranger = signed_in(someone("stranger"))
    assert stranger.get(page(request)).status_code == stranger.get(LIST).status_code == 403


@pytest.mark.parametrize("key", ["0", "999999", "1e9", "9" * 30, "²", "x"])
def test_a_request_that_cannot_be_is_not_found(key: str) -> None:
    assert signed_in(a_checker()).get(f"{LIST}{key}/change/").status_code == 404


# --- limits


def keeper() -> User:
    user = someone("keeper")
    user.groups.add(Group.objects.get(name=roles.ADMINISTRATOR.group))
    return User.objects.get(pk=user.pk)


def approved(request: Approval) -> Approval:
    laowang = User.objects.filter(username="laowang").first() or a_checker("laowang", "view_approvallimit")
    at = timezone.now()
    return approve(request, checker=laowang, decision="", on=business_date(at), at=at)


def test_a_limit_is_set_changed_and_removed_by_two_people_and_the_history_says_so() -> None:
    desk, group = signed_in(keeper()), Group.objects.create(name="painters")
    sent = {"action": "paint_wall", "group": group.pk, "amount": "12.50", "reason": "He paints well."}
    answer = desk.post(f"{LIMITS}add/", sent)
    assert answer.status_code == 302 and "This takes a second person." in told(answer)
    assert not ApprovalLimit.objects.filter(action="paint_wall").exists()
    request = Approval.objects.get()
    assert (request.amount, request.reason) == (None, "He paints well.") and "12.50 litres" in request.summary
    assert approved(request).state == "executed"
    limit = ApprovalLimit.objects.get(action="paint_wall")
    assert "12.50 litres" in desk.get(LIMITS).content.decode()
    desk.post(f"{LIMITS}{limit.pk}/change/", {**sent, "amount": ""})
    limit.refresh_from_db()
    assert limit.amount is not None
    request = Approval.objects.latest("pk")
    assert approved(request).state == "executed" and "12.50 litres becomes without limit" in request.summary
    limit.refresh_from_db()
    assert limit.amount is None and "without limit" in desk.get(LIMITS).content.decode()
    newest = desk.get(f"{LIMITS}{limit.pk}/history/").context["history"].entries[0]
    assert newest.actor.username == "keeper" and "12.50" in str(newest.changes)
    desk.post(f"{LIMITS}{limit.pk}/delete/", {"post": "yes"})
    assert ApprovalLimit.objects.filter(pk=limit.pk).exists()
    assert approved(Approval.objects.latest("pk")).state == "executed"
    assert not ApprovalLimit.objects.filter(pk=limit.pk).exists()


def test_a_limit_that_somebody_else_set_meanwhile_is_not_overwritten() -> None:
    desk, group = signed_in(keeper()), Group.objects.create(name="painters")
    desk.post(f"{LIMITS}add/", {"action": "paint_wall", "group": group.pk, "amount": "12", "reason": "He paints well."})
    ApprovalLimit.objects.create(action="paint_wall", group=group, amount=1)
    assert approved(Approval.objects.get()).state == "refused"
    assert ApprovalLimit.objects.get(action="paint_wall").amount == 1


def test_what_always_takes_two_or_is_measured_by_others_has_no_limit_of_its_own() -> None:
    form = signed_in(keeper()).get(f"{LIMITS}add/").context["adminform"].form
    offered = {name for name, _label in form.fields["action"].choices}
    assert "confirm_import" in offered and not {"undo_import", "change_approval_limit"} & offered


@pytest.mark.parametrize(
    "sent", [{"action": "fly"}, {"amount": "-1"}, {"amount": "much"}, {"group": ""}, {"reason": ""}]
)
def test_a_limit_that_cannot_be_is_not_taken(sent: dict[str, str]) -> None:
    group = Group.objects.create(name="painters")
    answer = signed_in(keeper()).post(
        f"{LIMITS}add/", {"action": "paint_wall", "group": group.pk, "amount": "5", "reason": "So.", **sent}
    )
    assert answer.status_code == 200 and not Approval.objects.exists()


def test_the_same_limit_twice_is_not_taken() -> None:
    group = Group.objects.create(name="painters")
    sent = {"action": "paint_wall", "group": group.pk, "amount": "5", "reason": "So."}
    desk = signed_in(keeper())
    ApprovalLimit.objects.create(action="paint_wall", group=group, amount=5)
    assert desk.post(f"{LIMITS}add/", sent).status_code == 200


def test_an_approver_reads_the_limits_and_changes_none() -> None:
    user = someone("approver")
    user.groups.add(Group.objects.get(name=roles.APPROVER.group))
    limit = ApprovalLimit.objects.filter(action="confirm_import").first()
    assert limit is not None
    desk = signed_in(User.objects.get(pk=user.pk))
    assert desk.get(LIMITS).status_code == desk.get(f"{LIMITS}{limit.pk}/change/").status_code == 200
    assert desk.post(f"{LIMITS}{limit.pk}/change/", {"amount": "1"}).status_code == 403
    assert desk.get(f"{LIMITS}add/").status_code == desk.get(f"{LIMITS}{limit.pk}/delete/").status_code == 403
