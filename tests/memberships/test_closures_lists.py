"""Uploaded lists of whom an account was closed: found however a number was typed, and whatever became of the rows."""

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.core.files.base import ContentFile

from memberships.jobs.erasure import EraseFiles
from memberships.models import AccountClosure, Member, MemberContact, PaymentMethod
from memberships.services.closures import close_account
from memberships.services.import_erasure import RESTS, search_files
from memberships.services.subscriptions import cancel_subscription
from operations.models import ImportBatch, ImportRow
from operations.services.imports import confirm_import, discard_import, upload_file
from operations.services.jobs import start_run
from operations.tasks import work_on_run, work_through
from tests.customer_files import Row, a_row
from tests.customer_imports import AT, applied, checked, file_of
from tests.customer_imports import TODAY as DAY
from tests.memberships.factories import a_method, a_person, an_operator
from tests.memberships.import_stories import a_classic_card
from tests.memberships.test_closures import where_found

pytestmark = pytest.mark.django_db
NAME, MOBILE = "欧阳铁柱", "13912345678"


@pytest.fixture(autouse=True)
def uploads(settings: Any, tmp_path: Path) -> Path:
    settings.MEDIA_ROOT = tmp_path
    return tmp_path


def a_firm_of(row: Row) -> Member:
    """It came by a list, and holds no card any more."""
    a_classic_card()
    applied(file_of(row))
    member = Member.objects.get()
    cancel_subscription(member.subscriptions.get(), on=DAY, reason="注销", actor=None)
    return member


def forget(member: Member) -> AccountClosure:
    """The account is closed, and the night has passed."""
    closure = close_account(member, reason="注销", on=DAY, at=AT, actor=an_operator(), checker=None)
    work_on_run(start_run(EraseFiles.name, business_date=DAY, actor=None, at=AT).pk)
    closure.refresh_from_db()
    return closure


@pytest.mark.parametrize("typed", ["+86 139 1234 5678", "139-1234-5678", "１３９１２３４５６７８", "0086 13912345678"])
@pytest.mark.parametrize("encoding", ["utf-8-sig", "gb18030"])
def test_however_a_mobile_was_typed_another_list_with_it_goes(uploads: Path, typed: str, encoding: str) -> None:
    member = a_firm_of(a_row(1, 联系人=NAME, 手机号=MOBILE, 邮箱=""))
    other = checked(file_of(a_row(2, 联系人=NAME, 手机号=typed, 邮箱=""), encoding=encoding))
    discard_import(other, actor=None, at=AT)
    assert forget(member).searched_at and where_found(uploads, NAME) == []


def test_a_list_goes_that_says_what_the_contact_was_before(uploads: Path) -> None:
    """Nothing in it is the person's any more but that the trail knows whom it wrote."""
    rows = "外部编号,姓名,手机号,邮箱\nA1,欧阳铁柱,13987654321,\n"
    batch = upload_file(
        "members", ContentFile(rows.encode()), file_name="m.csv", skips_invalid=False, actor=None, at=AT
    )
    assert batch.check_run_id
    work_through(batch.check_run_id)
    batch.refresh_from_db()
    batch = confirm_import(
        batch, preview_key=batch.preview_key, file_sha256=batch.file_sha256, actor=None, at=AT
    )
    assert batch.apply_run_id
    work_through(batch.apply_run_id)
    contact = MemberContact.objects.get(mobile="13987654321")
    MemberContact.objects.filter(pk=contact.pk).update(mobile=MOBILE, name="铁柱")
    assert len(where_found(uploads, NAME)) == 1
    forget(contact.member)
    assert where_found(uploads, NAME, "铁柱", MOBILE, "13987654321") == []


def test_what_was_wrong_in_a_row_is_not_kept_beside_its_fault(uploads: Path) -> None:
    member = a_firm_of(a_row(1, 联系人=NAME, 手机号=MOBILE))
    discard_import(checked(file_of(a_row(1, 联系人=NAME, 手机号="1381234567", 邮箱="tiezhu@@mail"))), actor=None, at=AT)
    assert len(where_found(uploads, "1381234567", "tiezhu@@mail")) == 2
    forget(member)
    assert where_found(uploads, NAME, "1381234567", "tiezhu@@mail") == []
    faults = ImportRow.objects.get(faults__isnull=False).faults
    assert [(fault["code"], fault["value"]) for fault in faults] == [("bad_mobile", "***"), ("bad_email", "***")]


def test_a_preview_that_nobody_decides_about_keeps_nobody_for_longer_than_a_month(uploads: Path) -> None:
    member = a_firm_of(a_row(1, 联系人=NAME, 手机号=MOBILE, 邮箱=""))
    preview = checked(file_of(a_row(1, 联系人=NAME, 手机号="13900000000", 邮箱="")))
    closure = forget(member)
    assert closure.searched_at is None and closure.marks
    assert search_files(at=AT + RESTS) == (0, 0)
    assert search_files(at=AT + RESTS + timedelta(seconds=1)) == (1, 1)
    preview.refresh_from_db()
    assert (preview.state, preview.file.name) == (ImportBatch.State.CHECKED, "")
    assert where_found(uploads, NAME, MOBILE, "13900000000") == []


def test_a_name_of_one_sign_is_no_reason_to_remove_the_lists_of_others(uploads: Path) -> None:
    a_firm_of(a_row(1, 联系人=NAME, 手机号=MOBILE))
    nobody = a_person(on=DAY)
    nobody.contacts.update(name="-", mobile="", email="")
    closure = forget(nobody)
    assert closure.searched_at and len(list((uploads / "imports").iterdir())) == 1


def test_how_a_member_pays_is_not_in_the_trail_either(uploads: Path) -> None:
    member = a_person(on=DAY)
    method = a_method(member, on=DAY)
    PaymentMethod.objects.filter(pk=method.pk).update(label="欧阳铁柱 尾号4321")
    forget(member)
    assert where_found(uploads, NAME, "尾号4321") == []
