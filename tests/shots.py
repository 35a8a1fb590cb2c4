"""Pictures of every page: `python -m tests.shots [OUT_DIR]`, which `make shots` calls.

Over a Plusdesk of its own with the demo's data. The pages chosen here, by names of their own, in both languages, on a
desk and a telephone and in the dark; all others that the matrix of the roles knows, by the names of their addresses,
in Chinese on a desk and in English on a telephone. Those of which there is no picture are named at the end. The
half-done import is a real one, whose worker was stopped for the picture.
"""

import os
import re
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import urlsplit

from playwright.sync_api import Page

from config.embedded.paths import PROJECT
from tests.browser.chromium import NOT_FOUND, browsing, find_chromium
from tests.browser.desk import log_in, press, upload
from tests.browser.house import House, running_house

LANGUAGES = {"zh-hans": "zh-CN", "en": "en-US"}
WIDTHS = {1440: 900, 390: 844}
CHUNK_ROWS = "2000"
#: Lists of the demo whose first record is pictured, too.
LISTS = {
    "customers": "/admin/memberships/enterprisecustomer/",
    "members": "/admin/memberships/member/",
    "subscriptions": "/admin/memberships/subscription/",
    "subscriptions-failed": "/admin/memberships/subscription/?show=failed",
    "subscriptions-due": "/admin/memberships/subscription/?show=due",
    "payments": "/admin/memberships/payment/",
    "payments-declined": "/admin/memberships/payment/?show=declined",
    "payment-methods": "/admin/memberships/paymentmethod/",
    "wallets": "/admin/memberships/enrolment/",
    "programmes": "/admin/memberships/programme/",
    "plans": "/admin/memberships/plan/",
    "orders": "/admin/memberships/order/",
    "revisions": "/admin/memberships/programmerevision/",
    "tier-groups": "/admin/memberships/tiergroup/",
    "tier-standings": "/admin/memberships/tierstanding/",
    "tier-changes": "/admin/memberships/tierchange/",
    "tiers": "/admin/memberships/tier/",
    "entries": "/admin/memberships/pointsentry/",
    "adjustment-reasons": "/admin/memberships/adjustmentreason/",
    "liabilities": "/admin/memberships/pointsliability/",
    "approvals": "/admin/operations/approval/",
    "notices": "/admin/operations/notice/",
    "job-runs": "/admin/operations/jobrun/",
    "credit-lines": "/admin/credit/creditline/",
    "credit-requests": "/admin/memberships/creditrequest/",
    "receipts": "/admin/credit/receipt/",
    "invoices": "/admin/credit/invoice/",
    "brands": "/admin/benefits/brand/",
    "campaigns": "/admin/benefits/campaign/",
    "budgets": "/admin/benefits/budget/",
    "values": "/admin/benefits/valuestatement/",
    "digests": "/admin/operations/auditdigest/",
    "case-notes": "/admin/memberships/casenote/",
    "closures": "/admin/memberships/accountclosure/",
    "settlements": "/admin/partners/settlement/",
    "partners": "/admin/partners/partner/",
}
#: Pages that ask before something is done, of the first record of those lists.
QUESTIONS = {
    "subscriptions-due": ("renew", "cancel"), "payments-declined": ("retry",), "tier-groups": ("what-if",),
    "wallets": ("adjust", "extend"), "members": ("enrol", "timeline"), "tier-standings": ("set",),
    "credit-requests": ("grant", "decline"), "credit-lines": ("pause",), "campaigns": ("stop",),
}  # fmt: skip
PAGES = {
    "dashboard": "/admin/",
    "imports": "/admin/operations/importbatch/",
    "import-upload": "/admin/operations/importbatch/add/",
    "job-start": "/admin/operations/jobrun/add/",
    "notice-preview": "/admin/operations/notice/preview/",
    "notice-channels": "/admin/operations/notice/channels/card_lapsed/",
    "revision-new": "/admin/memberships/programmerevision/add/",
    "limits": "/admin/operations/approvallimit/",
    "users": "/admin/operations/user/",
    "failed-sign-ins": "/admin/operations/signinlock/",
    "second-factor": "/admin/second-factor/",
    "found": "/admin/found/",
    "profit": "/admin/memberships/profitrow/of/",
    "trail": "/admin/operations/trailexport/search/",
    "ageing": "/admin/credit/invoice/ageing/",
    "receipts-work": "/admin/credit/receipt/work/",
    "order-test": "/admin/credit/creditline/order-test/",
    "nights": "/admin/operations/jobrun/nights/",
    "export": "/admin/memberships/member/export/",
    "filter-save": "/admin/memberships/subscription/filters/save/?show=in_grace",
}


class Login(NamedTuple):
    username: str
    password: str


