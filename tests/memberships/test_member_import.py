"""A file of persons whom another system had as members: who is new, and what was in their wallets."""

from contextlib import nullcontext

import pytest
from django.contrib.auth.models import Group
from django.utils import translation

from memberships.models import Enrolment, Member, MemberContact, MemberReference, PointsEntry, PointsLot, Programme
from memberships.models.programmes import Enrols
from operations.approval_actions import ConfirmImport
from operations.errors import ApprovalError, ImportStateError
from operations.models import Approval, ImportBatch, User
from operations.roles import OPERATOR
from operations.services.approvals import ask, refuse_nobody
from operations.services.import_previews import preview_page
from operations.services.imports import undo_import
from tests.customer_files import Row, csv_file
from tests.memberships.factories import TODAY, an_operator, jd_plus, jd_plus_enterprise, last_event
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
from tests.memberships.points_stories import assert_books_balance

pytestmark = pytest.mark.django_db
KIND = "members"


def person(number: str, **cells: str) -> Row:
    """Han Meimei, a member of JD PLUS since 2024 with 1,200 points."""
    told = {
        "外部编号": number, "来源": "", "姓名": "韩梅梅", "手机号": "139 8765 4321", "邮箱": "hmm@example.com",
        "入会日期": "2024-05-01", "计划": "jd-plus", "店铺": "", "期初积分": "1200", "积分到期日": "",
    }
    return {**told, **cells}


def file_of(*rows: Row) -> bytes:
    return csv_file(rows, headers=list(person("1")))


@pytest.fixture(autouse=True)
def programme() -> Programme:
    return jd_plus()


@pytest.fixture
def xiaomei() -> User:
    return an_operator()


def test_a_new_person_gets_a_wallet_with_what_was_in_it(xiaomei: User) -> None:
    batch = applied(file_of(person("U-1")), by=xiaomei, kind=KIND)
    assert (batch.state, batch.applied) == (ImportBatch.State.APPLIED, 1)
    member = Member.objects.get()
    assert (member.kind, str(member.joined_on)) == ("person", "2024-05-01")
    contact, reference = member.contacts.get(), member.references.get()
    assert (contact.name, contact.mobile, contact.email) == ("韩梅梅", "13987654321", "hmm@example.com")
    assert (reference.source, reference.external_id) == ("import", "U-1")
    wallet = Enrolment.objects.get()
    entry = PointsEntry.objects.get()
    assert (wallet.balance, entry.kind, entry.points, entry.key) == (1200, "adjust", 1200, f"opening:{wallet.pk}")
    assert entry.reason_code is not None and entry.reason_code.code == "opening-balance"
    assert (entry.qualifying, entry.on, entry.at, entry.actor) == (0, TODAY, AT, xiaomei)
    assert_books_balance()


@pytest.mark.parametrize(("points", "is_asked"), [("5000", False), ("5001", True), ("", False)])
def test_a_file_gives_an_operator_no_more_points_alone_than_the_desk_does(
    xiaomei: User, points: str, is_asked: bool
) -> None:
    xiaomei.groups.add(Group.objects.get(name=OPERATOR.group))
    batch = checked(file_of(person("U-1", 期初积分=points)), by=xiaomei, kind=KIND)
    payload = ConfirmImport.payload_of(batch, preview_key=batch.preview_key, file_sha256=batch.file_sha256)
    with translation.override("en"):
        result = ask(ConfirmImport.name, payload, actor=xiaomei, reason="搬家", on=TODAY, at=AT)
    assert isinstance(result, Approval) is is_asked
    assert not Enrolment.objects.exists()
    if isinstance(result, Approval):
        assert result.amount == 1 and "5,001 points" in result.summary
        assert ["In all", "5,001 points"] in result.figures


def test_a_command_that_nobody_puts_a_name_to_gives_no_points(xiaomei: User) -> None:
    for points, is_refused in (("1", True), ("", False)):
        batch = checked(file_of(person("U-1", 期初积分=points)), by=xiaomei, kind=KIND)
        with pytest.raises(ApprovalError) if is_refused else nullcontext():
            refuse_nobody(ConfirmImport.name, {"batch": batch.pk})


def test_personal_data_is_masked_on_screen_and_in_the_trail(xiaomei: User) -> None:
    batch = checked(file_of(person("U-1")), by=xiaomei, kind=KIND)
    (row,) = preview_page(batch, "new")
    assert "13987654321" not in str(row) and "韩梅梅" not in str(row) and "hmm@example.com" not in str(row)
    worked(confirmed(batch))
    event = last_event(MemberContact.objects.get())
    assert "13987654321" not in str(event.pgh_data) and "韩梅梅" not in str(event.pgh_data)


def test_a_list_says_in_which_language_each_is_told(xiaomei: User) -> None:
    languages = {"U-1": "英文", "U-2": "中文", "U-3": ""}
    rows = [{**person(number), "语言": language} for number, language in languages.items()]
    file = csv_file(rows, headers=list(rows[0]))
    applied(file, by=xiaomei, kind=KIND)
    assert list(MemberContact.objects.order_by("pk").values_list("language", flat=True)) == ["en", "zh-hans", ""]
    assert counts(checked(file, by=xiaomei, kind=KIND))["unchanged"] == 3
    rows[1]["语言"] = "克林贡语"
    batch = checked(csv_file(rows, headers=list(rows[0])), by=xiaomei, kind=KIND)
    assert [(line, code) for line, _column, _value, code in found(batch)] == [(3, "bad_choice")]


