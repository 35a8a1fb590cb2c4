"""Outgoing messages at the desk: found by index, read, and sent again with a reason by whom the right was given to."""

from datetime import timedelta

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from operations.admin.outbox import OutboxMessageAdmin
from operations.models import OutboxMessage
from operations.owners import number_of
from operations.services import outbox
from tests.memberships.admin_pages import a_superuser, counts_or_skips, granted, indexes_read, signed_in
from tests.memberships.factories import an_operator, last_event
from tests.operations.outbox_stories import NOON, a_message, fresh

pytestmark = pytest.mark.django_db
LIST = "/admin/operations/outboxmessage/"
State = OutboxMessage.State


@pytest.fixture
def desk() -> Client:
    return signed_in(granted(an_operator(), "operations.view_outboxmessage", "operations.resend_outboxmessage"))


def parked(*messages: OutboxMessage, state: str = State.PARKED) -> None:
    OutboxMessage.objects.filter(pk__in=[message.pk for message in messages]).update(
        state=state, attempts=24, error="HTTP 503 Service Unavailable"
    )


def page_of(message: OutboxMessage, page: str = "change") -> str:
    return f"{LIST}{message.pk}/{page}/"


def test_the_list_shows_what_is_stuck_and_why(desk: Client) -> None:
    message = a_message("card.renewed", key="card:1:renewed", owner=7)
    parked(message)
    page = desk.get(LIST).content.decode()
    for text in ("card.renewed", "card:1:renewed", number_of(7), "parked", "HTTP 503 Service Unavailable"):
        assert text in page


def test_the_page_of_a_message_shows_what_it_says(desk: Client) -> None:
    message = a_message("card.renewed", card=1, name="京东PLUS<b>")
    page = desk.get(page_of(message)).content.decode()
    assert "京东PLUS&lt;b&gt;" in page and "&quot;card&quot;: 1" in page


@pytest.mark.usefixtures("new_tables")
@pytest.mark.parametrize("query", ["state__exact=parked", "state__exact=unheard", "topic=card.renewed"])
def test_filters_find_by_index(desk: Client, query: str) -> None:
    wanted, other = a_message("card.renewed"), a_message("card.lapsed")
    parked(wanted, state=State.UNHEARD if "unheard" in query else State.PARKED)
    with CaptureQueriesContext(connection) as queries:
        page = desk.get(f"{LIST}?{query}")
    assert list(page.context["cl"].result_list) == [wanted] and other not in page.context["cl"].result_list
    assert counts_or_skips(queries.captured_queries) == []
    name, value = query.split("=")
    newest = OutboxMessage.objects.filter(**{name: value}).order_by("-pk")
    assert indexes_read(newest) <= {"outboxmessage_over", "outboxmessage_by_topic"}


def test_the_topics_to_choose_from_are_read_from_the_index(desk: Client) -> None:
    a_message("card.renewed")
    a_message("card.lapsed")
    page = desk.get(LIST).content.decode()
    assert "card.renewed" in page and "card.lapsed" in page


@pytest.mark.usefixtures("new_tables")
@pytest.mark.parametrize("term", ["card:1:renewed", number_of(7)])
def test_messages_are_found_by_key_and_by_member_number(desk: Client, term: str) -> None:
    message = a_message(key="card:1:renewed", owner=7)
    a_message(owner=8)
    page = desk.post(f"{LIST}find/", {"q": term}, follow=True)
    assert list(page.context["cl"].result_list) == [message]
    found = [kind.condition(term) for kind in OutboxMessageAdmin.index_search]
    for condition in filter(None, found):
        assert "seq scan" not in indexes_read(OutboxMessage.objects.filter(condition))


