"""Two records of one person or firm: named conflicts, one record that stays, the other number, and the way back."""

import json
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.db import Error, transaction
from django.utils.translation import override

from memberships.admin.display import today
from memberships.models import (
    AccountClosure,
    Enrolment,
    Member,
    MemberContact,
    MemberMerge,
    MemberReference,
    MergeMove,
    PointsEntry,
    PointsLot,
)
from memberships.services.closures import close_account
from memberships.services.enrolments import enrol_member
from memberships.services.merges import (
    MemberMergedError,
    MergeBlockedError,
    conflicts_of,
    forget_past_moves,
    hindrances_of,
    refuse_merged,
    undo_merge,
)
from operations.models import Approval
from tests.memberships.admin_pages import granted, signed_in
from tests.memberships.case_stories import a_note
from tests.memberships.factories import (
    TODAY,
    a_card,
    a_firm,
    a_method,
    a_person,
    an_annual_card,
    an_operator,
    jd_plus,
)
from tests.memberships.merge_stories import (
    an_asker,
    asked_to_merge,
    asked_to_undo,
    decided,
    differences,
    merged,
    rows_of,
)
from tests.memberships.order_import_stories import checked, faults
from tests.memberships.points_stories import (
    DECEMBER,
    JUNE,
    a_wallet,
    assert_books_balance,
    balance,
    earn,
    morning,
    spend,
)
from tests.operations.approval_stories import a_checker
from tests.order_files import an_order, order_file

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)
LEDGER = ("memberships_pointsentry", "memberships_pointslot", "memberships_lotdraw", "memberships_enrolment")


@pytest.fixture(autouse=True)
def english() -> Iterator[None]:
    with override("en"):
        yield


def two_records(**programme: Any) -> tuple[Member, Member]:
    """Li Lei with a card and 100 points until June; and with 70 until June, 30 until December, an agreement."""
    survivor = a_card(an_annual_card(jd_plus(**programme))).member
    former = a_person()
    earn(a_wallet(survivor), 100, expires_on=JUNE)
    wallet = a_wallet(former)
    earn(wallet, 70, expires_on=JUNE, qualifying=500)
    earn(wallet, 30, expires_on=DECEMBER)
    a_method(former, "tok_other")
    MemberContact.objects.filter(member=former).update(mobile="13700001111", email="")
    MemberContact.objects.filter(member=survivor).update(name="")
    for source, member, number in (("ctrip", former, "C-7"), ("hema", former, "H-1"), ("hema", survivor, "H-2")):
        MemberReference.objects.create(member=member, source=source, external_id=number)
    a_note(former, an_operator("ali"), on=TODAY, at=morning(TODAY))
    return former, survivor


def wallet_of(member: Member) -> Enrolment:
    return Enrolment.objects.get(member=member)


def spendable(member: Member) -> list[tuple[int, Any]]:
    lots = PointsLot.objects.filter(member=member).spendable(on=TODAY).order_by("expires_on", "pk")
    return list(lots.values_list("remaining", "expires_on"))


