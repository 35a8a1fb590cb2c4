"""Closing an account: what stands in the way, the second person, and that nothing of the person is left anywhere."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from django.db import Error, connection, transaction
from django.utils import timezone

from memberships.admin.display import today
from memberships.closing_approvals import CloseAccount
from memberships.jobs.erasure import EraseFiles
from memberships.models import AccountClosure, EnterpriseCustomer, Member, MemberContact, PointsEntry
from memberships.services.case_notes import follow_up_note
from memberships.services.closures import AccountClosedError, close_account
from memberships.services.customers import change_customer
from memberships.services.erasure import remove_attachments
from memberships.services.subscriptions import cancel_subscription
from operations.dates import business_date
from operations.errors import ApprovalError
from operations.models import Approval, ImportBatch, ImportRow, User
from operations.services.approvals import approve, ask
from operations.services.jobs import start_run
from operations.services.reveals import reveal
from operations.tasks import work_on_run
from tests.customer_files import a_row
from tests.customer_imports import AT, applied, checked, file_of
from tests.customer_imports import TODAY as DAY
from tests.memberships.admin_pages import granted, signed_in
from tests.memberships.case_stories import a_letter, a_note
from tests.memberships.factories import (
    a_card,
    a_method,
    a_person,
    an_annual_card,
    an_operator,
    jd_plus,
    jd_plus_enterprise,
)
from tests.memberships.points_stories import a_wallet, earn
from tests.operations.approval_stories import a_checker

pytestmark = pytest.mark.django_db
RIGHTS = ("memberships.close_account", "memberships.view_member", "memberships.view_accountclosure")
NAME, MOBILE, EMAIL = "欧阳铁柱", "13912345678", "tiezhu.ouyang@example.com"
FORMER = "13987654321"


@pytest.fixture(autouse=True)
def uploads(settings: Any, tmp_path: Path) -> Path:
    settings.MEDIA_ROOT = tmp_path
    return tmp_path


def asked_to_close(member: Member, *, at: datetime) -> Approval:
    result = ask(
        CloseAccount.name, CloseAccount.payload_of(member), actor=granted(an_operator(), *RIGHTS),
        reason="本人申请注销", on=business_date(at), at=at,
    )
    assert isinstance(result, Approval)
    return result


def decided(request: Approval, *, at: datetime) -> Approval:
    """Laowang approves; the request as it stands then."""
    laowang = User.objects.filter(username="laowang").first() or a_checker("laowang")
    checker = granted(laowang, "memberships.view_member")
    return approve(request, checker=checker, decision="已核实", on=business_date(at), at=at)


def tables() -> Iterator[str]:
    """Every table of the database that holds rows, ours or not."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT quote_ident(schemaname) || '.' || quote_ident(tablename) FROM pg_tables "
            "WHERE schemaname NOT IN ('pg_catalog', 'information_schema')"
        )
        yield from [table for (table,) in cursor.fetchall()]


def where_found(folder: Path, *words: str) -> list[str]:
    """The tables whose rows, and the files whose bytes, hold any of these words."""
    found = []
    for table in tables():
        with connection.cursor() as cursor:
            cursor.execute(f"SELECT count(*) FROM {table} r WHERE r::text LIKE ANY(%s)", [[f"%{w}%" for w in words]])
            found += [table] if cursor.fetchone()[0] else []
    marks = [word.encode(encoding) for word in words for encoding in ("utf-8", "gb18030")]
    files = [path for path in folder.rglob("*") if path.is_file()]
    return found + [str(path) for path in files if any(mark in path.read_bytes() for mark in marks)]


def a_firm_known_everywhere() -> Member:
    """Imported, imported again with another mobile; revealed; with notes, a letter and a way to pay."""
    an_annual_card(jd_plus_enterprise(), code="classic", name="经典卡", name_en="Classic card")
    row = a_row(1, 联系人=NAME, 手机号=FORMER, 邮箱=EMAIL)
    applied(file_of(row))
    applied(file_of({**row, "手机号": MOBILE}))
    xiaomei = an_operator("ali")
    member = Member.objects.get(contacts__mobile=MOBILE)
    cancel_subscription(member.subscriptions.get(), on=DAY, reason="注销", actor=xiaomei)
    a_method(member, on=DAY)
    letter = a_letter(f"{NAME}.pdf", f"%PDF-{EMAIL}".encode())
    note = a_note(member, xiaomei, text=f"{NAME}来电，{MOBILE}", files=[letter], follow_up_on=DAY, on=DAY, at=AT)
    follow_up_note(note, next_on=DAY, reason="再联系", on=DAY, at=AT, actor=xiaomei)
    reveal(member.contacts.get(), ["mobile"], reason="核对身份", actor=xiaomei, at=AT)
    change_customer(member.customer, changes={"city": "杭州市", "remarks": f"老板{NAME}"}, reason="补全", actor=xiaomei)
    return member


