"""The night expires points: all that are due, on their own dates, once; and exactly what a dry run foresaw."""

from datetime import date, timedelta
from typing import Any
from unittest.mock import patch

import pytest

from memberships.models import Enrolment, PointsEntry
from memberships.services import points_expiry
from memberships.services.points_expiry import settled_through
from operations import registry
from operations.models import JobChunk, JobRun, RunItem
from operations.services.jobs import start_run, work_chunk
from operations.services.nights import run_again, start_missing_runs
from operations.tasks import work_through
from tests.memberships.factories import an_operator
from tests.memberships.points_night_stories import executed, figures, foreseen, losses, night, outcomes, worked
from tests.memberships.points_stories import (
    MARCH,
    a_wallet,
    assert_books_balance,
    at_once,
    balance,
    earn,
    expire,
    morning,
    reverse,
    spend,
)

pytestmark = pytest.mark.django_db

DAY = timedelta(days=1)
Outcome = RunItem.Outcome


def a_wallet_with(*lots: tuple[int, date]) -> Enrolment:
    wallet = a_wallet()
    for points, expires_on in lots:
        earn(wallet, points, expires_on=expires_on)
    return wallet


def test_night_expires_what_is_due_and_counts_wallets() -> None:
    two = a_wallet_with((10, MARCH), (20, MARCH), (5, MARCH + DAY))
    one = a_wallet_with((7, MARCH))
    none = a_wallet_with((9, MARCH + DAY))
    assert figures(night(MARCH)) == (JobRun.State.SUCCEEDED, 2, 2, 0)
    assert [balance(wallet) for wallet in (two, one, none)] == [5, 0, 9]
    assert_books_balance()


def test_night_with_nothing_due_has_succeeded_at_once() -> None:
    a_wallet_with((10, MARCH))
    run = start_run("expire_points", business_date=MARCH - DAY, actor=None, at=morning(MARCH - DAY))
    assert figures(run) == (JobRun.State.SUCCEEDED, 0, 0, 0)


def test_three_nights_late_each_date_is_run_and_each_lot_expires_on_its_own() -> None:
    wallet = a_wallet_with((10, MARCH), (20, MARCH + DAY), (30, MARCH + 2 * DAY), (40, MARCH + 3 * DAY))
    night(MARCH - DAY)
    at = morning(MARCH + 2 * DAY)
    while made := [run for run in start_missing_runs(at) if run.job == "expire_points"]:
        for run in made:
            worked(run)
    nights = JobRun.objects.filter(job="expire_points").order_by("pk").values_list("business_date", flat=True)
    assert list(nights) == [MARCH - DAY, MARCH, MARCH + DAY, MARCH + 2 * DAY]
    assert losses(wallet) == [(-10, MARCH), (-20, MARCH + DAY), (-30, MARCH + 2 * DAY)]
    assert balance(wallet) == 40
    assert_books_balance()


def test_one_night_three_days_late_books_all_on_their_own_dates() -> None:
    wallet = a_wallet_with((10, MARCH), (20, MARCH + DAY))
    night(MARCH + 2 * DAY)
    assert losses(wallet) == [(-10, MARCH), (-20, MARCH + DAY)]


def test_night_that_is_run_again_takes_nothing_twice() -> None:
    wallet = a_wallet_with((10, MARCH), (5, MARCH + DAY))
    first = night(MARCH)
    assert start_run("expire_points", business_date=MARCH, actor=None, at=morning(MARCH)) == first
    again = worked(run_again(first, actor=an_operator(), at=morning(MARCH)))
    assert again != first
    assert (again.state, again.done, again.failed) == (JobRun.State.SUCCEEDED, 0, 0)
    assert balance(wallet) == 5


def test_ranges_of_a_night_hold_every_wallet_once(settings: Any) -> None:
    settings.EXPIRE_CHUNK_LOTS = 3
    wallets = [a_wallet_with(*[(10, MARCH)] * number) for number in (1, 2, 1, 5, 1)]
    run = night(MARCH)
    chunks = list(run.chunks.order_by("number").values_list("first_key", "last_key", "size"))
    keys = [wallet.pk for wallet in wallets]
    assert chunks == [(keys[0], keys[1], 2), (keys[2], keys[3], 2), (keys[4], keys[4], 1)]
    assert figures(run) == (JobRun.State.SUCCEEDED, 5, 5, 0)
    assert not any(balance(wallet) for wallet in wallets)


