"""The points ledger, tampered with: the audit finds each difference and says where it is."""

from datetime import date

import pytest

from memberships.models import PointsEntry, PointsLot
from tests.memberships.books_stories import behind_the_back, differences, faults
from tests.memberships.factories import TODAY
from tests.memberships.night_stories import at_night, run_job
from tests.memberships.points_stories import JUNE, MARCH, a_wallet, earn, expire, reverse, spend

pytestmark = pytest.mark.django_db


def test_a_wallet_with_every_kind_of_entry_is_in_order() -> None:
    wallet = a_wallet()
    earn(wallet, 100, expires_on=MARCH)
    spent = spend(wallet, 30)
    taken_back = earn(wallet, 50, expires_on=JUNE)
    reverse(taken_back)
    reverse(spent, on=date(2027, 2, 1))
    late = spend(wallet, 40, on=date(2027, 2, 10))
    expire(wallet, on=MARCH)
    reverse(late, on=JUNE)  # given back to a lot that is over: it expires at once
    earn(wallet, 7)
    assert differences(on=JUNE) == []


def test_an_empty_house_is_in_order() -> None:
    assert differences() == []


def test_a_balance_that_somebody_raised() -> None:
    wallet = a_wallet()
    earn(wallet, 100)
    behind_the_back("UPDATE memberships_enrolment SET balance = 150 WHERE id = %s", wallet.pk)
    found = differences("wallets")
    assert {(difference.fault, difference.key) for difference in found} == {
        ("balance_of_entries", str(wallet.pk)), ("balance_of_lots", str(wallet.pk)),
    }
    assert {(difference.expected, difference.found, difference.owner) for difference in found} == {
        ("100", "150", wallet.member_id)
    }


def test_an_entry_that_somebody_lost() -> None:
    wallet = a_wallet()
    earn(wallet, 100)
    lost = earn(wallet, 20)
    behind_the_back("DELETE FROM memberships_pointsentry WHERE id = %s", lost.pk)
    assert faults() == {
        ("balance_of_entries", str(wallet.pk)), ("issued_of_programme", str(wallet.programme_id))
    }


def test_a_lot_out_of_nothing() -> None:
    wallet = a_wallet()
    behind_the_back(
        "INSERT INTO memberships_pointslot (member_id, enrolment_id, points, remaining, earned_on)"
        " VALUES (%s, %s, 40, 40, '2027-01-15')", wallet.member_id, wallet.pk,
    )
    assert faults() == {("balance_of_lots", str(wallet.pk))}


def test_a_lot_that_says_that_more_remains_than_was_left() -> None:
    wallet = a_wallet()
    lot = earn(wallet, 100).lot_id
    spend(wallet, 60)
    behind_the_back("UPDATE memberships_pointslot SET remaining = 70 WHERE id = %s", lot)
    assert faults() == {("remaining_of_draws", str(lot)), ("balance_of_lots", str(wallet.pk))}
    (found,) = differences("lots")
    assert (found.expected, found.found, found.owner) == ("40", "70", wallet.member_id)


def test_a_draw_that_somebody_lost() -> None:
    wallet = a_wallet()
    lot = earn(wallet, 100).lot_id
    spent = spend(wallet, 60)
    behind_the_back("DELETE FROM memberships_lotdraw WHERE entry_id = %s", spent.pk)
    assert faults() == {("remaining_of_draws", str(lot)), ("entry_of_draws", str(spent.pk))}


def test_an_earn_or_an_expiry_that_draws_from_a_lot() -> None:
    wallet = a_wallet()
    earned = earn(wallet, 100)
    behind_the_back(
        "INSERT INTO memberships_lotdraw (member_id, entry_id, lot_id, points) VALUES (%s, %s, %s, 10)",
        wallet.member_id, earned.pk, earned.lot_id,
    )
    assert ("entry_of_draws", str(earned.pk)) in faults("entries")


def test_an_earn_of_other_points_than_its_lot() -> None:
    wallet = a_wallet()
    earned = earn(wallet, 100)
    behind_the_back("UPDATE memberships_pointsentry SET points = 90 WHERE id = %s", earned.pk)
    assert faults() == {
        ("earn_of_lot", str(earned.pk)), ("balance_of_entries", str(wallet.pk)),
        ("issued_of_programme", str(wallet.programme_id)),
    }


