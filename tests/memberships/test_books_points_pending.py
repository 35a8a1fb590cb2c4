"""What is pending, what is owed, and what was issued: tampered with, the audit finds each difference."""

from datetime import date

import pytest

from memberships.models import Enrolment, PointsEntry, PointsLot
from memberships.services.points_adjustments import adjust_points
from tests.memberships.books_stories import behind_the_back, differences, faults
from tests.memberships.factories import jd_plus
from tests.memberships.points_stories import (
    JUNE,
    MARCH,
    a_wallet,
    assert_books_balance,
    by_policy,
    earn,
    morning,
    post,
    reverse,
    spend,
)

pytestmark = pytest.mark.django_db

CLOSES = date(2027, 1, 30)


def a_wallet_that_has_seen_it_all() -> Enrolment:
    """Accrued, returned in part, posted, spent, owed, paid, adjusted both ways, renewed."""
    wallet = a_wallet(programme=by_policy(
        jd_plus(), reversal="may_go_negative", late_return="renew", late_return_days=300
    ))
    accrued = earn(wallet, 100, qualifying=50, pending_until=CLOSES, expires_on=MARCH)
    reverse(accrued, points=40)
    earn(wallet, 30, qualifying=9, pending_until=JUNE)
    post(wallet, on=date(2027, 2, 1))
    spent = spend(wallet, 60, on=date(2027, 2, 1))
    reverse(accrued, points=50, on=date(2027, 2, 2))
    earn(wallet, 20, on=date(2027, 2, 2))
    reverse(spent, on=MARCH)
    for points in (25, -10):
        adjust_points(
            wallet, points, reason_code="correction", key=f"case:{points}", on=MARCH, at=morning(MARCH), actor=None
        )
    return wallet


def test_a_wallet_that_has_seen_it_all_is_in_order() -> None:
    wallet = a_wallet_that_has_seen_it_all()
    assert_books_balance(wallet)
    assert differences(on=MARCH) == []
    assert set(PointsEntry.objects.values_list("kind", flat=True)) == {
        "earn", "accrue", "post", "spend", "expire", "reverse", "adjust", "reinstate"
    }


def test_pending_points_that_somebody_raised() -> None:
    wallet = a_wallet()
    earn(wallet, 100, pending_until=CLOSES)
    behind_the_back("UPDATE memberships_enrolment SET pending = 150 WHERE id = %s", wallet.pk)
    assert faults() == {
        ("pending_of_entries", str(wallet.pk)), ("pending_of_lots", str(wallet.pk)),
        ("issued_of_programme", str(wallet.programme_id)),
    }


def test_a_lot_that_was_made_spendable_without_a_posting() -> None:
    wallet = a_wallet()
    earn(wallet, 100, pending_until=CLOSES)
    behind_the_back("UPDATE memberships_pointslot SET pending_until = NULL")
    assert faults() == {("pending_of_lots", str(wallet.pk)), ("balance_of_lots", str(wallet.pk))}


def test_a_posting_of_more_than_returns_had_left() -> None:
    wallet = a_wallet()
    reverse(earn(wallet, 100, qualifying=50, pending_until=CLOSES), points=40)
    post(wallet, on=MARCH)
    posted = PointsEntry.objects.get(kind="post")
    behind_the_back("UPDATE memberships_pointsentry SET points = 100 WHERE id = %s", posted.pk)
    assert ("earn_of_lot", str(posted.pk)) in faults()
    behind_the_back("UPDATE memberships_pointsentry SET points = 60, qualifying = 50 WHERE id = %s", posted.pk)
    assert faults() == {("earn_of_lot", str(posted.pk))}
    (found,) = differences()
    assert (found.expected, found.found) == ("60 + 30", "60 + 50")


def test_a_debt_that_somebody_forgave() -> None:
    wallet = a_wallet(programme=by_policy(jd_plus(), reversal="may_go_negative"))
    returned = earn(wallet, 100)
    spend(wallet, 80)
    reverse(returned)
    behind_the_back("UPDATE memberships_enrolment SET debt = 0, balance = 0 WHERE id = %s", wallet.pk)
    assert faults() == {
        ("debt_of_draws", str(wallet.pk)), ("balance_of_entries", str(wallet.pk)),
        ("issued_of_programme", str(wallet.programme_id)),
    }


def test_a_reversal_that_drew_more_than_it_took() -> None:
    wallet = a_wallet()
    earn(wallet, 100)
    reversal = reverse(earn(wallet, 50)).entry
    behind_the_back("UPDATE memberships_lotdraw SET points = 60 WHERE entry_id = %s", reversal.pk)
    assert ("entry_of_draws", str(reversal.pk)) in faults()


def test_a_claim_of_more_than_lacked() -> None:
    wallet = a_wallet()
    award = earn(wallet, 100)
    spent = spend(wallet, 100)
    reverse(award)
    reverse(spent)
    assert faults() == set()
    behind_the_back("UPDATE memberships_pointsentry SET missing = -130 WHERE key LIKE 'claim:%%' AND missing < %s", 0)
    assert faults() == {("missing_of_reversals", str(award.pk))}


def test_points_of_a_programme_that_are_on_no_account() -> None:
    """Wallets, lots and entries agree with each other; the accounts do not."""
    wallet = a_wallet()
    earn(wallet, 100)
    spent = spend(wallet, 40)
    behind_the_back("UPDATE memberships_pointsentry SET credit = 'pending' WHERE id = %s", spent.pk)
    (found,) = differences("issues")
    assert (found.fault, found.key, found.owner) == ("issued_of_programme", str(wallet.programme_id), None)
    assert (found.expected, found.found) == ("100", "60")


def test_adjustment_and_reinstatement_on_the_wrong_accounts() -> None:
    wallet = a_wallet_that_has_seen_it_all()
    pks = {
        kind: PointsEntry.objects.filter(enrolment=wallet, kind=kind).order_by("pk")[0].pk
        for kind in ("accrue", "post", "adjust", "reinstate")
    }
    for pk in pks.values():
        behind_the_back("UPDATE memberships_pointsentry SET debit = 'redeemed' WHERE id = %s", pk)
    assert {("accounts_of_kind", str(pk)) for pk in pks.values()} <= faults()


def test_a_lot_of_a_reinstatement_with_other_points() -> None:
    wallet = a_wallet_that_has_seen_it_all()
    entry = PointsEntry.objects.get(enrolment=wallet, kind="reinstate")
    behind_the_back("UPDATE memberships_pointslot SET points = points + 1 WHERE id = %s", entry.lot_id)
    assert ("earn_of_lot", str(entry.pk)) in faults()
    assert PointsLot.objects.filter(pk=entry.lot_id).exists()
