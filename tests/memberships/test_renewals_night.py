"""Cards renew at night: by their lead days, on their anchor, at the price of that day."""

from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from memberships.models import Member, Payment, Plan, Subscription
from memberships.services.payment_methods import choose_payment_method, remove_payment_method
from memberships.services.subscriptions import cancel_subscription
from operations.models import JobRun
from operations.services.jobs import start_run
from tests.gateway import GatewayForTests
from tests.memberships.factories import (
    a_card,
    a_firm,
    a_method,
    a_monthly_card,
    a_person,
    an_annual_card,
    jd_plus,
    jd_plus_enterprise,
    last_event,
)
from tests.memberships.night_stories import (
    at_night,
    night,
    nights,
    paid_days,
    payment_of,
    run_job,
    states,
    story_of,
    told,
    worked,
)

pytestmark = pytest.mark.django_db(transaction=True)

JOINED = date(2027, 1, 15)
LAST_DAY = date(2028, 1, 14)
EVE = date(2028, 1, 13)
FIRST_YEAR = (JOINED, LAST_DAY)
SECOND_YEAR = (date(2028, 1, 15), date(2029, 1, 14))


def renew_on(day: date, *, again: int = 0) -> JobRun:
    return run_job("renew_subscriptions", on=day, scope=f"again@{again}" if again else "")


def test_card_renews_the_day_before_it_ends(gateway: GatewayForTests) -> None:
    card = a_card(an_annual_card(), on=JOINED)
    renew_on(date(2028, 1, 12))
    assert not Payment.objects.exists()
    run = renew_on(EVE)
    assert (run.total, run.done, run.failed) == (1, 1, 0)
    assert paid_days(card) == [FIRST_YEAR, SECOND_YEAR]
    payment = payment_of(card)
    assert (payment.state, payment.term, payment.requested_on) == ("succeeded", card.terms.get(number=2), EVE)
    assert story_of(payment) == [(1, "requested", EVE), (1, "succeeded", EVE)]
    assert told() == [f"renewed:{card.pk}:2028-01-15"]
    (charge,) = gateway.paid()
    assert (charge["key"], charge["reference"]) == (payment.attempt_key, payment.reference)
    assert Decimal(charge["amount"]) == Decimal("99.00")


def test_monthly_card_of_31_january_keeps_its_anchor_through_a_leap_february(gateway: GatewayForTests) -> None:
    card = a_card(a_monthly_card(), on=date(2028, 1, 31))
    nights(date(2028, 2, 26), date(2028, 4, 30))
    assert paid_days(card) == [
        (date(2028, 1, 31), date(2028, 2, 28)),
        (date(2028, 2, 29), date(2028, 3, 30)),
        (date(2028, 3, 31), date(2028, 4, 29)),
        (date(2028, 4, 30), date(2028, 5, 30)),
    ]
    assert [payment.requested_on for payment in Payment.objects.order_by("pk")] == [
        date(2028, 2, 27), date(2028, 3, 29), date(2028, 4, 28),
    ]
    assert gateway.paid_per_token().total() == 3


def test_plan_says_how_many_days_ahead_its_cards_are_charged(gateway: GatewayForTests) -> None:
    plan = a_monthly_card(lead_days=7)
    card = a_card(plan, on=date(2027, 1, 1))
    renew_on(date(2027, 1, 23))
    assert not Payment.objects.exists()
    renew_on(date(2027, 1, 24))
    assert paid_days(card)[-1] == (date(2027, 2, 1), date(2027, 2, 28))


def test_next_term_is_sold_by_the_version_on_sale_on_its_first_day(gateway: GatewayForTests) -> None:
    programme = jd_plus()
    old = an_annual_card(programme, on_sale_until=LAST_DAY)
    card = a_card(old, on=JOINED)
    new = an_annual_card(programme, version=2, price="109.00", on_sale_from=date(2028, 1, 15))
    renew_on(EVE)
    card.refresh_from_db()
    payment = payment_of(card)
    assert (payment.plan, payment.amount, card.plan) == (new, Decimal("109.00"), new)
    assert [term.plan for term in card.terms.order_by("number")] == [old, new]
    assert last_event(card).pgh_diff == {"plan_id": [old.pk, new.pk]}
    assert last_event(card).pgh_context["job"] == "renew_subscriptions"


def test_card_of_a_plan_that_is_sold_no_more_renews_as_it_was(gateway: GatewayForTests) -> None:
    card = a_card(an_annual_card(on_sale_until=JOINED), on=JOINED)
    renew_on(EVE)
    assert paid_days(card) == [FIRST_YEAR, SECOND_YEAR]


def test_card_that_costs_nothing_renews_without_asking_the_gateway(gateway: GatewayForTests) -> None:
    card = a_card(an_annual_card(price="0.00"), on=JOINED)
    renew_on(EVE)
    assert paid_days(card) == [FIRST_YEAR, SECOND_YEAR]
    assert payment_of(card).code == "nothing_to_charge"
    assert gateway.charges() == []


