"""Terms, tampered with: the audit finds gaps, cards that say something else, and terms that nobody paid for."""

from datetime import date

import pytest

from memberships.models import Term
from memberships.services.subscriptions import cancel_subscription, join, request_subscription
from tests.gateway import GatewayForTests
from tests.memberships.books_stories import EVE, JOINED, a_renewed_card, behind_the_back, differences, faults
from tests.memberships.factories import a_person, an_annual_card, renew

pytestmark = pytest.mark.django_db


def test_cards_of_the_desk_and_of_the_import_are_in_order_without_payments() -> None:
    plan = an_annual_card()
    card = join(a_person(), plan, on=JOINED, actor=None)
    renew(card, times=3)
    request_subscription(a_person(), plan, on=JOINED, actor=None)
    cancel_subscription(join(a_person(), plan, on=JOINED, actor=None), on=JOINED, reason="moved", actor=None)
    assert differences() == []


def test_a_gap_between_two_terms() -> None:
    card = join(a_person(), an_annual_card(), on=JOINED, actor=None)
    renew(card)
    behind_the_back("UPDATE memberships_term SET starts_on = starts_on + 3 WHERE number = 2")
    (found,) = differences()
    assert (found.check, found.fault, found.key, found.owner) == (
        "terms", "term_out_of_line", f"{card.pk}/2", card.member_id,
    )
    assert (found.expected, found.found) == ("2: 2028-01-15", "2: 2028-01-18")


def test_a_term_that_was_skipped() -> None:
    card = join(a_person(), an_annual_card(), on=JOINED, actor=None)
    renew(card, times=2)
    behind_the_back("DELETE FROM memberships_term WHERE number = 2")
    assert faults() == {("term_out_of_line", f"{card.pk}/3")}


def test_a_card_that_says_that_it_is_paid_for_longer() -> None:
    card = join(a_person(), an_annual_card(), on=JOINED, actor=None)
    behind_the_back("UPDATE memberships_subscription SET paid_until = '2029-12-31' WHERE id = %s", card.pk)
    (found,) = differences()
    assert (found.fault, found.key, found.expected, found.found) == (
        "paid_until_of_terms", str(card.pk), "2028-01-14", "2029-12-31",
    )


def test_a_pending_card_that_says_that_it_is_paid_for() -> None:
    card = request_subscription(a_person(), an_annual_card(), on=JOINED, actor=None)
    behind_the_back("UPDATE memberships_subscription SET paid_until = '2029-12-31', started_on = %s", JOINED)
    assert faults() == {("paid_until_of_terms", str(card.pk)), ("started_on_of_terms", str(card.pk))}


def test_a_card_that_started_on_another_day() -> None:
    card = join(a_person(), an_annual_card(), on=JOINED, actor=None)
    behind_the_back("UPDATE memberships_subscription SET started_on = '2027-02-01' WHERE id = %s", card.pk)
    (found,) = differences()
    assert (found.fault, found.expected, found.found) == ("started_on_of_terms", "2027-01-15", "2027-02-01")


@pytest.mark.django_db(transaction=True)
def test_a_term_that_nobody_paid_for_after_one_that_was_paid(gateway: GatewayForTests) -> None:
    card, _payment = a_renewed_card(gateway)
    assert differences() == []
    (given,) = renew(card)
    (found,) = differences()
    assert (found.check, found.fault, found.key, found.expected) == (
        "terms", "term_not_paid", f"{card.pk}/{given.number}", str(date(2029, 1, 15)),
    )


@pytest.mark.django_db(transaction=True)
def test_a_term_whose_payment_somebody_took_away(gateway: GatewayForTests) -> None:
    card, payment = a_renewed_card(gateway)
    behind_the_back("DELETE FROM memberships_term WHERE id = %s", payment.term_id)
    behind_the_back("UPDATE memberships_subscription SET paid_until = '2028-01-14'")
    assert Term.objects.filter(subscription=card).count() == 1
    assert faults(on=EVE) == {("term_of_payment", str(payment.pk))}
