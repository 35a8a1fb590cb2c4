"""A file of adjustments: given and taken by hand, for a reason, once, and approved as a whole."""

from typing import Any

import pytest
from django.utils import translation

from memberships.models import AdjustmentReason, Enrolment, PointsEntry, PointsLot
from memberships.services.points_adjustments import ADJUST_POINTS
from operations.admin.approval_pages import amount_in_words
from operations.approval_actions import ConfirmImport
from operations.dates import business_date
from operations.errors import ImportStateError
from operations.models import Approval, ImportBatch, User
from operations.services.approvals import ask
from operations.services.imports import undo_import
from tests.customer_files import Row, csv_file
from tests.memberships.admin_pages import granted, may_alone
from tests.memberships.factories import TODAY, a_person, an_operator
from tests.memberships.order_import_stories import (
    AT,
    applied,
    checked,
    confirmed,
    counts,
    faults,
    found,
    outcomes,
    worked,
)
from tests.memberships.order_stories import a_policy
from tests.memberships.points_stories import a_wallet, assert_books_balance, balance, earn, spend

pytestmark = pytest.mark.django_db
KIND = "points-adjustments"
HEADERS = ["会员号", "计划", "店铺", "积分", "原因代码", "说明"]


def row(member: str, points: str, **cells: str) -> Row:
    """Points for a late delivery, in JD PLUS."""
    told = {"会员号": member, "计划": "jd-plus", "店铺": "", "积分": points, "原因代码": "goodwill", "说明": "配送延误"}
    return {**told, **cells}


def file_of(*rows: Row) -> bytes:
    return csv_file(rows, headers=HEADERS)


@pytest.fixture
def xiaomei() -> User:
    return granted(an_operator(), "memberships.adjust_points")


@pytest.fixture
def wallet() -> Enrolment:
    return a_wallet()


@pytest.fixture
def member(wallet: Enrolment) -> str:
    return wallet.member.number


def test_points_are_given_and_taken_with_their_reason(xiaomei: User, wallet: Enrolment, member: str) -> None:
    other = a_wallet(a_person(), wallet.programme)
    earn(other, 100)
    batch = applied(file_of(row(member, "1,000"), row(other.member.number, "-30")), by=xiaomei, kind=KIND)
    assert (batch.applied, batch.left_out) == (2, 0)
    assert (balance(wallet), balance(other)) == (1000, 70)
    entry = PointsEntry.objects.get(enrolment=wallet)
    assert (entry.kind, entry.reason, entry.actor, entry.on) == ("adjust", "配送延误", xiaomei, TODAY)
    assert entry.reason_code is not None and entry.reason_code.code == "goodwill"
    assert_books_balance()


def test_what_is_given_ends_as_the_policy_says(xiaomei: User, wallet: Enrolment, member: str) -> None:
    a_policy(wallet.programme, expiry="months", expiry_months=1)
    applied(file_of(row(member, "10")), by=xiaomei, kind=KIND)
    assert str(PointsLot.objects.get().expires_on) == "2027-03-01"


def test_a_file_that_comes_again_books_nothing_again(xiaomei: User, wallet: Enrolment, member: str) -> None:
    content = file_of(row(member, "10"), row(member, "5"))
    applied(content, by=xiaomei, kind=KIND)
    assert counts(checked(content, by=xiaomei, kind=KIND)) == {"unchanged": 2}
    assert balance(wallet) == 15


def test_rows_that_say_the_same_of_the_same_wallet_are_one(xiaomei: User, member: str) -> None:
    batch = checked(file_of(row(member, "10"), row(member, "10"), row(member, "11")), by=xiaomei, kind=KIND)
    assert counts(batch) == {"new": 2, "duplicate": 1}


def test_reasons_are_known_by_code_and_name(xiaomei: User, member: str) -> None:
    words = "Goodwill", "关怀补偿", "GOODWILL"
    rows = [row(member, str(place), 原因代码=word) for place, word in enumerate(words, start=1)]
    assert counts(checked(file_of(*rows), by=xiaomei, kind=KIND)) == {"new": 3}


def test_a_word_that_two_reasons_have_is_neither(xiaomei: User, member: str) -> None:
    AdjustmentReason.objects.create(code="kind", name="善意", name_en="goodwill")
    AdjustmentReason.objects.create(code="zeal", name="善意", name_en="Zeal")
    words = "Goodwill", "善意", "关怀补偿", "KIND", "zeal"
    batch = checked(file_of(*(row(member, "10", 原因代码=word) for word in words)), by=xiaomei, kind=KIND)
    assert found(batch) == [
        (2, "原因代码", "Goodwill", "unknown_reason"), (3, "原因代码", "善意", "unknown_reason")
    ]


@pytest.mark.parametrize(
    ("column", "value", "code"),
    [
        ("积分", "0", "no_points"), ("积分", "-", "cannot_clear"), ("积分", "1.5", "bad_points"),
        ("积分", "=1", "bad_points"),
        ("积分", "1E3", "bad_points"), ("积分", "9" * 13, "bad_points"), ("积分", "-1", "points_not_there"),
        ("原因代码", "because", "unknown_reason"), ("原因代码", "opening-balance", "unknown_reason"),
        ("说明", "", "required"), ("说明", "x" * 201, "too_long"), ("店铺", "S", "store_not_allowed"),
        ("会员号", "12345678901", "bad_member_number"),
    ],
)
def test_a_bad_cell_is_named(xiaomei: User, member: str, column: str, value: str, code: str) -> None:
    batch = checked(file_of(row(member, "10", **{column: value})), by=xiaomei, kind=KIND)
    assert found(batch) == [(2, column, value, code)]


