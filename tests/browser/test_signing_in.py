"""Signing in by hand: a phone is set up and asked for, and what was typed is there again after the session ended."""

import re
from datetime import UTC, datetime
from urllib.parse import quote

import pytest
from playwright.sync_api import Page, Route, expect

from tests.browser.desk import log_in
from tests.operations.sign_in_stories import code_of

pytestmark = pytest.mark.browser
NEW_CLIENT = "/admin/operations/apiclient/make/"
SENT = "form:has([name=reason]) button[type=submit]"


def test_a_keeper_sets_up_a_phone_and_finds_again_what_was_typed(page: Page) -> None:
    log_in(page, "keeper", "plusdesk-demo-keeper")
    page.goto("/admin/second-factor/")
    page.get_by_text("无法扫码？手动输入密钥").click()
    key = page.locator("#second-factor-key").inner_text().replace(" ", "")
    page.fill("[name=code]", code_of(key, at=datetime.now(UTC)))
    page.get_by_role("button", name="完成设置").click()
    codes = page.locator("#recovery-codes li").all_inner_texts()
    assert len(codes) == 10
    page.get_by_role("link", name="我已妥善保存").click()
    _session_ends_while_a_form_is_sent(page)
    page.fill("[name=username]", "keeper")
    page.fill("[name=password]", "plusdesk-demo-keeper")
    page.press("[name=password]", "Enter")
    page.fill("[name=code]", codes[0])
    page.get_by_role("button", name="继续").click()
    expect(page).to_have_url(re.compile(f"{NEW_CLIENT}$"))
    expect(page.get_by_text("此前填写的内容已恢复，尚未提交。")).to_be_visible()
    assert (page.input_value("[name=name]"), page.input_value("[name=reason]")) == ("商城", "上线前联调")
    assert page.locator("[name=scopes]").nth(1).is_checked() and not page.locator("[name=scopes]").nth(0).is_checked()
    page.reload()
    assert page.input_value("[name=name]") == ""
    page.goto("/admin/second-factor/")
    page.fill("[name=code]", codes[1])
    page.get_by_role("button", name="移除").click()
    expect(page.get_by_text("双重验证已移除，今后仅凭密码登录。")).to_be_visible()


def _session_ends_while_a_form_is_sent(page: Page) -> None:
    """As the server answers a form that comes too late."""

    def too_late(route: Route) -> None:
        if route.request.method != "POST":
            route.continue_()
            return
        page.context.clear_cookies(name="sessionid")
        route.fulfill(status=302, headers={"location": f"/admin/login/?next={quote(NEW_CLIENT)}&ended=idle"})

    page.goto(NEW_CLIENT)
    page.fill("[name=name]", "商城")
    page.fill("[name=reason]", "上线前联调")
    page.locator("[name=scopes]").nth(1).check()
    page.route(f"**{NEW_CLIENT}", too_late)
    page.locator(SENT).click()
    expect(page.get_by_text("由于长时间没有操作，您已被退出登录。")).to_be_visible()
    page.unroute(f"**{NEW_CLIENT}")
