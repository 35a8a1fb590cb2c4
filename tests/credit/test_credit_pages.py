"""The desk of credit: what controllers and approvers read on its pages, and what their buttons do."""

from decimal import Decimal
from typing import Any

import pytest
from django.contrib.contenttypes.models import ContentType
from django.core.cache import cache
from django.db import connection
from django.db.models import Model
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from credit.models import CreditDecision, CreditLine, LineVersion, Receipt
from credit.services.balance_confirmations import ask_for_confirmation
from credit.services.line_changes import suspend_line
from credit.services.lines import limit_on
from memberships.admin.display import today
from operations.models import Approval
from tests.credit.credit_stories import (
    DAY,
    a_card_with_credit,
    a_controller,
    a_line,
    a_policy,
    an_approver,
    an_invoice,
    asked_for,
    fresh,
    paid,
)
from tests.credit.draw_stories import credited, held
from tests.credit.receipt_stories import allocations, received
from tests.memberships.admin_pages import signed_in

pytestmark = pytest.mark.django_db


def page_of(record: Model, page: str = "change") -> str:
    return reverse(f"admin:{record._meta.app_label}_{record._meta.model_name}_{page}", args=[record.pk])


def pressed(client: Client, url: str, **fields: Any) -> Any:
    """The form of a page, filled in and sent with what it showed."""
    form = client.get(url).context["form"]
    begun = {name: form[name].value() for name in form.fields}
    sent = {name: value for name, value in {**begun, "reason": "客户申请", **fields}.items() if value is not None}
    return client.post(url, sent, follow=True)


def words(response: Any) -> str:
    text: str = response.content.decode()
    return text


def test_a_grant_over_the_controllers_limit_waits_on_the_request_until_another_person_approves() -> None:
    card = a_card_with_credit(on=today())
    asked = asked_for(300_000, member=card.member, on=today())
    xiaoxin, laowang = a_controller(), an_approver()
    controller, approver = signed_in(xiaoxin), signed_in(laowang)
    shown = words(controller.get(page_of(asked)))
    assert "2,000,000.00" in shown and "Longest term (days)" in shown
    answer = pressed(controller, page_of(asked, "grant"), limit="300000", evidence="财务报表")
    assert "takes a second person" in words(answer) and "Waiting for approval" in words(answer)
    assert not CreditLine.objects.exists()
    waiting = Approval.objects.get()
    assert controller.post(page_of(waiting, "approve"), {}).status_code == 403
    approver.post(page_of(waiting, "approve"), {})
    decided = CreditDecision.objects.get(request=asked)
    assert (decided.maker, decided.checker, decided.evidence["said"]) == (xiaoxin, laowang, {"evidence": "财务报表"})
    done = words(controller.get(page_of(asked)))
    assert "财务报表" in done and "laowang" in done and page_of(CreditLine.objects.get()) in done


def test_a_controller_declines_a_request_and_it_cannot_be_decided_again() -> None:
    asked = asked_for(50_000, member=a_card_with_credit(on=today()).member, on=today())
    controller = signed_in(a_controller())
    pressed(controller, page_of(asked, "decline"), reason="经营时间不足")
    assert "经营时间不足" in words(controller.get(page_of(asked)))
    again = words(controller.get(page_of(asked, "grant"), follow=True))
    assert "The request is decided already" in again


def test_a_controller_changes_terms_within_the_card_and_is_told_what_is_beyond_it() -> None:
    line = a_line(80_000, on=today())
    controller = signed_in(a_controller())
    beyond = pressed(controller, page_of(line, "change_terms"), term_kind="net_days", days="90")
    assert beyond.status_code == 422 and "terms of up to 61 days" in words(beyond)
    nonsense = pressed(controller, page_of(line, "change_terms"), term_kind="statement", days="30")
    assert nonsense.status_code == 422 and "does not go with statement" in words(nonsense)
    done = pressed(controller, page_of(line, "change_terms"), limit="90000", term_kind="month_end", days="15")
    assert "15 days after the end of the month" in words(done)
    assert limit_on(line, on=today()) == Decimal(90_000)
    # What was shown is not what there is any more: a second click does nothing.
    versions = LineVersion.objects.count()
    stale = {"seen": "another", "limit": "95000", "starts_on": today().isoformat(), "reason": "客户申请"}
    assert "has changed since" in words(controller.post(page_of(line, "change_terms"), stale, follow=True))
    assert LineVersion.objects.count() == versions