class Look(NamedTuple):
    """How a picture is taken."""

    language: str
    width: int
    is_dark: bool = False

    @property
    def folder(self) -> str:
        return f"{self.language}-{self.width}{'-dark' if self.is_dark else ''}"


#: How the pages are looked at that are not chosen here.
OF_OTHERS = (Look("zh-hans", 1440), Look("en", 390))


def main(out: Path) -> None:
    chromium = find_chromium()
    if chromium is None:
        sys.exit(NOT_FOUND)
    with tempfile.TemporaryDirectory() as name, running_house(Path(name), IMPORT_CHUNK_ROWS=CHUNK_ROWS) as house:
        folder = Path(name)
        login = _prepare_django(house)
        with _page(chromium, folder / "making", house, Look("zh-hans", 1440)) as page:
            log_in(page, *login)
            # Of the stories before the half-done import, in which the worker stops.
            places = {**PAGES, **_stories(), **_imports(page, house, folder), **_records(page)}
            others = _others(page, places)
        looks = [Look(language, width) for language in LANGUAGES for width in WIDTHS]
        for look in [*looks, Look("zh-hans", 1440, is_dark=True), Look("zh-hans", 390, is_dark=True)]:
            more = others if look in OF_OTHERS else {}
            with _page(chromium, folder / look.folder, house, look) as page:
                _take(page, out / look.folder, login, {**places, **more})
        house.go_on_working()


def _prepare_django(house: House) -> Login:
    """Settings ask for servers as soon as they are read, so Django is set up when there are some."""
    os.environ.update(house.environment)
    # The browser's loop runs in this thread, and nobody else asks the database in it.
    os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "1"
    import django

    django.setup()
    from memberships.demo import ADMIN

    return Login(ADMIN.username, ADMIN.password)


def _stories() -> dict[str, str]:
    """Requests, drafts and imports of points; once Django is set up."""
    from tests.shot_stories import tell_stories

    return tell_stories()


@contextmanager
def _page(chromium: str, profile: Path, house: House, look: Look) -> Iterator[Page]:
    with browsing(
        chromium, profile, locale=LANGUAGES[look.language], base_url=house.address,
        viewport={"width": look.width, "height": WIDTHS[look.width]},
        color_scheme="dark" if look.is_dark else "light",
    ) as context:
        yield context.pages[0]


def _take(page: Page, out: Path, login: Login, places: dict[str, str]) -> None:
    out.mkdir(parents=True, exist_ok=True)
    page.goto("/admin/login/")
    page.screenshot(path=out / "login.png", full_page=True)
    _lock_out(page, nobody=out.name)
    page.screenshot(path=out / "locked-out.png", full_page=True)
    log_in(page, *login)
    for name, address in places.items():
        page.goto(address)
        page.wait_for_load_state("load")
        page.screenshot(path=out / f"{name}.png", full_page=True)
    page.goto("/admin/found/")
    page.fill("#found [name=q]", "上海")
    with page.expect_navigation():
        page.press("#found [name=q]", "Enter")
    page.screenshot(path=out / "found-several.png", full_page=True)
    _palette(page, out)
    for role in _roles():
        page.context.clear_cookies()
        log_in(page, role.username, role.password)
        page.screenshot(path=out / f"dashboard-{role.username}.png", full_page=True)
    sys.stdout.write(f"{out}\n")


def _palette(page: Page, out: Path) -> None:
    """What the keys of the palette open, once something is typed."""
    page.goto("/admin/")
    page.keyboard.press("Control+k")
    with page.expect_response("**/search/**"):
        page.keyboard.type("上海")
    page.screenshot(path=out / "palette.png")


def _roles() -> list[Login]:
    """Somebody of each role; once Django is set up."""
    from memberships.demo.users import ROLES

    return [Login(login.username, login.password) for login in ROLES]


def _lock_out(page: Page, *, nobody: str) -> None:
    """Wrong passwords for a name that is nobody's, until the page says that it is locked."""
    while page.locator("[name=username]").count():
        page.fill("[name=username]", nobody)
        page.fill("[name=password]", "wrong")
        with page.expect_navigation():
            page.press("[name=password]", "Enter")


def _records(page: Page) -> dict[str, str]:
    """The lists, the first record of each, what happened to it and what can be done to it."""
    places = dict(LISTS)
    for name, address in LISTS.items():
        page.goto(address)
        # Of the list itself: what else a row leads to has a picture of its own.
        own = urlsplit(address).path
        first = page.locator(f"#result_list a[href^='{own}'][href*='/change/']").first
        if first.count():
            href = (first.get_attribute("href") or "").split("?")[0]
            places[f"{name}-one"] = href
            for page_name in ("history", *QUESTIONS.get(name, ())):
                places[f"{name}-one-{page_name}"] = re.sub(r"change/$", f"{page_name}/", href)
    return places


