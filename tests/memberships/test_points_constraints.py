"""What the database refuses of the points ledger, whoever asks."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from django.db import DatabaseError, IntegrityError, connection, transaction

from memberships.models import Enrolment, LotDraw, PointsEntry, PointsLot
from tests.memberships.factories import TODAY, jd_plus
from tests.memberships.points_stories import (
    JUNE,
    MARCH,
    a_wallet,
    earn,
    expire,
    morning,
    reverse,
    spend,
)

pytestmark = pytest.mark.django_db


@pytest.fixture
def wallet() -> Enrolment:
    """With 100 points earned, 30 of them spent."""
    wallet = a_wallet()
    earn(wallet, 100, expires_on=MARCH)
    spend(wallet, 30)
    # What waits for the commit would keep a TRUNCATE from being tried.
    connection.check_constraints()
    return wallet


@contextmanager
def refused(message: str) -> Iterator[None]:
    """Also what is checked at the commit only."""
    with pytest.raises(DatabaseError, match=message), transaction.atomic():
        yield
        connection.check_constraints()


def sql(statement: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(statement)


@pytest.mark.parametrize("table", ["pointsentry", "lotdraw"])
def test_ledger_is_neither_changed_nor_deleted_nor_emptied(wallet: Enrolment, table: str) -> None:
    with refused("Cannot update or delete"):
        sql(f"UPDATE memberships_{table} SET points = points + 1")
    with refused("Cannot update or delete"):
        sql(f"DELETE FROM memberships_{table}")
    with refused("only grows"):
        sql(f"TRUNCATE memberships_{table} CASCADE")


@pytest.mark.parametrize("table", ["pointslot", "enrolment"])
def test_lots_and_wallets_are_never_deleted(wallet: Enrolment, table: str) -> None:
    with refused("Cannot delete"):
        sql(f"DELETE FROM memberships_{table}")
    with refused("only grows"):
        sql(f"TRUNCATE memberships_{table} CASCADE")


@pytest.mark.parametrize("change", ["points = 200", "earned_on = earned_on - 1", "enrolment_id = 0", "member_id = 0"])
def test_facts_of_a_lot_are_frozen(wallet: Enrolment, change: str) -> None:
    with refused("Cannot update"):
        sql(f"UPDATE memberships_pointslot SET {change}")


@pytest.mark.parametrize("change", ["member_id = 0", "programme_id = 0"])
def test_owner_of_a_wallet_is_frozen(wallet: Enrolment, change: str) -> None:
    with refused("Cannot update"):
        sql(f"UPDATE memberships_enrolment SET {change}")


@pytest.mark.parametrize("remaining", [-1, 101])
def test_lot_keeps_between_nothing_and_all_of_its_points(wallet: Enrolment, remaining: int) -> None:
    with refused("pointslot_remaining_within"):
        PointsLot.objects.update(remaining=remaining)


@pytest.mark.parametrize("figures", [{"balance": -1}, {"balance": -6, "debt": 5}, {"debt": -1}])
def test_balance_is_never_below_what_is_owed(wallet: Enrolment, figures: dict[str, int]) -> None:
    with refused("enrolment_balance_within_debt"):
        Enrolment.objects.update(**figures)
    with refused("enrolment_pending_not_negative"):
        Enrolment.objects.update(pending=-1)


def test_empty_lot_or_one_that_is_over_when_it_begins_is_refused(wallet: Enrolment) -> None:
    facts: dict[str, Any] = {"member": wallet.member, "enrolment": wallet, "earned_on": TODAY}
    with refused("pointslot_holds_something"):
        PointsLot.objects.create(points=0, remaining=0, **facts)
    with refused("pointslot_expires_after_earned"):
        PointsLot.objects.create(points=1, remaining=1, expires_on=TODAY, **facts)


def an_entry(wallet: Enrolment, **facts: Any) -> PointsEntry:
    """A spend of one point, unless said otherwise."""
    defaults: dict[str, Any] = {
        "member": wallet.member, "key": "raw:1", "kind": "spend", "points": -1, "debit": "liability",
        "credit": "redeemed", "on": TODAY, "at": morning(TODAY),
    }
    return PointsEntry.objects.create(enrolment=wallet, **{**defaults, **facts})


@pytest.mark.parametrize(
    ("facts", "constraint"),
    [
        ({"points": 0}, "pointsentry_(says_something|follows_its_kind)"),
        ({"points": 1, "debit": "redeemed", "credit": "liability"}, "pointsentry_follows_its_kind"),
        ({"kind": "earn", "points": 5, "debit": "issued", "credit": "liability"}, "pointsentry_follows_its_kind"),
        ({"kind": "expire", "key": "expire:1", "credit": "breakage"}, "pointsentry_follows_its_kind"),
        ({"kind": "reverse", "credit": "issued"}, "pointsentry_follows_its_kind"),
        ({"kind": "gift"}, "pointsentry_follows_its_kind"),
        ({"debit": "redeemed", "credit": "liability"}, "pointsentry_double_entry"),
        ({"debit": "liability", "credit": "liability"}, "pointsentry_double_entry"),
        ({"key": "expire:1"}, "pointsentry_expiry_key"),
    ],
)
def test_entry_that_is_not_of_its_kind_is_refused(wallet: Enrolment, facts: dict[str, Any], constraint: str) -> None:
    with refused(constraint):
        an_entry(wallet, **facts)


def test_expiry_under_a_key_of_something_else_is_refused(wallet: Enrolment) -> None:
    with refused("pointsentry_expiry_key"):
        an_entry(wallet, kind="expire", credit="breakage", lot=PointsLot.objects.get())


def test_second_entry_under_a_members_key_is_refused(wallet: Enrolment) -> None:
    an_entry(wallet)
    with refused("pointsentry_key"):
        an_entry(a_wallet(wallet.member, jd_plus(code="points-only")))


def test_second_expiry_of_a_lot_is_refused(wallet: Enrolment) -> None:
    expire(wallet, on=MARCH)
    lot = PointsLot.objects.get()
    with refused("pointsentry_key"):
        an_entry(wallet, kind="expire", key=f"expire:{lot.pk}", credit="breakage", lot=lot)


def test_second_reversal_of_an_entry_is_refused(wallet: Enrolment) -> None:
    spent = PointsEntry.objects.get(kind="spend")
    reverse(spent)
    with refused("cannot be reversed so"):
        an_entry(wallet, kind="reverse", points=30, debit="redeemed", credit="liability", reverses=spent)


@pytest.mark.parametrize(
    "facts", [
        {"points": -101}, {"points": -40, "qualifying": -6}, {"points": -40, "qualifying": 1},
        {"points": 40, "debit": "issued", "credit": "liability"},
    ],
)
def test_award_is_taken_back_in_parts_and_never_by_more_than_it_was(wallet: Enrolment, facts: dict[str, Any]) -> None:
    award = earn(wallet, 100, qualifying=10)
    turned: dict[str, Any] = {"kind": "reverse", "debit": "liability", "credit": "issued", "reverses": award}
    an_entry(wallet, **{**turned, "key": "part:1", "points": -60, "qualifying": -5})
    with refused("cannot be reversed so"):
        an_entry(wallet, **{**turned, "key": "part:2", **facts})
    an_entry(wallet, **{**turned, "key": "part:2", "points": -40, "qualifying": -5})


def test_part_of_a_spend_cannot_come_back(wallet: Enrolment) -> None:
    spent = PointsEntry.objects.get(kind="spend")
    with refused("cannot be reversed so"):
        an_entry(wallet, kind="reverse", points=29, debit="redeemed", credit="liability", reverses=spent)


def test_entry_of_another_wallet_or_a_reversal_is_not_reversed(wallet: Enrolment) -> None:
    turned: dict[str, Any] = {"kind": "reverse", "points": -1, "debit": "liability", "credit": "issued"}
    with refused("cannot be reversed so"):
        an_entry(a_wallet(), reverses=PointsEntry.objects.get(kind="earn"), **turned)
    reversal = reverse(PointsEntry.objects.get(kind="spend")).entry
    with refused("cannot be reversed so"):
        an_entry(wallet, reverses=reversal, **{**turned, "credit": "redeemed"})


def test_entry_that_names_a_lot_of_another_wallet_is_refused(wallet: Enrolment) -> None:
    lot = PointsLot.objects.get()
    facts: dict[str, Any] = {"kind": "earn", "points": 5, "debit": "issued", "credit": "liability"}
    with refused("a lot of another wallet"):
        an_entry(a_wallet(), lot=lot, **facts)
    with refused("a lot of another wallet"):
        an_entry(a_wallet(wallet.member, jd_plus(code="points-only")), lot=lot, **facts)
    with refused("a lot of another wallet"):
        an_entry(wallet, lot_id=0, **facts)


def test_lot_or_entry_of_another_member_than_the_wallets_is_refused(wallet: Enrolment) -> None:
    other = a_wallet()
    with refused("pointslot_of_members_wallet"):
        PointsLot.objects.create(
            member=other.member, enrolment=wallet, points=1, remaining=1, earned_on=TODAY, expires_on=JUNE
        )
    with refused("pointsentry_of_members_wallet"):
        an_entry(wallet, member=other.member)


def test_empty_or_second_draw_of_a_lot_by_an_entry_is_refused(wallet: Enrolment) -> None:
    draw = LotDraw.objects.get()
    facts = {"member": wallet.member, "entry": draw.entry, "lot": draw.lot}
    with refused("lotdraw_only_once"):
        LotDraw.objects.create(points=1, **facts)
    with refused("lotdraw_not_empty"):
        LotDraw.objects.create(points=0, **{**facts, "entry": PointsEntry.objects.get(kind="earn")})


def test_second_wallet_of_a_member_in_a_programme_is_refused(wallet: Enrolment) -> None:
    with pytest.raises(IntegrityError, match="enrolment_once_a_scope"):
        Enrolment.objects.create(member=wallet.member, programme=wallet.programme, enrolled_on=TODAY)
