"""Files of grants and of reviews: judged row by row, approved as a whole, written as the desk would."""

from decimal import Decimal
from typing import Any

import pytest

from credit.line_approvals import ChangeLine
from credit.models import CreditDecision, CreditLine, LineVersion
from credit.services.limit_import import weight
from credit.services.line_changes import change_line
from credit.services.lines import limit_on, version_on
from memberships.models import CreditRequest, Member
from operations.approval_actions import ConfirmImport
from operations.dates import business_date
from operations.models import Approval, ImportBatch, User
from operations.services.approvals import approve, ask
from tests.credit.credit_stories import (
    DAY,
    MONTHLY_61,
    NET_30,
    TODAY,
    a_card_with_credit,
    a_controller,
    a_firm,
    a_line,
    a_policy,
    an_approver,
    an_offer,
    asked_for,
    fresh,
    morning,
)
from tests.customer_files import Row, csv_file
from tests.memberships.factories import a_person
from tests.memberships.order_import_stories import AT, applied, checked, confirmed, counts, found, outcomes, worked

pytestmark = pytest.mark.django_db
GRANTS, REVIEWS = "credit-grants", "credit-reviews"


def row(member: Member, limit: str = "50000", **cells: str) -> Row:
    """A firm's limit, at the terms of its card."""
    told = {"会员号": member.number, "授信额度": limit, "账期": "", "复审日": "", "理由": "年度授信"}
    return {**told, **cells}


def file_of(*rows: Row) -> bytes:
    return csv_file(rows, headers=list(rows[0]))


def reviews_of(*rows: Row) -> bytes:
    """The same columns, the day being that of the next review."""
    return csv_file(rows, headers=["下次复审日" if name == "复审日" else name for name in rows[0]])


def confirmed_by(batch: ImportBatch, user: User) -> Any:
    """What asking for the confirmation of a preview comes to: done, or a request."""
    payload = ConfirmImport.payload_of(batch, preview_key=batch.preview_key, file_sha256=batch.file_sha256)
    return ask(ConfirmImport.name, payload, actor=user, reason="年度授信", on=business_date(AT), at=AT)


def test_a_file_of_grants_is_approved_as_a_whole_and_names_who_did() -> None:
    cards = [a_card_with_credit() for _ in range(3)]
    asks = asked_for(90_000, member=cards[0].member)
    xiaoxin, laowang = a_controller(), an_approver()
    content = file_of(
        row(cards[0].member, 复审日="2027-07-01"), row(cards[1].member, "40,000", 账期="30"),
        row(cards[2].member, "20000.50"),
    )
    # Each of them is within the controller's own limit, together they are not.
    batch = checked(content, by=xiaoxin, kind=GRANTS)
    assert counts(batch) == {"new": 3}
    request = confirmed_by(batch, xiaoxin)
    assert isinstance(request, Approval)
    assert "110,000.50 CNY" in str(request.texts["en"])
    with pytest.raises(Exception, match=r"另一个人|another person"):
        approve(request, checker=xiaoxin, decision="ok", on=TODAY, at=AT)
    assert approve(request, checker=laowang, decision="同意", on=TODAY, at=AT).state == Approval.State.EXECUTED
    assert worked(batch).applied == 3

    asks.refresh_from_db()
    lines = {line.member_id: line for line in CreditLine.objects.all()}
    first, second, third = (lines[card.member_id] for card in cards)
    assert (asks.state, CreditRequest.objects.filter(state="granted").count()) == ("granted", 3)
    assert [limit_on(line, on=TODAY) for line in (first, second, third)] == [50_000, 40_000, Decimal("20000.50")]
    assert version_on(first, on=TODAY).terms == MONTHLY_61
    assert version_on(second, on=TODAY).terms == {"kind": "net_days", "days": 30}
    assert str(first.review_on) == "2027-07-01"
    decision = CreditDecision.objects.get(member_id=first.member_id)
    assert (decision.request, decision.version) == (asks, version_on(first, on=TODAY))
    assert (decision.maker, decision.checker, decision.approval) == (xiaoxin, laowang, request)
    assert decision.evidence["requested"] == {"limit": "90000", "term_days": 30, "on": TODAY.isoformat()}
    assert LineVersion.objects.filter(maker=xiaoxin, checker=laowang, approval=request).count() == 3
    # The file that comes again finds everything as it says.
    assert counts(checked(content, by=xiaoxin, kind=GRANTS)) == {"unchanged": 3}


