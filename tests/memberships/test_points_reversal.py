"""What was booked is reversed by another entry, once, within the balance."""

from datetime import date

import pytest

from memberships.errors import AwardExpiredError, KeyConflictError, NotReversibleError, ReservedKeyError
from memberships.models import PointsEntry, PointsLot
from memberships.services.points import spendable_points, wallet_figures
from memberships.services.points_reinstatement import reinstate_points
from tests.memberships.factories import TODAY, jd_plus
from tests.memberships.points_stories import (
    DECEMBER,
    JUNE,
    MARCH,
    a_wallet,
    accounts,
    assert_books_balance,
    balance,
    by_policy,
    debt,
    draws,
    earn,
    entries,
    expire,
    lots_left,
    morning,
    pending,
    post,
    reverse,
    spend,
)

pytestmark = pytest.mark.django_db


def test_returned_goods_take_their_points_back_from_their_own_lot() -> None:
    wallet = a_wallet()
    earn(wallet, 50, expires_on=MARCH)
    returned = earn(wallet, 100, expires_on=JUNE)
    reversal = reverse(returned)
    assert (reversal.entry.points, reversal.missing, reversal.entry.reverses) == (-100, 0, returned)
    assert accounts(reversal.entry) == "liability to issued"
    assert lots_left(wallet) == [50, 0]
    assert_books_balance()


def test_award_gives_its_own_points_first_and_the_others_of_the_wallet_only_when_it_gives_too_few() -> None:
    wallet = a_wallet()
    earn(wallet, 50, expires_on=MARCH)
    returned = earn(wallet, 100, expires_on=JUNE)
    earn(wallet, 30)
    exchange = spend(wallet, 60)
    # Of its own 90 points are left: enough for a part, not for the rest.
    assert draws(reverse(returned, points=90, key="first").entry) == [(100, 90)]
    assert draws(reverse(returned, points=10, key="second").entry) == [(30, 10)]
    assert draws(exchange) == [(50, 50), (100, 10)] and lots_left(wallet) == [0, 0, 20]
    assert_books_balance()


def test_spent_award_is_taken_from_the_other_lots_as_far_as_the_balance_goes() -> None:
    wallet = a_wallet()
    returned = earn(wallet, 100, expires_on=MARCH)
    earn(wallet, 30, expires_on=JUNE)
    earn(wallet, 10)
    spend(wallet, 80)
    reversal = reverse(returned)
    assert draws(reversal.entry) == [(100, 20), (30, 30), (10, 10)]
    assert (reversal.entry.points, reversal.missing) == (-60, 40)
    assert balance(wallet) == 0
    assert_books_balance()


def test_award_of_which_nothing_is_left_takes_nothing_back_but_is_remembered() -> None:
    wallet = a_wallet()
    returned = earn(wallet, 100)
    spend(wallet, 100)
    reversal = reverse(returned)
    assert (reversal.entry.points, reversal.entry.asked, reversal.missing) == (0, 100, 100)
    with pytest.raises(NotReversibleError):
        reverse(returned)
    # What is earned later is the member's.
    earn(wallet, 30)
    assert balance(wallet) == 30
    assert_books_balance()


@pytest.mark.parametrize("first", ["award", "spend"])
def test_member_has_the_same_whichever_of_an_award_and_its_spend_is_reversed_first(first: str) -> None:
    wallet = a_wallet()
    returned = earn(wallet, 100, expires_on=MARCH)
    earn(wallet, 30, expires_on=JUNE)
    exchange = spend(wallet, 120)
    for entry in (returned, exchange) if first == "award" else (exchange, returned):
        reverse(entry)
    assert (balance(wallet), spendable_points(wallet, on=TODAY)) == (30, 30)
    assert_books_balance()


def test_what_was_missing_is_claimed_once_and_from_spends_of_before_only() -> None:
    wallet = a_wallet()
    returned = earn(wallet, 100)
    early, earlier = spend(wallet, 60), spend(wallet, 40)
    reverse(returned)
    earn(wallet, 50)
    late = spend(wallet, 50)
    reverse(late)
    assert balance(wallet) == 50
    back = reverse(earlier).entry
    claim = PointsEntry.objects.get(key__startswith="claim:", enrolment=wallet)
    assert (claim.points, claim.missing, claim.reverses, accounts(claim)) == (-40, -40, returned, "liability to issued")
    assert claim.key.endswith(f":{back.pk}")
    assert balance(wallet) == 50
    reverse(early)
    assert (balance(wallet), lots_left(wallet)) == (50, [0, 50])
    assert_books_balance()


