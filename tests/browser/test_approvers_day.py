"""An approver's day: one request is approved, one refused with a reason, and nobody decides their own."""

import pytest
from playwright.sync_api import Page, expect

from memberships.demo.users import ADMIN, APPROVER
from tests.browser.desk import first_record, log_in, send, sign_in_as
from tests.browser.house import House

pytestmark = pytest.mark.browser
INBOX = "/admin/operations/approval/"


def test_an_approver_decides_what_others_asked_for(page: Page, house: House) -> None:
    log_in(page, ADMIN.username, ADMIN.password)
    own = _ask_for_another_limit(page)
    # Who may decide and asked for it finds no button; by the address it is refused.
    expect(page.locator("a[href*='/approve/']")).to_have_count(0)
    page.goto(own.replace("/change/", "/approve/"))
    send(page)
    expect(page.locator("#approval a[href*='/withdraw/']")).to_be_visible()
    sign_in_as(page, APPROVER.username, APPROVER.password)
    page.locator("#to-do a[href*='/approval/']").first.click()
    page.wait_for_url("**/approval/**")
    expect(page.locator("#result_list tbody tr").first).to_be_visible()
    waiting = page.locator("#result_list tbody tr").count()
    _decide(page, own, "approve", "已与主管确认")
    other = page.locator("#result_list tbody a[href*='/change/']").first.get_attribute("href") or ""
    _decide(page, other, "reject", "资料不全，请补充财务报表")
    expect(page.locator("#result_list tbody tr")).to_have_count(waiting - 2)


def _ask_for_another_limit(page: Page) -> str:
    """The address of the request."""
    page.goto(first_record(page, "/admin/operations/approvallimit/"))
    page.fill("[name=amount]", "4321")
    page.fill("[name=reason]", "旺季放宽")
    page.locator("button[name=_save]").click()
    page.wait_for_url("**/approvallimit/**")
    page.goto(f"{INBOX}?box=mine")
    page.locator("#result_list tbody a[href*='/change/']").first.click()
    page.wait_for_url("**/approval/*/change/**")
    return page.url.partition("?")[0]


def _decide(page: Page, address: str, what: str, reason: str) -> None:
    """Both page and trail say by whom and why; the inbox is shorter."""
    page.goto(address)
    page.locator(f"a[href*='/{what}/']").click()
    send(page, reason=reason)
    page.wait_for_url("**/approval/**")
    page.goto(address)
    expect(page.locator("#approval")).to_contain_text(reason)
    expect(page.locator("#approval")).to_contain_text(APPROVER.username)
    page.goto(INBOX)