def test_nothing_of_the_person_is_left_in_any_table_or_file_and_every_fact_stays(uploads: Path) -> None:
    member = a_firm_known_everywhere()
    assert len(where_found(uploads, NAME, MOBILE, EMAIL)) >= 6
    assert decided(asked_to_close(member, at=AT), at=AT).state == Approval.State.EXECUTED
    closure = AccountClosure.objects.get(member=member)
    assert closure.erased == {
        "contacts": 1, "remarks": 1, "case_notes": 1, "attachments": 1, "payment_methods": 1, "import_rows": 1,
    }
    assert (closure.actor.username, closure.checker.username, closure.reason) == ("xiaomei", "laowang", "本人申请注销")
    run = start_run(EraseFiles.name, business_date=DAY, actor=None, at=AT)
    work_on_run(run.pk)
    remove_attachments()  # what the commit would have removed, had this not been one transaction
    assert where_found(uploads, NAME, MOBILE, FORMER, EMAIL) == []
    closure.refresh_from_db()
    assert closure.searched_at and closure.marks is None
    member.refresh_from_db()
    firm = EnterpriseCustomer.objects.get(pk=member.pk)
    assert member.closed_on == DAY and firm.legal_name and firm.credit_code
    assert member.case_notes.get().written_by.username == "ali" and not member.case_notes.get().is_to_follow_up
    assert ImportRow.objects.filter(object_id=member.pk).count() == 2
    trail = MemberContact.pgh_event_models["insert"].objects.filter(member=member)  # type: ignore[attr-defined]
    masked = list(trail.order_by("pgh_id").values_list("name", "mobile"))
    assert masked == [("欧**", "139****4321"), ("欧**", "139****5678"), ("", "")]
    # Of free text the trail keeps that it changed.
    events = EnterpriseCustomer.pgh_event_models["insert"].objects.filter(pgh_obj=member.pk)  # type: ignore[attr-defined]
    assert list(events.order_by("pgh_id").values_list("remarks", flat=True)) == ["", "*** (6)", ""]


def test_what_was_erased_does_not_come_back() -> None:
    member = a_firm_known_everywhere()
    close_account(member, reason="注销", on=DAY, at=AT, actor=an_operator(), checker=None)
    with pytest.raises(AccountClosedError):
        a_note(member, an_operator("lan"))
    with pytest.raises(AccountClosedError):
        change_customer(member.customer, changes={"remarks": NAME}, reason="补", actor=an_operator("mei"))
    with pytest.raises(AccountClosedError):
        close_account(member, reason="再来", on=DAY, at=AT, actor=an_operator("hua"), checker=None)
    for write in (
        lambda: MemberContact.objects.filter(member=member).update(mobile=MOBILE),
        lambda: MemberContact.objects.create(member=member, is_primary=False, name=NAME),
        lambda: AccountClosure.objects.filter(member=member).delete(),
    ):
        with pytest.raises(Error), transaction.atomic():
            write()
    again = checked(file_of(a_row(1, 联系人=NAME, 手机号=FORMER, 邮箱=EMAIL)))
    assert (again.new, again.changed, again.invalid) == (0, 0, 1) or again.state == ImportBatch.State.REFUSED


def test_card_points_to_come_and_open_payments_stand_in_the_way_and_are_said(uploads: Path) -> None:
    card = a_card(an_annual_card(jd_plus()))
    member = card.member
    earn(a_wallet(member, card.programme), 30, pending_until=today() + timedelta(days=7))
    desk = signed_in(granted(an_operator(), *RIGHTS))
    page = f"/admin/memberships/accountclosure/close/{member.pk}/"
    shown = desk.get(page).content.decode()
    assert "it has to end first" in shown and "30 points are pending" in shown and "What stays" in shown
    answer = desk.post(page, {"reason": "本人申请"})
    assert answer.status_code == 422 and "it has to end first" in answer.content.decode()
    assert not Approval.objects.exists() and not AccountClosure.objects.exists()


def test_points_that_are_left_are_given_up_by_the_ledger(uploads: Path) -> None:
    wallet = a_wallet(a_person(on=today()))
    earn(wallet, 100, on=today())
    desk = signed_in(granted(an_operator(), *RIGHTS))
    page = f"/admin/memberships/accountclosure/close/{wallet.member_id}/"
    assert "100" in desk.get(page).content.decode()
    assert desk.post(page, {"reason": "本人申请"}).status_code == 302
    request = Approval.objects.get()
    a_note(wallet.member, an_operator("ali"))
    assert decided(request, at=timezone.now()).state == Approval.State.REFUSED  # a note came after it was asked for
    desk.post(page, {"reason": "本人申请"})
    decided(Approval.objects.latest("pk"), at=timezone.now())
    wallet.refresh_from_db()
    taken = PointsEntry.objects.latest("pk")
    assert (wallet.balance, taken.points, taken.reason_code.code) == (0, -100, "account-closed")
    member_page = desk.get(f"/admin/memberships/member/{wallet.member_id}/change/").content.decode()
    assert "The account was closed" in member_page and "xiaomei" in member_page
    stranger = signed_in(granted(an_operator("stranger"), "memberships.view_member"))
    assert stranger.get(page).status_code == 403


def test_nobody_closes_an_account_alone() -> None:
    request = asked_to_close(a_person(on=today()), at=timezone.now())
    with pytest.raises(ApprovalError):
        maker = granted(request.maker, "operations.decide_approval")
        approve(request, checker=maker, decision="好", on=today(), at=timezone.now())
    assert not AccountClosure.objects.exists()
