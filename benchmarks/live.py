"""Live view in a real Chromium: first picture after the click, how far behind, and what quiet tiles cost.

The delay is measured by the clock that is in the picture: every frame carries the moment it was taken from
the camera to `requestVideoFrameCallback`, and camera, server and browser share one machine and one clock.
"""

import os
import shutil
import statistics
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import psutil

from benchmarks.footage import QUIET_SUB, busy, footage
from benchmarks.measure import process_cpu_s
from benchmarks.product import VEDETTE, Product, product, rtsp_cameras, wait_until
from benchmarks.result import Result, SkippedError

TILES = 16
CLICKS = 7
DELAY_SPAN_S = 15.0
SETTLE_S = 20.0
SPAN_S = 40.0
PASSWORD = "correct horse battery"
VIDEO = "document.querySelector('video')"


def run() -> list[Result]:
    """One busy 1080p camera watched, then a grid of quiet ones."""
    return [*_one_camera(), _quiet_tiles()]


def _one_camera() -> list[Result]:
    with rtsp_cameras(busy(), 1) as urls, product(*urls) as running, _browser(running) as page:
        wait_until(lambda: _streaming(running) == 1, 60, "the camera streams")
        firsts, delays = [], []
        for _ in range(CLICKS):
            page.goto(f"{_address(running)}/")
            page.click(".tile .view")
            firsts.append(
                wait_until(
                    lambda: page.evaluate(f"Number({VIDEO}?.dataset.sinceClickMs ?? 0)"), 30, "a picture"
                )
            )
        deadline_s = time.monotonic() + DELAY_SPAN_S
        while time.monotonic() < deadline_s:
            time.sleep(0.1)
            delays.append(page.evaluate(f"Number({VIDEO}.dataset.delayMs)"))
    slowest = statistics.quantiles(delays, n=20)[-1]
    return [
        Result(
            work="live view: first picture after the click",
            measured=statistics.median(firsts) / 1000,
            unit="s",
            goal=1.0,
            detail=f"page load included; slowest of {CLICKS}: {max(firsts):.0f} ms",
        ),
        Result(
            work="live view: delay behind the camera",
            measured=statistics.median(delays) / 1000,
            unit="s",
            goal=1.0,
            detail=f"1080p, 25 pictures a second; 95 % within {slowest:.0f} ms",
        ),
    ]


def _quiet_tiles() -> Result:
    with (
        rtsp_cameras(footage(QUIET_SUB, ".h264"), TILES) as urls,
        product(*urls) as running,
        _browser(running) as page,
    ):
        wait_until(lambda: _streaming(running) == TILES, 120, f"{TILES} cameras streaming")
        page.set_viewport_size({"width": 1600, "height": 1400})
        page.goto(f"{_address(running)}/")
        page.select_option("#layout", "4")
        time.sleep(SETTLE_S)
        server = _process(running, "vedette.server")
        before, worker_before = process_cpu_s(server.pid), process_cpu_s(running.worker.pid)
        started_s = time.monotonic()
        time.sleep(SPAN_S)
        span_s = time.monotonic() - started_s
        cpu = (process_cpu_s(server.pid) - before) / span_s
        worker = (process_cpu_s(running.worker.pid) - worker_before) / span_s
        shown = page.evaluate(
            "[...document.querySelectorAll('.tile img')].filter((i) => i.naturalWidth).length"
        )
        moving = page.evaluate("document.querySelectorAll('.tile[data-moving]').length")
    return Result(
        work=f"{TILES} live tiles of quiet cameras: server",
        measured=100 * cpu,
        unit="% of a core",
        goal=5.0,
        detail=f"{shown} stills shown, {moving} tiles moving; the worker takes {100 * worker:.0f} %",
    )


def _streaming(running: Product) -> int:
    cameras = running.get("cameras") or []
    return sum((camera["status"] or {}).get("state") == "streaming" for camera in cameras)


def _address(running: Product) -> str:
    return f"http://127.0.0.1:{running.port}"


def _process(running: Product, module: str) -> psutil.Process:
    """The product's process that runs this module."""
    for child in psutil.Process(running.process.pid).children(recursive=True):
        command = child.cmdline()
        if module in command or f"{module}.__main__" in command:
            return child
    raise SkippedError(f"no {module} runs; see its log")


@contextmanager
def _browser(running: Product) -> Iterator[Any]:
    """A logged-in page of a real Chromium."""
    try:
        from playwright.sync_api import sync_playwright  # noqa: PLC0415  only here
    except ImportError as missing:
        raise SkippedError("playwright is not installed") from missing
    chromium = os.environ.get("VEDETTE_CHROMIUM") or shutil.which("chromium")
    if chromium is None:
        raise SkippedError("no Chromium: install it, or name it in VEDETTE_CHROMIUM")
    wait_until(lambda: running.get("cameras") is not None, 60, "the server answers")
    command = [VEDETTE, "user", "password", "--stdin", "--home", str(running.home)]
    subprocess.run(command, input=f"{PASSWORD}\n", text=True, check=True, capture_output=True)
    flags = ["--disable-gpu", *(["--no-sandbox"] if os.geteuid() == 0 else [])]
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=flags)
        page = browser.new_page()
        page.add_init_script(_FROM_CLICK)
        page.goto(f"{_address(running)}/login")
        page.fill("#id_username", "admin")
        page.fill("#id_password", PASSWORD)
        page.press("#id_password", "Enter")
        page.wait_for_url(f"{_address(running)}/")
        yield page
        browser.close()


_FROM_CLICK = """
  addEventListener('click', () => sessionStorage.setItem('clicked', Date.now()), true);
  setInterval(() => {
    const video = document.querySelector('#stage video');
    if (!video?.dataset.firstPictureMs || video.dataset.sinceClickMs) return;
    video.dataset.sinceClickMs = Date.now() - Number(sessionStorage.getItem('clicked'));
  }, 5);
"""
