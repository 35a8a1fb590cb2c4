"""A file of orders: what is new, what is recorded already, and the points that the new ones bring."""

from datetime import date
from decimal import Decimal

import pytest
from django.utils.translation import override

from memberships.models import Enrolment, Order, PointsEntry
from memberships.models.programmes import Enrols
from operations import registry
from operations.errors import ImportStateError
from operations.models import ImportBatch, User
from operations.services.import_previews import outcome_page, preview_page
from operations.services.imports import undo_import
from tests.memberships.factories import TODAY, a_person, an_operator, jd_plus
from tests.memberships.order_import_stories import AT, applied, checked, confirmed, counts, outcomes, worked
from tests.memberships.order_stories import a_policy, a_rule, a_shopper, order
from tests.memberships.points_stories import a_wallet, assert_books_balance, balance, spend
from tests.order_files import a_return, an_order, order_file

pytestmark = pytest.mark.django_db
State = ImportBatch.State


@pytest.fixture
def xiaomei() -> User:
    return an_operator()


@pytest.fixture
def wallet() -> Enrolment:
    return a_shopper()


@pytest.fixture
def member(wallet: Enrolment) -> str:
    return wallet.member.number


def test_new_orders_are_recorded_and_bring_their_points(xiaomei: User, wallet: Enrolment, member: str) -> None:
    batch = applied(order_file(an_order("A", member), an_order("B", member, 金额="¥1,250.50")), by=xiaomei)
    assert (batch.state, batch.applied, batch.left_out) == (State.APPLIED, 2, 0)
    facts = Order.objects.order_by("number").values_list("number", "amount", "ordered_on", "points", "qualifying")
    assert list(facts) == [("A", Decimal("100.00"), TODAY, 100, 100), ("B", Decimal("1250.50"), TODAY, 1250, 1250)]
    assert balance(wallet) == 1350
    entry = PointsEntry.objects.get(key="order:A")
    assert (entry.actor, entry.on, entry.at) == (xiaomei, TODAY, AT)
    assert_books_balance()


def test_an_order_of_a_file_earns_what_one_at_the_desk_earns(xiaomei: User, wallet: Enrolment, member: str) -> None:
    a_policy(wallet.programme, pending_days=7, expiry="months", expiry_months=3)
    other = a_wallet(a_person(), wallet.programme)
    order(other, "A", "100.00")
    applied(order_file(an_order("B", member)), by=xiaomei)
    entries = PointsEntry.objects.order_by("key").values_list(
        "kind", "points", "qualifying", "lot__pending_until", "lot__expires_on", "lot__earned_on"
    )
    assert entries[0] == entries[1]


def test_both_languages_name_the_columns(xiaomei: User, member: str) -> None:
    english = "order number,member number,programme,amount,ordered on\nA," + member + ",JD PLUS,100,2027/1/5\n"
    applied(english.encode(), by=xiaomei)
    assert Order.objects.get().ordered_on == date(2027, 1, 5)


def test_a_file_that_comes_again_says_nothing_new(xiaomei: User, wallet: Enrolment, member: str) -> None:
    rows = an_order("A", member), a_return("R", member, "A", 金额="40")
    applied(order_file(*rows), by=xiaomei)
    batch = checked(order_file(*rows), by=xiaomei)
    assert counts(batch) == {"unchanged": 2}
    assert balance(wallet) == 60


def test_identical_rows_are_one_order(xiaomei: User, member: str) -> None:
    rows = an_order("A", member), an_order("A", member, 金额="100"), an_order("B", member)
    batch = checked(order_file(*rows), by=xiaomei)
    assert counts(batch) == {"new": 2, "duplicate": 1}


def test_a_days_cap_holds_over_the_file_and_what_is_recorded(xiaomei: User) -> None:
    wallet = a_shopper(cap_per_day=250)
    order(wallet, "A", "100.00")
    number = wallet.member.number
    applied(order_file(an_order("B", number), an_order("C", number), an_order("D", number)), by=xiaomei)
    assert list(Order.objects.order_by("number").values_list("points", flat=True)) == [100, 100, 50, 0]


def test_returns_work_wherever_they_stand(xiaomei: User, wallet: Enrolment, member: str, settings: object) -> None:
    settings.IMPORT_CHUNK_ROWS = 2  # type: ignore[attr-defined]
    rows = [
        a_return("R1", member, "A", 金额="30.00"), an_order("B", member), an_order("C", member),
        a_return("R2", member, "A", 金额="70.00"), an_order("A", member), a_return("R3", member, "B", 金额="1.00"),
    ]
    batch = applied(order_file(*rows), by=xiaomei)
    assert (batch.state, batch.applied, batch.left_out) == (State.APPLIED, 6, 0)
    assert dict(Order.objects.values_list("number", "points")) == {
        "A": 100, "B": 100, "C": 100, "R1": -30, "R2": -70, "R3": -1,
    }
    assert balance(wallet) == 199
    assert_books_balance()