def test_member_with_cards_of_two_programmes_renews_both_in_one_night(gateway: GatewayForTests) -> None:
    member = a_person(on=JOINED)
    cards = [
        a_card(an_annual_card(jd_plus(code=code)), on=JOINED, member=member) for code in ("jd-plus", "jd-health")
    ]
    renew_on(EVE)
    assert [paid_days(card)[1:] for card in cards] == [[SECOND_YEAR], [SECOND_YEAR]]
    assert gateway.paid_per_token().total() == 2


def no_method(card: Subscription) -> None:
    choose_payment_method(card, None, actor=None)


def removed_method(card: Subscription) -> None:
    assert card.payment_method is not None
    remove_payment_method(card.payment_method, on=JOINED, actor=None)


def closed_member(card: Subscription) -> None:
    Member.objects.filter(pk=card.member_id).update(closed_on=EVE)


def cancelled(card: Subscription) -> None:
    cancel_subscription(card, on=date(2027, 6, 1), reason="moved abroad", actor=None)


@pytest.mark.parametrize("happened", [no_method, removed_method, closed_member, cancelled])
def test_card_that_is_not_to_be_charged_is_not(gateway: GatewayForTests, happened: Any) -> None:
    card = a_card(an_annual_card(), on=JOINED)
    happened(card)
    assert renew_on(EVE).total == 0
    assert paid_days(card) == [FIRST_YEAR]
    assert gateway.charges() == []


def test_cancelled_card_keeps_access_to_the_end_of_its_term(gateway: GatewayForTests) -> None:
    card = a_card(a_monthly_card(), on=date(2027, 1, 1))
    cancelled_card = cancel_subscription(card, on=date(2027, 1, 10), reason="moved abroad", actor=None)
    nights(date(2027, 1, 29), date(2027, 2, 2))
    assert cancelled_card.ended_on == date(2027, 1, 31)
    days = [date(2027, 1, 31), date(2027, 2, 1)]
    assert states(card, *days) == ["active", "cancelled"]
    assert (gateway.charges(), told()) == ([], [])


def test_night_that_runs_again_finds_nothing_to_do(gateway: GatewayForTests) -> None:
    card = a_card(an_annual_card(), on=JOINED)
    renew_on(EVE)
    assert start_run("renew_subscriptions", business_date=EVE, actor=None, at=at_night(EVE)).total == 1
    assert [renew_on(EVE, again=number).total for number in (1, 2)] == [0, 0]
    night(LAST_DAY)
    assert len(paid_days(card)) == 2
    assert gateway.paid_per_token().total() == 1


def test_night_that_comes_three_days_late_renews_for_its_date(gateway: GatewayForTests) -> None:
    card = a_card(an_annual_card(grace_days=10), on=JOINED)
    run = start_run("renew_subscriptions", business_date=EVE, actor=None, at=at_night(date(2028, 1, 16)))
    worked(run)
    assert paid_days(card) == [FIRST_YEAR, SECOND_YEAR]
    assert payment_of(card).requested_on == EVE


def test_card_in_its_grace_is_charged_when_no_night_came_before_and_its_days_stay_whole(
    gateway: GatewayForTests,
) -> None:
    card = a_card(an_annual_card(grace_days=10), on=JOINED)
    renew_on(date(2028, 1, 24))
    assert paid_days(card) == [FIRST_YEAR, SECOND_YEAR]


def test_card_beyond_its_grace_is_not_charged(gateway: GatewayForTests) -> None:
    a_card(an_annual_card(grace_days=10), on=JOINED)
    assert renew_on(date(2028, 1, 25)).total == 0
    assert gateway.charges() == []


def test_chunks_are_ranges_of_due_cards(gateway: GatewayForTests, settings: Any) -> None:
    settings.CHARGE_CHUNK_CARDS = 2
    plan = an_annual_card()
    due = [a_card(plan, on=JOINED) for _number in range(3)]
    a_card(plan, on=date(2027, 2, 1))
    due += [a_card(plan, on=JOINED) for _number in range(2)]
    run = renew_on(EVE)
    assert list(run.chunks.order_by("number").values_list("first_key", "last_key", "size")) == [
        (due[0].pk, due[1].pk, 2), (due[2].pk, due[3].pk, 2), (due[4].pk, due[4].pk, 1),
    ]
    assert (run.total, run.done) == (5, 5)
    assert all(len(paid_days(card)) == 2 for card in due)


def test_gateway_that_the_settings_do_not_know_stops_no_other_card(gateway: GatewayForTests) -> None:
    plan: Plan = an_annual_card()
    card, lost = a_card(plan, on=JOINED), a_card(plan, on=JOINED)
    method = a_method(lost.member)
    type(method).objects.filter(pk=method.pk).update(gateway="acme")
    choose_payment_method(lost, method, actor=None)
    run = start_run("renew_subscriptions", business_date=EVE, actor=None, at=at_night(EVE))
    with pytest.raises(AssertionError, match="acme"):
        worked(run)
    assert (len(paid_days(card)), len(paid_days(lost))) == (2, 1)
    assert payment_of(lost).state == "requested"


def test_firms_cards_renew_like_peoples(gateway: GatewayForTests) -> None:
    card = a_card(an_annual_card(jd_plus_enterprise()), on=JOINED, member=a_firm(on=JOINED))
    renew_on(EVE)
    assert paid_days(card) == [FIRST_YEAR, SECOND_YEAR]
