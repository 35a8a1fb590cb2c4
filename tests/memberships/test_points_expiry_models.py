"""Four ways in which points end: never, on a fixed day, months later, by inactivity; and by nights that are late."""

from datetime import date, timedelta
from typing import Any

import pytest

from memberships.models import Enrolment, PointsLot, PointsPolicy
from memberships.services.points_expiry import Expired
from memberships.services.points_policies import expiry_of
from operations.models import JobRun, RunItem
from operations.services.nights import start_missing_runs
from tests.memberships.factories import TODAY
from tests.memberships.points_night_stories import executed, figures, foreseen, losses, night, outcomes, worked
from tests.memberships.points_stories import a_wallet, at_once, balance, earn, expire, morning, spend

pytestmark = pytest.mark.django_db

DAY = timedelta(days=1)
Expiry = PointsPolicy.Expiry
#: With six months of inactivity, earned in January: the first day without points.
IDLE_ON = date(2027, 8, 1)
MAY = date(2027, 5, 20)


def a_wallet_under(**policy: Any) -> Enrolment:
    """A wallet of a programme whose points end so."""
    wallet = a_wallet()
    PointsPolicy.objects.get_or_create(programme=wallet.programme, defaults=policy)
    return wallet


def an_idle_wallet(points: int = 100) -> Enrolment:
    """Earned in January; six months of inactivity end its points."""
    wallet = a_wallet_under(expiry=Expiry.INACTIVITY, expiry_months=6)
    earn(wallet, points)
    return wallet


def earn_by_policy(wallet: Enrolment, points: int, on: date = TODAY) -> date | None:
    """The day on which they end."""
    ends_on = expiry_of(PointsPolicy.objects.get(programme=wallet.programme), on)
    earn(wallet, points, expires_on=ends_on, on=on)
    return ends_on


def idle_on(wallet: Enrolment) -> date | None:
    return Enrolment.objects.get(pk=wallet.pk).idle_on


def test_points_that_never_end_stay() -> None:
    wallet = a_wallet_under(expiry=Expiry.NEVER)
    earn_by_policy(wallet, 100)
    night(date(2037, 1, 15))
    assert balance(wallet) == 100


def test_points_of_a_fixed_day_end_on_it_and_not_before() -> None:
    wallet = a_wallet_under(expiry=Expiry.FIXED_DATE, expiry_month=7, expiry_day=1, expiry_years=1)
    assert earn_by_policy(wallet, 100) == date(2028, 7, 1)
    night(date(2028, 6, 30))
    assert balance(wallet) == 100
    night(date(2028, 7, 1))
    assert losses(wallet) == [(-100, date(2028, 7, 1))]


def test_points_of_months_end_with_the_month_and_not_before() -> None:
    wallet = a_wallet_under(expiry=Expiry.MONTHS, expiry_months=12)
    assert earn_by_policy(wallet, 100) == date(2028, 2, 1)
    night(date(2028, 1, 31))
    assert balance(wallet) == 100
    night(date(2028, 2, 1))
    assert losses(wallet) == [(-100, date(2028, 2, 1))]


def test_idle_wallet_loses_all_on_its_day_and_not_before() -> None:
    wallet = an_idle_wallet()
    earn(wallet, 20)
    assert idle_on(wallet) == IDLE_ON
    assert night(IDLE_ON - DAY).total == 0
    assert balance(wallet) == 120
    assert figures(night(IDLE_ON)) == (JobRun.State.SUCCEEDED, 1, 1, 0)
    assert losses(wallet) == [(-100, IDLE_ON), (-20, IDLE_ON)]
    assert (balance(wallet), idle_on(wallet)) == (0, None)


@pytest.mark.parametrize("act", [earn, spend])
def test_activity_in_between_extends(act: Any) -> None:
    wallet = an_idle_wallet()
    act(wallet, 30, on=MAY)
    assert idle_on(wallet) == date(2027, 12, 1)
    night(IDLE_ON)
    assert losses(wallet) == []
    night(date(2027, 12, 1))
    assert balance(wallet) == 0


def test_night_three_days_late_ends_an_idle_wallet_on_its_own_day() -> None:
    wallet = an_idle_wallet()
    night(IDLE_ON - DAY)
    while made := [run for run in start_missing_runs(morning(IDLE_ON + 3 * DAY)) if "points" in run.job]:
        for run in made:
            worked(run)
    assert losses(wallet) == [(-100, IDLE_ON)]


def test_one_night_three_days_late_does_the_same() -> None:
    wallet = an_idle_wallet()
    night(IDLE_ON + 3 * DAY)
    assert losses(wallet) == [(-100, IDLE_ON)]


