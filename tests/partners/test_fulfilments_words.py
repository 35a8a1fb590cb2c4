"""What a partner tells of an order, in whatever order and however often: the newest of its words stands."""

from datetime import date, timedelta

import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as rules
from hypothesis import strategies as st

from partners.models import Command, Fulfilment, FulfilmentEvent, Offer
from partners.services import fulfilments
from partners.services.fulfilments import Word, note_state, note_states
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
STATES = st.sampled_from(["accepted", "active", "suspended", "revoked", "failed"])


def told(fulfilment: Fulfilment, state: str, sequence: int | None, **more: str) -> bool:
    return note_state(fulfilment, state, sequence=sequence, on=TODAY, at=NOON, **more)


@pytest.fixture
def offer() -> Offer:
    return an_offer(a_partner(), suspends_in_grace=True)


@rules(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_words_in_any_order_and_number_come_to_the_same_state(offer: Offer, data: st.DataObject) -> None:
    said = data.draw(st.lists(STATES, min_size=1, max_size=6))
    heard = data.draw(st.permutations([*range(len(said)), *data.draw(st.lists(st.sampled_from(range(len(said)))))]))
    blocks = data.draw(st.sampled_from([1, 2, len(heard)]))
    fulfilment = fulfilment_of(a_grant(offer))
    words = [
        Word(fulfilment.pk, said[place], place + 1, reference="IQ1", day=TODAY + timedelta(days=place))
        for place in heard
    ]
    for begin in range(0, len(words), blocks):
        note_states(words[begin:begin + blocks], on=TODAY + timedelta(days=6), at=NOON)
    fulfilment.refresh_from_db()
    assert (fulfilment.state, fulfilment.sequence, fulfilment.reference) == (said[-1], len(said), "IQ1")
    assert fulfilment.activated_on == first_day(said, "active")
    assert fulfilment.revoked_on == (TODAY + timedelta(days=len(said) - 1) if said[-1] == "revoked" else None)


def first_day(said: list[str], state: str) -> date | None:
    return TODAY + timedelta(days=said.index(state)) if state in said else None


def test_old_news_is_kept_and_changes_nothing(offer: Offer) -> None:
    fulfilment = fulfilment_of(a_grant(offer))
    assert told(fulfilment, "active", 2)
    assert not told(fulfilment, "accepted", 1)
    assert not told(fulfilment, "active", 2)
    fulfilment.refresh_from_db()
    assert (fulfilment.state, fulfilment.sequence) == ("active", 2)
    details = FulfilmentEvent.objects.filter(kind="told").order_by("id").values_list("state", "detail")
    assert list(details) == [("active", "#2"), ("", "#1 old accepted")]


def test_day_that_has_not_come_yet_is_taken_for_today(offer: Offer) -> None:
    fulfilment = fulfilment_of(a_grant(offer))
    note_state(fulfilment, "active", sequence=1, day=date(2199, 12, 31), on=TODAY, at=NOON)
    note_state(fulfilment, "revoked", sequence=2, day=TODAY, on=TODAY, at=NOON)
    fulfilment.refresh_from_db()
    assert (fulfilment.state, fulfilment.activated_on, fulfilment.revoked_on) == ("revoked", TODAY, TODAY)


def test_confirmation_answers_the_command_that_waits_for_it(offer: Offer) -> None:
    fulfilment = fulfilment_of(a_grant(offer))
    Command.objects.update(state="sent", attempts=1)
    told(fulfilment, "accepted", 1)
    assert commands_of(fulfilment) == [("provision", "sent")]
    told(fulfilment, "active", 2, command=f"{fulfilment.key}.1")
    assert commands_of(fulfilment) == [("provision", "done")]


def test_old_word_that_names_a_command_answers_it_too(offer: Offer) -> None:
    fulfilment = fulfilment_of(a_grant(offer))
    Command.objects.update(state="unknown", attempts=1)
    told(fulfilment, "suspended", 3)
    told(fulfilment, "active", 2, command=f"{fulfilment.key}.1")
    assert commands_of(fulfilment) == [("provision", "done"), ("resume", "queued")]
    assert fulfilment_of(fulfilment.grant).state == "suspended"


def test_refusal_that_comes_later_is_a_dead_letter_with_its_reason(offer: Offer) -> None:
    fulfilment = fulfilment_of(a_grant(offer))
    Command.objects.update(state="sent", attempts=1)
    told(fulfilment, "failed", 2, command=f"{fulfilment.key}.1", detail="sku_refused")
    fulfilment.refresh_from_db()
    assert (fulfilment.state, fulfilment.error, fulfilment.dead_at) == ("failed", "sku_refused", NOON)
    assert commands_of(fulfilment) == [("provision", "failed")]


def test_what_the_partner_suspends_by_itself_is_resumed(offer: Offer) -> None:
    fulfilment = fulfilment_of(a_grant(offer))
    Command.objects.update(state="done", attempts=1)
    told(fulfilment, "active", 1)
    told(fulfilment, "suspended", 2)
    assert commands_of(fulfilment) == [("provision", "done"), ("resume", "queued")]


def test_what_the_partner_revokes_by_itself_is_a_dead_letter_until_the_right_ends(offer: Offer) -> None:
    grant = a_grant(offer)
    Command.objects.update(state="done", attempts=1)
    told(fulfilment_of(grant), "active", 1)
    told(fulfilment_of(grant), "revoked", 2)
    assert fulfilment_of(grant).error == fulfilments.REVOKED_BY_PARTNER
    assert fulfilments.replay([fulfilment_of(grant).pk], on=TODAY, at=NOON, actor=None) == []
    change(grant, state="ended")
    assert (fulfilment_of(grant).state, fulfilment_of(grant).dead_at) == ("revoked", None)
    assert commands_of(fulfilment_of(grant)) == [("provision", "done")]


def test_accepted_order_that_is_not_wanted_any_more_is_revoked_without_waiting(offer: Offer) -> None:
    grant = a_grant(offer)
    Command.objects.update(state="sent", attempts=1)
    told(fulfilment_of(grant), "accepted", 1)
    change(grant, state="ended")
    assert commands_of(fulfilment_of(grant)) == [("provision", "done"), ("revoke", "queued")]


def test_partner_that_does_not_count_is_taken_at_its_last_word(offer: Offer) -> None:
    fulfilment = fulfilment_of(a_grant(offer))
    told(fulfilment, "active", None)
    assert not told(fulfilment, "active", None)
    told(fulfilment, "suspended", None)
    fulfilment.refresh_from_db()
    assert (fulfilment.state, fulfilment.sequence) == ("suspended", 0)


def test_order_that_fails_while_it_is_to_rest_is_given_up_and_not_tried_for_ever(offer: Offer) -> None:
    grant = a_grant(offer)
    Command.objects.update(state="sent", attempts=1)
    told(fulfilment_of(grant), "accepted", 1)
    change(grant, state="in_grace")
    told(fulfilment_of(grant), "failed", 2, detail="sku_refused")
    assert fulfilment_of(grant).error == "sku_refused"
    assert commands_of(fulfilment_of(grant)) == [("provision", "done"), ("suspend", "failed")]
    change(grant, state="live")
    assert not Command.objects.open().exists()
    change(grant, state="ended")
    assert commands_of(fulfilment_of(grant))[-1] == ("revoke", "queued")


def test_partner_that_undoes_what_it_was_told_is_told_once_more_and_then_given_up(offer: Offer) -> None:
    grant = a_grant(offer)
    Command.objects.update(state="sent", attempts=1)
    told(fulfilment_of(grant), "active", 1)
    told(fulfilment_of(grant), "suspended", 2)
    Command.objects.filter(kind="resume").update(state="sent", attempts=1)
    told(fulfilment_of(grant), "active", 3)
    told(fulfilment_of(grant), "suspended", 4)
    assert fulfilment_of(grant).error == "undone_by_partner"
    assert commands_of(fulfilment_of(grant)) == [("provision", "done"), ("resume", "done")]
    told(fulfilment_of(grant), "active", 5)
    assert (fulfilment_of(grant).dead_at, fulfilment_of(grant).error) == (None, "")


def test_replayed_dead_letter_is_tried_under_a_number_of_its_own(offer: Offer) -> None:
    grant = a_grant(offer)
    Command.objects.update(state="sent", attempts=1)
    fulfilment = fulfilment_of(grant)
    told(fulfilment, "failed", 1, command=f"{fulfilment.key}.1", detail="sku_refused")
    assert fulfilments.replay([fulfilment.pk], on=TODAY, at=NOON, actor=None, reason="对方已修复") == [fulfilment.pk]
    assert fulfilments.replay([fulfilment.pk], on=TODAY, at=NOON, actor=None) == []
    assert commands_of(fulfilment) == [("provision", "failed"), ("provision", "queued")]
    assert fulfilment_of(grant).dead_at is None


def test_partner_cannot_say_that_it_began_or_ended_before_it_was_asked(offer: Offer) -> None:
    fulfilment = fulfilment_of(a_grant(offer))
    long_ago = TODAY - timedelta(days=400)
    for sequence, state in enumerate(("active", "revoked"), start=1):
        note_state(fulfilment, state, sequence=sequence, day=long_ago, on=TODAY, at=NOON)
    fulfilment.refresh_from_db()
    assert (fulfilment.activated_on, fulfilment.revoked_on) == (TODAY, TODAY)


def test_no_partner_makes_anything_requested(offer: Offer) -> None:
    with pytest.raises(ValueError, match="requested"):
        told(fulfilment_of(a_grant(offer)), "requested", 1)
