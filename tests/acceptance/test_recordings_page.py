"""The recordings page in a real Chromium, of a whole product that has recorded real RTSP cameras."""

import re
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.acceptance.conftest import VISIT
from tests.acceptance.product import Product, done
from tests.support.browser import barriers, chromium_path
from tests.support.processes import wait_until
from tests.support.rtsp import CameraFarm
from tests.support.video import VideoMaker
from tests.support.visits import PHONE, WIDE, Open, Visit, visiting
from tests.unit.recording.packets import probe

pytestmark = [
    pytest.mark.browser,
    pytest.mark.servers,
    pytest.mark.skipif(chromium_path() is None, reason="no Chromium: install it, or set VEDETTE_CHROMIUM"),
]

PLAYER = "document.querySelector('.deck video:not([hidden])')"
COUNT_STOPS = f"""() => {{
  window.stops = 0;
  const count = () => {{ window.stops += 1; }};
  for (const kind of ['pause', 'emptied', 'ended']) {PLAYER}.addEventListener(kind, count);
}}"""
POSITION = """(number) => {
  const player = document.querySelectorAll('.deck')[number].querySelector('video:not([hidden])');
  if (!player || !player.src) return 0;
  return new Date(new URL(player.src).searchParams.get('start')) / 1000 + player.currentTime;
}"""


@pytest.fixture(scope="module")
def house(
    tmp_path_factory: pytest.TempPathFactory, make_video: VideoMaker, farm: CameraFarm
) -> Iterator[Product]:
    """Two cameras with a few segments each, a gap in the recording of the first; and one with H.265."""
    room = {"background": "room", "walks": (VISIT,), "seconds": 9.0, "fps": 10, "gop": 20}
    for name, extra in {"door": {"tone_hz": 300.0}, "yard": {"seed": 7}, "hall": {"codec": "hevc"}}.items():
        farm.add(f"rec-{name}", make_video(**(room | extra)).path)
    home = tmp_path_factory.mktemp("house") / "home"
    for name in ("Door", "Yard", "Hall"):
        done("camera", "add", name, farm.url(f"rec-{name.lower()}"), home=home)
    with Product(home) as product:
        product.wait_ready()
        product.wait_streaming("door")
        wait_until(lambda: len(closed(product)) >= 3, what="three segments")
        product.change("cameras/door", recording_mode="off")
        wait_until(lambda: not product.camera("door")["status"]["recording"], what="a pause")
        time.sleep(4)  # the gap itself
        product.change("cameras/door", recording_mode="always")
        wait_until(lambda: gap(product), what="recording after the gap")
        yield product


def closed(product: Product, camera: str = "door") -> list[dict[str, Any]]:
    """Finished segments, oldest first."""
    return [row for row in product.segments(camera) if row["state"] == "closed"]


def moment(text: str) -> datetime:
    """A time of the API."""
    return datetime.fromisoformat(text)


def gap(product: Product) -> tuple[datetime, datetime] | None:
    """The first gap of more than two seconds in the recording of the door."""
    rows = closed(product)
    for before, after in pairwise(rows):
        if moment(after["start"]) - moment(before["end"]) > timedelta(seconds=2):
            return moment(before["end"]), moment(after["start"])
    return None


@pytest.fixture
def open_visit(house: Product) -> Iterator[Open]:
    """The administrator's visits."""
    with visiting(house.address, house.password) as make:
        yield make


def open_at(visit: Visit, at: datetime, cameras: str = "door") -> Page:
    """Open the page at a moment and wait for its picture."""
    page = visit.go(f"/recordings?cameras={cameras}&at={at.astimezone(UTC):%Y-%m-%dT%H:%M:%S.%fZ}")
    visit.wait_for("[...document.querySelectorAll('.deck')].every((deck) => deck.dataset.state === 'ready')")
    return page