def test_night_asked_for_by_an_operator_is_in_their_name() -> None:
    operator, wallet = an_operator(), a_wallet_with((10, MARCH))
    worked(start_run("expire_points", business_date=MARCH, actor=operator, at=morning(MARCH)))
    assert PointsEntry.objects.get(enrolment=wallet, kind="expire").actor == operator


def test_days_are_settled_by_a_night_that_left_nothing_due() -> None:
    assert settled_through(before=MARCH) is None
    night(MARCH - 2 * DAY)
    night(MARCH - DAY, scope="dry-run@1", is_dry_run=True)
    for scope, facts in (("x", {"state": "failed"}), ("y", {"failed": 1}), ("z", {"state": "running"})):
        run = night(MARCH - DAY, scope=scope)
        JobRun.objects.filter(pk=run.pk).update(**facts)
    night(MARCH)
    assert settled_through(before=MARCH) == MARCH - 2 * DAY


def test_later_night_does_not_look_at_days_that_were_settled() -> None:
    night(MARCH - DAY)
    wallet = a_wallet_with((10, MARCH))
    night(MARCH)
    with patch.object(points_expiry, "plan_expiry", wraps=points_expiry.plan_expiry) as plan:
        earn(wallet, 20, expires_on=MARCH + DAY)
        night(MARCH + DAY)
    assert plan.call_args.args == ([MARCH + DAY],)
    assert balance(wallet) == 0


def test_points_given_back_on_the_eve_of_a_night_that_was_run_too_early_expire_at_once() -> None:
    """Later nights do not look at that day again."""
    wallet = a_wallet_with((10, MARCH))
    exchange = spend(wallet, 10)
    night(MARCH)
    reverse(exchange, on=MARCH - DAY)
    assert losses(wallet) == [(-10, MARCH - DAY)]
    night(MARCH + DAY)
    assert balance(wallet) == 0
    assert_books_balance()


def test_what_a_failed_night_left_is_the_next_nights(settings: Any) -> None:
    settings.JOB_CHUNK_ATTEMPTS, settings.EXPIRE_CHUNK_LOTS = 1, 1
    left, done = a_wallet_with((10, MARCH)), a_wallet_with((20, MARCH), (30, MARCH + DAY))
    expire_range = points_expiry.expire_range

    def fails_once(due: points_expiry.DueRange, **facts: Any) -> points_expiry.Expired:
        if due.first == left.pk:
            raise RuntimeError("the disk is full")
        return expire_range(due, **facts)

    no_pause = patch("operations.services.jobs.RETRY_PAUSE", timedelta())
    with patch.object(points_expiry, "expire_range", fails_once), no_pause:
        failed = night(MARCH)
    assert figures(failed) == (JobRun.State.FAILED, 2, 1, 1)
    assert (balance(left), balance(done)) == (10, 30)
    assert night(MARCH + DAY).state == JobRun.State.SUCCEEDED
    assert losses(left) == [(-10, MARCH)]
    assert losses(done) == [(-20, MARCH), (-30, MARCH + DAY)]
    assert_books_balance()


def test_dry_run_names_wallets_and_points_and_does_nothing() -> None:
    two = a_wallet_with((10, MARCH), (20, MARCH - DAY), (5, MARCH + DAY))
    a_wallet_with((9, MARCH + DAY))
    gone = a_wallet_with((9, MARCH))
    expire(gone, on=MARCH)
    dry_run = foreseen(MARCH)
    items = RunItem.objects.filter(run=dry_run).values_list("key", "owner", "kind", "amount", "outcome")
    assert list(items) == [(two.pk, two.member_id, "expire", 30, Outcome.FORESEEN)]
    assert balance(two) == 35


def test_items_of_a_dry_run_are_shown_as_members() -> None:
    wallet = a_wallet_with((10, MARCH))
    items = list(RunItem.objects.filter(run=foreseen(MARCH)))
    number, address = registry.jobs.get("expire_points").item_links(items)[wallet.pk]
    assert number == wallet.member.number
    assert address.endswith(f"/{wallet.pk}/change/")


