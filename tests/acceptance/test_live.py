"""Live view in a real Chromium: a whole product over real RTSP cameras."""

import re
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.acceptance.product import Product, done
from tests.support.browser import barriers, chromium_path
from tests.support.processes import wait_until
from tests.support.rtsp import CameraFarm
from tests.support.video import Video, VideoMaker
from tests.support.visits import PHONE, WIDE, Open, Visit, visiting

pytestmark = [
    pytest.mark.browser,
    pytest.mark.servers,
    pytest.mark.skipif(chromium_path() is None, reason="no Chromium: install it, or set VEDETTE_CHROMIUM"),
]

VIDEO = "document.querySelector('video')"
H265 = "MediaSource.isTypeSupported('video/mp4; codecs=\"hvc1.1.6.L60.90\"')"
H264 = "MediaSource.isTypeSupported('video/mp4; codecs=\"avc1.42c01e\"')"


@pytest.fixture(scope="module")
def house(
    tmp_path_factory: pytest.TempPathFactory, visit: Video, make_video: VideoMaker, farm: CameraFarm
) -> Iterator[Product]:
    """A door that somebody passes, with sound; an H.265 camera with a sub stream, and one without."""
    heard = make_video(scene=visit.spec.scene, seconds=9.0, fps=10, gop=20, tone_hz=440.0)
    modern = make_video(scene=visit.spec.scene, seconds=9.0, fps=10, gop=20, codec="hevc")
    for path, video in (("door", heard), ("yard", modern), ("yard-sub", visit), ("shed", modern)):
        farm.add(f"live/{path}", video.path)
    home = tmp_path_factory.mktemp("live") / "home"
    done("camera", "add", "Door", farm.url("live/door"), home=home)
    done("camera", "add", "Shed", farm.url("live/shed"), home=home)
    done("camera", "add", "Yard", farm.url("live/yard"), "--sub", farm.url("live/yard-sub"), home=home)
    with Product(home) as product:
        product.wait_ready()
        for camera in ("door", "shed", "yard"):
            product.wait_streaming(camera)
        yield product


@contextmanager
def watching(house: Product) -> Iterator[Open]:
    """The administrator's visits; the browser itself may complain of sockets that end with the server."""
    with visiting(house.address, house.password, borne="WebSocket connection") as make:
        if not make(name="").page.evaluate(H264):
            pytest.skip("this Chromium was built without H.264")
        yield make


@pytest.fixture
def open_visit(house: Product) -> Iterator[Open]:
    """Visits of the house."""
    with watching(house) as make:
        yield make


def plays(visit: Visit) -> None:
    """Wait until new pictures keep coming."""
    page = visit.page
    wait_until(lambda: page.get_attribute("#watch", "data-state") == "playing", what="playing")
    for _ in range(2):
        shown = shown_utc_s(page)
        visit.wait_for(f"Number({VIDEO}.dataset.utc ?? 0) > {shown}")


def shown_utc_s(page: Page) -> float:
    """When the picture that is shown was taken; 0 while there is none."""
    return float(page.evaluate(f"Number({VIDEO}.dataset.utc ?? 0)"))


def words(page: Page, text: "str | re.Pattern[str]") -> None:
    """Wait until the page says so."""
    expect(page.locator("#words")).to_contain_text(text)


def test_one_camera_plays_a_moment_behind(open_visit: Open) -> None:
    """The picture moves, close behind what happens; the figures are printed, not judged."""
    visit = open_visit()
    page = visit.go("/live/door")
    plays(visit)
    first_ms, delay_ms = page.evaluate(
        f"[{VIDEO}.dataset.firstPictureMs, {VIDEO}.dataset.delayMs].map(Number)"
    )
    print(f"first picture after {first_ms} ms, {delay_ms} ms behind the camera")
    assert 0 < first_ms < 15_000
    assert page.evaluate(f"{VIDEO}.muted")
    assert barriers(page) == []


def test_boxes_and_zones_are_drawn_over_it(open_visit: Open, house: Product) -> None:
    """By keyboard: the boxes of who passes, and the zones; both choices are remembered."""
    answer = house.client.put(
        "/api/v1/cameras/door/zones/Path",
        json={"name": "Path", "polygon": [[0.1, 0.4], [0.9, 0.4], [0.9, 0.9]]},
    )
    assert answer.status_code == 200, answer.text
    visit = open_visit()
    page = visit.go("/live/door")
    plays(visit)
    page.keyboard.press("b")
    page.keyboard.press("z")
    expect(page.locator("[data-do=boxes]")).to_have_attribute("aria-pressed", "true")
    wait_until(
        lambda: page.evaluate("Number(document.querySelector('canvas').dataset.drawn) > 0"), what="a box"
    )
    page.reload()
    expect(page.locator("[data-do=zones]")).to_have_attribute("aria-pressed", "true")


def test_sound_by_choice(open_visit: Open) -> None:
    """Off at first; with `m` the stream comes again with its sound, and plays on."""
    visit = open_visit()
    page = visit.go("/live/door")
    plays(visit)
    expect(page.locator("[data-do=sound]")).to_be_enabled()
    page.keyboard.press("m")
    wait_until(
        lambda: page.evaluate(f"!{VIDEO}.muted && ({VIDEO}.webkitAudioDecodedByteCount ?? 1) > 0"),
        what="sound",
    )
    plays(visit)


