"""A coupon whose code is still to come is the member's, but nothing to pay with yet."""

from datetime import timedelta

import pytest

from benefits.models import Grant
from benefits.services.quotes import coupons_held
from partners.services.vouchers import serve_waiting
from tests.benefits.benefit_stories import of_card
from tests.memberships.night_stories import run_job
from tests.memberships.points_stories import morning
from tests.partners.voucher_stories import TODAY, a_cinema, a_member, many_codes

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)


def test_coupon_is_counted_on_in_prices_from_the_day_on_which_its_code_came() -> None:
    offer, first, second = a_cinema(), a_member(), a_member()
    of_card(offer.benefit, code="auto", is_automatic=True)
    many_codes(offer, 1)
    run_job("follow_rights", on=TODAY)
    served, waiting = Grant.objects.order_by("pk")
    assert (served.member, waiting.member) == (first, second)
    programme, later = offer.benefit.programme, TODAY + 2 * DAY
    held = [coupons_held(grant.member, programme, on=TODAY) for grant in (served, waiting)]
    assert [[coupon.key for coupon in coupons] for coupons in held] == [[served.key], []]
    many_codes(offer, 1)
    serve_waiting(on=later, at=morning(later))
    days = [TODAY, later - DAY, later]
    assert [len(coupons_held(waiting.member, programme, on=day)) for day in days] == [0, 0, 1]