def test_an_order_is_tried_and_every_rule_that_would_stop_it_is_named() -> None:
    a_policy(blocking=[
        {"code": "one-order", "kind": "order_amount", "threshold": "5000", "name": {"zh": "单笔", "en": "One order"}},
        {"code": "late", "kind": "overdue_days", "threshold": "10", "name": {"zh": "逾期", "en": "Late"}},
    ])
    line = a_line(20_000, on=today() - 60 * DAY)
    reader, url = signed_in(an_approver()), reverse("admin:credit_creditline_order_test")
    asked = {"member": str(line), "amount": "6000"}
    assert "it would be stopped" in words(reader.get(url, asked)).lower()
    assert "19,000.00 CNY would be available" in words(reader.get(url, {**asked, "amount": "1000"}))
    an_invoice(line, 1_000, on=today() - 60 * DAY, due_on=today() - 20 * DAY)
    suspend_line(line, on=today(), actor=None, reason="收货争议")
    stopped = words(reader.get(url, {**asked, "amount": "50000"}))
    for told in ("One order", "20 days overdue", "the line is suspended since", "51,000.00 CNY would be open"):
        assert told in stopped
    assert "There is no credit line of that member." in words(reader.get(url, {**asked, "member": "123"}))
    assert "What stops draws" in words(reader.get(page_of(line)))


def test_a_payment_of_nobody_is_matched_by_one_click_and_pays_what_it_is_exactly() -> None:
    line = a_line(on=today() - 40 * DAY)
    invoice, other = an_invoice(line, 777, on=today()), an_invoice(line, 500, on=today() - 3 * DAY)
    receipt = received(777, on=today())
    controller, reader = signed_in(a_controller()), signed_in(an_approver())
    work, now = reverse("admin:credit_receipt_work"), reverse(
        "admin:credit_receipt_match_now", args=[receipt.pk, line.pk]
    )
    assert now in words(controller.get(work)) and f"open of invoice {invoice.number}" in words(controller.get(work))
    assert now not in words(reader.get(work))
    assert reader.post(now).status_code == 403
    assert "777.00 CNY of it pay invoices" in words(controller.post(now, follow=True))
    assert allocations(receipt) == {invoice.number: Decimal(777)} and fresh(other).outstanding == 500
    assert "Every receipt is matched." in words(controller.get(work))
    pressed(controller, page_of(receipt, "bounce"), reason="账户异常")
    assert fresh(receipt).state == Receipt.State.BOUNCED and fresh(invoice).outstanding == 777
    large = received(50_001, on=today())
    now = reverse("admin:credit_receipt_match_now", args=[large.pk, line.pk])
    assert "takes a second person" in words(controller.post(now, follow=True))
    assert "Waiting for approval" in words(controller.get(page_of(large)))


def test_a_receipt_over_the_limit_is_entered_by_two() -> None:
    a_line(on=today())
    controller = signed_in(a_controller())
    fields = {"amount": "60000", "payer_name": "上海不知名商行", "bank_number": "B-1"}
    answer = pressed(controller, reverse("admin:credit_receipt_enter"), **fields)
    assert "takes a second person" in words(answer) and not Receipt.objects.exists()
    answer = pressed(controller, reverse("admin:credit_receipt_enter"), **{**fields, "amount": "600"})
    assert Receipt.objects.get().amount == 600 and "not matched" in words(answer)