def test_what_is_current_moves_and_what_happened_stays_and_undoing_restores_every_row() -> None:
    former, survivor = two_records()
    before = rows_of(former, survivor)
    request = asked_to_merge(former, survivor, name="former", mobile="former", email="survivor")
    assert not MemberMerge.objects.exists()
    assert decided(request, at=morning(TODAY)).state == Approval.State.EXECUTED
    merge = MemberMerge.objects.get()
    assert (merge.actor.username, merge.checker and merge.checker.username) == ("xiaomei", "laowang")

    contact = survivor.contacts.get()
    assert (contact.name, contact.mobile, contact.email) == ("李雷", "13700001111", "lilei@example.com")
    assert survivor.payment_methods.count() == 2 and not former.payment_methods.exists()
    assert [*survivor.references.order_by("source").values_list("external_id", flat=True)] == ["C-7", "H-2"]
    # Lot by lot with their days; nothing was issued, and both ledgers only grew.
    assert spendable(survivor) == [(100, JUNE), (70, JUNE), (30, DECEMBER)]
    assert (balance(wallet_of(survivor)), balance(wallet_of(former))) == (200, 0)
    moved = PointsEntry.objects.filter(key__startswith=f"merge:{merge.pk}:")
    assert sum(moved.values_list("points", flat=True)) == 0
    assert {*moved.values_list("reason_code__code", flat=True)} == {"records-merged"}
    counted = PointsEntry.objects.filter(member=survivor, qualifying=500).get()
    assert (counted.points, counted.on) == (0, TODAY)
    former.refresh_from_db()
    assert former.closed_on == TODAY and former.case_notes.count() == 1
    with pytest.raises(MemberMergedError, match=survivor.number):
        refuse_merged(former)
    assert differences() == []
    # What is personal stands sealed in the journal, and in no clear column of it.
    assert MergeMove.objects.filter(columns="name, mobile").count() == 1
    for write in (
        lambda: MergeMove.objects.all().delete(), lambda: MemberMerge.objects.update(reason="x"),
        lambda: MergeMove.objects.update(row=1), lambda: MemberMerge.objects.all().delete(),
    ):
        with pytest.raises(Error), transaction.atomic():
            write()

    last_day = TODAY + 30 * DAY
    undone = decided(asked_to_undo(merge, on=last_day), at=morning(last_day))
    assert undone.state == Approval.State.EXECUTED
    after = rows_of(former, survivor)
    assert {table: rows for table, rows in after.items() if table not in LEDGER} == {
        table: rows for table, rows in before.items() if table not in LEDGER
    }
    # Of the ledger: no row of before was changed but lots, whose points came back in lots of the same days; net zero.
    entries = {entry["id"] for entry in before["memberships_pointsentry"]}
    added = [entry for entry in after["memberships_pointsentry"] if entry["id"] not in entries]
    kept = [entry for entry in after["memberships_pointsentry"] if entry["id"] in entries]
    assert kept == before["memberships_pointsentry"]
    for member in (former, survivor):
        own = [row for row in added if row["member_id"] == member.pk]
        assert sum(row["points"] for row in own) == sum(row["qualifying"] for row in own) == 0
    assert after["memberships_enrolment"] == before["memberships_enrolment"]
    assert spendable(former) == [(70, JUNE), (30, DECEMBER)] and spendable(survivor) == [(100, JUNE)]
    assert not MergeMove.objects.filter(values__isnull=False).exists()
    assert differences(on=last_day) == []
    assert_books_balance()
    with pytest.raises(MergeBlockedError, match="undone on"):
        undo_merge(merge, reason="x", on=last_day, at=morning(last_day), actor=an_asker(), checker=None)


def test_what_contradicts_is_named_before_anything_is_asked_for() -> None:
    former, survivor = two_records()

    def said(one: Member, other: Member) -> str:
        return " ".join(conflict.words for conflict in conflicts_of(one, other, on=TODAY) if conflict.is_bar)

    assert said(former, survivor) == ""
    assert said(survivor, former) == ""
    assert "one and the same" in said(former, former)
    assert "they are not one" in said(former, a_firm())
    plan = an_annual_card(survivor.subscriptions.get().programme, code="gold", name="金卡", name_en="Gold card")
    third = a_card(plan).member
    assert "Both have a card" in said(third, survivor) and "Gold card" in said(third, survivor)
    earn(wallet_of(former), 9, pending_until=TODAY + DAY)
    assert "9 points are pending" in said(former, survivor)
    with pytest.raises(MergeBlockedError, match="9 points are pending"):
        asked_to_merge(former, survivor)
    assert not Approval.objects.exists()
    one, other = a_person(), a_person()
    merged(one, other)
    assert f"merged into {other.number}" in said(one, survivor) and f"merged into {other.number}" in said(survivor, one)
    close_account(other, reason="注销", on=TODAY, at=morning(TODAY), actor=an_asker(), checker=None)
    assert "is closed" in said(other, survivor)
    firms = a_firm(), a_firm()
    (warning,) = conflicts_of(*firms, on=TODAY)
    assert not warning.is_bar and firms[0].customer.credit_code in warning.words


def test_undoing_is_refused_for_what_changed_since_and_after_the_thirtieth_day() -> None:
    former, survivor = two_records()
    merge = merged(former, survivor, mobile="former")
    last_day = TODAY + 30 * DAY
    assert hindrances_of(merge, on=last_day) == []
    assert hindrances_of(merge, on=last_day + DAY) == [f"A merge can be undone until {last_day}."]
    spend(wallet_of(survivor), 171)
    MemberContact.objects.filter(member=survivor).update(mobile="13699998888")
    changed, spent = hindrances_of(merge, on=last_day)
    assert "mobile" in changed and "Of 100 points that came with the merge 71 were spent" in spent
    with pytest.raises(MergeBlockedError, match="71 were spent"):
        asked_to_undo(merge, on=last_day)
    # Another one on top has to be undone first.
    third = a_person()
    survivor.subscriptions.update(cancelled_on=TODAY - DAY, ended_on=TODAY - DAY)
    survivor.terms.all().delete()
    again = merged(survivor, third)
    assert hindrances_of(merge, on=TODAY) == [f"{survivor} was merged into {third} since: undo that first."]
    with pytest.raises(MemberMergedError, match=third.number):
        refuse_merged(former)
    forget_past_moves(on=last_day)
    assert MergeMove.objects.filter(merge=again, values__isnull=False).exists()
    forget_past_moves(on=last_day + DAY)
    assert not MergeMove.objects.filter(values__isnull=False).exists()