def test_returns_in_parts_take_the_award_back_bit_by_bit() -> None:
    wallet = a_wallet()
    award = earn(wallet, 100, qualifying=50)
    first = reverse(award, points=30).entry
    second = reverse(award, points=20, qualifying=0).entry
    assert [(entry.points, entry.qualifying) for entry in (first, second)] == [(-30, -15), (-20, 0)]
    for too_much in ({"points": 51}, {"points": 10, "qualifying": 36}, {"points": -1}):
        with pytest.raises(NotReversibleError):
            reverse(award, **too_much)
    last = reverse(award).entry
    assert (last.points, last.qualifying) == (-50, -35)
    with pytest.raises(NotReversibleError):
        reverse(award)
    assert balance(wallet) == 0
    assert_books_balance()


def test_repeated_return_of_a_part_is_the_first_one_and_another_part_under_its_key_is_refused() -> None:
    wallet = a_wallet()
    award = earn(wallet, 100, qualifying=50)
    first = reverse(award, points=30, qualifying=10, key="return:1")
    assert reverse(award, points=30, qualifying=10, key="return:1") == first
    for other in ({"points": 31}, {"points": 30, "qualifying": 11}):
        with pytest.raises(KeyConflictError):
            reverse(award, key="return:1", **other)
    assert balance(wallet) == 70


def test_award_of_qualifying_points_alone_is_taken_back() -> None:
    wallet = a_wallet()
    award = earn(wallet, 0, qualifying=40)
    assert reverse(award, points=0, qualifying=10).entry.qualifying == -10
    assert reverse(award).entry.qualifying == -30
    with pytest.raises(NotReversibleError):
        reverse(award)
    assert balance(wallet) == 0


def test_return_within_the_window_makes_the_pending_award_less() -> None:
    wallet = a_wallet()
    award = earn(wallet, 100, qualifying=50, pending_until=MARCH)
    part = reverse(award, points=40).entry
    lot = PointsLot.objects.get()
    assert (part.points, part.qualifying, accounts(part)) == (-40, 0, "pending to issued")
    assert (lot.remaining, lot.qualifying, pending(wallet), balance(wallet)) == (60, 30, 60, 0)
    # The order's own repeat is still the first award.
    assert earn(wallet, 100, qualifying=50, pending_until=MARCH, key=award.key) == award
    reverse(award)
    lot.refresh_from_db()
    assert (lot.remaining, lot.pending_until, pending(wallet)) == (0, None, 0)
    with pytest.raises(NotReversibleError):
        reverse(award)
    assert_books_balance()


def test_return_of_a_pending_award_of_qualifying_points_alone() -> None:
    wallet = a_wallet()
    award = earn(wallet, 0, qualifying=50, pending_until=MARCH)
    reverse(award, qualifying=20)
    assert PointsLot.objects.get().qualifying == 30
    reverse(award)
    assert PointsLot.objects.get().pending_until is None
    assert_books_balance()


def test_return_after_the_posting_takes_points_and_qualifying_points() -> None:
    wallet = a_wallet()
    award = earn(wallet, 100, qualifying=50, pending_until=date(2027, 1, 30))
    reverse(award, points=40)
    post(wallet, on=MARCH)
    posted = PointsEntry.objects.get(kind="post")
    assert (posted.points, posted.qualifying, balance(wallet)) == (60, 30, 60)
    part = reverse(award, points=20, on=MARCH)
    assert (part.entry.points, part.qualifying, accounts(part.entry)) == (-20, 10, "liability to issued")
    with pytest.raises(NotReversibleError):
        reverse(posted, on=MARCH)
    assert reverse(award, on=MARCH).qualifying == 20
    assert (balance(wallet), pending(wallet)) == (0, 0)
    assert_books_balance()