def test_a_return_of_an_order_that_is_recorded(xiaomei: User, wallet: Enrolment, member: str) -> None:
    bought = order(wallet, "A", "100.00")
    applied(order_file(a_return("R", member, "A", 金额="25.50")), by=xiaomei)
    back = Order.objects.get(number="R")
    assert (back.returns, back.points, balance(wallet)) == (bought, -25, 75)


def test_chunks_of_any_size_give_the_same_points(
    xiaomei: User, wallet: Enrolment, member: str, settings: object
) -> None:
    settings.IMPORT_CHUNK_ROWS = 3  # type: ignore[attr-defined]
    batch = applied(order_file(*[an_order(f"N{number}", member) for number in range(10)]), by=xiaomei)
    assert batch.applied == 10 and balance(wallet) == 1000
    assert set(outcomes(batch).values()) == {"applied"}
    assert_books_balance()


# --- stores


def test_the_wallet_of_a_new_store_is_opened_and_the_preview_says_so(xiaomei: User) -> None:
    programme = jd_plus(code="stars", name="店铺会员", name_en="Store stars", enrols=Enrols.STORE)
    a_rule(programme)
    number = a_person().number
    rows = [an_order(f"S{place}", number, 计划="stars", 店铺=f"store-{place % 2}") for place in range(4)]
    batch = checked(order_file(*rows), by=xiaomei)
    with override("en"):
        notes = registry.importers.get("orders").notes(batch)
    assert len(notes) == 1 and notes[0].startswith("2 ")
    worked(confirmed(batch))
    assert list(Enrolment.objects.order_by("scope").values_list("scope", "balance", "enrolled_on")) == [
        ("store-0", 200, TODAY), ("store-1", 200, TODAY),
    ]


def test_a_preview_shows_numbers_and_names(xiaomei: User, member: str) -> None:
    batch = checked(order_file(an_order("A", member)), by=xiaomei)
    (row,) = preview_page(batch, "new")
    assert row.label == "A" and {member, "京东PLUS会员", "100.00"} <= set(row.cells.values())


# --- facts change


def test_an_order_that_somebody_recorded_since_the_preview_is_left_out(
    xiaomei: User, wallet: Enrolment, member: str
) -> None:
    batch = checked(order_file(an_order("A", member), an_order("B", member)), by=xiaomei)
    order(wallet, "A", "99.00")
    batch = worked(confirmed(batch))
    assert (batch.applied, batch.left_out) == (1, 1)
    assert outcomes(batch) == {2: "left_out", 3: "applied"}
    assert balance(wallet) == 199


def test_a_member_who_was_closed_since_the_preview_earns_nothing(
    xiaomei: User, wallet: Enrolment, member: str
) -> None:
    batch = checked(order_file(an_order("A", member), a_return("R", member, "A")), by=xiaomei)
    wallet.member.closed_on = TODAY
    wallet.member.save()
    batch = worked(confirmed(batch))
    assert (batch.applied, batch.left_out) == (0, 2) and not Order.objects.exists()


def test_a_member_who_is_closed_returns_what_was_bought_before(
    xiaomei: User, wallet: Enrolment, member: str
) -> None:
    order(wallet, "A", "100.00")
    wallet.member.closed_on = TODAY
    wallet.member.save()
    batch = applied(order_file(a_return("R", member, "A")), by=xiaomei)
    assert (batch.applied, balance(wallet)) == (1, 0)


def test_orders_are_not_undone(xiaomei: User, wallet: Enrolment, member: str) -> None:
    batch = applied(order_file(an_order("A", member)), by=xiaomei)
    with pytest.raises(ImportStateError):
        undo_import(batch, actor=xiaomei, at=AT)
    assert balance(wallet) == 100


def test_what_a_return_could_not_take_back_is_said(xiaomei: User, wallet: Enrolment, member: str) -> None:
    a_policy(wallet.programme, reversal="within_balance")
    order(wallet, "A", "100.00")
    spend(wallet, 80)
    batch = applied(order_file(a_return("R", member, "A")), by=xiaomei)
    (row,) = outcome_page(batch, "applied")
    assert [(fault.code, fault.expected) for fault in row.faults] == [("not_taken_back", "80")]
    assert balance(wallet) == 0
