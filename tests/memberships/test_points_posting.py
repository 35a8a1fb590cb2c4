"""Pending points are posted when their return window is over: on the day after it, once, and what is left of them."""

from datetime import date, timedelta

import pytest

from memberships.models import Enrolment, PointsEntry, PointsLot, PointsPolicy
from memberships.services.points import spendable_points
from memberships.services.points_posting import POST_PENDING_POINTS, Posted, post_enrolment
from operations.models import JobChunk, JobRun, RunItem
from operations.services.jobs import start_run, work_chunk
from operations.services.nights import run_again
from operations.tasks import work_through
from tests.memberships.factories import TODAY, an_operator
from tests.memberships.points_night_stories import executed, figures, foreseen, losses, night, outcomes, worked
from tests.memberships.points_stories import (
    JUNE,
    MARCH,
    a_wallet,
    accounts,
    at_once,
    balance,
    earn,
    morning,
    reverse,
    spend,
)

pytestmark = pytest.mark.django_db

DAY = timedelta(days=1)
#: The last day of the return window of what is earned today, and the night that posts it.
WINDOW_ENDS = TODAY + 7 * DAY
POSTED_ON = WINDOW_ENDS + DAY
Outcome = RunItem.Outcome


def accrue(wallet: Enrolment, points: int, *, until: date = WINDOW_ENDS, qualifying: int = 0) -> PointsEntry:
    return earn(wallet, points, pending_until=until, qualifying=qualifying)


def a_pending_wallet(*points: int) -> Enrolment:
    wallet = a_wallet()
    for some in points:
        accrue(wallet, some)
    return wallet


def posting_night(on: date = POSTED_ON, **facts: object) -> JobRun:
    return night(on, POST_PENDING_POINTS, **facts)


def pending(wallet: Enrolment) -> int:
    return Enrolment.objects.get(pk=wallet.pk).pending


def postings(wallet: Enrolment) -> list[tuple[int, int, date]]:
    """(points, qualifying points, business date) in the order of booking."""
    posted = PointsEntry.objects.filter(enrolment=wallet, kind="post").order_by("pk")
    return list(posted.values_list("points", "qualifying", "on"))


def test_points_are_the_members_on_the_day_after_the_window_and_not_before() -> None:
    wallet = a_pending_wallet(100)
    assert posting_night(WINDOW_ENDS).total == 0
    assert (balance(wallet), pending(wallet), spendable_points(wallet, on=WINDOW_ENDS)) == (0, 100, 0)
    assert figures(posting_night()) == (JobRun.State.SUCCEEDED, 1, 1, 0)
    assert (balance(wallet), pending(wallet), spendable_points(wallet, on=POSTED_ON)) == (100, 0, 100)
    assert postings(wallet) == [(100, 0, POSTED_ON)]


def test_posting_moves_points_from_pending_to_the_wallet_under_the_lots_own_key() -> None:
    lot = accrue(a_wallet(), 100).lot
    posting_night()
    entry = PointsEntry.objects.get(kind="post")
    assert (entry.key, entry.lot, accounts(entry)) == (f"post:{lot.pk}", lot, "pending to liability")  # type: ignore[union-attr]
    assert PointsLot.objects.get().pending_until is None


def test_qualifying_points_count_from_the_posting() -> None:
    wallet = a_wallet()
    accrue(wallet, 100, qualifying=40)
    accrue(wallet, 0, qualifying=7)
    assert sum(PointsEntry.objects.values_list("qualifying", flat=True)) == 0
    posting_night()
    assert postings(wallet) == [(100, 40, POSTED_ON), (0, 7, POSTED_ON)]
    assert balance(wallet) == 100


def test_three_days_late_each_lot_is_posted_on_its_own_day() -> None:
    wallet = a_wallet()
    for days in range(3):
        accrue(wallet, 10 + days, until=WINDOW_ENDS + days * DAY)
    posting_night(POSTED_ON + 2 * DAY)
    assert postings(wallet) == [(10 + days, 0, POSTED_ON + days * DAY) for days in range(3)]


