"""Dead letters: kept with their reason, changed by nobody, replayed one by one or many at a time."""

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
from django.db import OperationalError
from ninja import Schema

from operations.dates import business_date
from operations.errors import PlusdeskError
from operations.models import User
from partners.errors import EventStateError
from partners.events.handling import EventHandler, Handled, Told, event_handlers
from partners.models import DeadLetter, Fulfilment, FulfilmentEvent, InboundEvent, Partner
from partners.services.dead_letters import Replayed, replay_letters
from partners.services.events import replay_event
from tests.memberships.admin_pages import indexes_read
from tests.memberships.factories import an_operator, last_event
from tests.partners.partner_stories import a_fulfilment, a_partner, an_event, its_command, send_event, told_of

pytestmark = pytest.mark.django_db

AT = datetime(2027, 1, 15, 2, 0, tzinfo=UTC)


class Unruly(EventHandler):
    """Does what the story says, after it has written something."""

    name = "story.told"
    schema = Schema

    def __init__(self) -> None:
        self.error: Exception | None = None
        self.seen: list[Told] = []

    def handle(self, told: Told) -> Handled:
        self.seen.append(told)
        Partner.objects.filter(pk=told.partner.pk).update(name="written")
        if self.error:
            raise self.error
        return Handled()


@pytest.fixture
def unruly() -> Iterator[Unruly]:
    handler = Unruly()
    event_handlers.register(handler)
    yield handler
    del event_handlers._entries[handler.name]


def replay(letters: Any, reason: str = "mended") -> Replayed:
    operator = User.objects.filter(username="xiaomei").first() or an_operator()
    return replay_letters(letters, on=business_date(AT), at=AT, actor=operator, reason=reason)


def given_up(fulfilment: Fulfilment) -> Fulfilment:
    Fulfilment.objects.filter(pk=fulfilment.pk).update(dead_at=AT, error="sku_refused", state="failed")
    fulfilment.commands.update(state="failed", attempts=1, answered_at=AT, error="sku_refused")
    return fulfilment


def test_event_before_its_order_is_known_is_replayed_when_it_is() -> None:
    partner = a_partner()
    fulfilment = a_fulfilment(partner)
    body = told_of(fulfilment, "active", sequence=1)
    early = body.replace(fulfilment.key.encode(), b"f0-not-there")
    assert send_event("iqiyi", early, id="e1").status_code == 202
    (letter,) = DeadLetter.objects.all()
    assert (letter.kind, letter.partner, letter.subject) == ("event", partner, "fulfilment.active")
    assert "f0-not-there" in letter.reason
    assert replay([letter]) == Replayed(queued=0, handled=0, dead=1)
    event = InboundEvent.objects.get()
    assert (event.state, event.attempts) == ("dead", 2)


def test_handler_that_fails_leaves_nothing_but_the_letter(unruly: Unruly) -> None:
    """Whatever it raises: the event is kept with the error and answered, and the partner need not repeat it."""
    partner = a_partner()
    for place, error in enumerate((KeyError("x"), PlusdeskError("it cannot be"), ZeroDivisionError("secret 42"))):
        unruly.error = error
        answer = send_event("iqiyi", an_event("story.told"), id=f"e{place}")
        assert (answer.status_code, answer.json()["state"]) == (202, "dead")
        assert "42" not in answer.content.decode(), "what failed here is nobody else's business"
    partner.refresh_from_db()
    assert partner.name == "iqiyi公司"
    assert [letter.reason for letter in DeadLetter.objects.order_by("pk")] == [
        "KeyError: 'x'", "it cannot be", "ZeroDivisionError: secret 42",
    ]


def test_letter_is_replayed_when_the_fault_is_mended(unruly: Unruly) -> None:
    partner = a_partner()
    unruly.error = KeyError("x")
    first = send_event("iqiyi", an_event("story.told"), id="e1")
    unruly.error = PlusdeskError("something else")
    assert replay(DeadLetter.objects.all()) == Replayed(0, 0, 1)
    assert DeadLetter.objects.get().reason == "something else"
    unruly.error = None
    operator = an_operator("daming")
    event = replay_event(InboundEvent.objects.get(), on=business_date(AT), at=AT, actor=operator, reason="mended")
    assert (event.state, event.error, event.attempts) == ("done", "", 3)
    assert unruly.seen[-1].actor == operator
    trail = last_event(partner)
    assert (trail.pgh_context["user"], trail.pgh_context["reason"]) == (operator.pk, "iqiyi story.told e1")
    assert not DeadLetter.objects.exists()
    again = send_event("iqiyi", bytes(event.body), id="e1")
    assert (again.status_code, again.json()) == (202, first.json()), "a repeat gets the first answer"
    with pytest.raises(EventStateError):
        replay_event(event, on=business_date(AT), at=AT, actor=operator, reason="again")


def test_fulfilment_is_taken_up_under_a_fresh_number() -> None:
    fulfilment = given_up(a_fulfilment(a_partner()))
    (letter,) = DeadLetter.objects.all()
    assert (letter.kind, letter.subject, letter.reason) == ("fulfilment", fulfilment.key, "sku_refused")
    assert (letter.member, letter.fulfilment) == (fulfilment.member, fulfilment)
    assert replay([letter], "sku mended") == Replayed(queued=1, handled=0, dead=0)
    command = its_command(fulfilment)
    assert (command.number, command.kind, command.state) == (2, "provision", "queued")
    told = FulfilmentEvent.objects.get(fulfilment=fulfilment, kind=FulfilmentEvent.Kind.REPLAYED)
    assert (told.detail, told.actor and told.actor.username) == ("sku mended", "xiaomei")
    assert not DeadLetter.objects.exists()


def test_many_of_both_kinds_at_once_and_again_changes_nothing(unruly: Unruly) -> None:
    partner = a_partner()
    for _number in range(3):
        given_up(a_fulfilment(partner))
        unruly.error = KeyError("x")
        send_event("iqiyi", an_event("story.told"))
    send_event("iqiyi", an_event("unheard.of"))
    unruly.error = None
    letters = list(DeadLetter.objects.all())
    assert replay(letters) == Replayed(queued=3, handled=3, dead=1)
    assert replay_letters(letters, on=business_date(AT), at=AT, actor=None, reason="again").handled == 0
    assert Fulfilment.objects.filter(dead_at=None).count() == 3
    assert "unheard.of" in DeadLetter.objects.get().reason



@pytest.mark.usefixtures("new_tables")
def test_the_list_is_read_by_its_indexes() -> None:
    read = indexes_read(DeadLetter.objects.order_by("-since")[:50])
    assert read == {"fulfilment_dead", "inboundevent_dead", "statusmatch_dead", "sort"}


def test_deadlock_keeps_nothing_so_that_the_partner_sends_it_again(unruly: Unruly) -> None:
    a_partner()
    unruly.error = OperationalError("deadlock detected")
    answer = send_event("iqiyi", an_event("story.told"), id="e1")
    assert (answer.status_code, answer["retry-after"]) == (503, "30")
    assert not InboundEvent.objects.exists()
    unruly.error = None
    assert send_event("iqiyi", an_event("story.told"), id="e1").json()["state"] == "done"
