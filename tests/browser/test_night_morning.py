"""The operator's morning after a night: a failed renewal is charged by another method, a payment given back."""

import re

import pytest
from playwright.sync_api import Page, expect

from memberships.demo import OPERATOR
from tests.browser.desk import PATIENCE, log_in
from tests.browser.house import House

pytestmark = pytest.mark.browser
CARDS = "/admin/memberships/subscription/"
PAYMENTS = "/admin/memberships/payment/"
WALLETS = "/admin/memberships/enrolment/"


def test_an_operator_looks_after_the_night(page: Page, house: House) -> None:
    log_in(page, OPERATOR.username, OPERATOR.password)
    # What the night charged leads to the payments, what failed to the cards.
    night = page.locator("#panel-renewals a[href*='/payment/']").first
    expect(night).to_be_visible()
    assert int(re.sub(r"\D", "", night.inner_text().partition("20")[0])) > 0
    failed = _open_the_failed_renewals(page)
    _open_a_card_and_read_its_attempts(page)
    _charge_it_again(page)
    _give_a_payment_back(page)
    _look_at_a_wallet(page)
    assert failed > 0


def _open_the_failed_renewals(page: Page) -> int:
    """From the first page to the list: as many as it said."""
    link = page.locator("#to-do a[href*='subscription/?show=failed']")
    count = int(re.sub(r"\D", "", link.locator("span").last.inner_text()))
    link.click()
    page.wait_for_url("**show=failed")
    expect(page.locator("#quick-filters [aria-current]")).to_contain_text(str(count))
    expect(page.locator("#result_list tbody tr")).to_have_count(count)
    return count


def _open_a_card_and_read_its_attempts(page: Page) -> None:
    """A card in grace: it can still be paid for."""
    page.click("#quick-filters a[href*='show=in_grace']")
    page.wait_for_url("**show=in_grace")
    for address in page.locator("#result_list tbody th a").evaluate_all("links => links.map(link => link.href)"):
        page.goto(address)
        if page.locator("a[href*='/retry/']").count():
            break
    expect(page.locator("article .desk-note.is-bad").first).to_be_visible()
    expect(page.locator("article tbody tr").first).to_be_visible()


def _charge_it_again(page: Page) -> None:
    """By the member's method, with a reason; the new attempt stands on the card's page, with who and why."""
    card = page.url.partition("?")[0]
    page.locator("a[href*='/retry/']").first.click()
    page.wait_for_url("**/retry/**")
    page.fill("textarea[name=reason]", "会员来电，请再扣一次")
    page.locator("select[name=method]").select_option(index=0)
    page.click(".desk form button[type=submit]")
    page.wait_for_url(f"{card}**", timeout=PATIENCE)
    expect(page.get_by_text("会员来电，请再扣一次").first).to_be_visible()


def _give_a_payment_back(page: Page) -> None:
    """Part of the newest payment that succeeded; the card goes on."""
    page.goto(PAYMENTS)
    rows = page.locator("#result_list tbody tr")
    addresses = rows.locator("th a").evaluate_all("links => links.map(link => link.href)")
    for address in addresses:
        page.goto(address)
        if page.locator("a[href*='/refund/']").count():
            break
    page.locator("a[href*='/refund/']").first.click()
    page.wait_for_url("**/refund/**")
    page.fill("input[name=amount]", "0.50")
    page.check("input[name=card][value=goes_on]")
    page.fill("textarea[name=reason]", "系统故障补偿")
    page.click(".desk form button[type=submit]")
    page.wait_for_url("**/subscription/**", timeout=PATIENCE)
    refunds = page.locator("article table").filter(has_text="系统故障补偿")
    expect(refunds.first).to_be_visible()
    expect(refunds.get_by_text("0.50").first).to_be_visible()


def _look_at_a_wallet(page: Page) -> None:
    """The newest may be of a programme without points."""
    page.goto(WALLETS)
    for address in page.locator("#result_list tbody th a").evaluate_all("links => links.map(link => link.href)"):
        page.goto(address)
        if page.locator("#lots tbody tr").count():
            break
    expect(page.locator("#lots tbody tr").first).to_be_visible()
    expect(page.locator("#entries tbody tr").first).to_be_visible()