def test_idle_points_cannot_be_spent_before_the_night_either() -> None:
    wallet = an_idle_wallet()
    assert not PointsLot.objects.filter(enrolment=wallet).spendable(on=IDLE_ON).exists()
    assert PointsLot.objects.filter(enrolment=wallet).spendable(on=IDLE_ON - DAY).exists()


def test_what_is_earned_on_the_day_of_inactivity_does_not_bring_the_lost_points_back() -> None:
    wallet = an_idle_wallet()
    earn(wallet, 7, on=IDLE_ON)
    assert losses(wallet) == [(-100, IDLE_ON)]
    night(IDLE_ON)
    assert (balance(wallet), idle_on(wallet)) == (7, date(2028, 3, 1))


def test_pending_points_do_not_end_by_inactivity() -> None:
    wallet = an_idle_wallet()
    earn(wallet, 30, pending_until=IDLE_ON + DAY)
    night(IDLE_ON)
    assert losses(wallet) == [(-100, IDLE_ON)]
    assert Enrolment.objects.get().pending == 30


def test_lot_with_a_day_of_its_own_in_an_idle_wallet_ends_on_the_earlier_of_both() -> None:
    wallet = an_idle_wallet()
    earn(wallet, 10, expires_on=IDLE_ON - DAY)
    earn(wallet, 20, expires_on=IDLE_ON + 30 * DAY)
    night(IDLE_ON)
    assert sorted(losses(wallet)) == [(-100, IDLE_ON), (-20, IDLE_ON), (-10, IDLE_ON - DAY)]


def test_one_idle_wallet_expires_in_passing_once() -> None:
    wallet = an_idle_wallet()
    assert expire(wallet, on=IDLE_ON - DAY) == Expired(0, 0, 0)
    assert expire(wallet, on=IDLE_ON) == Expired(1, 1, 100)
    assert expire(wallet, on=IDLE_ON) == Expired(0, 0, 0)


def test_idle_wallet_without_points_only_loses_its_day() -> None:
    wallet = an_idle_wallet()
    spend(wallet, 100)
    assert foreseen(IDLE_ON).items.count() == 0
    night(IDLE_ON)
    assert (losses(wallet), idle_on(wallet)) == ([], None)


def test_dry_run_names_idle_wallets_and_is_done_exactly() -> None:
    idle, dated = an_idle_wallet(), a_wallet()
    earn(idle, 20, expires_on=IDLE_ON)
    earn(dated, 5, expires_on=IDLE_ON, on=MAY)
    dry_run = foreseen(IDLE_ON)
    items = RunItem.objects.filter(run=dry_run).order_by("key").values_list("key", "kind", "amount")
    assert list(items) == [(idle.pk, "idle", 120), (dated.pk, "expire", 5)]
    assert figures(executed(dry_run)) == (JobRun.State.SUCCEEDED, 2, 2, 0)
    assert (balance(idle), balance(dated)) == (0, 0)


def test_wallet_that_changed_since_the_dry_run_is_left_out() -> None:
    same, revived, unseen = an_idle_wallet(), an_idle_wallet(), an_idle_wallet(1)
    spend(unseen, 1)
    dry_run = foreseen(IDLE_ON)
    earn(revived, 20, on=MAY)
    Enrolment.objects.filter(pk=unseen.pk).update(idle_on=MAY)
    run = executed(dry_run)
    assert outcomes(dry_run) == {same.pk: RunItem.Outcome.DONE, revived.pk: RunItem.Outcome.LEFT_OUT}
    assert (run.total, run.done, run.failed) == (3, 2, 1)
    assert (balance(same), balance(revived)) == (0, 120)
    assert idle_on(unseen) is None


def test_idle_wallet_that_the_dry_run_did_not_see_is_the_next_nights() -> None:
    an_idle_wallet()
    dry_run = foreseen(IDLE_ON)
    unseen = an_idle_wallet(20)
    run = executed(dry_run)
    assert (run.done, run.failed, balance(unseen)) == (1, 1, 20)
    night(IDLE_ON + DAY)
    assert losses(unseen) == [(-20, IDLE_ON)]


@pytest.mark.django_db(transaction=True)
def test_two_nights_at_once_end_an_idle_wallet_once() -> None:
    wallets = [an_idle_wallet() for _ in range(5)]
    at_once(*[lambda day=day: night(day) for day in (IDLE_ON, IDLE_ON + DAY)])
    assert [losses(wallet) for wallet in wallets] == [[(-100, IDLE_ON)]] * 5