def _others(page: Page, places: dict[str, str]) -> dict[str, str]:
    """What else the roles' matrix knows; says of which pages there is no picture. Files are none."""
    from django.urls import resolve

    shown = {resolve(urlsplit(address).path).url_name for address in places.values()}
    others, missing = {}, []
    for name, address in _known().items():
        if name in shown:
            continue
        answer = page.request.get(address) if address else None
        if answer is None or not answer.ok:
            missing.append(name)
        elif answer.headers.get("content-type", "").startswith("text/html"):
            others[name] = address
    sys.stdout.write(f"{len(places)} pages chosen, {len(others)} others. Without a picture: {' '.join(missing)}\n")
    return others


def _known() -> dict[str, str]:
    """Each list and first record, and each page with a name of its own; "" where the demo has no record for it."""
    from django.core.exceptions import ObjectDoesNotExist
    from django.urls import reverse

    from tests.config.test_roles_matrix import address, first, models

    known = {}
    for name, model in models():
        record = first(model)
        known[f"{name}_change"] = reverse(f"admin:{name}_change", args=[record.pk]) if record else ""
    for name in known_names() - known.keys():
        try:
            known[name] = reverse(f"admin:{name}") if name.endswith(("_changelist", "_add")) else address(name) or ""
        except ObjectDoesNotExist:
            known[name] = ""
    return known


def known_names() -> set[str]:
    """The names of all pages that `_known` looks for."""
    from tests.config.test_roles_matrix import ADD, ASKED, LOOKED_AT, models

    of_models = {f"{name}_{page}" for name, _model in models() for page in ("changelist", "change")}
    return {*of_models, *(f"{name}_add" for name in ADD), *ASKED, *LOOKED_AT}


def _imports(page: Page, house: House, folder: Path) -> dict[str, str]:
    """Imports in every state worth a picture; the one being applied comes last, since the worker stops in it."""
    from tests.customer_files import a_bad_row, a_row, csv_file

    made = partial(_made, page, folder)
    known = [a_row(number) for number in range(8_000_001, 8_000_061)]
    mixed = _mixed_rows(known)
    result = made("一月新客户", csv_file([*known, a_bad_row(8_000_090)]), invalid_rows="skip", is_confirmed=True)
    preview = made("二月客户名单", csv_file(mixed, encoding="gb18030"), invalid_rows="skip")
    verdicts = ("new", "changed", "unchanged", "invalid", "duplicate")
    places = {
        "import-refused-file": made("表头不对", csv_file(known, headers=["甲", "乙", "丙", "丁", "戊", "己", "庚"])),
        "import-refused-row": f"{made('整批导入', csv_file(mixed))}?rows=invalid",
        "import-result": result,
        "import-result-invalid": f"{result}?rows=invalid",
        "import-history": re.sub(r"change/$", "history/", result),
        **{f"import-preview-{verdict}": f"{preview}?rows={verdict}" for verdict in verdicts},
    }
    large = made("大名单", csv_file(a_row(number) for number in range(8_100_000, 8_140_000)))
    return {**places, "import-applying": _half_applied(page, house, large)}


def _mixed_rows(known: list[Any]) -> list[Any]:
    """Rows of every verdict, beside those that are known."""
    from tests.customer_files import a_bad_row, a_row

    return [
        *(a_row(number, 省份="江苏省", 联系人="李雷") for number in range(8_000_001, 8_000_009)),
        *known[8:20], *(a_row(number) for number in range(8_000_100, 8_000_300)),
        *(a_bad_row(number) for number in range(8_000_300, 8_000_303)), a_row(8_000_299),
    ]


def _made(
    page: Page, folder: Path, name: str, content: bytes, *, invalid_rows: str = "refuse", is_confirmed: bool = False
) -> str:
    """Upload a file, perhaps confirm it; the address of its page."""
    file = folder / f"{name}.csv"
    file.write_bytes(content)
    upload(page, file, invalid_rows=invalid_rows)
    if is_confirmed:
        press(page, "confirm")
        page.wait_for_function("!document.querySelector('[data-live]')", timeout=60_000)
    return page.url.split("?")[0]


def _half_applied(page: Page, house: House, address: str) -> str:
    """Confirm a large import, and stop the worker when part of it is done."""
    press(page, "confirm")
    page.wait_for_function(
        "() => { const bar = document.querySelector('[data-live] progress'); return !bar || bar.value > 4000; }",
        polling=50, timeout=60_000,
    )
    house.stop_work()
    return address


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else PROJECT / "var" / "shots")
