"""A credit controller's day: a request decided, an order that would be stopped, a receipt matched, a pause."""

from datetime import date, timedelta

import pytest
from playwright.sync_api import Page, expect

from memberships.demo.users import CONTROLLER
from tests.browser.desk import log_in, send
from tests.browser.house import House

pytestmark = pytest.mark.browser


def test_a_credit_controller_decides_matches_and_pauses(page: Page, house: House) -> None:
    log_in(page, CONTROLLER.username, CONTROLLER.password)
    _a_receipt_is_matched(page)
    _a_request_is_declined(page)
    line = _an_order_would_be_stopped(page)
    _the_line_is_paused(page, line)


def _a_receipt_is_matched(page: Page) -> None:
    """To the firm that the work list suggests; it leaves the list."""
    page.goto("/admin/credit/receipt/work/")
    suggested = page.locator("section[id^=receipt-]").filter(has=page.locator("form[action*='/match']")).first
    place = f"#{suggested.get_attribute('id')}"
    with page.expect_navigation():
        suggested.locator("form button").first.click()
    page.goto("/admin/credit/receipt/work/")
    expect(page.locator("#receipts-work")).to_be_visible()
    expect(page.locator(place)).to_have_count(0)


def _a_request_is_declined(page: Page) -> None:
    """One that nobody has asked about yet; the decision stands on its page with its reason and what it rested on."""
    page.goto("/admin/memberships/creditrequest/")
    for address in page.locator("#result_list tbody a[href*='/creditrequest/']").evaluate_all(
        "links => links.map(link => link.href)"
    ):
        page.goto(address)
        if page.locator("a[href*='/decline/']").count() and not page.locator("a[href*='/approval/']").count():
            break
    page.locator("a[href*='/decline/']").click()
    send(page, reason="经营时间不足，半年后再申请")
    expect(page.locator("#decision")).to_contain_text("经营时间不足，半年后再申请")
    expect(page.locator("a[href*='/decline/']")).to_have_count(0)


def _an_order_would_be_stopped(page: Page) -> str:
    """Of a firm that owes something; every rule that stops it is named. The address of its line."""
    page.goto("/admin/credit/invoice/ageing/")
    page.locator("#content tbody td a").first.click()
    page.locator("#content a[href*='/creditline/'][href*='/change/']").first.click()
    page.wait_for_url("**/creditline/*/change/**")
    line = page.url.partition("?")[0]
    number = page.locator("#content a[href*='/memberships/member/']").first.inner_text()
    page.goto("/admin/credit/creditline/order-test/")
    page.fill("[name=member]", number)
    page.fill("[name=amount]", "1000000")
    page.locator("#order-test form button[type=submit]").click()
    expect(page.locator("#order-test .desk-note.is-bad code").first).to_be_visible()
    return line


def _the_line_is_paused(page: Page, line: str) -> None:
    """For ten days, since the firm promised to pay; reminders rest, and who said so stands on the page."""
    page.goto(line)
    page.locator("a[href*='/pause/']").first.click()
    last = date.fromisoformat(page.input_value("[name=starts_on]")) + timedelta(days=10)
    page.fill("[name=ends_on]", f"{last}")
    send(page, reason="已承诺下周付款")
    page.wait_for_url("**/creditline/*/change/**")
    expect(page.locator("#content").get_by_text("已承诺下周付款").first).to_be_visible()
