"""A real, headless Chromium for tests of pages."""

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, sync_playwright

_FLAGS = [
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--autoplay-policy=no-user-gesture-required",
    "--disable-features=WebRtcHideLocalIpsWithMdns",
]


def chromium_path() -> str | None:
    """Where Chromium is: `VEDETTE_CHROMIUM`, or on the search path; None when there is none."""
    named = os.environ.get("VEDETTE_CHROMIUM")
    return named or shutil.which("chromium") or shutil.which("chromium-browser")


def launch_flags() -> list[str]:
    """Its command line; the sandbox does not work for root."""
    return [*_FLAGS, "--no-sandbox"] if os.geteuid() == 0 else _FLAGS


@contextmanager
def open_browser() -> Iterator[Browser]:
    """A browser; skips the test, and says why, where there is none."""
    path = chromium_path()
    if path is None:
        pytest.skip("no Chromium: install the package chromium, or name it in VEDETTE_CHROMIUM")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=launch_flags())
        try:
            yield browser
        finally:
            browser.close()


def barriers(page: Page) -> list[str]:
    """What axe finds serious or critical on the page: rule, help text and the first elements concerned."""
    found = Axe().run(page).response["violations"]
    return [
        f"{rule['id']}: {rule['help']}: {[node['html'][:120] for node in rule['nodes'][:3]]}"
        for rule in found
        if rule["impact"] in {"serious", "critical"}
    ]