def test_posting_again_does_nothing() -> None:
    wallet = a_pending_wallet(100)
    first = posting_night()
    again = worked(run_again(first, actor=an_operator(), at=morning(POSTED_ON)))
    assert (again.state, again.total, again.done) == (JobRun.State.SUCCEEDED, 0, 0)
    assert post_enrolment(wallet, on=JUNE, at=morning(JUNE), actor=None) == Posted(0, 0, 0)
    assert balance(wallet) == 100


def test_award_that_was_returned_before_is_closed_without_an_entry() -> None:
    wallet = a_wallet()
    award = accrue(wallet, 100, qualifying=100)
    reverse(award)
    posting_night()
    assert postings(wallet) == []
    assert (balance(wallet), pending(wallet)) == (0, 0)
    assert not PointsLot.objects.pending().exists()


def test_one_wallet_is_posted_as_the_night_would() -> None:
    wallet, other = a_pending_wallet(100, 20), a_pending_wallet(5)
    assert post_enrolment(wallet, on=POSTED_ON, at=morning(POSTED_ON), actor=None) == Posted(1, 2, 120)
    assert (balance(wallet), balance(other)) == (120, 0)


def test_points_that_are_posted_after_the_night_of_their_last_day_are_over_at_once() -> None:
    wallet = a_wallet()
    earn(wallet, 100, pending_until=WINDOW_ENDS, expires_on=POSTED_ON + DAY)
    night(POSTED_ON + DAY)
    assert losses(wallet) == []
    posting_night(POSTED_ON + 30 * DAY)
    assert (postings(wallet), losses(wallet)) == ([(100, 0, POSTED_ON)], [(-100, POSTED_ON + DAY)])
    assert balance(wallet) == 0


def test_posted_points_keep_an_emptied_idle_wallet_for_its_months() -> None:
    """All that was there ended by inactivity while an award was still pending."""
    wallet = a_wallet()
    PointsPolicy.objects.create(programme=wallet.programme, expiry="inactivity", expiry_months=1, pending_days=90)
    accrue(wallet, 100, until=JUNE)
    night(date(2027, 3, 1))
    assert Enrolment.objects.get().idle_on is None
    posting_night(JUNE + DAY)
    assert (balance(wallet), Enrolment.objects.get().idle_on) == (100, date(2027, 8, 1))


def test_points_that_are_posted_on_the_day_of_inactivity_outlive_what_it_ends() -> None:
    wallet = a_wallet()
    PointsPolicy.objects.create(programme=wallet.programme, expiry="inactivity", expiry_months=1, pending_days=44)
    earn(wallet, 7)
    accrue(wallet, 100, until=MARCH - DAY)
    posting_night(MARCH)
    night(MARCH)
    assert (postings(wallet), losses(wallet)) == ([(100, 0, MARCH)], [(-7, MARCH)])
    assert (balance(wallet), Enrolment.objects.get().idle_on) == (100, date(2027, 5, 1))
    night(date(2027, 5, 1))
    assert losses(wallet) == [(-7, MARCH), (-100, date(2027, 5, 1))]


def test_points_that_are_posted_after_an_approved_night_of_inactivity_stay_for_their_months() -> None:
    wallet, other = a_wallet(), a_wallet()
    PointsPolicy.objects.create(programme=wallet.programme, expiry="inactivity", expiry_months=1, pending_days=90)
    accrue(wallet, 100, until=JUNE)
    earn(other, 7)
    assert figures(executed(foreseen(MARCH))) == (JobRun.State.SUCCEEDED, 2, 2, 0)
    assert Enrolment.objects.get(pk=wallet.pk).idle_on is None
    posting_night(JUNE + DAY)
    night(JUNE + DAY)
    assert (balance(wallet), balance(other), losses(wallet)) == (100, 0, [])