def test_h265_falls_back_to_the_sub_stream(open_visit: Open) -> None:
    """A browser without H.265 is given the sub stream by itself."""
    visit = open_visit()
    if visit.page.evaluate(H265):
        pytest.skip("this Chromium plays H.265")
    page = visit.go("/live/yard")
    plays(visit)
    assert page.get_attribute("#watch", "data-stream") == "sub"


def test_h265_without_sub_stream_shows_stills(open_visit: Open) -> None:
    """And a word about why it does not move."""
    visit = open_visit()
    if visit.page.evaluate(H265):
        pytest.skip("this Chromium plays H.265")
    page = visit.go("/live/shed")
    words(page, "This browser cannot play H.265. Showing stills.")
    wait_until(lambda: page.evaluate(f"{VIDEO}.poster"), what="a still")


def test_keys_lead_through_the_cameras(open_visit: Open) -> None:
    """Arrows show the next and the one before in place, Escape leads back to the grid."""
    visit = open_visit()
    page = visit.go("/live/door")
    page.keyboard.press("ArrowRight")
    expect(page.locator("h1")).to_have_text("Shed")
    assert page.url.endswith("/live/shed")
    page.keyboard.press("ArrowLeft")
    expect(page.locator("h1")).to_have_text("Door")
    plays(visit)
    page.keyboard.press("Escape")
    page.wait_for_url(re.compile(r":\d+/$"))


def test_a_tile_moves_on_demand_only(open_visit: Open) -> None:
    """Stills at first, also of a camera that cannot be played; under the pointer a tile moves."""
    visit = open_visit()
    visit.wait_for("document.querySelector('#tiles [data-camera=shed] img').naturalWidth > 0")
    visit.page.hover("[data-camera=yard] .view")
    visit.wait_for("document.querySelector('[data-camera=yard] video')?.dataset.playing === 'yes'")
    assert barriers(visit.page) == []


def test_the_grid_is_laid_out_as_wanted(open_visit: Open) -> None:
    """Columns and order are chosen, also by keyboard, and still there after a reload."""
    visit = open_visit()
    page = visit.page
    order = "[...document.querySelectorAll('#tiles > li')].map((tile) => tile.dataset.camera)"
    assert page.evaluate(order) == ["door", "shed", "yard"]
    page.select_option("#layout", "2")
    page.click("#arrange")
    page.focus("[data-camera=yard] [data-shift='-1']")
    page.keyboard.press("Enter")
    page.reload()
    assert page.evaluate(order) == ["door", "yard", "shed"]
    assert page.get_attribute("#tiles", "data-columns") == "2"


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("size", [WIDE, PHONE], ids=["wide", "phone"])
def test_it_fits(open_visit: Open, tmp_path: Path, size: tuple[int, int], scheme: str) -> None:
    """Nothing scrolls sideways; axe finds no serious barrier; screenshots are kept."""
    visit = open_visit(size, scheme)
    for path in ("/", "/live/door"):
        page = visit.go(path)
        page.wait_for_load_state("networkidle") if path == "/" else plays(visit)
        page.screenshot(path=tmp_path / f"live{path.count('/')}-{scheme}-{size[0]}.png")
        assert page.evaluate("document.documentElement.scrollWidth") <= size[0]
        assert barriers(page) == []


def test_a_camera_that_is_switched_off_says_so(open_visit: Open, house: Product) -> None:
    """And shows its picture again, by itself, when it is switched on."""
    visit = open_visit()
    page = visit.go("/live/door")
    plays(visit)
    house.change("cameras/door", enabled=False)
    words(page, "Switched off")
    house.change("cameras/door", enabled=True)
    plays(visit)


def test_a_camera_that_does_not_answer_says_so(open_visit: Open, house: Product, farm: CameraFarm) -> None:
    """Since when there is no picture, and it comes back by itself."""
    visit = open_visit()
    page = visit.go("/live/door")
    plays(visit)
    source = farm.url("live/door")
    house.change("cameras/door", main_url=source.replace("live/door", "live/nowhere"))
    words(page, re.compile(r"No connection, no picture since \d\d:\d\d:\d\d"))
    house.change("cameras/door", main_url=source)
    plays(visit)


def test_it_is_shared_and_survives_the_death_of_the_worker(
    home: Path, farm: CameraFarm, visit: Video
) -> None:
    """Two viewers are one stream of the worker; after kill -9 the next one is asked, and both go on."""
    farm.add("live/mortal", visit.path)
    done("camera", "add", "Door", farm.url("live/mortal"), home=home)
    with Product(home) as house, watching(house.wait_ready()) as make:
        house.wait_streaming("door")
        first = make()
        first.go("/live/door")
        plays(first)
        started = wait_until(lambda: house.metric("live_streams_started"), what="the worker's report")
        second = make()
        second.go("/live/door")
        plays(second)
        assert house.metric("live_streams_started") == started
        house.kill("worker-1")
        killed_utc_s = time.time()
        for seen in (first, second):
            wait_until(lambda seen=seen: shown_utc_s(seen.page) > killed_utc_s + 2, what="new pictures")
            plays(seen)


def test_a_session_that_ends_takes_the_picture_along(open_visit: Open) -> None:
    """Logged out in another tab: the socket closes and the page leads to the login."""
    visit = open_visit()
    visit.go("/live/door")
    plays(visit)
    other = visit.page.context.new_page()
    other.goto(f"{visit.address}/events")
    other.click(".menu summary")
    other.click("text=Log out")
    visit.page.wait_for_url(re.compile("/login"))