def test_where_only_pending_points_are_taken_back_a_late_return_takes_none() -> None:
    wallet = a_wallet(programme=by_policy(jd_plus(), reversal="pending_only"))
    posted, waiting = earn(wallet, 100), earn(wallet, 50, pending_until=MARCH)
    with pytest.raises(NotReversibleError):
        reverse(posted)
    assert reverse(waiting).entry.points == -50
    assert (balance(wallet), pending(wallet)) == (100, 0)
    assert_books_balance()


def test_what_expired_of_an_award_is_not_taken_a_second_time() -> None:
    wallet = a_wallet()
    returned = earn(wallet, 100, expires_on=MARCH)
    earn(wallet, 500)
    spend(wallet, 30)
    reversal = reverse(returned, on=MARCH)
    # 70 expired on their date, though no night has booked it before; the member had 30 of it.
    assert entries(wallet)[-2:] == [("expire", -70, MARCH), ("reverse", -30, MARCH)]
    assert (reversal.missing, lots_left(wallet)) == (0, [70, 470])
    assert balance(wallet) == 470
    assert_books_balance()


def test_award_that_expired_as_a_whole_cannot_be_taken_back() -> None:
    wallet = a_wallet()
    returned = earn(wallet, 100, expires_on=MARCH)
    earn(wallet, 500)
    expire(wallet, on=MARCH)
    with pytest.raises(NotReversibleError):
        reverse(returned, on=MARCH)
    assert balance(wallet) == 500


def test_qualifying_points_of_an_award_that_expired_are_taken_back_all_the_same() -> None:
    wallet = a_wallet()
    returned = earn(wallet, 100, expires_on=MARCH, qualifying=40)
    earn(wallet, 500)
    reversal = reverse(returned, on=MARCH)
    assert (reversal.entry.points, reversal.qualifying, reversal.missing) == (0, 40, 0)
    assert balance(wallet) == 500
    assert_books_balance()


def test_award_that_expired_and_was_given_again_is_taken_back_all_the_same() -> None:
    wallet = a_wallet(programme=by_policy(jd_plus(), reinstate_days=30))
    returned = earn(wallet, 100, expires_on=MARCH)
    expire(wallet, on=MARCH)
    lost = PointsEntry.objects.get(kind="expire")
    reinstate_points(lost, expires_on=JUNE, on=MARCH, at=morning(MARCH), actor=None, reason="x")
    assert reverse(returned, on=MARCH).entry.points == -100
    assert balance(wallet) == 0
    assert_books_balance()


def test_award_that_expired_was_given_again_and_expired_once_more_is_not_taken_a_third_time() -> None:
    wallet = a_wallet(programme=by_policy(jd_plus(), reinstate_days=30, reversal="may_go_negative"))
    returned = earn(wallet, 100, expires_on=MARCH)
    expire(wallet, on=MARCH)
    lost = PointsEntry.objects.get(kind="expire")
    reinstate_points(lost, expires_on=JUNE, on=MARCH, at=morning(MARCH), actor=None, reason="x")
    expire(wallet, on=JUNE)
    with pytest.raises(AwardExpiredError):
        reverse(returned, on=JUNE)
    assert (balance(wallet), debt(wallet)) == (0, 0)
    assert_books_balance()


def test_points_that_came_back_late_were_renewed_and_expired_are_no_loss_of_their_award_any_more() -> None:
    wallet = a_wallet(programme=by_policy(
        jd_plus(), late_return="renew", late_return_days=30, reversal="may_go_negative"
    ))
    returned = earn(wallet, 100, expires_on=MARCH)
    exchange = spend(wallet, 60)
    spend(wallet, 10)
    reverse(exchange, on=JUNE)
    expire(wallet, on=DECEMBER)
    # 30 expired in March and 60 in July: the member had 10 of the award.
    assert reverse(returned, on=DECEMBER).entry.points == -10
    assert debt(wallet) == 10
    assert_books_balance()


def test_cancelled_exchange_gives_the_points_back_to_their_lots() -> None:
    wallet = a_wallet()
    earn(wallet, 30, expires_on=JUNE)
    earn(wallet, 10, expires_on=MARCH)
    exchange = spend(wallet, 35)
    reversal = reverse(exchange)
    assert draws(reversal.entry) == [(30, -25), (10, -10)]
    assert (reversal.entry.points, reversal.missing, accounts(reversal.entry)) == (35, 0, "redeemed to liability")
    assert (lots_left(wallet), balance(wallet)) == ([30, 10], 40)
    assert_books_balance()


