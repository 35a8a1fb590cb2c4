"""What is owed for a month: drafted from accepted lines, adjusted, approved by a second person, closed for ever."""

import csv
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.db import Error, connection, transaction
from django.utils.translation import override

from operations.errors import KeyConflictError, NotPermittedError
from operations.models import Approval, User
from operations.services.approvals import approve, reject
from partners.errors import OpenDifferencesError, SettlementStateError, StatementStateError
from partners.models import (
    Fulfilment,
    Offer,
    PartnerStatement,
    Settlement,
    SettlementAdjustment,
    SettlementLine,
    StatementLine,
)
from partners.services.late_entries import add_late_entries, late_entries
from partners.services.partner_statements import resolve_lines
from partners.services.settlements import (
    adjust_settlement,
    draft_settlement,
    export_settlement,
    shown_state,
    submit_settlement,
)
from tests.memberships.admin_pages import granted
from tests.memberships.factories import an_operator
from tests.partners.fulfilment_stories import an_offer
from tests.partners.statement_stories import AT, CLOSING, MONTH, active, bring, iqiyi_with, line_of

pytestmark = pytest.mark.django_db
WHEN: Any = {"on": CLOSING, "at": AT}


@pytest.fixture(autouse=True)
def _in_english() -> Any:
    with override("en"):
        yield


@pytest.fixture
def manager() -> User:
    return granted(an_operator("manager"), "partners.draft_settlement")


@pytest.fixture
def approver() -> User:
    return granted(an_operator("approver"), "operations.decide_approval", "partners.view_settlement")


def lines_of(settlement: Settlement) -> list[tuple[str, int, Decimal, Decimal]]:
    found = settlement.lines.order_by("source", "offer", "unit_cost")
    return list(found.values_list("source", "units", "unit_cost", "amount"))


def decide(statement: PartnerStatement, verdict: str, resolution: str, actor: User | None = None) -> None:
    assert resolve_lines(statement, None, resolution, verdict=verdict, note="核对", at=AT, actor=actor)


def settled(manager: User, approver: User) -> Settlement:
    """January with iQiyi, closed at 196 CNY."""
    partner, _offer, fulfilments = iqiyi_with(2)
    bring(partner, fulfilments)
    settlement = draft_settlement(partner, MONTH, actor=manager, **WHEN)
    request = submit_settlement(settlement, reason="一月结算", actor=manager, **WHEN)
    assert isinstance(request, Approval)
    assert approve(request, checker=approver, decision="", **WHEN).state == Approval.State.EXECUTED
    settlement.refresh_from_db()
    return settlement


def test_month_is_settled_by_what_was_accepted(manager: User) -> None:
    partner, _offer, (same, dearer, cheaper, disputed, unbilled) = iqiyi_with(5)
    statement = bring(partner, [
        same, line_of(dearer, amount="99"), line_of(cheaper, amount="90", state="revoked"),
        line_of(disputed, amount="120"), line_of("X1"), same,
    ]).statement  # fmt: skip
    draft = draft_settlement(partner, MONTH, actor=manager, **WHEN)
    assert lines_of(draft) == [("statement", 1, Decimal(98), Decimal(98))], "nothing that is open"
    facts: Any = {"note": "核对", "at": AT, "actor": manager}
    by_order = {line.order: line.pk for line in statement.lines.filter(verdict="amount_differs")}
    resolve_lines(statement, [by_order[dearer.key]], "accept_theirs", **facts)
    resolve_lines(statement, [by_order[cheaper.key]], "accept_ours", **facts)
    resolve_lines(statement, [by_order[disputed.key]], "dispute", **facts)
    decide(statement, "missing_here", "accept_theirs")
    decide(statement, "missing_there", "accept_ours")
    decide(statement, "duplicate", "write_off")
    assert unbilled.key in set(statement.lines.values_list("order", flat=True))
    settlement = draft_settlement(partner, MONTH, actor=manager, **WHEN)
    assert lines_of(settlement) == [
        ("statement", 5, Decimal(98), Decimal(490)), ("statement", 1, Decimal(99), Decimal(99)),
    ]  # fmt: skip
    assert settlement.total == Decimal(589)


def test_open_differences_are_not_submitted(manager: User) -> None:
    partner, _offer, (first, second) = iqiyi_with(2)
    statement = bring(partner, [first]).statement
    settlement = draft_settlement(partner, MONTH, actor=manager, **WHEN)
    with pytest.raises(OpenDifferencesError, match="1"):
        submit_settlement(settlement, reason="一月", actor=manager, **WHEN)
    decide(statement, "missing_there", "accept_ours")
    with pytest.raises(SettlementStateError, match="anew"):
        submit_settlement(settlement, reason="一月", actor=manager, **WHEN)
    settlement = draft_settlement(partner, MONTH, actor=manager, **WHEN)
    assert (settlement.total, second.offer.unit_cost) == (Decimal(196), Decimal(98))
    assert isinstance(submit_settlement(settlement, reason="一月", actor=manager, **WHEN), Approval)


