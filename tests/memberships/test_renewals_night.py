"""Cards renew at night: by their lead days, on their anchor, at the price of that day."""

from datetime import date

import pytest

from memberships.models import Payment
from tests.gateway import GatewayForTests
from tests.memberships.factories import a_card, an_annual_card
from tests.memberships.night_stories import night, paid_days, payment_of, run_job, story_of, told

pytestmark = pytest.mark.django_db(transaction=True)

JOINED = date(2027, 1, 15)
LAST_DAY = date(2028, 1, 14)
EVE = date(2028, 1, 13)


def test_card_renews_the_day_before_it_ends(gateway: GatewayForTests) -> None:
    card = a_card(an_annual_card(), on=JOINED)
    run_job("renew_subscriptions", on=date(2028, 1, 12))
    assert not Payment.objects.exists()
    run = run_job("renew_subscriptions", on=EVE)
    assert (run.total, run.done, run.failed) == (1, 1, 0)
    assert paid_days(card) == [(JOINED, LAST_DAY), (date(2028, 1, 15), date(2029, 1, 14))]
    payment = payment_of(card)
    assert (payment.state, payment.term, payment.requested_on) == ("succeeded", card.terms.get(number=2), EVE)
    assert story_of(payment) == [(1, "requested", EVE), (1, "succeeded", EVE)]
    assert told() == [f"renewed:{card.pk}:2028-01-15"]
    (charge,) = gateway.paid()
    assert (charge["key"], charge["reference"]) == (payment.attempt_key, payment.reference)
