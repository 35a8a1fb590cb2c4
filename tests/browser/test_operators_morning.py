"""The operator's morning: a customer list with three mistakes, mended, confirmed, found in the history."""

from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from memberships.demo import OPERATOR
from tests.browser.desk import PATIENCE, log_in, press, tab, upload, wait_until_done
from tests.browser.house import House
from tests.customer_files import HEADERS, a_row, csv_file

pytestmark = pytest.mark.browser
FIRMS = range(7_000_001, 7_003_001)
MISTAKES = {5: {"手机号": "1390000"}, 17: {"统一社会信用代码": "1.10105E+17"}, 42: {"会员卡": "platinum"}}
CODES = ["bad_mobile", "spreadsheet_number", "unknown_plan"]


def test_an_operator_loads_a_list_of_customers(page: Page, house: House, tmp_path: Path) -> None:
    log_in(page, OPERATOR.username, OPERATOR.password)
    file = _list_with_mistakes(tmp_path)
    upload(page, file)
    _read_the_reasons(page)
    error_file = _download_the_error_file(page, tmp_path)
    assert error_file.read_bytes().decode("gb18030").splitlines()[0].startswith(",".join(HEADERS))

    upload(page, _mended(file))
    expect(page.locator("form[action$='/confirm/'] button")).to_be_enabled()
    assert "3,000" in page.inner_text(".desk-note.is-good")

    _confirm_and_watch_the_bar(page, house)
    assert "3,000" in page.inner_text(".desk-note.is-good")

    _open_the_first_customer_and_its_history(page)


def _list_with_mistakes(folder: Path) -> Path:
    rows = [a_row(number, **MISTAKES.get(place, {})) for place, number in enumerate(FIRMS)]
    file = folder / "企业客户.csv"
    file.write_bytes(csv_file(rows, encoding="gb18030"))
    return file


def _mended(file: Path) -> Path:
    file.write_bytes(csv_file([a_row(number) for number in FIRMS], encoding="gb18030"))
    return file


def _read_the_reasons(page: Page) -> None:
    expect(page.locator("form[action$='/confirm/'] button")).to_be_disabled()
    tab(page, "invalid")
    rows = page.locator(".desk-table tbody tr")
    expect(rows).to_have_count(3)
    for place, code in zip(MISTAKES, CODES, strict=True):
        row = rows.filter(has_text=code)
        # Line 1 is the header's.
        expect(row.locator("td").first).to_have_text(str(place + 2))


def _download_the_error_file(page: Page, folder: Path) -> Path:
    with page.expect_download() as started:
        page.click("a[href$='/error-file/']")
    file = folder / "errors.csv"
    started.value.save_as(file)
    return file


def _confirm_and_watch_the_bar(page: Page, house: House) -> None:
    """The worker waits until the bar is there; a quick machine would be done before it is drawn."""
    house.stop_work()
    press(page, "confirm")
    expect(page.locator("[data-live] progress")).to_be_visible(timeout=PATIENCE)
    house.go_on_working()
    wait_until_done(page)


def _open_the_first_customer_and_its_history(page: Page) -> None:
    tab(page, "applied")
    name = page.locator(".desk-table tbody a").first
    label = name.inner_text()
    name.click()
    page.wait_for_url("**/enterprisecustomer/**")
    expect(page.get_by_text(label).first).to_be_visible()
    page.goto(page.url.split("/change/")[0] + "/history/")
    # Not the whole page: the menu names the operator, too.
    history = page.locator("#content")
    expect(history.get_by_text(label).first).to_be_visible()
    expect(history.get_by_text(OPERATOR.username).first).to_be_visible()
