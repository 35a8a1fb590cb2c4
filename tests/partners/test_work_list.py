"""What partners are told by hand: operators work it off, once, and say what came of it."""

from datetime import timedelta

import pytest

from operations.services.reveals import ReasonMissingError
from partners.errors import WorkDoneError
from partners.models import Command, FulfilmentEvent, Offer
from partners.services.fulfilments import replay
from partners.services.work_list import mark_done, mark_impossible
from tests.memberships.factories import an_operator
from tests.partners.fulfilment_stories import (
    NOON,
    TODAY,
    a_grant,
    a_partner,
    an_offer,
    change,
    commands_of,
    fulfilment_of,
)

pytestmark = pytest.mark.django_db
LATER = NOON + timedelta(hours=3)


def a_lounge(**facts: object) -> Offer:
    """Airport lounges are booked by telephone."""
    return an_offer(a_partner("lounge"), mode=Offer.Mode.MANUAL, sku="lounge", **facts)


def waiting() -> Command:
    return Command.objects.waiting_for_hands().get()


def test_what_an_operator_did_is_active_with_the_partner_s_number() -> None:
    grant, amy = a_grant(a_lounge()), an_operator()
    done = mark_done(waiting(), reference="LNG-77", note="致电预订", on=TODAY, at=LATER, actor=amy)
    fulfilment = fulfilment_of(grant)
    assert (fulfilment.state, fulfilment.reference, fulfilment.activated_on) == ("active", "LNG-77", TODAY)
    assert (done.state, done.actor, done.note, done.answered_at) == ("done", amy, "致电预订", LATER)
    assert FulfilmentEvent.objects.filter(kind="answered", actor=amy).exists()
    assert not Command.objects.waiting_for_hands().exists()


def test_each_step_of_a_right_is_work_for_somebody() -> None:
    grant, amy = a_grant(a_lounge(suspends_in_grace=True)), an_operator()
    seen = []
    for state in ("", "in_grace", "live", "ended"):
        if state:
            change(grant, state=state)
        mark_done(waiting(), on=TODAY, at=LATER, actor=amy)
        seen.append(fulfilment_of(grant).state)
    assert seen == ["active", "suspended", "active", "revoked"]


def test_what_cannot_be_done_is_a_dead_letter_with_its_reason_and_can_be_tried_anew() -> None:
    grant, amy = a_grant(a_lounge()), an_operator()
    with pytest.raises(ReasonMissingError):
        mark_impossible(waiting(), reason=" ", on=TODAY, at=LATER, actor=amy)
    mark_impossible(waiting(), reason="该机场暂停服务", on=TODAY, at=LATER, actor=amy)
    fulfilment = fulfilment_of(grant)
    assert (fulfilment.state, fulfilment.error, fulfilment.dead_at) == ("failed", "该机场暂停服务", LATER)
    replay([fulfilment.pk], on=TODAY, at=LATER, actor=amy, reason="恢复服务")
    mark_done(waiting(), on=TODAY, at=LATER, actor=amy)
    assert fulfilment_of(grant).state == "active"
    assert commands_of(fulfilment) == [("provision", "failed"), ("provision", "done")]


def test_same_word_told_twice_is_one_and_another_operator_is_told_that_it_is_done() -> None:
    a_grant(a_lounge())
    amy, bob, command = an_operator(), an_operator("bob"), waiting()
    for _ in range(2):
        mark_done(command, note="好", on=TODAY, at=LATER, actor=amy)
    with pytest.raises(WorkDoneError):
        mark_done(command, note="好", on=TODAY, at=LATER, actor=bob)
    with pytest.raises(WorkDoneError):
        mark_impossible(command, reason="不行", on=TODAY, at=LATER, actor=amy)
    assert FulfilmentEvent.objects.filter(kind="answered").count() == 1


def test_work_that_is_not_wanted_any_more_leaves_the_list() -> None:
    grant, amy = a_grant(a_lounge()), an_operator()
    command = waiting()
    change(grant, state="ended")
    assert not Command.objects.waiting_for_hands().exists()
    with pytest.raises(WorkDoneError):
        mark_done(command, on=TODAY, at=LATER, actor=amy)
    assert fulfilment_of(grant).state == "revoked"


def test_command_of_another_mode_is_no_work_for_hands() -> None:
    a_grant(an_offer(a_partner("kugou")))
    with pytest.raises(WorkDoneError):
        mark_done(Command.objects.get(), on=TODAY, at=LATER, actor=an_operator())
