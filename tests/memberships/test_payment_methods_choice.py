"""How a member pays: agreements are added, chosen and removed; tokens stay out of the trail."""

from datetime import date

import pytest
from django.utils.translation import override

from memberships.errors import PaymentMethodError, PaymentUnderWayError, SubscriptionStateError
from memberships.models import PaymentMethod
from memberships.services.payment_methods import add_payment_method, choose_payment_method, remove_payment_method
from memberships.services.ranges import EVERYTHING
from memberships.services.renewals import request_renewals
from memberships.services.subscriptions import cancel_subscription
from tests.memberships.factories import TODAY, a_card, a_method, a_monthly_card, a_person, an_operator, last_event
from tests.memberships.night_stories import at_night

pytestmark = pytest.mark.django_db

LATER = date(2027, 1, 20)


def test_same_agreement_is_kept_once() -> None:
    member = a_person()
    first, second = [
        add_payment_method(member, gateway="sandbox", token=" tok_ok_1 ", label="6225", on=TODAY, actor=None)
        for _time in range(2)
    ]
    assert first == second
    assert (first.token, str(first)) == ("tok_ok_1", "6225")


def test_trail_says_who_added_a_method_and_never_holds_its_token() -> None:
    operator = an_operator()
    method = add_payment_method(a_person(), gateway="sandbox", token="tok_ok_secret", on=TODAY, actor=operator)
    event = last_event(method)
    assert event.pgh_context["user"] == operator.pk
    assert "tok_ok_secret" not in str(event.pgh_data)
    assert str(method) == "sandbox …cret"


def test_removed_agreement_is_not_taken_up_again() -> None:
    method = a_method(a_person())
    remove_payment_method(method, on=LATER, actor=None)
    with override("en"), pytest.raises(PaymentMethodError, match="was removed on 2027-01-20"):
        add_payment_method(method.member, gateway="sandbox", token=method.token, on=LATER, actor=None)


def test_removing_again_keeps_the_first_day() -> None:
    method = a_method(a_person())
    for day in (LATER, date(2027, 2, 1)):
        assert remove_payment_method(method, on=day, actor=None).removed_on == LATER


def test_method_is_not_removed_while_a_payment_by_it_is_under_way() -> None:
    card = a_card(a_monthly_card(), on=TODAY)
    on = date(2027, 2, 13)
    request_renewals(EVERYTHING, on=on, at=at_night(on), actor=None)
    assert card.payment_method is not None
    with pytest.raises(PaymentUnderWayError):
        remove_payment_method(card.payment_method, on=on, actor=None)
    assert PaymentMethod.objects.get().removed_on is None


def test_card_is_renewed_by_the_method_chosen_for_it() -> None:
    card, operator = a_card(a_monthly_card(), on=TODAY), an_operator()
    other = a_method(card.member)
    card = choose_payment_method(card, other, actor=operator, reason="new bank")
    assert card.payment_method == other
    event = last_event(card)
    assert (event.pgh_context["user"], event.pgh_context["reason"]) == (operator.pk, "new bank")
    assert choose_payment_method(card, None, actor=None).payment_method is None


def test_card_takes_neither_a_strangers_nor_a_removed_method_and_an_ended_card_takes_none() -> None:
    card = a_card(a_monthly_card(), on=TODAY)
    removed = remove_payment_method(a_method(card.member), on=TODAY, actor=None)
    for method in (a_method(a_person()), removed):
        with override("en"), pytest.raises(PaymentMethodError, match="is no payment method of member"):
            choose_payment_method(card, method, actor=None)
    cancel_subscription(card, on=LATER, reason="enough", actor=None)
    with override("en"), pytest.raises(SubscriptionStateError, match="The card has ended on 2027-02-14"):
        choose_payment_method(card, None, actor=None)
