"""Points cost when they are issued; what expires never comes, and what is spent is told beside it."""

from datetime import date
from decimal import Decimal

import pytest

from memberships.models import PointsPolicy, ProfitRow
from tests.memberships.books_stories import behind_the_back, differences
from tests.memberships.points_stories import a_wallet, by_policy, earn, expire, reverse, spend
from tests.memberships.profit_stories import line, reckon

pytestmark = pytest.mark.django_db
JANUARY, FEBRUARY, MARCH = date(2027, 1, 15), date(2027, 2, 10), date(2027, 3, 1)


def test_points_cost_by_the_policy_of_their_day_and_their_breakage_comes_back() -> None:
    wallet = a_wallet()
    programme = by_policy(wallet.programme, unit_cost=Decimal("0.01"))
    policy = PointsPolicy.objects.get(programme=programme)
    policy.unit_cost = Decimal("0.02")
    policy.save()
    behind_the_back(
        "UPDATE memberships_pointspolicyevent SET pgh_created_at = '2027-02-01 00:10+08' WHERE unit_cost = 0.02"
    )
    earn(wallet, 1_000, on=JANUARY, expires_on=MARCH)
    award = earn(wallet, 300, on=JANUARY)
    earn(wallet, 100, on=FEBRUARY, pending_until=MARCH)
    reverse(award, on=FEBRUARY)
    spend(wallet, 400, on=FEBRUARY)
    expire(wallet, on=MARCH)
    reckon(until=MARCH)
    assert line("points_issued", programme) == {"2027-01": "13.00", "2027-02": "-4.00"}, "100 pending less 300 back"
    assert line("points_redeemed", programme) == {"2027-02": "8.00"}
    assert line("points_breakage", programme) == {"2027-03": "12.00"}


def test_audit_names_a_closed_month_that_the_facts_do_not_come_to() -> None:
    wallet = a_wallet()
    programme = by_policy(wallet.programme, unit_cost=Decimal("0.01"))
    earn(wallet, 1_000, on=JANUARY)
    reckon(until=MARCH)
    assert differences("profit", on=MARCH) == []
    behind_the_back("UPDATE memberships_profitrow SET amount = 11 WHERE line = 'points_issued'")
    [found] = differences("profit", on=MARCH)
    assert (found.key, found.expected, found.found, found.is_pending) == (
        f"{programme.pk} 2027-01 points_issued platform", "10.00", "11.00", False,
    )
    # A fact that came late is the next night's.
    reckon(until=date(2027, 4, 1))
    ProfitRow.objects.filter(line="points_issued").update(amount=10)
    earn(wallet, 500, on=MARCH)
    behind_the_back("UPDATE memberships_pointsentry SET at = '2027-04-02 09:00+08' WHERE points = 500")
    [late] = differences("profit", on=date(2027, 4, 2))
    assert (late.expected, late.found, late.is_pending) == ("5.00", "0.00", True)
    reckon(until=date(2027, 4, 2))
    assert differences("profit", on=date(2027, 4, 3)) == []