def test_partner_without_a_statement_is_settled_by_our_own_records(manager: User) -> None:
    partner, _offer, _fulfilments = iqiyi_with(3)
    settlement = draft_settlement(partner, MONTH, actor=manager, **WHEN)
    assert (lines_of(settlement), settlement.total) == ([("own", 3, Decimal(98), Decimal(294))], Decimal(294))


def test_what_comes_late_for_a_closed_month_is_added_to_the_next_once(manager: User, approver: User) -> None:
    partner, offer, fulfilments = iqiyi_with(2)
    january = draft_settlement(partner, MONTH, actor=manager, **WHEN)
    request = submit_settlement(january, reason="一月结算", actor=manager, **WHEN)
    assert isinstance(request, Approval)
    approve(request, checker=approver, decision="", **WHEN)
    february = draft_settlement(partner, date(2027, 2, 1), actor=manager, **WHEN)
    assert late_entries(february) == []

    active(offer, 3, on=date(2027, 1, 31))
    Fulfilment.objects.filter(pk=fulfilments[0].pk).update(activated_on=date(2027, 2, 1))
    [entry] = late_entries(february)
    assert (entry.words, entry.amount) == ("late for 2027-01: +2 of “vip-year”", Decimal(196))
    for added in (1, 0):
        assert len(add_late_entries(february, reason="补记", actor=manager, **WHEN)) == added, "once"
    february = draft_settlement(partner, date(2027, 2, 1), actor=manager, **WHEN)
    assert february.total == Decimal(294), "98 and what was late"

    Fulfilment.objects.filter(pk=fulfilments[1].pk).update(activated_on=date(2027, 2, 2))
    march = draft_settlement(partner, date(2027, 3, 1), on=date(2027, 4, 1), at=AT, actor=manager)
    assert [(late.month, late.amount) for late in late_entries(march)] == [(MONTH, Decimal(-98))], "fewer are taken off"


def test_prepaid_codes_are_told_and_not_owed_again(manager: User) -> None:
    partner, _offer, fulfilments = iqiyi_with(1)
    active(an_offer(partner, sku="code", settled=Offer.Settled.PREPAID, unit_cost="5.00"), 4)
    bring(partner, fulfilments)
    settlement = draft_settlement(partner, MONTH, actor=manager, **WHEN)
    assert lines_of(settlement) == [
        ("prepaid", 4, Decimal(5), Decimal(20)), ("statement", 1, Decimal(98), Decimal(98)),
    ]  # fmt: skip
    assert settlement.total == Decimal(98)


def test_adjustments_are_signed_and_added_once(manager: User) -> None:
    partner, _offer, fulfilments = iqiyi_with(1)
    bring(partner, fulfilments)
    settlement = draft_settlement(partner, MONTH, actor=manager, **WHEN)
    for _again in range(2):
        adjust_settlement(settlement, Decimal("-8.50"), key="CN-1", reason="服务补偿", actor=manager, **WHEN)
    with pytest.raises(KeyConflictError):
        adjust_settlement(settlement, Decimal("-9.50"), key="CN-1", reason="服务补偿", actor=manager, **WHEN)
    for amount, reason in ((Decimal(0), "x"), (Decimal(1), " ")):
        with pytest.raises(SettlementStateError):
            adjust_settlement(settlement, amount, key="CN-2", reason=reason, actor=manager, **WHEN)
    settlement.refresh_from_db()
    assert settlement.total == Decimal("89.50")
    assert draft_settlement(partner, MONTH, actor=manager, **WHEN).total == Decimal("89.50"), "adjustments stay"


def test_settlement_is_closed_by_a_second_person(manager: User, approver: User) -> None:
    settlement = settled(manager, approver)
    assert (settlement.state, settlement.closed_on, settlement.total) == ("closed", CLOSING, Decimal(196))
    assert settlement.statement and settlement.statement.state == "settled"


def test_maker_does_not_approve_and_others_do_not_submit(manager: User) -> None:
    partner, _offer, _fulfilments = iqiyi_with(1)
    settlement = draft_settlement(partner, MONTH, actor=manager, **WHEN)
    with pytest.raises(NotPermittedError), transaction.atomic():
        submit_settlement(settlement, reason="一月", actor=an_operator("other"), **WHEN)
    settlement.refresh_from_db()
    assert settlement.state == "draft"
    request = submit_settlement(settlement, reason="一月", actor=manager, **WHEN)
    granted(manager, "operations.decide_approval", "partners.view_settlement")
    with pytest.raises(Exception, match="another person"):
        approve(request, checker=User.objects.get(pk=manager.pk), decision="", **WHEN)  # type: ignore[arg-type]