def position(page: Page, number: int = 0) -> float:
    """The moment that a player shows, in seconds since the epoch."""
    return float(page.evaluate(POSITION, number))


def test_playing_crosses_segments_without_stopping(open_visit: Open, house: Product) -> None:
    """One player runs on over the boundary of two segments: nothing pauses, nothing is loaded anew."""
    boundary = moment(closed(house)[0]["end"])
    visit = open_visit()
    page = open_at(visit, boundary - timedelta(seconds=2))
    page.click("#play")
    visit.wait_for(f"!{PLAYER}.paused && {PLAYER}.currentTime > 0.2")
    page.evaluate(COUNT_STOPS)
    wait_until(lambda: position(page) > boundary.timestamp() + 1.5, what="the next segment")
    assert page.evaluate("window.stops") == 0
    expect(page).to_have_url(re.compile(r"at=\d{4}-"))
    page.click("#play")
    expect(page.locator("#play")).to_have_attribute("aria-label", "Play")
    assert page.evaluate(f"{PLAYER}.paused")


def test_gaps_are_skipped(open_visit: Open, house: Product) -> None:
    """At the end of a stretch playing goes on with the next one, without anybody doing anything."""
    found = gap(house)
    assert found
    visit = open_visit()
    page = open_at(visit, found[0] - timedelta(seconds=1.5))
    page.click("#play")
    wait_until(lambda: position(page) > found[1].timestamp() + 0.5, what="the stretch after the gap")


def test_sixteen_times_the_speed(open_visit: Open, house: Product) -> None:
    """Above four times, keyframes alone are played, at that rate; half speed plays everything again."""
    start = moment(closed(house)[0]["start"])
    visit = open_visit()
    page = open_at(visit, start + timedelta(seconds=0.2))
    page.select_option("#rate", "16")
    page.click("#play")
    visit.wait_for(f"{PLAYER}.src.includes('keyframes') && {PLAYER}.playbackRate === 16")
    wait_until(lambda: position(page) > start.timestamp() + 12, what="twelve seconds")
    page.select_option("#rate", "0.5")
    visit.wait_for(
        f"!{PLAYER}.src.includes('keyframes') && {PLAYER}.playbackRate === 0.5 && !{PLAYER}.paused"
    )


def test_single_pictures(open_visit: Open, house: Product) -> None:
    """One picture on, one back: exactly one, by button and by key."""
    visit = open_visit()
    page = open_at(visit, moment(closed(house)[0]["start"]) + timedelta(seconds=3))
    begin = position(page)
    for number in (1, 2):
        page.click("#frame-after")
        wait_until(lambda: abs(position(page) - begin - number / 10) < 0.06, what="the next picture")  # noqa: B023
    page.focus("#line")
    page.keyboard.press(",")
    wait_until(lambda: abs(position(page) - begin - 0.1) < 0.06, what="the picture before")


def test_pictures_follow_the_pointer(open_visit: Open, house: Product) -> None:
    """Over recorded time the picture of the moment appears; elsewhere words say that there is none."""
    visit = open_visit()
    page = open_at(visit, moment(closed(house)[0]["start"]) + timedelta(seconds=5))
    page.click("[data-show='60']")
    box = page.locator("#line").bounding_box()
    assert box
    page.mouse.move(box["x"] + box["width"] / 2, box["y"] + 30)
    picture = "document.querySelector('#peek img')"
    visit.wait_for(f"!{picture}.hidden && {picture}.naturalWidth === 240")
    expect(page.locator("#peek output")).to_have_text(re.compile(r"^\d\d:\d\d:\d\d$"))
    before = page.evaluate(f"{picture}.src")
    page.mouse.move(box["x"] + box["width"] / 2 + 80, box["y"] + 30)
    visit.wait_for(f"{picture}.src !== '{before}'")
    page.mouse.move(box["x"] + 2, box["y"] + 30)
    expect(page.locator("#peek output")).to_contain_text("not recorded")
    page.mouse.move(5, 5)
    expect(page.locator("#peek")).to_be_hidden()