def test_points_given_back_to_a_lot_that_the_night_expired_expire_at_once() -> None:
    wallet = a_wallet()
    earn(wallet, 10, expires_on=MARCH)
    earn(wallet, 100, expires_on=JUNE)
    exchange = spend(wallet, 8)
    expire(wallet, on=MARCH)
    reversal = reverse(exchange, on=date(2027, 4, 1))
    lot = PointsLot.objects.get(points=10)
    assert entries(wallet)[-3:] == [
        ("expire", -2, MARCH), ("reverse", 8, date(2027, 4, 1)), ("expire", -8, date(2027, 4, 1))
    ]
    assert PointsEntry.objects.filter(lot=lot, kind="expire").order_by("pk").last().key == (  # type: ignore[union-attr]
        f"expire:{lot.pk}:{reversal.entry.pk}"
    )
    assert balance(wallet) == 100
    assert_books_balance()


def test_points_given_back_to_a_lot_that_is_due_expire_at_once_and_no_night_takes_them_again() -> None:
    wallet = a_wallet()
    earn(wallet, 10, expires_on=MARCH)
    exchange = spend(wallet, 8)
    reverse(exchange, on=MARCH)
    assert entries(wallet)[-3:] == [("expire", -2, MARCH), ("reverse", 8, MARCH), ("expire", -8, MARCH)]
    assert expire(wallet, on=MARCH).lots == 0
    assert balance(wallet) == 0
    assert_books_balance()


def test_points_given_back_to_a_lot_that_was_spent_as_a_whole_expire_at_once_and_only_once() -> None:
    """The night had nothing to take from the lot, so the lot has no entry of its own yet."""
    wallet = a_wallet()
    earn(wallet, 10, expires_on=MARCH)
    exchange = spend(wallet, 10)
    expire(wallet, on=MARCH)
    reverse(exchange, on=JUNE)
    assert entries(wallet)[-2:] == [("reverse", 10, JUNE), ("expire", -10, JUNE)]
    assert expire(wallet, on=JUNE).lots == 0
    assert balance(wallet) == 0
    assert_books_balance()


def test_lot_given_back_twice_expires_twice() -> None:
    wallet = a_wallet()
    earn(wallet, 10, expires_on=MARCH)
    exchanges = [spend(wallet, 4), spend(wallet, 6)]
    for exchange in exchanges:
        reverse(exchange, on=JUNE)
    assert [points for kind, points, _on in entries(wallet) if kind == "expire"] == [-4, -6]
    assert balance(wallet) == 0
    assert_books_balance()


def test_entry_is_reversed_once_and_a_repeat_returns_the_first_result() -> None:
    wallet = a_wallet()
    returned = earn(wallet, 100, expires_on=MARCH)
    spend(wallet, 60)
    first = reverse(returned, key="return:1")
    earn(wallet, 500)
    assert reverse(returned, key="return:1", on=DECEMBER) == first
    assert first.missing == 60
    with pytest.raises(NotReversibleError):
        reverse(returned, key="return:2")
    assert balance(wallet) == 500


def test_key_of_another_reversal_or_of_a_spend_is_refused() -> None:
    wallet = a_wallet()
    one, another = earn(wallet, 100), earn(wallet, 50)
    reverse(one, key="return:1")
    spend(wallet, 10, key="order:1")
    for key in ("return:1", "order:1"):
        with pytest.raises(KeyConflictError):
            reverse(another, key=key)
    with pytest.raises(ReservedKeyError):
        reverse(another, key="expire:1")
    assert balance(wallet) == 40


def test_expiry_and_reversal_are_not_reversed() -> None:
    wallet = a_wallet()
    earn(wallet, 10, expires_on=MARCH)
    exchange = spend(wallet, 4)
    back = reverse(exchange)
    expire(wallet, on=MARCH)
    lost = PointsEntry.objects.get(enrolment=wallet, kind="expire")
    for entry in (lost, back.entry):
        with pytest.raises(NotReversibleError):
            reverse(entry, on=MARCH)
    assert wallet_figures(wallet, on=MARCH).balance == 0
