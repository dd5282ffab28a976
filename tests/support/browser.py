"""A real, headless Chromium for tests of pages."""

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from playwright.sync_api import Browser, sync_playwright

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