def test_the_line_zooms_and_moves(open_visit: Open, house: Product) -> None:
    """By wheel, buttons, dragging and keys; the day goes with it, and a click plays from there."""
    visit = open_visit()
    page = open_at(visit, moment(closed(house)[0]["start"]) + timedelta(seconds=5))
    pressed = page.locator("[data-show][aria-pressed='true']")
    expect(pressed).to_have_text("Day")
    page.click("[data-show='3600']")
    expect(pressed).to_have_text("Hour")
    box = page.locator("#line").bounding_box()
    assert box
    middle = (box["x"] + box["width"] / 2, box["y"] + 30)
    page.mouse.move(*middle)
    page.mouse.wheel(0, 300)
    expect(pressed).to_have_count(0)
    page.click("[data-show='60']")
    page.mouse.move(*middle)
    page.mouse.down()
    page.mouse.move(middle[0] - box["width"] / 30, middle[1], steps=4)
    page.mouse.up()
    expect(page.locator("#play")).to_have_attribute("aria-label", "Play")
    page.mouse.click(middle[0], middle[1])
    visit.wait_for(f"{PLAYER} && !{PLAYER}.paused && {PLAYER}.currentTime > 0.1")
    assert position(page) == pytest.approx(moment(closed(house)[0]["start"]).timestamp() + 7, abs=4)
    page.click("#play")
    page.focus("#line")
    page.keyboard.press("Home")
    first = moment(closed(house)[0]["start"]).timestamp()
    wait_until(lambda: abs(position(page) - first) < 1, what="the first picture")
    assert re.search(r"\d\d:\d\d:\d\d", page.get_attribute("#line", "aria-valuetext") or "")
    page.keyboard.press("Enter")
    visit.wait_for(f"!{PLAYER}.paused")


def test_a_day_is_chosen(open_visit: Open, house: Product) -> None:
    """The calendar knows which days have recordings; choosing one leads to its first moment."""
    visit = open_visit()
    page = open_at(visit, moment(closed(house)[1]["start"]))
    page.click("#calendar summary")
    today = page.locator("#month .day[aria-current]")
    expect(today).to_have_class("day has")
    assert page.locator("#month .day:disabled").count() + page.locator("#month .day").count() >= 28
    today.click()
    expect(page.locator("#month")).to_be_hidden()
    first = moment(closed(house)[0]["start"]).timestamp()
    wait_until(lambda: abs(position(page) - first) < 1, what="the first recording of the day")


def test_two_cameras_keep_step(open_visit: Open, house: Product) -> None:
    """Both play on one clock, at twice the speed too; a jump takes both along."""
    start = max(moment(closed(house, name)[0]["start"]) for name in ("door", "yard")) + timedelta(seconds=1)
    visit = open_visit()
    page = open_at(visit, start, "door,yard")
    page.select_option("#rate", "2")
    page.click("#play")
    for seconds in (3, 6, 9):
        reached = start.timestamp() + seconds
        wait_until(lambda: position(page, 0) > reached, what="the clock")  # noqa: B023
        door, yard = (float(at) for at in page.evaluate(f"[0, 1].map({POSITION})"))
        assert abs(door - yard) < 0.7
    page.click("#play")
    before = position(page)
    page.click("[data-show='60']")
    page.focus("#line")
    page.keyboard.press("Shift+ArrowLeft")
    wait_until(lambda: all(position(page, number) < before - 3 for number in (0, 1)), what="the jump")
    assert abs(position(page, 0) - position(page, 1)) < 0.7
    page.click("[data-drop=yard]")
    page.wait_for_url("**cameras=door&**")
    expect(page.locator(".deck")).to_have_count(1)
    page.select_option("#beside", "yard")
    expect(page.locator(".deck")).to_have_count(2)