def test_lists_that_name_the_number_that_ended_are_refused_with_the_one_that_stays() -> None:
    former, survivor = two_records()
    merged(former, survivor)
    batch = checked(order_file(an_order("A-1", former.number), an_order("A-2", survivor.number)), by=an_asker())
    assert [(each.line, each.code, each.expected) for each in faults(batch)] == [(2, "member_merged", survivor.number)]


def test_a_closed_account_takes_its_other_numbers_along() -> None:
    former, survivor = a_person(), a_person()
    merged(former, survivor, mobile="former")
    with pytest.raises(Exception, match=survivor.number):
        close_account(former, reason="注销", on=TODAY, at=morning(TODAY), actor=an_asker(), checker=None)
    close_account(survivor, reason="注销", on=TODAY, at=morning(TODAY), actor=an_asker(), checker=None)
    assert {closure.member_id for closure in AccountClosure.objects.all()} == {former.pk, survivor.pk}
    assert not MemberContact.objects.exclude(name="", mobile="", email="").exists()
    assert not MergeMove.objects.filter(values__isnull=False).exists()
    assert "erased" in hindrances_of(MemberMerge.objects.get(), on=TODAY)[0]


def test_xiaomei_finds_the_other_record_compares_asks_and_laowang_sees_what_he_approves() -> None:
    former, survivor = a_person(on=today()), a_person(on=today())
    MemberContact.objects.filter(member=former).update(name="李磊")
    enrol_member(former, jd_plus(), on=today(), at=morning(today()), actor=None)
    desk = signed_in(an_asker())
    page = desk.get(f"/admin/memberships/membermerge/find/{survivor.pk}/").content.decode()
    compare = f"/admin/memberships/membermerge/compare/{former.pk}/{survivor.pk}/"
    assert "same mobile" in page and compare in page and "13812345678" not in page
    by_number = desk.post(f"/admin/memberships/membermerge/find/{survivor.pk}/", {"other": former.number})
    assert compare in by_number.content.decode()
    assert desk.post(f"/admin/memberships/membermerge/find/{survivor.pk}/", {"other": "nobody"}).status_code == 422
    # The younger record is offered to end in the older one.
    younger, older = max(former.pk, survivor.pk), min(former.pk, survivor.pk)
    duplicates = desk.get("/admin/memberships/membermerge/duplicates/").content.decode()
    assert f"/compare/{younger}/{older}/" in duplicates
    shown = desk.get(compare).content.decode()
    assert "李** (of the number that ends)" in shown and "What stays" in shown and "李磊" not in shown
    assert desk.post(compare, {"name": "former", "reason": "同一人"}).status_code == 302
    request = Approval.objects.get()
    assert request.payload["choices"] == {"name": "former"}
    assert "李磊" not in json.dumps(request.payload, ensure_ascii=False)
    laowang = signed_in(granted(a_checker("laowang"), "memberships.view_member"))
    assert "What moves" in laowang.get(f"/admin/operations/approval/{request.pk}/change/").content.decode()
    assert decided(request, at=morning(today() + DAY)).state == Approval.State.EXECUTED
    merge = MemberMerge.objects.get()
    member_page = desk.get(f"/admin/memberships/member/{survivor.pk}/change/").content.decode()
    assert "Also" in member_page and former.number in member_page and "Undo the merge" in member_page
    old_page = desk.get(f"/admin/memberships/member/{former.pk}/change/").content.decode()
    assert "was merged into another one" in old_page and survivor.number in old_page
    # Whoever searches the old number comes to the one that stays; its timeline tells of both.
    found = desk.post("/admin/find/", {"q": former.number})
    assert found.status_code == 302 and f"/member/{survivor.pk}/" in found["Location"]
    timeline = desk.get(f"/admin/memberships/member/{survivor.pk}/timeline/").content.decode()
    assert f'<span class="desk-quiet">{former.number}</span>' in timeline
    undo = f"/admin/memberships/membermerge/{merge.pk}/undo/"
    assert "Can be undone until" in desk.get(undo).content.decode()
    assert desk.post(undo, {"reason": "并非同一人"}).status_code == 302
    stranger = signed_in(an_operator("stranger"))
    assert stranger.get(compare).status_code == stranger.get(undo).status_code == 403
