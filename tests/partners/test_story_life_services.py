"""The life-service pack of JD PLUS: points for home cleaning and six other services, and back when it is called off."""

from copy import deepcopy
from datetime import date, timedelta

import pytest

from benefits.errors import NotEntitledError, QuotaUsedUpError, RedemptionReturnError
from benefits.models import Benefit, Redemption, Usage
from benefits.services.entitlements import entitlement_to
from memberships.errors import InsufficientPointsError
from memberships.models import Enrolment, Member, Plan, Programme
from memberships.programme_files.documents import Document
from memberships.services.enrolments import enrol_member
from memberships.services.subscriptions import join
from tests.benefits.redemption_stories import differences, take_back, use, uses
from tests.memberships.factories import TODAY, a_person
from tests.memberships.order_stories import order
from tests.memberships.points_night_stories import night
from tests.memberships.points_stories import balance
from tests.programmes.stories import in_effect, noon, shipped

pytestmark = pytest.mark.django_db

#: The shipped price in points, and when points of today's orders can be spent.
PRICE, SPENDABLE_ON = 100, TODAY + timedelta(days=8)
EXPIRED_ON = date(2028, 2, 1)


def a_card_holder(programme: Programme, *, spent: str = "") -> tuple[Member, Enrolment]:
    """A JD PLUS member who ordered for so much today; their points can be spent eight days later."""
    member = a_person()
    wallet = enrol_member(member, programme, on=TODAY, at=noon(TODAY), actor=None)
    join(member, Plan.objects.get(programme=programme, code="annual"), on=TODAY, actor=None)
    if spent:
        order(wallet, "A1", spent)
        night(SPENDABLE_ON, "post_pending_points")
    return member, wallet


def once_a_month() -> Document:
    """The shipped file, with home cleaning once a month: how often it is given is not told by the sources."""
    document = shipped("jd-plus")
    document.sections["benefits"] = deepcopy(document.sections["benefits"])
    (cleaning,) = (each for each in document.sections["benefits"] if each["code"] == "home-cleaning")
    cleaning["rules"][0] |= {"quota": 1, "window": "month"}
    return document


def test_points_buy_home_cleaning_and_come_back_when_it_is_called_off() -> None:
    cleaning = Benefit.objects.get(programme=in_effect(shipped("jd-plus")), code="home-cleaning")
    member, wallet = a_card_holder(cleaning.programme, spent="250")
    bought = use(member, cleaning, on=SPENDABLE_ON, key="cleaning-1")
    assert (bought.points, balance(wallet), uses(member, cleaning)) == (PRICE, 150, 1)
    # The desk's second click is the same use.
    assert use(member, cleaning, on=SPENDABLE_ON, key="cleaning-1").pk == bought.pk
    assert (balance(wallet), uses(member, cleaning)) == (150, 1)
    day = SPENDABLE_ON + timedelta(days=1)
    take_back(bought, on=day, reason="保洁员未上门")
    assert (balance(wallet), uses(member, cleaning)) == (250, 0)
    with pytest.raises(RedemptionReturnError):
        take_back(bought, on=day)
    assert balance(wallet) == 250
    assert differences(on=day) == []


def test_quota_is_counted_and_comes_back_with_the_points() -> None:
    cleaning = Benefit.objects.get(programme=in_effect(once_a_month()), code="home-cleaning")
    member, wallet = a_card_holder(cleaning.programme, spent="250")
    bought = use(member, cleaning, on=SPENDABLE_ON)
    with pytest.raises(QuotaUsedUpError) as refused:
        use(member, cleaning, on=SPENDABLE_ON)
    assert (refused.value.quota, refused.value.used, refused.value.resets_on) == (1, 1, date(2027, 2, 1))
    assert balance(wallet) == 150, "what is refused costs nothing"
    take_back(bought, on=SPENDABLE_ON)
    line = entitlement_to(member, cleaning, on=SPENDABLE_ON)
    assert line is not None and (line.quota, line.used, line.left, line.points_price) == (1, 0, 1, PRICE)
    use(member, cleaning, on=SPENDABLE_ON)
    use(member, cleaning, on=date(2027, 2, 1))
    assert (balance(wallet), uses(member, cleaning)) == (50, 2)
    with pytest.raises(InsufficientPointsError):
        use(member, cleaning, on=date(2027, 3, 1))
    assert differences(on=date(2027, 3, 1)) == []


def test_without_enough_points_it_is_refused_with_the_figures() -> None:
    programme = in_effect(shipped("jd-plus"))
    cleaning = Benefit.objects.get(programme=programme, code="home-cleaning")
    member, wallet = a_card_holder(programme, spent="99")
    with pytest.raises(InsufficientPointsError) as refused:
        use(member, cleaning, on=SPENDABLE_ON)
    assert (refused.value.asked, refused.value.spendable) == (PRICE, 99)
    # Points of an order that may still be returned are not the member's yet.
    order(wallet, "A2", "500", ordered_on=SPENDABLE_ON, on=SPENDABLE_ON)
    with pytest.raises(InsufficientPointsError) as refused:
        use(member, cleaning, on=SPENDABLE_ON)
    assert (refused.value.asked, refused.value.spendable) == (PRICE, 99)
    assert balance(wallet) == 99 and not Redemption.objects.exists()
    assert not Usage.objects.filter(uses__gt=0).exists()


def test_each_of_the_seven_services_draws_its_points() -> None:
    programme = in_effect(shipped("jd-plus"))
    member, wallet = a_card_holder(programme, spent="700")
    pack = Benefit.objects.filter(programme=programme, kind="points_exchange").order_by("pk")
    left = [balance(wallet) for service in pack if use(member, service, on=SPENDABLE_ON)]
    assert left == [600, 500, 400, 300, 200, 100, 0]


def test_points_alone_buy_nothing_without_a_card() -> None:
    programme = in_effect(shipped("jd-plus"))
    cleaning = Benefit.objects.get(programme=programme, code="home-cleaning")
    wallet = enrol_member(a_person(), programme, on=TODAY, at=noon(TODAY), actor=None)
    order(wallet, "A1", "300")
    night(SPENDABLE_ON, "post_pending_points")
    with pytest.raises(NotEntitledError):
        use(wallet.member, cleaning, on=SPENDABLE_ON)
    assert balance(wallet) == 300


def test_points_that_came_back_end_on_their_own_day() -> None:
    programme = in_effect(shipped("jd-plus"))
    cleaning = Benefit.objects.get(programme=programme, code="home-cleaning")
    member, wallet = a_card_holder(programme, spent="250")
    take_back(use(member, cleaning, on=SPENDABLE_ON), on=SPENDABLE_ON + timedelta(days=1))
    night(EXPIRED_ON)
    assert balance(wallet) == 0, "they were earned in January, and so they ended a year later with the others"
