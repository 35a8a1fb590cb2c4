"""A cancellation is taken back while the card is paid for: it is renewed as before, and its member is told."""

from typing import Any

import pytest
from django.utils.translation import override

from memberships.admin.display import today
from memberships.errors import SubscriptionStateError
from memberships.models import Member, Subscription
from memberships.services.refunds import refund_payment
from memberships.services.resumptions import resume_subscription
from memberships.services.subscriptions import cancel_subscription, join, request_subscription
from operations import registry
from operations.models import BulkChange
from tests.memberships.desk_stories import (
    a_due_card,
    a_plan,
    an_auditors_desk,
    an_operators_desk,
    card_page,
    press,
    told,
)
from tests.memberships.factories import TODAY, a_card, a_monthly_card, a_person, an_operator, last_event
from tests.memberships.night_stories import at_night, night
from tests.memberships.notice_stories import DAY, LAST, a_february_card, told_once
from tests.memberships.test_bulk_actions import CARDS, SEES, outcomes, tick, worked

WHEN = LAST - 10 * DAY


def cancelled(card: Subscription, *, on: Any = LAST - 20 * DAY) -> Subscription:
    return cancel_subscription(card, on=on, reason="太贵", actor=None)


def resumed(card: Subscription, *, on: Any = WHEN) -> Subscription:
    return resume_subscription(card, on=on, reason="会员改变主意", actor=None)


def why_not(card: Subscription, *, on: Any = WHEN) -> str:
    with pytest.raises(SubscriptionStateError) as refused, override("en"):
        resumed(card, on=on)
    return str(refused.value)


@pytest.mark.django_db(transaction=True)
def test_the_night_charges_a_resumed_card_as_if_it_had_never_been_cancelled(gateway: Any) -> None:
    card = a_february_card("tok_ok")
    cancelled(card)
    card = resumed(card)
    assert (card.cancelled_on, card.ended_on, card.resumed_on) == (None, None, WHEN)
    assert last_event(card).pgh_context["reason"] == "会员改变主意"
    assert resumed(card, on=WHEN + DAY).resumed_on == WHEN, "a repeat changes nothing"
    night(LAST - DAY)
    assert card.terms.count() == 2
    assert not Subscription.objects.exclude(pk=card.pk).exists()


@pytest.mark.django_db(transaction=True)
def test_a_card_that_stays_cancelled_is_not_charged(gateway: Any) -> None:
    card = cancelled(a_february_card("tok_ok"))
    night(LAST - DAY)
    assert card.terms.count() == 1


@pytest.mark.django_db
def test_only_a_cancelled_card_with_a_paid_day_left_is_resumed() -> None:
    card = a_february_card("tok_ok")
    assert "not cancelled" in why_not(card)
    cancelled(card)
    assert "no paid day left" in why_not(card, on=LAST + DAY)
    Member.objects.filter(pk=card.member_id).update(closed_on=WHEN)
    assert "member is closed" in why_not(card)
    Member.objects.update(closed_on=None)
    assert resumed(card, on=LAST).ended_on is None, "its last paid day is soon enough"
    asked = request_subscription(a_person(), card.plan, on=TODAY, actor=None)
    assert "no paid day left" in why_not(cancelled(asked, on=TODAY), on=TODAY)


@pytest.mark.django_db
def test_a_card_that_has_a_successor_stays_cancelled() -> None:
    card = cancelled(a_february_card("tok_ok"))
    successor = join(card.member, card.plan, on=WHEN, actor=None)
    assert "another card" in why_not(card)
    # Its paid days are there, even when it was cancelled itself: a renewal would be charged for the same days.
    cancelled(successor, on=WHEN)
    assert "another card" in why_not(card)


@pytest.mark.django_db(transaction=True)
def test_a_refunded_card_is_not_resumed(gateway: Any) -> None:
    card = a_february_card("tok_ok")
    night(LAST - DAY)
    cancelled(card, on=LAST)
    payment = card.payments.get()
    refund_payment(
        payment, amount=payment.amount, ends_card=True, on=LAST, at=at_night(LAST), reason="退货", actor=an_operator()
    )
    card.refresh_from_db()
    assert card.refunded_on == LAST and "by a refund" in why_not(card, on=LAST)


@pytest.mark.django_db
def test_the_member_is_told_once_and_nobody_is_told_of_a_card_that_was_cancelled_again() -> None:
    card = a_february_card("tok_ok")
    other = a_card(card.plan, "tok_ok", on=card.started_on)
    for each in (card, other):
        cancelled(each)
        resumed(each)
    cancelled(other, on=WHEN)
    (notice, *_channels) = told_once(registry.notices.get("card_resumed"), WHEN)
    assert notice.owner == card.member_id and notice.facts["has_method"] is True


@pytest.mark.django_db
def test_it_is_resumed_on_the_cards_page_by_who_may() -> None:
    card = a_due_card(paid_until=today() + 30 * DAY)
    desk = an_operators_desk()
    assert "Resume the renewal" not in desk.get(card_page(card)).content.decode()
    cancelled(card, on=today())
    assert "Resume the renewal" in desk.get(card_page(card)).content.decode()
    assert press(desk, card_page(card, "resume"), reason=" ").status_code == 422
    assert an_auditors_desk().get(card_page(card, "resume")).status_code == 403
    assert "taken back" in told(press(desk, card_page(card, "resume")))
    card.refresh_from_db()
    assert card.ended_on is None and card.resumed_on == today()
    assert "Renewal resumed on" in desk.get(card_page(card)).content.decode()


@pytest.mark.django_db
def test_many_are_resumed_together_those_that_cannot_be_are_named() -> None:
    plan = a_plan()
    first, over, replaced, moved = (a_due_card(plan=plan, paid_until=today() + 9 * DAY) for _number in range(4))
    for each in (first, replaced, moved):
        cancelled(each, on=today())
    join(replaced.member, plan, on=today(), actor=None)
    desk = an_operators_desk(SEES)
    url = tick(desk, CARDS, "resume_cards", first, over, replaced, moved)["Location"]
    page = desk.get(url).content.decode()
    assert f"It does not end on {first.paid_until} and is renewed." in page
    assert "was not cancelled" in page and "has another card" in page
    resumed(moved, on=today())
    assert desk.post(url, {"reason": "误操作"}).status_code == 302
    change = worked(BulkChange.objects.get())
    assert sorted(outcomes(change)) == ["done", "left_out", "refused", "refused"]
    first.refresh_from_db()
    assert first.ended_on is None and last_event(first).pgh_context["reason"] == "误操作"
    replaced.refresh_from_db()
    assert replaced.cancelled_on == today()


@pytest.mark.django_db
def test_a_card_without_a_method_is_resumed_and_said_to_be_renewed_by_hand() -> None:
    card = join(a_person(), a_monthly_card(), on=today(), actor=None)
    cancelled(card, on=today())
    desk = an_operators_desk(SEES)
    url = tick(desk, CARDS, "resume_cards", card)["Location"]
    assert "no payment method and is renewed by hand" in desk.get(url).content.decode()
