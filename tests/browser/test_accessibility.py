"""The main pages as somebody finds them who listens, goes by the keyboard or sees little; axe is the judge."""

import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from axe_playwright_python.base import AXE_SCRIPT
from playwright.sync_api import Page, expect

from memberships.demo import ADMIN
from tests.browser.desk import log_in, upload
from tests.browser.house import House
from tests.customer_files import a_bad_row, a_row, csv_file

pytestmark = pytest.mark.browser
#: Every page is looked at in one language on a desk, and in the other on a telephone.
LOOKS = (("zh-hans", 1440), ("en", 390))
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
SERIOUS = {"serious", "critical"}
#: The same on every page, so looked at once.
MENU = "#nav-sidebar"
#: They are like those above them.
MORE_ROWS = "tbody:nth-child(n+9), tbody tr:nth-child(n+9)"
PAGES = {
    "dashboard": "/admin/",
    "members": "/admin/memberships/member/",
    "approvals": "/admin/operations/approval/",
    "import": "/admin/operations/importbatch/add/",
    "work list of receipts": "/admin/credit/receipt/work/",
    "profit": "/admin/memberships/profitrow/of/",
}
LISTS = {
    "card": "/admin/memberships/subscription/",
    "credit line": "/admin/credit/creditline/",
    "value": "/admin/benefits/valuestatement/",
}


def test_axe_finds_no_serious_fault_on_the_main_pages(page: Page, house: House, tmp_path: Path) -> None:
    page.goto("/admin/login/")
    faults = _faults(page, "sign-in")
    log_in(page, ADMIN.username, ADMIN.password)
    _goes_past_the_menu_by_the_keyboard(page)
    _chooses_a_theme_by_the_keyboard(page)
    faults += _faults(page, "menu")
    places = {**PAGES, **_records(page), "preview": _preview(page, tmp_path)}
    for language, width in LOOKS:
        page.context.add_cookies([{"name": "django_language", "value": language, "url": house.address}])
        page.set_viewport_size({"width": width, "height": 900})
        for name, address in places.items():
            page.goto(address)
            assert page.locator("html").get_attribute("lang") == language
            faults += _faults(page, f"{name}, {language}, {width} wide", leave_out=[MENU, MORE_ROWS])
    assert "\n".join(faults) == ""


def _goes_past_the_menu_by_the_keyboard(page: Page) -> None:
    page.keyboard.press("Tab")
    expect(page.locator(".frame-skip")).to_be_focused()
    page.keyboard.press("Enter")
    page.wait_for_url("**#content")


def _chooses_a_theme_by_the_keyboard(page: Page) -> None:
    page.locator("#account-menu").press("Enter")
    for theme, key in (("dark", "Enter"), ("light", "Space")):
        choice = page.locator(f"""[role=button][x-on\\:click="switchTheme('{theme}')"]""")
        choice.focus()
        expect(choice).to_be_focused()
        page.keyboard.press(key)
        expect(page.locator("html")).to_have_class(re.compile(r"\bdark\b" if theme == "dark" else r"^(?!.*\bdark\b)"))
    page.keyboard.press("Escape")
    _reaches_what_is_made_later(page)


def _reaches_what_is_made_later(page: Page) -> None:
    """The menu at the end of a row, as Unfold writes it; none of our lists has one yet."""
    page.evaluate("""() => {
        const row = document.createElement("div");
        row.innerHTML = `<div data-label="More">
            <span id="row-menu" class="material-symbols-outlined" x-on:click="0">more_horiz</span></div>`;
        row.querySelector("span").addEventListener("click", (event) => event.target.remove());
        document.querySelector("main").append(row);
    }""")
    page.get_by_role("button", name="More", exact=True).press("Enter")
    expect(page.locator("#row-menu")).to_have_count(0)


def _records(page: Page) -> dict[str, str]:
    """The first of each list, and whose card that is."""
    found = {}
    for name, address in LISTS.items():
        page.goto(address)
        found[name] = page.locator("#result_list tbody a[href*='/change/']").first.get_attribute("href") or ""
    page.goto(found["card"])
    found["member"] = page.locator("#content a[href*='/memberships/member/']").first.get_attribute("href") or ""
    return found


def _preview(page: Page, folder: Path) -> str:
    """Of a list with a row that is wrong."""
    file = folder / "customers.csv"
    file.write_bytes(csv_file([a_row(7_900_001), a_bad_row(7_900_002)]))
    upload(page, file, invalid_rows="skip")
    return page.url


def _faults(page: Page, name: str, *, leave_out: Sequence[str] = ()) -> list[str]:
    """What axe calls serious or critical, a line each: page, rule, element, why."""
    page.evaluate(AXE_SCRIPT)
    found: dict[str, Any] = page.evaluate(
        "([out, rules]) => axe.run({exclude: out.map(each => [each])}, {runOnly: rules, resultTypes: ['violations']})",
        [list(leave_out), RULES],
    )
    return [
        f"{name}: {fault['id']} ({fault['impact']}): {node['html'][:200]}: {node['failureSummary'][:300]}"
        for fault in found["violations"] if fault["impact"] in SERIOUS for node in fault["nodes"]
    ]
