"""The Chromium of the machine, driven by Playwright, which brings none here."""

import contextlib
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from playwright.sync_api import BrowserContext, sync_playwright

NAMES = ("chromium", "chromium-browser", "google-chrome")
NOT_FOUND = f"No browser was found: install one of {', '.join(NAMES)} to run the browser tests."
OPTIONS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


def find_chromium() -> str | None:
    """The path of the first browser that is there."""
    return next((path for path in map(shutil.which, NAMES) if path), None)


@contextlib.contextmanager
def browsing(executable: str, profile: Path, **options: Any) -> Iterator[BrowserContext]:
    """A browser without a window, with a profile of its own in the new folder `profile`."""
    with sync_playwright() as playwright:
        context = playwright.chromium.launch_persistent_context(
            profile, executable_path=executable, headless=True, args=OPTIONS, accept_downloads=True, **options
        )
        try:
            yield context
        finally:
            context.close()
