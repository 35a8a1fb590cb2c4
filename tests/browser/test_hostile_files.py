"""The worst of the files that are made to break an import, by a browser: each is refused in the operator's words."""

from pathlib import Path

import pytest
from playwright.sync_api import expect

from memberships.demo import OPERATOR
from tests.browser.chromium import browsing
from tests.browser.desk import PATIENCE, log_in, upload, wait_until_done
from tests.browser.house import House
from tests.corpus.files import CORPUS, MIB, Hostile, text
from tests.customer_files import a_row, csv_file

pytestmark = pytest.mark.browser
BY_NAME = {hostile.what: hostile for hostile in CORPUS}
#: Each with what it is refused for, in Chinese and in English.
WORST = {
    "a sheet that unpacks to 5 GB": ("解压后", "bytes unpacked"),
    "a cell of 500 MB": ("超过 131072 个字符", "more than 131072 characters"),
    "one cell, at XFD1048576": ("XFD", "too many columns"),
    "a billion laughs": ("DOCTYPE", "declares a DOCTYPE"),
    "an encrypted workbook": ("已加密", "is encrypted"),
    "a workbook that is named .csv": ("XLSX", "what is in the file is XLSX"),
    "a record of ten million lines": ("超过 1048576 个字符", "more than 1048576 characters"),
}
LARGEST = text("a text of 500 MB without a line", lambda: b"x" * (500 * MIB), "no_line_breaks")


@pytest.mark.parametrize("place", [0, 1], ids=["zh-CN", "en-US"])
def test_an_operator_reads_why_a_file_is_refused_and_loads_the_next(
    place: int, chromium: str, house: House, tmp_path: Path
) -> None:
    locale = ("zh-CN", "en-US")[place]
    with browsing(chromium, tmp_path / "profile", locale=locale, base_url=house.address) as context:
        page, complaints = context.pages[0], []
        page.on("pageerror", lambda error: complaints.append(f"{page.url}: {error}"))
        log_in(page, OPERATOR.username, OPERATOR.password)
        for what, said in WORST.items():
            upload(page, _written(BY_NAME[what], tmp_path))
            row = page.locator(".desk-table tbody tr")
            expect(row).to_have_count(1)
            expect(row).to_contain_text(BY_NAME[what].code)
            expect(row).to_contain_text(said[place])
        if place:
            upload(page, _written(LARGEST, tmp_path))
            expect(page.locator(".desk-table tbody tr")).to_contain_text(LARGEST.code)
        upload(page, _good(tmp_path, 6_900_000 + place))
        page.click("form[action$='/confirm/'] button[type=submit]", timeout=PATIENCE)
        wait_until_done(page)
        expect(page.locator(".desk-tabs a[href*='rows=applied']")).to_contain_text("1")
        assert complaints == []


def _written(hostile: Hostile, folder: Path) -> Path:
    path = folder / hostile.name
    path.write_bytes(hostile.content())
    return path


def _good(folder: Path, number: int) -> Path:
    path = folder / "good.csv"
    path.write_bytes(csv_file([a_row(number)]))
    return path