def test_posted_points_pay_what_the_wallet_owes() -> None:
    wallet = a_wallet()
    PointsPolicy.objects.create(programme=wallet.programme, reversal="may_go_negative")
    award = earn(wallet, 30)
    spend(wallet, 30)
    accrue(wallet, 100)
    reverse(award)
    assert (balance(wallet), Enrolment.objects.get().debt) == (-30, 30)
    assert figures(posting_night()) == (JobRun.State.SUCCEEDED, 1, 1, 0)
    assert (balance(wallet), Enrolment.objects.get().debt) == (70, 0)
    assert spendable_points(wallet, on=POSTED_ON) == 70


def test_ranges_of_a_night_hold_every_wallet_once(settings: object) -> None:
    settings.POST_CHUNK_LOTS = 3  # type: ignore[attr-defined]
    wallets = [a_pending_wallet(*[10] * number) for number in (1, 2, 1, 5, 1)]
    run = posting_night()
    keys = [wallet.pk for wallet in wallets]
    chunks = list(run.chunks.order_by("number").values_list("first_key", "last_key", "size"))
    assert chunks == [(keys[0], keys[1], 2), (keys[2], keys[3], 2), (keys[4], keys[4], 1)]
    assert figures(run) == (JobRun.State.SUCCEEDED, 5, 5, 0)
    assert [balance(wallet) for wallet in wallets] == [10, 20, 10, 50, 10]


def test_dry_run_names_wallets_and_points_and_does_nothing() -> None:
    wallet = a_pending_wallet(100, 20)
    accrue(wallet, 5, until=JUNE)
    reverse(accrue(a_wallet(), 9))
    dry_run = foreseen(POSTED_ON, POST_PENDING_POINTS)
    items = RunItem.objects.filter(run=dry_run).values_list("key", "owner", "kind", "amount", "outcome")
    assert list(items) == [(wallet.pk, wallet.member_id, "post", 120, Outcome.FORESEEN)]
    assert (balance(wallet), pending(wallet)) == (0, 125)


def test_approved_dry_run_is_done_exactly_and_wallets_that_changed_are_left_to_the_next_night() -> None:
    same, other, unseen = a_pending_wallet(100), a_wallet(), a_wallet()
    returned = accrue(other, 50)
    accrue(other, 30)
    dry_run = foreseen(POSTED_ON, POST_PENDING_POINTS)
    reverse(returned)
    accrue(unseen, 7)
    run = executed(dry_run)
    assert outcomes(dry_run) == {same.pk: Outcome.DONE, other.pk: Outcome.LEFT_OUT}
    assert figures(run) == (JobRun.State.SUCCEEDED, 3, 1, 2)
    assert [balance(wallet) for wallet in (same, other, unseen)] == [100, 0, 0]
    posting_night(POSTED_ON + DAY)
    assert [balance(wallet) for wallet in (same, other, unseen)] == [100, 30, 7]


def test_night_asked_for_by_an_operator_is_in_their_name() -> None:
    operator = an_operator()
    a_pending_wallet(100)
    worked(start_run(POST_PENDING_POINTS, business_date=POSTED_ON, actor=operator, at=morning(POSTED_ON)))
    assert PointsEntry.objects.get(kind="post").actor == operator


@pytest.mark.django_db(transaction=True)
def test_two_workers_with_the_same_chunk_and_another_night_beside_them_post_once() -> None:
    wallets = [a_pending_wallet(100, 20) for _ in range(10)]
    run, late = (
        start_run(POST_PENDING_POINTS, business_date=day, actor=None, at=morning(day))
        for day in (POSTED_ON, POSTED_ON + DAY)
    )
    chunk = run.chunks.get()
    JobRun.objects.filter(pk=run.pk).update(state=JobRun.State.RUNNING)
    at_once(
        *[lambda: work_chunk(run, chunk, clock=lambda: morning(POSTED_ON))] * 2, lambda: work_through(late.pk)
    )
    run.refresh_from_db()
    late.refresh_from_db()
    assert (run.chunks.get().state, run.done + late.done) == (JobChunk.State.DONE, 10)
    assert [(balance(wallet), pending(wallet)) for wallet in wallets] == [(120, 0)] * 10