def test_rejected_settlement_is_a_draft_again(manager: User, approver: User) -> None:
    partner, _offer, _fulfilments = iqiyi_with(1)
    settlement = draft_settlement(partner, MONTH, actor=manager, **WHEN)
    request = submit_settlement(settlement, reason="一月", actor=manager, **WHEN)
    assert isinstance(request, Approval)
    with pytest.raises(SettlementStateError):
        adjust_settlement(settlement, Decimal(1), key="A1", reason="补", actor=manager, **WHEN)
    settlement.refresh_from_db()
    assert shown_state(settlement) == "submitted"
    reject(request, checker=approver, decision="单价不对", at=AT)
    assert shown_state(settlement) == "draft"
    adjust_settlement(settlement, Decimal(1), key="A1", reason="补", actor=manager, **WHEN)
    settlement.refresh_from_db()
    assert (settlement.state, settlement.total) == ("draft", Decimal(99))


def test_while_it_waits_nothing_beneath_it_changes(manager: User) -> None:
    partner, _offer, (first, second) = iqiyi_with(2)
    statement = bring(partner, [first, line_of(second, amount="97")]).statement
    decide(statement, "amount_differs", "accept_theirs")
    settlement = draft_settlement(partner, MONTH, actor=manager, **WHEN)
    submit_settlement(settlement, reason="一月", actor=manager, **WHEN)
    with pytest.raises(StatementStateError):
        bring(partner, [first, second])
    with pytest.raises(StatementStateError):
        resolve_lines(statement, None, "dispute", note="?", at=AT, actor=manager)


def test_statement_of_a_settled_month_is_not_replaced(manager: User, approver: User) -> None:
    settlement = settled(manager, approver)
    with pytest.raises(StatementStateError, match="settled"):
        bring(settlement.partner, [line_of("X1")])
    with pytest.raises(SettlementStateError, match="closed"):
        draft_settlement(settlement.partner, MONTH, actor=manager, **WHEN)
    with pytest.raises(SettlementStateError, match="closed"):
        adjust_settlement(settlement, Decimal(1), key="A1", reason="补", actor=manager, **WHEN)


def test_month_that_goes_on_is_drafted_but_not_submitted(manager: User) -> None:
    partner, _offer, _fulfilments = iqiyi_with(1)
    at_work: Any = {"on": date(2027, 1, 31), "at": AT - timedelta(days=3)}
    settlement = draft_settlement(partner, MONTH, actor=manager, **at_work)
    with pytest.raises(SettlementStateError, match="not over"):
        submit_settlement(settlement, reason="一月", actor=manager, **at_work)
    with pytest.raises(SettlementStateError, match="not begun"):
        draft_settlement(partner, date(2027, 2, 1), actor=manager, **at_work)


def test_closed_settlement_is_locked_in_the_database(manager: User, approver: User) -> None:
    settlement = settled(manager, approver)
    line = settlement.lines.get()
    other = Settlement.objects.create(partner=settlement.partner, month=date(2026, 12, 1), drafted_at=AT)
    table = connection.ops.quote_name
    for forbidden in (
        lambda: Settlement.objects.filter(pk=settlement.pk).update(total=1),
        lambda: Settlement.objects.filter(pk=settlement.pk).update(state="draft", closed_on=None),
        lambda: Settlement.objects.filter(pk=settlement.pk).delete(),
        lambda: SettlementLine.objects.filter(pk=line.pk).update(settlement=other),
        lambda: SettlementLine.objects.filter(pk=line.pk).delete(),
        lambda: SettlementLine.objects.create(
            settlement=settlement, offer=line.offer, units=1, unit_cost=1, amount=1
        ),
        lambda: SettlementAdjustment.objects.create(
            settlement=settlement, key="A", amount=1, reason="x", on=CLOSING, at=AT
        ),
        *(
            (lambda model=model: connection.cursor().execute(f"TRUNCATE {table(model._meta.db_table)} CASCADE"))
            for model in (Settlement, SettlementLine, SettlementAdjustment, StatementLine, PartnerStatement)
        ),
    ):
        with pytest.raises(Error), transaction.atomic():
            forbidden()
    settlement.refresh_from_db()
    assert (settlement.state, settlement.total) == ("closed", Decimal(196))


def test_export_guards_texts_and_leaves_numbers_numbers(manager: User) -> None:
    partner, _offer, _fulfilments = iqiyi_with(1)
    settlement = draft_settlement(partner, MONTH, actor=manager, **WHEN)
    adjust_settlement(settlement, Decimal(-1), key="A1", reason="=1+1", actor=manager, **WHEN)
    settlement.refresh_from_db()
    text = b"".join(export_settlement(settlement, "en")).decode("utf-8-sig")
    assert "'=1+1" in text and ",-1.00," in text
    assert next(reversed(list(csv.reader(text.splitlines()))))[:3] == [
        "iqiyi", '="2027-01"', "total, without prepaid"
    ], "a month is no day"
    assert "97.00" in text.splitlines()[-1]
