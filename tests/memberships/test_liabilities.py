"""What a programme owes its members in points, by day and by the month in which it ends."""

from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest

from memberships.models import Enrolment, PointsLiability, PointsPolicy, Programme
from memberships.services.liabilities import MEASURE_LIABILITY, liability, measure_liability
from operations.models import JobRun, RunItem
from operations.services.dry_runs import execute_dry_run, start_dry_run, summary
from operations.services.nights import start_missing_runs
from tests.memberships.factories import TODAY, jd_plus, jd_plus_enterprise
from tests.memberships.points_night_stories import figures, night, worked
from tests.memberships.points_stories import JUNE, MARCH, a_wallet, earn, expire, morning, reverse, spend

pytestmark = pytest.mark.django_db

DAY = timedelta(days=1)


def a_valued_wallet(**policy: Any) -> Enrolment:
    """A wallet of a programme whose points cost a fen each, a fifth of which are never spent."""
    wallet = a_wallet()
    facts = {"unit_cost": Decimal("0.01"), "expected_breakage": Decimal("0.2"), **policy}
    PointsPolicy.objects.create(programme=wallet.programme, **facts)
    return wallet


def measured(wallet: Enrolment, on: date = TODAY) -> PointsLiability:
    measure_liability(on=on, at=morning(on))
    return PointsLiability.objects.get(programme=wallet.programme, on=on)


def test_liability_is_outstanding_points_by_cost_less_breakage() -> None:
    wallet = a_valued_wallet()
    earn(wallet, 1000)
    spend(wallet, 250)
    found = measured(wallet)
    assert (found.outstanding, found.pending, found.amount) == (750, 0, Decimal("6.00"))
    assert (found.unit_cost, found.expected_breakage) == (Decimal("0.01"), Decimal("0.2"))


def test_half_a_fen_is_rounded_up() -> None:
    wallet = a_valued_wallet(unit_cost=Decimal("0.005"), expected_breakage=0)
    earn(wallet, 1)
    assert measured(wallet).amount == Decimal("0.01")


def test_run_off_names_the_months_in_which_points_end() -> None:
    wallet = a_valued_wallet()
    for points, expires_on in ((10, MARCH), (20, MARCH + 30 * DAY), (40, JUNE), (80, None)):
        earn(wallet, points, expires_on=expires_on)
    found = measured(wallet)
    assert found.run_off == {"2027-03": 30, "2027-06": 40, "never": 80}
    assert found.outstanding == 150


def test_points_of_a_programme_with_inactivity_run_off_with_their_wallets() -> None:
    wallet = a_valued_wallet(expiry="inactivity", expiry_months=6)
    earn(wallet, 10)
    assert measured(wallet).run_off == {"2027-08": 10}


def test_pending_points_stand_apart() -> None:
    wallet = a_valued_wallet()
    earn(wallet, 10, pending_until=MARCH, expires_on=JUNE)
    found = measured(wallet)
    assert (found.outstanding, found.pending, found.run_off) == (0, 10, {})


def test_points_that_are_over_are_not_owed_whether_or_not_the_night_has_booked_it() -> None:
    wallet = a_valued_wallet()
    earn(wallet, 10, expires_on=MARCH)
    earn(wallet, 5, expires_on=JUNE)
    assert measured(wallet, MARCH - DAY).outstanding == 15
    assert measured(wallet, MARCH).outstanding == 5
    expire(wallet, on=JUNE)
    assert measured(wallet, MARCH).outstanding == 0


def test_points_lost_by_inactivity_are_not_owed_when_the_wallet_is_used_again() -> None:
    wallet = a_valued_wallet(expiry="inactivity", expiry_months=1)
    earn(wallet, 10)
    expire(wallet, on=JUNE)
    earn(wallet, 3, on=JUNE)
    assert measured(wallet, JUNE).outstanding == 3


def test_programme_is_measured_by_itself_and_beside_others() -> None:
    mine = a_valued_wallet()
    earn(mine, 10)
    other = jd_plus(code="other")
    earn(a_wallet(programme=other), 7)
    jd_plus_enterprise()
    assert liability(mine.programme, on=TODAY).outstanding == 10
    assert liability(other, on=TODAY).amount == 0
    measure_liability(on=TODAY, at=morning(TODAY))
    found = PointsLiability.objects.order_by("programme").values_list("programme__code", "outstanding")
    assert list(found) == [("jd-plus", 10), ("other", 7)]


def test_programme_without_points_owes_nothing() -> None:
    programme: Programme = jd_plus()
    assert liability(programme, on=TODAY)[:3] == (0, 0, {})


def test_measuring_again_keeps_the_newer_figures() -> None:
    wallet = a_valued_wallet()
    assert measured(wallet).outstanding == 0
    earn(wallet, 10)
    assert measured(wallet).outstanding == 10
    assert PointsLiability.objects.count() == 1


def test_night_measures_after_it_expired() -> None:
    wallet = a_valued_wallet()
    earn(wallet, 10, expires_on=MARCH)
    earn(wallet, 5)
    while made := [run for run in start_missing_runs(morning(MARCH)) if "points" in run.job or "liab" in run.job]:
        for run in made:
            worked(run)
    nights = JobRun.objects.filter(job__in=["expire_points", MEASURE_LIABILITY]).order_by("pk")
    assert list(nights.values_list("job", flat=True)) == ["expire_points", MEASURE_LIABILITY]
    assert PointsLiability.objects.get(on=MARCH).outstanding == 5


def test_night_without_programmes_has_succeeded_at_once() -> None:
    assert figures(night(MARCH, MEASURE_LIABILITY)) == (JobRun.State.SUCCEEDED, 0, 0, 0)


def foreseen(on: date = TODAY) -> JobRun:
    return worked(start_dry_run(MEASURE_LIABILITY, business_date=on, actor=None, at=morning(on)))


def test_dry_run_says_what_each_programme_owes_and_keeps_nothing() -> None:
    wallet = a_valued_wallet()
    earn(wallet, 1000)
    earn(a_wallet(programme=jd_plus(code="other")), 7)
    dry_run = foreseen()
    assert not PointsLiability.objects.exists()
    items = RunItem.objects.filter(run=dry_run).order_by("key").values_list("key", "kind", "amount")
    other = Programme.objects.get(code="other")
    assert list(items) == [(wallet.programme_id, "measure", Decimal("8.00")), (other.pk, "measure", Decimal("0.00"))]
    assert (summary(dry_run).items, summary(dry_run).amount) == (2, Decimal("8.00"))


def test_what_was_foreseen_is_kept_and_a_programme_that_owes_something_else_by_then_is_named() -> None:
    wallet = a_valued_wallet()
    earn(wallet, 1000)
    other = a_wallet(programme=jd_plus(code="other"))
    earn(other, 7)
    dry_run = foreseen()
    earn(other, 1)
    run = worked(execute_dry_run(dry_run, actor=None, at=morning(TODAY)))
    assert (run.done, run.failed) == (1, 1)
    assert [(kept.programme, kept.amount) for kept in PointsLiability.objects.all()] == [
        (wallet.programme, Decimal("8.00"))
    ]
    left = RunItem.objects.filter(run=dry_run, outcome=RunItem.Outcome.LEFT_OUT)
    assert [item.key for item in left] == [other.programme_id]


def test_reversed_awards_are_not_owed() -> None:
    wallet = a_valued_wallet()
    reverse(earn(wallet, 10))
    assert measured(wallet).outstanding == 0
