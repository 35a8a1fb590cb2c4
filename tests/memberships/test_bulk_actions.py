"""Many records at once: ticked or all that match, looked at, done once for a reason, row by row."""

from typing import Any

import pytest
from django.contrib.messages import get_messages
from django.test import Client

from memberships.admin.display import today
from memberships.models import Subscription
from memberships.services.subscriptions import cancel_subscription
from operations.models import BulkChange, BulkRow, OutboxMessage, User
from operations.services.bulk_changes import DRAFT_KEPT, sweep_drafts
from operations.tasks import work_on_run
from tests.memberships.admin_pages import granted, signed_in
from tests.memberships.desk_stories import a_due_card, a_plan, an_operators_desk
from tests.operations.outbox_stories import a_message

pytestmark = pytest.mark.django_db
CARDS, MESSAGES = "/admin/memberships/subscription/", "/admin/operations/outboxmessage/"
SEES = "operations.view_bulkchange"


def tick(desk: Client, address: str, action: str, *records: Any, across: bool = False) -> Any:
    keys = [record.pk for record in records]
    return desk.post(
        address, {"action": action, "_selected_action": keys, "select_across": "1" if across else "0", "index": "0"}
    )


def told(answer: Any) -> str:
    return " ".join(str(message) for message in get_messages(answer.wsgi_request))


def outcomes(change: BulkChange) -> list[str]:
    return list(change.rows.order_by("place").values_list("outcome", flat=True))


def worked(change: BulkChange) -> BulkChange:
    change.refresh_from_db()
    assert change.run is not None
    work_on_run(change.run.pk)
    change.refresh_from_db()
    return change


def test_cards_are_cancelled_together_those_that_cannot_be_are_named() -> None:
    plan = a_plan()
    first, over, moved = (a_due_card(plan=plan) for _number in range(3))
    cancel_subscription(over, on=today(), reason="搬迁", actor=None)
    desk = an_operators_desk(SEES)
    assert "Cancel the cards" in desk.get(CARDS).content.decode()
    url = tick(desk, CARDS, "cancel_cards", first, over, moved)["Location"]
    change = BulkChange.objects.get()
    page = desk.get(url).content.decode()
    assert f"It ends on {first.paid_until} and is not renewed." in page and "was cancelled on" in page
    assert Subscription.objects.filter(cancelled_on=None).count() == 2, "nothing is done by looking"
    assert desk.post(url, {"reason": " "}).status_code == 422
    cancel_subscription(moved, on=today(), reason="本人要求", actor=None)
    assert "This has changed since it was chosen" in desk.get(url).content.decode()
    assert desk.post(url, {"reason": "项目结束"}).status_code == 302
    assert desk.post(url, {"reason": "项目结束"}).status_code == 302, "a second press"
    change = worked(change)
    assert (change.state, change.reason, outcomes(change)) == ("done", "项目结束", ["left_out", "refused", "done"])
    first.refresh_from_db()
    assert (first.cancelled_on, first.ended_on) == (today(), first.paid_until)
    event = Subscription.pgh_event_models["update"].objects.filter(pgh_obj_id=first.pk).latest("pgh_id")  # type: ignore[attr-defined]
    assert event.pgh_context.metadata["reason"] == "项目结束"
    page = desk.get(url).content.decode()
    assert "is cancelled; it ends on" in page and "left out: changed since the preview" in page
    assert BulkChange.objects.count() == 1 and change.run and change.run.failed == 2


def test_only_who_may_chooses_and_only_who_chose_confirms() -> None:
    card = a_due_card()
    looks = User.objects.create_user("auditor", is_staff=True)
    auditor = signed_in(granted(looks, "memberships.view_subscription", SEES))
    assert "cancel_cards" not in auditor.get(CARDS).content.decode()
    tick(auditor, CARDS, "cancel_cards", card)
    assert not BulkChange.objects.exists()
    url = tick(an_operators_desk(SEES), CARDS, "cancel_cards", card)["Location"]
    assert auditor.get(url).status_code == 200 and auditor.post(url, {"reason": "x"}).status_code == 403
    blind = signed_in(granted(User.objects.create_user("blind", is_staff=True), SEES))
    assert blind.get(url).status_code == 403
    change = BulkChange.objects.get()
    assert sweep_drafts(at=change.made_at) == 0
    assert sweep_drafts(at=change.made_at + DRAFT_KEPT) > 0 and not BulkRow.objects.exists()


def test_all_messages_that_match_are_sent_again_up_to_a_bound(monkeypatch: pytest.MonkeyPatch) -> None:
    parked = [a_message("card.renewed") for _number in range(3)]
    OutboxMessage.objects.update(state="parked", error="HTTP 503")
    fresh = a_message("card.renewed")
    desk = signed_in(granted(
        User.objects.create_user("xiaomei", is_staff=True), "operations.view_outboxmessage",
        "operations.resend_outboxmessage", SEES,
    ))
    asked = f"{MESSAGES}?state__exact=parked"
    monkeypatch.setattr("operations.services.bulk_changes.MOST", 2)
    assert "At most 2 records" in told(tick(desk, asked, "send_messages_again", parked[0], across=True))
    assert not BulkChange.objects.exists()
    monkeypatch.setattr("operations.services.bulk_changes.MOST", 3)
    url = tick(desk, asked, "send_messages_again", parked[0], across=True)["Location"]
    page = desk.get(url).content.decode()
    assert "It is sent again. Last answer: HTTP 503" in page and fresh.key not in page
    assert desk.post(url, {"reason": "对方恢复"}).status_code == 302
    change = worked(BulkChange.objects.get())
    assert outcomes(change) == ["done"] * 3
    assert OutboxMessage.objects.filter(state="parked").count() == 0
