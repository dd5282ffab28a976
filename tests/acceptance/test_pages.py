"""The pages in a real Chromium, of a whole product that watches a real RTSP camera."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import expect

from tests.acceptance.product import Product, done
from tests.support.browser import chromium_path
from tests.support.processes import wait_until
from tests.support.rtsp import CameraFarm
from tests.support.video import Video
from tests.support.visits import PHONE, WIDE, Open, visiting

pytestmark = [
    pytest.mark.browser,
    pytest.mark.servers,
    pytest.mark.skipif(chromium_path() is None, reason="no Chromium: install it, or set VEDETTE_CHROMIUM"),
]

PAGES = ("/", "/events", "/cameras/door", "/health", "/add-camera")


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory, visit: Video, farm: CameraFarm) -> Iterator[Product]:
    """A product with one camera that shows somebody walk by again and again; an event has been stored."""
    farm.add("pages", visit.path)
    home = tmp_path_factory.mktemp("house") / "home"
    done("camera", "add", "Door", farm.url("pages"), home=home)
    with Product(home) as product:
        product.wait_ready()
        product.wait_streaming("door")
        wait_until(lambda: [row for row in product.events() if row["phase"] == "end"], what="an event")
        wait_until(lambda: [s for s in product.segments("door") if s["state"] == "closed"], what="a segment")
        yield product


@pytest.fixture
def open_visit(house: Product) -> Iterator[Open]:
    """The administrator's visits."""
    with visiting(house.address, house.password) as make:
        yield make


def test_a_camera_shows_its_picture_and_state(open_visit: Open) -> None:
    """After the login the camera's tile has a picture, which moves when somebody passes, and its state."""
    visit = open_visit()
    card = visit.page.locator(".tile", has_text="Door")
    expect(card.locator(".badge", has_text="Live")).to_be_visible()
    expect(card.locator(".badge", has_text="Recording")).to_be_visible()
    expect(card.locator(".event-line")).to_be_visible()
    picture = "document.querySelector('.tile img')"
    visit.wait_for(f"{picture}.naturalWidth > 0 && !{picture}.hidden")
    visit.wait_for("document.querySelector('.tile video')?.dataset.playing === 'yes'")


def test_events_are_filtered(open_visit: Open, house: Product) -> None:
    """The form narrows the list by what is asked, keeps what was asked, and says when nothing fits."""
    label = house.events()[-1]["label"]
    page = open_visit().go("/events")
    page.click(".drop summary >> text=What")
    page.check(f"input[name=label][value={label}]")
    page.click(".drop[open] button")
    expect(page).to_have_url(re.compile(f"label={label}"))
    expect(page.locator("#events > .tile").first).to_contain_text(label.capitalize())
    page.select_option("#kind", "motion" if label != "motion" else "object")
    expect(page.locator("#events > .tile")).to_have_count(0)
    expect(page.locator("#empty")).to_contain_text("No event fits")


def test_events_arrive_without_a_reload(open_visit: Open) -> None:
    """A page of events that is left open shows the next one by itself."""
    visit = open_visit()
    visit.go("/events")
    visit.page.evaluate("window.stayed = true")
    newest = visit.page.locator("#events > .tile").first.get_attribute("id")
    visit.wait_for(f"document.querySelector('#events > .tile').id !== '{newest}'")
    assert visit.page.evaluate("window.stayed")


def test_further_down_the_list_new_events_wait(open_visit: Open) -> None:
    """Somebody who reads further down is not moved: new events wait behind a button."""
    visit = open_visit(size=(390, 320))
    page = visit.go("/events")
    page.evaluate("document.body.style.minHeight = '4000px'; scrollTo(0, 600)")
    page.locator("#arrivals").wait_for(state="visible")
    newest = page.locator("#events > .tile").first.get_attribute("id")
    assert re.fullmatch(r"\d+ new events?", page.inner_text("#arrivals"))
    page.click("#arrivals")
    expect(page.locator("#arrivals")).to_be_hidden()
    assert page.locator("#events > .tile").first.get_attribute("id") != newest


def test_an_event_plays(open_visit: Open, house: Product) -> None:
    """The clip runs in the browser, with its whole length, and can be saved."""
    event = next(row for row in house.events() if row["phase"] == "end" and row["has_snapshot"])
    visit = open_visit()
    page = visit.go(f"/events/{event['id']}")
    clip = "document.querySelector('#clip')"
    page.evaluate(f"{clip}.play()")
    visit.wait_for(f"{clip}.currentTime > 0.5 && {clip}.videoWidth > 0")
    assert page.evaluate(f"{clip}.duration") > 2
    expect(page.locator("#unplayable")).to_be_hidden()
    expect(page.locator(".layers .box")).to_be_visible()
    with page.expect_download() as download:
        page.click("text=Download clip")
    assert Path(download.value.path()).stat().st_size > 1000


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("size", [WIDE, PHONE], ids=["wide", "phone"])
def test_pages_fit(
    open_visit: Open, house: Product, pictures: Path, size: tuple[int, int], scheme: str
) -> None:
    """No page scrolls sideways, wide or on a phone; screenshots are kept."""
    visit = open_visit(size=size, scheme=scheme, timezone_id="Europe/Berlin")
    event = next(row for row in house.events() if row["phase"] == "end")
    for path in (*PAGES, f"/events/{event['id']}"):
        page = visit.go(path)
        if path in {"/", "/cameras/door"}:
            visit.wait_for("document.querySelector('.tile img, img[data-still]').naturalWidth > 0")
        name = path.strip("/").split("/")[0] or "cameras"
        page.screenshot(path=pictures / f"{name}{path.count('/')}-{scheme}-{size[0]}.png")
        assert page.evaluate("document.documentElement.scrollWidth") <= size[0], path


def test_times_are_the_viewers(open_visit: Open, house: Product) -> None:
    """Times are those of the browser's time zone from the first page on, with UTC in the title."""
    event = next(row for row in house.events() if row["phase"] == "end")
    page = open_visit(timezone_id="Asia/Kolkata").go(f"/events/{event['id']}")
    shown = page.locator("#facts time").first
    minute = int(event["start"][14:16])
    assert (shown.get_attribute("title") or "").endswith(f"{event['start'][11:19]} UTC")
    assert int(shown.inner_text().split()[-1].split(":")[1]) == (minute + 30) % 60
    expect(page.locator("footer")).to_contain_text(re.compile("Asia/(Kolkata|Calcutta)"))


def test_logging_out_ends_it(open_visit: Open) -> None:
    """The menu logs out; the pages then lead to the login."""
    page = open_visit().page
    page.click(".menu summary")
    page.click("text=Log out")
    page.wait_for_url("**/login")
    page.goto(page.url.replace("/login", "/events"))
    assert page.url.endswith("/login?next=/events")