def test_an_expiry_of_more_than_remained() -> None:
    wallet = a_wallet()
    lot = earn(wallet, 100, expires_on=MARCH).lot_id
    expire(wallet, on=MARCH)
    behind_the_back("UPDATE memberships_pointsentry SET points = -130 WHERE kind = 'expire'")
    assert ("expired_of_lot", str(lot)) in faults("wallets")
    (found,) = [difference for difference in differences("wallets") if difference.fault == "expired_of_lot"]
    assert (found.expected, found.found) == ("100", "130")


def test_entries_on_the_wrong_accounts() -> None:
    wallet = a_wallet()
    earned, spent = earn(wallet, 100), spend(wallet, 60)
    reversal = reverse(spent).entry
    behind_the_back("UPDATE memberships_pointsentry SET credit = 'breakage' WHERE id = %s", spent.pk)
    behind_the_back("UPDATE memberships_pointsentry SET debit = 'breakage' WHERE id = %s", earned.pk)
    # The reversal turns the spend's accounts, which it does not any more.
    assert faults() == {("accounts_of_kind", str(entry.pk)) for entry in (earned, spent, reversal)}
    by_key = {found.key: (found.expected, found.found) for found in differences("entries")}
    assert by_key[str(spent.pk)] == ("liability / redeemed", "liability / breakage")


def test_a_reversal_that_gives_back_more_than_was_spent() -> None:
    wallet = a_wallet()
    earn(wallet, 100)
    reversal = reverse(spend(wallet, 60)).entry
    behind_the_back("UPDATE memberships_pointsentry SET points = 61 WHERE id = %s", reversal.pk)
    assert ("reversal_of_entry", str(reversal.pk)) in faults("entries")


def test_a_reversal_that_gives_back_to_another_lot() -> None:
    wallet = a_wallet()
    earn(wallet, 100)
    other = earn(wallet, 50).lot_id
    reversal = reverse(spend(wallet, 60)).entry
    behind_the_back("UPDATE memberships_lotdraw SET lot_id = %s WHERE entry_id = %s", other, reversal.pk)
    assert ("reversal_of_entry", str(reversal.pk)) in faults("entries")


def test_a_reversal_that_takes_more_than_was_earned_or_is_of_another_wallet() -> None:
    wallet, stranger = a_wallet(), a_wallet()
    earn(wallet, 100)
    reversal = reverse(earn(wallet, 50)).entry
    behind_the_back("UPDATE memberships_pointsentry SET points = -51 WHERE id = %s", reversal.pk)
    assert ("reversal_of_entry", str(reversal.pk)) in faults("entries")
    foreign = earn(stranger, 50)
    behind_the_back(
        "UPDATE memberships_pointsentry SET points = -50, reverses_id = %s WHERE id = %s", foreign.pk, reversal.pk
    )
    assert ("reversal_of_entry", str(reversal.pk)) in faults("entries")


def test_a_reversal_of_an_expiry() -> None:
    wallet = a_wallet()
    earn(wallet, 100, expires_on=MARCH)
    expire(wallet, on=MARCH)
    gone = PointsEntry.objects.get(kind="expire")
    reversal = reverse(earn(wallet, 50, on=MARCH), on=MARCH).entry
    behind_the_back("UPDATE memberships_pointsentry SET reverses_id = %s WHERE id = %s", gone.pk, reversal.pk)
    assert ("reversal_of_entry", str(reversal.pk)) in faults("entries")


@pytest.mark.django_db(transaction=True)
def test_a_lot_that_a_night_passed_over() -> None:
    wallet = a_wallet()
    lot = PointsLot.objects.get(pk=earn(wallet, 100, expires_on=MARCH).lot_id)
    earn(wallet, 50, expires_on=JUNE)
    assert faults(on=MARCH) == set()  # no night has said that it is done
    run_job("expire_points", on=MARCH)
    assert faults(on=MARCH) == set()
    behind_the_back("DELETE FROM memberships_pointsentry WHERE kind = 'expire'")
    behind_the_back("UPDATE memberships_enrolment SET balance = 150")
    assert faults(on=MARCH) == {("lot_not_expired", str(lot.pk))}
    (found,) = differences(on=MARCH)
    assert (found.expected, found.found, found.owner) == ("-100", "0", wallet.member_id)


@pytest.mark.django_db(transaction=True)
def test_points_spent_beside_an_audit_are_no_difference() -> None:
    wallet = a_wallet()
    earn(wallet, 100)
    for _number in range(5):
        spend(wallet, 10, on=TODAY)
        assert differences(on=TODAY, at=at_night(TODAY)) == []
