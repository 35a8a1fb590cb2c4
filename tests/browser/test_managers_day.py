"""A programme manager's day: a rule is drafted and its effect counted; does it pay, for whom, and which campaigns."""

import pytest
from playwright.sync_api import Page, expect

from memberships.demo.users import MANAGER
from tests.browser.desk import PATIENCE, first_record, log_in, send
from tests.browser.house import House

pytestmark = pytest.mark.browser
EDITOR = "/admin/memberships/programmerevision/add/?programme=jd-plus"


def test_a_programme_manager_changes_a_rule_and_asks_whether_it_pays(page: Page, house: House) -> None:
    log_in(page, MANAGER.username, MANAGER.password)
    _a_revision_is_drafted(page)
    _its_effect_is_counted(page)
    _does_it_pay(page)
    _a_campaign_is_stopped(page)


def _a_revision_is_drafted(page: Page) -> None:
    """The highest tier asks for more; the preview says so before anything is kept."""
    page.goto(EDITOR)
    source = page.locator("textarea[name=source]")
    text = source.input_value()
    assert "threshold: 1000" in text
    source.fill(text.replace("threshold: 1000", "threshold: 1500", 1))
    page.click("button[name=preview]")
    expect(page.locator("#preview")).to_contain_text("1,500")
    page.click("button[name=save]")
    page.wait_for_url("**/programmerevision/*/change/**")
    expect(page.locator("#changes")).to_contain_text("1,500")
    expect(page.locator("a[href$='/submit/']")).to_be_visible()


def _its_effect_is_counted(page: Page) -> None:
    """Over all wallets, while the page follows; then tables and chart stand there with their time."""
    page.locator("form[action$='/what_if/'] button").click()
    expect(page.locator("#what-if[data-live]")).to_have_count(0, timeout=PATIENCE)
    expect(page.locator("#what-if table").first).to_be_visible()
    expect(page.locator("#what-if code").first).to_be_visible()


def _does_it_pay(page: Page) -> None:
    """The statement of a programme, of one funder; from the programme on to how thin its benefits are spread."""
    page.goto("/admin/memberships/profitrow/of/")
    expect(page.locator("#profit table")).to_be_visible()
    expect(page.locator("#profit canvas")).to_be_visible()
    page.locator("#profit nav a[href*='funder=partner']").click()
    expect(page.locator("#profit nav [aria-current]").last).to_be_visible()
    page.locator("#profit h2 a[href*='/programme/']").click()
    page.locator("a[href*='/dilution/']").click()
    expect(page.locator("#dilution table").first).to_be_visible()
    page.locator("#dilution form button[type=submit]").click()
    expect(page.locator("#dilution table").first).to_be_visible()


def _a_campaign_is_stopped(page: Page) -> None:
    """One that runs: budget, pace and result stand there; stopped with a reason, it says so."""
    first_record(page, "/admin/benefits/campaign/")
    for address in page.locator("#result_list tbody th a").evaluate_all("links => links.map(link => link.href)"):
        page.goto(address)
        if page.locator("a[href*='/stop/']").count():
            break
    expect(page.locator("#pace canvas")).to_be_visible()
    page.locator("a[href*='/stop/']").click()
    send(page, reason="价格标错，先停")
    expect(page.locator("#campaign .desk-note.is-bad").first).to_be_visible()
    expect(page.locator("a[href*='/resume/']")).to_be_visible()