def test_a_member_without_the_wallet_is_named(xiaomei: User, member: str) -> None:
    batch = checked(file_of(row(a_person().number, "10")), by=xiaomei, kind=KIND)
    assert [fault.code for fault in faults(batch)] == ["not_enrolled"]


def test_more_than_there_is_to_be_spent_is_not_taken(xiaomei: User, wallet: Enrolment, member: str) -> None:
    earn(wallet, 100)
    rows = row(member, "-60"), row(member, "-50"), row(member, "9")
    batch = checked(file_of(*rows), by=xiaomei, kind=KIND)
    assert [(line, code) for line, *_cell, code in found(batch)] == [(2, "points_not_there"), (3, "points_not_there")]
    # What the file gives the wallet can be taken from it.
    assert counts(checked(file_of(*rows, row(member, "1")), by=xiaomei, kind=KIND)) == {"new": 4}


def test_points_that_were_spent_since_the_preview_are_not_taken(
    xiaomei: User, wallet: Enrolment, member: str
) -> None:
    other = a_wallet(a_person(), wallet.programme)
    earn(wallet, 100)
    batch = checked(file_of(row(member, "-60"), row(other.member.number, "5")), by=xiaomei, kind=KIND)
    spend(wallet, 50)
    batch = worked(confirmed(batch))
    assert outcomes(batch) == {2: "left_out", 3: "applied"}
    assert (balance(wallet), balance(other)) == (50, 5)


def test_a_wallets_rows_in_different_chunks_are_booked_as_their_preview_says(
    xiaomei: User, wallet: Enrolment, member: str, settings: Any
) -> None:
    settings.IMPORT_CHUNK_ROWS = 1
    other = a_wallet(a_person(), wallet.programme).member.number
    batch = checked(file_of(row(member, "-30"), row(other, "5"), row(member, "100")), by=xiaomei, kind=KIND)
    assert counts(batch) == {"new": 3}
    batch = worked(confirmed(batch))
    assert (batch.applied, batch.left_out, balance(wallet)) == (3, 0, 70)
    assert outcomes(batch) == {2: "applied", 3: "applied", 4: "applied"}


def test_adjustments_are_not_undone(xiaomei: User, member: str) -> None:
    batch = applied(file_of(row(member, "10")), by=xiaomei, kind=KIND)
    with pytest.raises(ImportStateError):
        undo_import(batch, actor=xiaomei, at=AT)


@pytest.mark.parametrize(("points", "is_asked"), [("-500", False), ("501", True)])
def test_many_points_are_approved_as_a_whole(
    xiaomei: User, wallet: Enrolment, member: str, points: str, is_asked: bool
) -> None:
    earn(wallet, 1_000)
    may_alone(xiaomei, ConfirmImport.name, 10)
    may_alone(xiaomei, ADJUST_POINTS, 1_000)
    content = file_of(row(member, "500"), row(member, points))
    batch = checked(content, by=User.objects.get(pk=xiaomei.pk), kind=KIND)
    payload = ConfirmImport.payload_of(batch, preview_key=batch.preview_key, file_sha256=batch.file_sha256)
    with translation.override("en"):
        result = ask(ConfirmImport.name, payload, actor=xiaomei, reason="配送延误", on=business_date(AT), at=AT)
    assert isinstance(result, Approval) is is_asked
    state = ImportBatch.objects.get(pk=batch.pk).state
    assert state == (ImportBatch.State.CHECKED if is_asked else ImportBatch.State.APPLYING)
    if isinstance(result, Approval):
        # Rows are what it counts, and points what is too many of: both are said, each by its name.
        with translation.override("en"):
            assert (result.amount, amount_in_words(result)) == (2, "2 rows")
        assert "1,001 points" in result.summary


def test_many_small_files_of_a_person_weigh_as_much_as_one(xiaomei: User, member: str) -> None:
    may_alone(xiaomei, ADJUST_POINTS, 1_000)

    def asked(points: str, **cells: str) -> Any:
        batch = checked(file_of(row(member, points, **cells)), by=User.objects.get(pk=xiaomei.pk), kind=KIND)
        payload = ConfirmImport.payload_of(batch, preview_key=batch.preview_key, file_sha256=batch.file_sha256)
        return batch, ask(ConfirmImport.name, payload, actor=xiaomei, reason="配送延误", on=business_date(AT), at=AT)

    first, alone = asked("600")
    assert not isinstance(alone, Approval)
    # One that is being applied counts, and one that is applied.
    _second, waits = asked("401")
    assert isinstance(waits, Approval)
    worked(ImportBatch.objects.get(pk=first.pk))
    _third, waits = asked("401", 说明="再次")
    assert isinstance(waits, Approval)
    _fourth, alone = asked("400")
    assert not isinstance(alone, Approval)
    # What two people looked at does not count, nor does what another did.
    other = granted(an_operator("xiaohong"), "memberships.adjust_points")
    other.groups.add(*xiaomei.groups.all())
    batch = checked(file_of(row(member, "1000", 说明="他人")), by=User.objects.get(pk=other.pk), kind=KIND)
    payload = ConfirmImport.payload_of(batch, preview_key=batch.preview_key, file_sha256=batch.file_sha256)
    assert not isinstance(
        ask(ConfirmImport.name, payload, actor=other, reason="配送延误", on=business_date(AT), at=AT), Approval
    )