def test_approved_dry_run_is_done_exactly() -> None:
    wallets = [a_wallet_with((10 * number, MARCH)) for number in (1, 2, 3)]
    dry_run = foreseen(MARCH)
    run = executed(dry_run)
    assert figures(run) == (JobRun.State.SUCCEEDED, 3, 3, 0)
    assert outcomes(dry_run) == {wallet.pk: Outcome.DONE for wallet in wallets}
    done = dict(PointsEntry.objects.filter(kind="expire").values_list("enrolment", "points"))
    assert done == {item.key: -item.amount for item in RunItem.objects.filter(run=dry_run)}  # type: ignore[operator]
    assert settled_through(before=MARCH + DAY) == MARCH
    assert_books_balance()


def test_wallet_that_changed_since_the_dry_run_is_left_out_and_the_next_nights() -> None:
    same, spent, used_up = (a_wallet_with((10, MARCH), (50, MARCH + 9 * DAY)) for _ in range(3))
    dry_run = foreseen(MARCH)
    spend(spent, 4)
    spend(used_up, 10)
    run = executed(dry_run)
    left = Outcome.LEFT_OUT
    assert outcomes(dry_run) == {same.pk: Outcome.DONE, spent.pk: left, used_up.pk: left}
    assert figures(run) == (JobRun.State.SUCCEEDED, 3, 1, 2)
    assert losses(spent) == []
    night(MARCH + DAY)
    assert (losses(spent), losses(used_up)) == ([(-6, MARCH)], [])
    assert_books_balance()


def test_wallet_whose_other_lots_changed_is_done() -> None:
    wallet = a_wallet_with((10, MARCH), (50, MARCH + 9 * DAY))
    dry_run = foreseen(MARCH)
    earn(wallet, 100)
    executed(dry_run)
    assert outcomes(dry_run) == {wallet.pk: Outcome.DONE}
    assert losses(wallet) == [(-10, MARCH)]


def test_wallet_that_the_dry_run_did_not_see_is_not_touched_and_the_next_nights() -> None:
    seen = a_wallet_with((10, MARCH))
    dry_run = foreseen(MARCH)
    unseen = a_wallet_with((20, MARCH))
    run = executed(dry_run)
    assert figures(run) == (JobRun.State.SUCCEEDED, 2, 1, 1)
    assert (balance(seen), balance(unseen)) == (0, 20)
    assert settled_through(before=MARCH + DAY) is None
    night(MARCH + DAY)
    assert losses(unseen) == [(-20, MARCH)]


def test_dry_run_of_what_the_night_did_meanwhile_leaves_all_out() -> None:
    wallet = a_wallet_with((10, MARCH))
    dry_run = foreseen(MARCH)
    night(MARCH)
    run = executed(dry_run)
    assert (run.done, run.failed, outcomes(dry_run)) == (0, 1, {wallet.pk: Outcome.LEFT_OUT})
    assert losses(wallet) == [(-10, MARCH)]


@pytest.mark.django_db(transaction=True)
def test_chunk_delivered_three_times_at_once_has_one_effect() -> None:
    wallets = [a_wallet_with((10, MARCH)) for _ in range(10)]
    run = start_run("expire_points", business_date=MARCH, actor=None, at=morning(MARCH))
    chunk = run.chunks.get()
    JobRun.objects.filter(pk=run.pk).update(state=JobRun.State.RUNNING)
    at_once(*[lambda: work_chunk(run, chunk, clock=lambda: morning(MARCH))] * 3)
    run.refresh_from_db()
    assert (run.done, run.failed, run.chunks.get().state) == (10, 0, JobChunk.State.DONE)
    assert [losses(wallet) for wallet in wallets] == [[(-10, MARCH)]] * 10
    assert_books_balance()


@pytest.mark.django_db(transaction=True)
def test_two_nights_at_once_over_the_same_lots_expire_them_once() -> None:
    wallets = [a_wallet_with((10, MARCH)) for _ in range(10)]
    runs = [
        start_run("expire_points", business_date=day, actor=None, at=morning(day)) for day in (MARCH, MARCH + DAY)
    ]
    at_once(*[lambda run=run: work_through(run.pk) for run in runs])
    assert [losses(wallet) for wallet in wallets] == [[(-10, MARCH)]] * 10
    assert sum(JobRun.objects.get(pk=run.pk).done for run in runs) == 10
    assert_books_balance()
