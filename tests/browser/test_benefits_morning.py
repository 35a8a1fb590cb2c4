"""An operator's morning with benefits: one is redeemed for a member who calls."""

import pytest
from playwright.sync_api import Page, expect

from memberships.demo import OPERATOR
from tests.browser.desk import log_in
from tests.browser.house import House

pytestmark = pytest.mark.browser
USES = "/admin/benefits/redemption/"


def test_an_operator_redeems_for_a_member(page: Page, house: House) -> None:
    """By the keyboard; the member's page says that it is booked, and counts it."""
    log_in(page, OPERATOR.username, OPERATOR.password)
    page.goto(USES)
    page.locator("#result_list a[href*='memberships/member/']").first.click()
    page.wait_for_url("**/memberships/member/*/change/**")
    page.locator("nav[data-sections] a[href='#benefits']").click()
    expect(page.locator("#benefits h2").first).to_be_in_viewport()
    limited = page.locator("#benefits tr").filter(has=page.locator("a[href*='/redeem/']"))
    line = limited.filter(has=page.locator("td", has_text="/")).first
    right, before = (line.locator("td").nth(place).inner_text() for place in (0, 1))
    name = line.locator("td a").first.inner_text()
    line.locator("a[href*='/redeem/']").click()
    page.wait_for_url("**/redeem/**")
    page.fill("textarea[name=reason]", "会员来电，请核销")
    page.press("input[name=quantity]", "Enter")
    page.wait_for_url("**/memberships/member/*/change/**")
    expect(page.locator(".bg-green-100").filter(has_text=name).first).to_be_in_viewport()
    same = page.locator("#benefits tr").filter(has=page.locator("td", has_text="/")).filter(has_text=right)
    expect(same.filter(has_text=before)).to_have_count(0)