@pytest.mark.parametrize("state", [State.PARKED, State.UNHEARD])
def test_a_message_is_sent_again_with_a_reason(desk: Client, state: str) -> None:
    message = a_message()
    parked(message, state=state)
    assert desk.get(page_of(message, "send-again")).status_code == 200
    assert desk.post(page_of(message, "send-again"), {"reason": " "}).status_code == 422
    assert desk.post(page_of(message, "send-again"), {"reason": "the receiver is up again"}).status_code == 302
    message = fresh(message)
    assert (message.state, message.attempts) == (State.QUEUED, 0) and message.next_attempt_at != NOON
    event = last_event(message)
    assert event.pgh_context["reason"] == "the receiver is up again" and event.pgh_context["user"]
    assert "the receiver is up again" in desk.get(page_of(message, "history")).content.decode()


def test_what_is_under_way_or_sent_is_not_sent_again(desk: Client) -> None:
    message = a_message()
    assert desk.post(page_of(message, "send-again"), {"reason": "x"}).status_code == 403
    OutboxMessage.objects.filter(pk=message.pk).update(state=State.SENT)
    assert desk.post(page_of(message, "send-again"), {"reason": "x"}).status_code == 403
    assert outbox.send_again(OutboxMessage.objects.all(), reason="x", at=NOON, actor=None) == 0
    assert fresh(message).state == State.SENT


def test_all_parked_messages_of_a_topic_are_sent_again_oldest_first(
    desk: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(outbox, "SLICE", 2)
    renewed = [a_message("card.renewed") for _number in range(3)]
    lapsed, unheard = a_message("card.lapsed"), a_message("card.renewed")
    parked(*renewed, lapsed)
    parked(unheard, state=State.UNHEARD)
    address = f"{LIST}send-all-again/"
    assert "card.lapsed" in desk.get(address).content.decode()
    assert desk.post(address, {"state": "parked", "topic": "card.renewed"}).status_code == 422
    answer = {"state": "parked", "topic": "card.renewed", "reason": "the receiver is up again"}
    assert "2 messages are sent again." in desk.post(address, answer, follow=True).content.decode()
    states = [fresh(message).state for message in (*renewed, lapsed, unheard)]
    assert states == [State.QUEUED, State.QUEUED, State.PARKED, State.PARKED, State.UNHEARD]
    assert "2 messages are sent again." in desk.post(address, {**answer, "topic": ""}, follow=True).content.decode()
    assert fresh(renewed[2]).state == fresh(lapsed).state == State.QUEUED
    assert "nothing of that kind" in desk.post(address, answer, follow=True).content.decode()
    assert desk.post(address, {**answer, "state": "sent"}).status_code == 422


def test_without_the_right_nothing_is_sent_again() -> None:
    message = a_message()
    parked(message)
    reader = signed_in(granted(an_operator("reader"), "operations.view_outboxmessage"))
    assert reader.get(page_of(message)).status_code == 200
    assert "send-again" not in reader.get(page_of(message)).content.decode()
    assert reader.post(page_of(message, "send-again"), {"reason": "x"}).status_code == 403
    assert reader.get(f"{LIST}send-all-again/").status_code == 403
    assert fresh(message).state == State.PARKED


def test_a_list_asks_the_same_for_three_messages_and_for_thirty() -> None:
    root = signed_in(a_superuser())

    def asked() -> int:
        with CaptureQueriesContext(connection) as queries:
            assert root.get(LIST).status_code == 200
        return len(queries)

    for _number in range(3):
        a_message(owner=1)
    few = asked()
    for _number in range(27):
        a_message(owner=2, at=NOON + timedelta(days=1))
    assert asked() == few


@pytest.mark.parametrize("key", ["abc", "%00", "²", "0", "9" * 30])
@pytest.mark.parametrize("page", ["change/", "history/", "send-again/"])
def test_a_message_that_cannot_be_is_not_found(desk: Client, key: str, page: str) -> None:
    assert desk.get(f"{LIST}{key}/{page}").status_code in (302, 403, 404)


@pytest.mark.parametrize("query", ["topic=%00", "state__exact=%00", "q=%00", "%00=1"])
def test_a_question_that_no_text_can_answer_leads_to_the_list(desk: Client, query: str) -> None:
    response = desk.get(f"{LIST}?{query}")
    assert response.status_code == 302 and response.headers["location"] == LIST