def test_what_the_browser_cannot_play_is_shown(open_visit: Open, house: Product) -> None:
    """H.265 where there is no decoder: keyframes one by one, with words; the clock runs all the same."""
    wait_until(lambda: closed(house, "hall"), what="a segment in H.265")
    visit = open_visit()
    page = visit.go("/recordings/hall")
    if page.evaluate("document.createElement('video').canPlayType('video/mp4; codecs=\"hvc1.1.6.L93.B0\"')"):
        pytest.skip("this Chromium plays H.265")
    picture = "document.querySelector('.deck img')"
    visit.wait_for(f"{picture}.naturalWidth > 0 && !{picture}.hidden")
    expect(page.locator(".said")).to_contain_text("cannot play")
    shown = page.inner_text("#clock")
    page.focus("#line")
    page.keyboard.press("Home")
    page.click("#play")
    wait_until(lambda: page.inner_text("#clock") != shown)
    before = page.evaluate(f"{picture}.src")
    visit.wait_for(f"{picture}.src !== '{before}'")


def test_a_span_is_exported(open_visit: Open, house: Product, tmp_path: Path) -> None:
    """Chosen on the line, made with progress, downloaded whole, played here and by everything; deleted."""
    start = moment(closed(house)[0]["start"]) + timedelta(seconds=4)
    visit = open_visit()
    page = open_at(visit, start)
    page.click("#choose-span")
    expect(page.locator("#from")).to_be_focused()
    page.click("#begin-here")
    page.fill("#to", f"{(start + timedelta(seconds=12)).astimezone():%Y-%m-%dT%H:%M:%S}")
    page.click("#span [type=submit]")
    row = page.locator("#exports > li").first
    expect(row.locator("a[download]")).to_be_visible()
    with page.expect_download() as download:
        row.locator("a[download]").click()
    path = tmp_path / "export.mp4"
    download.value.save_as(path)
    assert re.fullmatch(r"Door \d{4}-\d\d-\d\d \d\d\.\d\d\.\d\d UTC\.mp4", download.value.suggested_filename)
    found = probe(path)["video"]
    assert float(found["duration"]) == pytest.approx(12, abs=1.2)
    assert int(found["nb_read_frames"]) > 60
    address = row.locator("a[download]").get_attribute("href")
    page.evaluate(
        """(address) => {
            window.kept = document.createElement('video');
            window.kept.muted = true;
            window.kept.src = address;
            window.kept.play();
        }""",
        address,
    )
    visit.wait_for("window.kept.currentTime > 0.5")
    page.evaluate("window.kept.src = ''")
    row.locator("[data-remove]").click()
    expect(page.locator("#exports")).to_contain_text("No exports yet")


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("size", [WIDE, PHONE], ids=["wide", "phone"])
def test_it_has_no_barriers_and_fits(
    open_visit: Open, house: Product, tmp_path: Path, size: tuple[int, int], scheme: str
) -> None:
    """axe finds nothing serious, also with form and calendar open; nothing sticks out of the page."""
    visit = open_visit(size=size, scheme=scheme)
    page = open_at(visit, moment(closed(house)[0]["start"]) + timedelta(seconds=3), "door,yard")
    for opener in (None, "#choose-span", "#calendar summary"):
        if opener:
            page.click(opener)
        page.locator("#marks").wait_for()
        assert barriers(page) == []
        widest = page.evaluate("document.querySelector('#main').scrollWidth")
        assert widest <= size[0], opener
    page.screenshot(path=tmp_path / f"recordings-{size[0]}-{scheme}.png")
    page = visit.go("/recordings/retention")
    expect(page.locator("#forecast h2")).to_contain_text("the disk holds")
    assert barriers(page) == []
    assert page.evaluate("document.querySelector('#main').scrollWidth") <= size[0]
    page.screenshot(path=tmp_path / f"retention-{size[0]}-{scheme}.png")
