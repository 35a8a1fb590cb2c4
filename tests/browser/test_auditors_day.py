"""An auditor's day: who changed what and why, taken away with a reason; the chain of digests; nothing that changes."""

import csv
import re
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from memberships.demo.users import AUDITOR
from tests.browser.desk import first_record, log_in, send
from tests.browser.house import House

pytestmark = pytest.mark.browser
RECORDS = (
    "/admin/memberships/member/", "/admin/memberships/subscription/", "/admin/memberships/enrolment/",
    "/admin/credit/creditline/", "/admin/benefits/campaign/", "/admin/operations/approval/?box=all",
)
#: What is done to records: pages that ask first, and forms.
CHANGES = (
    "#content a:is([href*='/renew/'], [href*='/cancel/'], [href*='/adjust/'], [href*='/refund/'], [href*='/enrol/'],"
    " [href*='/pause/'], [href*='/stop/'], [href*='/approve/'], [href*='/redeem/'], [href*='/suspend/'],"
    " [href*='/close/'], [href$='/add/']), #content form[method=post]:not([action*='/find/']) [type=submit]"
)


def test_an_auditor_finds_out_and_takes_away_and_changes_nothing(page: Page, house: House, tmp_path: Path) -> None:
    log_in(page, AUDITOR.username, AUDITOR.password)
    _searches_the_trail(page)
    _takes_it_away(page, tmp_path)
    _reads_the_digests(page)
    for where in RECORDS:
        page.goto(first_record(page, where))
        expect(page.locator("#content")).to_be_visible()
        expect(page.locator(CHANGES)).to_have_count(0)


def _searches_the_trail(page: Page) -> None:
    """What happened to credit lines: entries with their record, before and after, and whose they are."""
    page.goto("/admin/operations/trailexport/search/")
    page.select_option("[name=model]", label="授信额度")
    page.locator("#trail form button[type=submit]").click()
    page.wait_for_url("**model=**")
    expect(page.locator("#history li").first).to_be_visible()
    expect(page.locator("#history a[href*='/creditline/']").first).to_be_visible()


def _takes_it_away(page: Page, folder: Path) -> None:
    """The reason is kept beside who took what."""
    page.locator("a[href*='/search/export/']").click()
    with page.expect_download() as started:
        send(page, reason="季度审计")
    file = folder / "trail.csv"
    started.value.save_as(file)
    rows = list(csv.reader(file.read_text(encoding="utf-8-sig").splitlines()))
    assert len(rows) > 1
    page.goto("/admin/operations/trailexport/")
    expect(page.locator("#result_list tbody tr").filter(has_text="季度审计").first).to_contain_text(AUDITOR.username)


def _reads_the_digests(page: Page) -> None:
    """A day's page shows its own digest and that of the day before."""
    page.goto(first_record(page, "/admin/operations/auditdigest/"))
    digests = page.locator("#digest dd code").all_inner_texts()
    assert digests and all(re.fullmatch("[0-9a-f]{64}", digest) for digest in digests)
    expect(page.locator("#tables tbody tr").first).to_be_visible()
