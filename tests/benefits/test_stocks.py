"""How many units of a benefit there are: counted from some day on, raised, lowered, and why."""

import pytest
from pghistory.models import Events

from benefits.errors import OutOfStockError, StockError
from benefits.models import BenefitStock, Redemption
from benefits.services.stocks import set_total
from tests.benefits.redemption_stories import a_gift, a_member, differences, take_back, taken, use
from tests.memberships.factories import an_operator, last_event
from tests.memberships.points_stories import at_once

pytestmark = pytest.mark.django_db


def test_units_are_raised_and_lowered_with_a_reason() -> None:
    benefit, operator = a_gift(None), an_operator()
    stock = set_total(benefit, 2, actor=operator, reason="首批到货")
    assert last_event(stock).pgh_context["reason"] == "首批到货"
    member = a_member()
    use(member, benefit, quantity=2)
    with pytest.raises(OutOfStockError):
        use(member, benefit)
    assert set_total(benefit, 5, actor=operator, reason="第二批").total == 5
    use(member, benefit)
    event = last_event(stock)
    assert (event.pgh_data["total"], event.pgh_context["reason"]) == (5, "第二批")
    assert event.pgh_context["user"] == operator.pk
    # Uses leave no trace of their own in the trail: they are facts themselves.
    assert Events.objects.tracks(stock).count() == 2  # type: ignore[no-untyped-call]
    assert set_total(benefit, 3, actor=operator, reason="过期报废").total == 3
    with pytest.raises(OutOfStockError):
        use(member, benefit)
    assert differences() == []


def test_total_is_never_below_what_is_taken() -> None:
    benefit = a_gift(None)
    set_total(benefit, 5, actor=None, reason="")
    use(a_member(), benefit, quantity=3)
    with pytest.raises(StockError, match="3"):
        set_total(benefit, 2, actor=None, reason="")
    assert set_total(benefit, 3, actor=None, reason="").total == 3
    assert BenefitStock.objects.get().total == 3


def test_what_was_taken_before_units_were_counted_is_taken() -> None:
    benefit, member = a_gift(None), a_member()
    use(member, benefit, quantity=4)
    take_back(use(member, benefit))
    with pytest.raises(StockError, match="4"):
        set_total(benefit, 3, actor=None, reason="")
    assert set_total(benefit, 6, actor=None, reason="").taken == 4
    assert set_total(benefit, 6, actor=None, reason="").total == 6
    use(member, benefit, quantity=2)
    with pytest.raises(OutOfStockError):
        use(member, benefit)
    assert differences() == []


@pytest.mark.django_db(transaction=True)
def test_counting_begins_while_members_use_it_and_misses_no_use() -> None:
    benefit = a_gift(None)
    members = [a_member() for _number in range(12)]
    calls = [lambda member=member: use(member, benefit) for member in members]
    results = at_once(*calls[:6], lambda: set_total(benefit, 12, actor=None, reason=""), *calls[6:])
    done = [result for result in results if isinstance(result, Redemption)]
    assert taken(benefit) == len(done) == 12
    assert differences() == []