def test_the_ageing_of_a_day_leads_down_to_the_invoices_of_a_customer() -> None:
    line = a_line(on=today() - 60 * DAY)
    late = an_invoice(line, 1_250, on=today() - 60 * DAY, due_on=today() - 40 * DAY)
    reader, url = signed_in(an_approver()), reverse("admin:credit_invoice_ageing")
    shown = words(reader.get(url))
    assert "1,250.00" in shown and f"member={line.member_id}" in shown
    assert "Nobody owes anything." in words(reader.get(url, {"on": (today() - 61 * DAY).isoformat()}))
    assert "Nobody owes anything." in words(reader.get(url, {"bucket": "4"}))
    assert late.number in words(reader.get(url, {"member": str(line.member_id), "bucket": "2"}))
    for nonsense in ({"on": "2026-99-99"}, {"after": "x:y"}, {"bucket": "77"}):
        assert reader.get(url, nonsense).status_code == 200
    assert reader.get(url, {"member": "9" * 30}).status_code == 404


def test_a_statement_is_read_by_all_and_taken_away_by_who_may() -> None:
    line = a_line(on=today() - 40 * DAY)
    invoice = an_invoice(line, 640, on=today())
    controller, reader = signed_in(a_controller()), signed_in(an_approver())
    assert invoice.number in words(reader.get(page_of(line, "statement")))
    for ending, begin in (("pdf", b"%PDF"), ("xlsx", b"PK")):
        url = reverse("admin:credit_creditline_statement_file", args=[line.pk, ending])
        assert controller.get(url).content.startswith(begin)
        assert reader.get(url).status_code == 403


def test_a_firms_page_shows_its_line_what_is_open_and_what_is_due_next() -> None:
    line = a_line(10_000, on=today() - 40 * DAY)
    invoice = an_invoice(line, 2_500, on=today(), due_on=today() + 5 * DAY)
    shown = words(signed_in(an_approver()).get(reverse("admin:memberships_member_change", args=[line.member_id])))
    for told in ("2,500.00 CNY owed and 0.00 CNY authorised of 10,000.00 CNY", invoice.number, "Next due", "7,500.00"):
        assert told in shown


LISTS = (
    "creditline", "invoice", "receipt", "authorisation", "creditentry", "creditnote", "overduechange",
    "balanceconfirmation", "temporaryincrease", "blockingexclusion", "overduepause", "creditpolicy",
)


def questions(client: Client, url: str) -> int:
    """What a page asks the database; figures of quick filters and kinds of records anew."""
    ContentType.objects.clear_cache()
    cache.clear()
    with CaptureQueriesContext(connection) as queries:
        assert client.get(url).status_code == 200
    return len(queries)


def test_lists_and_pages_ask_as_much_for_many_rows_as_for_few() -> None:
    reader, on, lines = signed_in(an_approver()), today(), []

    def more() -> None:
        line = a_line(on=on - 60 * DAY)
        lines.append(line)
        paid(an_invoice(line, 100, on=on - 3 * DAY), on=on)
        credited(an_invoice(line, 1_000, on=on - 50 * DAY, due_on=on - 20 * DAY), 10, on=on)
        held(line, 50, on=on)
        received(77, on=on)
        ask_for_confirmation(line, as_of=on, on=on, actor=None)

    more()
    pages = [
        *(reverse(f"admin:credit_{name}_changelist") for name in LISTS), reverse("admin:credit_invoice_ageing"),
        reverse("admin:credit_receipt_work"),
    ]
    few = {url: questions(reader, url) for url in pages}
    of_line, of_member = page_of(lines[0]), reverse("admin:memberships_member_change", args=[lines[0].member_id])
    few |= {url: questions(reader, url) for url in (of_line, of_member)}
    for _number in range(3):
        more()
    an_invoice(lines[0], 30, on=on)
    assert {url: questions(reader, url) for url in few} == few
