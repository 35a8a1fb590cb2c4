"""What browser tests need: Plusdesk itself, and a browser."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page

from tests import databases
from tests.browser.chromium import NOT_FOUND, browsing, find_chromium
from tests.browser.house import House, running_house


@pytest.fixture(scope="session")
def chromium() -> str:
    """Asked for first, so that nothing is started where there is no browser."""
    path = find_chromium()
    if path is None:
        pytest.skip(NOT_FOUND)
    return path


@pytest.fixture(scope="package")
def house(chromium: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    """It is gone with the last of these tests: its worker and its web server would eat of the others' time."""
    # Short chunks, so that there is a bar to be watched; a few nights, of few people.
    settings = {"IMPORT_CHUNK_ROWS": "500", "DEMO_SIZE": "nights"}
    with running_house(tmp_path_factory.mktemp("house"), databases.copy_to, **settings) as house:
        yield house


@pytest.fixture
def page(chromium: str, house: House, tmp_path: Path) -> Iterator[Page]:
    size = {"width": 1440, "height": 900}
    with browsing(chromium, tmp_path / "profile", locale="zh-CN", viewport=size, base_url=house.address) as context:
        page, complaints = context.pages[0], []
        # Refusals of the content security policy are errors of the console, too.
        page.on("pageerror", lambda error: complaints.append(f"{page.url}: {error}"))
        page.on("console", lambda said: complaints.append(f"{page.url}: {said.text}") if said.type == "error" else None)
        yield page
        assert complaints == []
