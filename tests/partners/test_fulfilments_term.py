"""A partner's subscription that comes with a card: it starts with it, rests in grace, comes back, and ends with it."""

from datetime import date, timedelta

import pytest

from memberships.models import Subscription
from memberships.services.lapses import lapse_subscription
from memberships.services.renewals import renew_subscription
from partners.models import Fulfilment, Offer
from tests.benefits.benefit_stories import a_benefit, of_card, the_card
from tests.gateway import GatewayForTests
from tests.memberships.factories import TODAY, a_card
from tests.memberships.night_stories import at_night, run_job
from tests.partner import PartnersForTests
from tests.partners.fulfilment_stories import LONG_AGO, a_partner, states, work_off

pytestmark = pytest.mark.django_db(transaction=True)
FIRST_OF_GRACE, PAID_IN_GRACE = date(2028, 1, 15), date(2028, 1, 20)
AFTER_GRACE = date(2029, 1, 25)


def test_iqiyi_follows_the_card_from_its_first_day_to_its_end(
    partners: PartnersForTests, gateway: GatewayForTests
) -> None:
    iqiyi, there = a_partner(at=partners), partners.partner("iqiyi")
    video = a_benefit("iqiyi", kind="partner_subscription")
    of_card(video, is_automatic=True)
    Offer.objects.create(
        partner=iqiyi, benefit=video, sku="vip-year", mode=Offer.Mode.API, unit_cost="98.00", suspends_in_grace=True,
        starts_on=LONG_AGO,
    )
    card = a_card(the_card())
    assert state_of(card) == "requested", "ordered in the transaction in which the card was bought"
    work_off(iqiyi)
    assert (state_of(card), there.states()) == ("active", states(iqiyi))

    run_job("follow_rights", on=FIRST_OF_GRACE)
    work_off(iqiyi)
    assert (state_of(card), there.states()) == ("suspended", states(iqiyi))

    renew_subscription(card, on=PAID_IN_GRACE, at=at_night(PAID_IN_GRACE), actor=None)
    work_off(iqiyi)
    assert (state_of(card), there.states()) == ("active", states(iqiyi))

    lapse_subscription(Subscription.objects.get(pk=card.pk), on=AFTER_GRACE, at=at_night(AFTER_GRACE), actor=None)
    run_job("follow_rights", on=AFTER_GRACE + timedelta(days=1))
    work_off(iqiyi)
    assert (state_of(card), there.states()) == ("revoked", states(iqiyi))
    (fulfilment,) = there.fulfilments()
    assert (fulfilment["provisioned"], fulfilment["starts_on"]) == (1, TODAY.isoformat())
    assert not Fulfilment.objects.behind().exists()


def state_of(card: Subscription) -> str:
    return Fulfilment.objects.get(grant__subscription=card).state