def test_bad_rows_of_grants_are_named_before_any_is_written() -> None:
    needs = {"member_days": 10}
    a_policy(offers={"classic": an_offer("1000000.00"), "premium": an_offer(minimum_standing=needs)})
    xiaoxin, person, firm = a_controller(), a_person(), a_firm()
    good, over, long, late, young = (
        a_card_with_credit(code).member for code in ("classic", "classic", "classic", "classic", "premium")
    )
    has = a_line(7_000).member
    twice, same = (a_card_with_credit().member for _ in range(2))
    content = file_of(
        row(good), row(person), row(firm), row(over, "1000000.01"), row(long, 账期="62"),
        row(late, 复审日="2026-01-01"), row(young), row(has), row(twice), row(twice, "60000"), row(same), row(same),
        row(good, 理由=""), {**row(good), "会员号": "12345678901"}, row(good, "a lot"),
    )
    batch = checked(content, by=xiaoxin, kind=GRANTS, skips_invalid=True)
    assert {(line, column, code) for line, column, _value, code in found(batch)} == {
        (3, "会员号", "no_credit_card"), (4, "会员号", "no_credit_card"), (5, "授信额度", "over_cap"),
        (6, "账期", "over_cap"), (7, "复审日", "past_date"), (8, "会员号", "standing_not_reached"),
        (9, "会员号", "has_credit_line"), (10, "会员号", "conflicting_rows"), (11, "会员号", "conflicting_rows"),
        (14, "理由", "required"), (15, "会员号", "bad_member_number"), (16, "授信额度", "bad_amount"),
    }
    assert counts(batch) == {"new": 2, "invalid": 12, "duplicate": 1}
    assert CreditLine.objects.count() == 1
    # What happened since the preview leaves its row out, and says so.
    a_line(1, card=good.subscriptions.get())
    assert outcomes(worked(confirmed(batch)))[2] == "left_out"
    assert {line.member for line in CreditLine.objects.all()} == {has, good, same}


def test_a_file_of_reviews_changes_what_it_says_and_nothing_else() -> None:
    raised, lowered, only_day, same, moved = (a_line(limit) for limit in (30_000, 80_000, 5_000, 6_000, 7_000))
    lapsed = a_line(1_000)
    CreditLine.objects.filter(pk=lapsed.pk).update(state="lapsed", lapsed_on=TODAY)
    xiaoxin = a_controller()
    content = reviews_of(
        row(raised.member, "60000"), row(lowered.member, "10000"), row(only_day.member, "", 复审日="2027-07-01"),
        row(same.member, "6000"), row(moved.member, "", 账期="45"), row(lapsed.member, "2000"),
        row(a_firm(), "2000"), row(a_card_with_credit().member, "2000", 账期="7"),
    )
    batch = checked(content, by=xiaoxin, kind=REVIEWS, skips_invalid=True)
    assert counts(batch) == {"new": 4, "unchanged": 1, "invalid": 3}
    assert [(line, code) for line, *_cell, code in found(batch)] == [
        (7, "line_not_raised"), (8, "no_credit_line"), (9, "no_credit_line")
    ]
    # 60,000 is raised and 7,000 gets other terms: together within what the controller may do alone.
    assert not isinstance(confirmed_by(batch, xiaoxin), Approval)
    change_line(moved, limit=Decimal(1), starts_on=TODAY, on=TODAY, at=morning(TODAY), actor=None, reason="急调")
    assert outcomes(worked(batch)) | {7: "", 8: "", 9: ""} == {
        2: "applied", 3: "applied", 4: "applied", 6: "left_out", 7: "", 8: "", 9: "",
    }
    assert [limit_on(line, on=TODAY) for line in (raised, lowered, only_day, moved)] == [60_000, 10_000, 5_000, 1]
    assert str(fresh(only_day).review_on) == "2027-07-01"
    assert (only_day.versions.count(), raised.versions.count()) == (1, 2)
    assert limit_on(raised, on=TODAY - DAY) == 0


def test_a_file_does_not_raise_lines_over_the_controllers_limit_alone() -> None:
    lines = [a_line(40_000) for _ in range(2)]
    xiaoxin = a_controller()
    content = reviews_of(*(row(line.member, "60000") for line in lines))
    request = confirmed_by(checked(content, by=xiaoxin, kind=REVIEWS), xiaoxin)
    assert isinstance(request, Approval)
    assert LineVersion.objects.count() == 2
    # Nor does somebody without limits of their own apply one grant.
    other = applied(file_of(row(a_card_with_credit().member, "1")), by=xiaoxin, kind=GRANTS)
    assert other.applied == 1


def test_a_file_weighs_other_terms_as_the_desk_does() -> None:
    ships, xiaoxin = {**MONTHLY_61, "rolling": "forward"}, a_controller()
    for terms, days, takes_two in (
        (ships, "61", True), (ships, "5", False), (NET_30, "31", True), (NET_30, "20", False)
    ):
        line = a_line(2_000_000, terms, actor=None)
        batch = checked(reviews_of(row(line.member, "", 账期=days)), by=xiaoxin, kind=REVIEWS)
        payload = ChangeLine.payload_of(
            line, limit=None, terms={"kind": "net_days", "days": int(days)}, starts_on=TODAY
        )
        assert (weight(batch) > 0, ChangeLine().amount(payload) != 0) == (takes_two, takes_two), (terms, days)
