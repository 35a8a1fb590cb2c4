"""What an operator does at the desk, in terms of the page; found by role and name of field, not by wording."""

from pathlib import Path

from playwright.sync_api import Page, expect

UPLOAD = "/admin/operations/importbatch/add/"
#: Long enough for a machine with little to spare.
PATIENCE = 60_000


def log_in(page: Page, username: str, password: str) -> None:
    page.goto("/admin/")
    page.fill("input[name=username]", username)
    page.fill("input[name=password]", password)
    page.press("input[name=password]", "Enter")
    page.wait_for_url("**/admin/")


def upload(page: Page, file: Path, *, invalid_rows: str = "refuse") -> None:
    """Upload a file and stay until it is checked; the page follows the check by itself."""
    page.goto(UPLOAD)
    page.set_input_files("input[name=file]", file)
    page.check(f"input[name=invalid_rows][value={invalid_rows}]")
    page.click(".desk form button[type=submit]")
    page.wait_for_url("**/change/**")
    wait_until_done(page)


def wait_until_done(page: Page) -> None:
    """Until nothing on the page is in progress any more, without loading it anew."""
    expect(page.locator("[data-live]")).to_have_count(0, timeout=PATIENCE)


def press(page: Page, action: str) -> None:
    """The button whose form posts to that action of the import."""
    page.click(f'form[action$="/{action}/"] button[type=submit]')


def tab(page: Page, rows: str) -> None:
    page.click(f'.desk-tabs a[href*="rows={rows}"]')
    page.wait_for_url(f"**rows={rows}**")


def sign_in_as(page: Page, username: str, password: str) -> None:
    """Whoever was signed in is no more."""
    page.context.clear_cookies()
    log_in(page, username, password)


def send(page: Page, *, reason: str = "") -> None:
    """The form of a page that asks first, with its reason."""
    if reason:
        page.fill("[name=reason]", reason)
    page.locator("#content form[method=post] button[type=submit]").last.click()


def first_record(page: Page, where: str) -> str:
    """The address of the first record of a list."""
    page.goto(where)
    return page.locator("#result_list tbody a[href*='/change/']").first.get_attribute("href") or ""