def test_points_end_on_the_day_of_the_file_or_of_the_policy(xiaomei: User, programme: Programme) -> None:
    a_policy(programme, expiry="months", expiry_months=3)
    rows = person("U-1"), person("U-2", 积分到期日="2027-02-01")
    applied(file_of(*rows), by=xiaomei, kind=KIND)
    days = PointsLot.objects.order_by("pk").values_list("expires_on", flat=True)
    assert [str(day) for day in days] == ["2027-05-01", "2027-02-01"]


def test_a_person_without_programme_or_contact_is_a_member_all_the_same(xiaomei: User) -> None:
    bare = dict.fromkeys(("姓名", "手机号", "邮箱", "入会日期", "计划", "期初积分"), "")
    applied(file_of(person("U-1", **bare)), by=xiaomei, kind=KIND)
    assert Member.objects.get().joined_on == TODAY
    assert not MemberContact.objects.exists() and not Enrolment.objects.exists()


def test_a_file_that_comes_again_says_nothing_new(xiaomei: User) -> None:
    content = file_of(person("U-1"), person("U-2", 期初积分=""), person("U-3", 计划="", 期初积分=""))
    applied(content, by=xiaomei, kind=KIND)
    assert counts(checked(content, by=xiaomei, kind=KIND)) == {"unchanged": 3}


@pytest.mark.parametrize("cells", [{"姓名": "李雷"}, {"手机号": ""}, {"期初积分": "1201"}, {"入会日期": "2024-05-02"}])
def test_who_is_a_member_already_is_not_changed_by_a_file(xiaomei: User, cells: dict[str, str]) -> None:
    applied(file_of(person("U-1")), by=xiaomei, kind=KIND)
    batch = checked(file_of(person("U-1", **cells)), by=xiaomei, kind=KIND)
    assert found(batch) == [(2, "外部编号", "U-1", "member_known")]


def test_a_number_is_somebody_elses_in_another_system(xiaomei: User) -> None:
    rows = person("U-1"), person("U-1", 来源="Tmall"), person("U-1", 来源="import")
    batch = checked(file_of(*rows), by=xiaomei, kind=KIND)
    assert counts(batch) == {"new": 2, "duplicate": 1}
    worked(confirmed(batch))
    assert sorted(MemberReference.objects.values_list("source", "external_id")) == [("import", "U-1"), ("tmall", "U-1")]


def test_differing_rows_of_one_number_are_all_invalid(xiaomei: User) -> None:
    batch = checked(file_of(person("U-1"), person("U-1", 姓名="李雷")), by=xiaomei, kind=KIND)
    assert [(fault.line, fault.code, fault.expected) for fault in faults(batch)] == [
        (2, "conflicting_rows", "3"), (3, "conflicting_rows", "2"),
    ]


@pytest.mark.parametrize(
    ("column", "value", "code"),
    [
        ("外部编号", "", "required"), ("外部编号", "1.0E+10", "spreadsheet_number"), ("来源", "天猫", "bad_slug"),
        ("来源", "x" * 33, "too_long"), ("姓名", "x" * 101, "too_long"), ("手机号", "12345", "bad_mobile"),
        ("邮箱", "hmm", "bad_email"), ("手机号", "139****4321", "masked_value"),
        ("入会日期", "2027-01-16", "future_date"),
        ("入会日期", "yesterday", "bad_date"), ("计划", "plus", "unknown_programme"), ("期初积分", "-5", "bad_points"),
        ("期初积分", "12.5", "bad_points"), ("积分到期日", "2027-01-15", "past_date"),
        ("店铺", "S", "store_not_allowed"),
        ("计划", "", "programme_required"), ("计划", "jd-plus-enterprise", "wrong_audience"),
        ("计划", "stars", "store_required"),
    ],
)
def test_a_bad_cell_is_named(xiaomei: User, column: str, value: str, code: str) -> None:
    jd_plus_enterprise()
    jd_plus(code="stars", name="店铺会员", name_en="Stars", enrols=Enrols.STORE)
    batch = checked(file_of(person("U-1", **{column: value})), by=xiaomei, kind=KIND)
    ((line, _column, _value, found_code),) = found(batch)
    assert (line, found_code) == (2, code)


def test_a_number_that_was_taken_since_the_preview_is_left_out(xiaomei: User) -> None:
    content = file_of(person("U-1"), person("U-2"))
    batch = checked(content, by=xiaomei, kind=KIND)
    applied(file_of(person("U-1", 姓名="李雷")), by=xiaomei, kind=KIND)
    batch = worked(confirmed(batch))
    assert outcomes(batch) == {2: "left_out", 3: "applied"}
    assert Member.objects.count() == 2


def test_chunks_of_any_size_give_the_same_members(xiaomei: User, settings: object) -> None:
    settings.IMPORT_CHUNK_ROWS = 3  # type: ignore[attr-defined]
    applied(file_of(*[person(f"U-{number}", 期初积分=str(number)) for number in range(10)]), by=xiaomei, kind=KIND)
    wallets = Enrolment.objects.order_by("member").values_list("member__references__external_id", "balance")
    assert sorted(wallets) == [(f"U-{number}", number) for number in range(10)]
    assert_books_balance()


def test_members_are_not_undone(xiaomei: User) -> None:
    batch = applied(file_of(person("U-1")), by=xiaomei, kind=KIND)
    with pytest.raises(ImportStateError):
        undo_import(batch, actor=xiaomei, at=AT)
