"""A camera from its address to its zones in a real Chromium: a whole product, real RTSP and ONVIF cameras."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.acceptance.product import Product
from tests.support.browser import barriers, chromium_path
from tests.support.onvif import Device, OnvifDevice, Profile
from tests.support.processes import wait_until
from tests.support.rtsp import CameraFarm, Guard
from tests.support.video import Video, VideoMaker
from tests.support.visits import PHONE, WIDE, Open, visiting
from vedette.testing.ports import free_port

pytestmark = [
    pytest.mark.browser,
    pytest.mark.servers,
    pytest.mark.skipif(chromium_path() is None, reason="no Chromium: install it, or set VEDETTE_CHROMIUM"),
]

GUARD = Guard("admin", "p@ss&word")
SECTIONS = ("", "/zones", "/detection", "/recording", "/connection")
REFUSED = r"^422 |^503 .*snapshot|status of (422|503)"
"""What the browser notes when a form was refused, and when a camera has no picture yet."""


@pytest.fixture(scope="module")
def house(
    tmp_path_factory: pytest.TempPathFactory, farm: CameraFarm, visit: Video, make_video: VideoMaker
) -> Iterator[Product]:
    """A product without any camera, near a Reolink with a password and a camera of the last year."""
    small = make_video(seconds=2.0, fps=10, gop=5, width=320, height=180).path
    farm.add("h264Preview_01_main", visit.path, guard=GUARD)
    farm.add("h264Preview_01_sub", small, guard=GUARD)
    farm.add("modern", make_video(seconds=2.0, fps=10, gop=5, width=320, height=180, codec="hevc").path)
    with Product(tmp_path_factory.mktemp("house") / "home") as product:
        yield product.wait_ready()


@pytest.fixture
def open_visit(house: Product) -> Iterator[Open]:
    """The administrator's visits."""
    with visiting(house.address, house.password, borne=REFUSED) as make:
        yield make


@pytest.fixture
def yard(house: Product, farm: CameraFarm) -> Iterator[str]:
    """A camera that streams, without zones; its id."""
    house.client.post("/api/v1/cameras", json={"name": "Yard", "main_url": farm.url("modern"), "id": "yard"})
    house.wait_streaming("yard")
    yield "yard"
    house.client.delete("/api/v1/cameras/yard")


def applied(page: Page) -> Locator:
    """The words that come from the worker's own report."""
    return page.locator(".applied-words", has_text=re.compile(r"^Applied: worker-1 runs it"))


def zones_of(page: Page) -> list[dict[str, Any]]:
    """What the editor would save."""
    found: list[dict[str, Any]] = json.loads(page.input_value("#zones"))
    return found


def on_picture(page: Page, x: float, y: float) -> tuple[float, float]:
    """Where a point of the picture is on the screen."""
    box = page.locator("#drawing").bounding_box()
    assert box
    return box["x"] + x * box["width"], box["y"] + y * box["height"]


def near(points: list[list[float]], wanted: list[tuple[float, float]]) -> bool:
    """Whether points are where they should be, within what a pixel of the screen is."""
    flat = [value for point in points for value in point]
    return flat == pytest.approx([value for point in wanted for value in point], abs=0.005)


def test_the_first_camera(open_visit: Open, house: Product, farm: CameraFarm) -> None:
    """From the empty live page to a streaming camera: a wrong password, the right one, the picture, added."""
    seen = open_visit()
    page = seen.page
    page.click(".first-camera .button")
    expect(page.locator("h1")).to_have_text("Your first camera")
    page.wait_for_load_state()  # without its script the form works as well, but forgets the password
    page.fill("#address", farm.url("h264Preview_01_main"))
    page.fill("#username", "admin")
    page.fill("#password", "wrong")
    page.press("#password", "Enter")
    expect(page.locator(".found.bad")).to_contain_text("refuses the credentials")
    assert page.input_value("#password") == "wrong"
    page.fill("#password", GUARD.password)
    page.click("#test")
    found = page.locator(".found.good")
    expect(found).to_contain_text("320 × 180")
    assert page.evaluate("document.querySelector('.found-picture').naturalWidth") > 0
    assert barriers(page) == []
    page.fill("#name", "Front door")
    page.select_option("#recording_mode", "always")
    page.press("#name", "Enter")
    page.wait_for_url("**/cameras/front-door")
    expect(page.locator(".standing .badge", has_text="Live")).to_be_visible()
    expect(page.locator(".sentence")).to_contain_text("H.264")
    assert house.camera("front-door")["sub_url"].endswith("h264Preview_01_sub")
    assert GUARD.password not in page.content()
    seen.wait_for(
        "!document.querySelector('#video').hidden && document.querySelector('#video').videoWidth > 0"
    )
    page.goto(f"{seen.address}/cameras/front-door/connection")
    page.click(".remove summary")
    page.click("button.danger")
    expect(page.locator(".note.success")).to_contain_text("was removed")


@pytest.mark.parametrize(
    ("address", "words"),
    [
        ("rtsp://127.0.0.1:{farm}/nowhere", "refuses the credentials|does not exist"),
        pytest.param(
            f"rtsp://127.0.0.1:{free_port()}/x", "nothing listens on this port", id="nobody listens for rtsp"
        ),
        ("rtsp://127.0.0.1:{web}/x", "answers, but not as a camera does"),
        ("rtsp://169.254.169.254/x", "link-local"),
        ("rtsp://no-such-host.invalid/1", "not known by that name"),
    ],
)
def test_failures_in_words(
    open_visit: Open, house: Product, farm: CameraFarm, address: str, words: str
) -> None:
    """Each says what is wrong and what to do, and leaves what was typed."""
    page = open_visit().go("/add-camera")
    wanted = address.format(farm=farm.port, web=house.port)
    page.fill("#address", wanted)
    page.click("#test")
    said = page.locator("#results [role=alert]")
    expect(said).to_contain_text(re.compile(words))
    assert page.input_value("#address") == wanted
    expect(page.locator("#test")).to_have_text("Test it")


def test_an_onvif_camera_is_chosen(open_visit: Open, farm: CameraFarm) -> None:
    """Asked by its host, the camera tells its streams; H.265 is found and shown as well."""
    device = Device([Profile("one", farm.url("modern"), 320, 180, "H265")])
    with OnvifDevice(device) as camera:
        page = open_visit().go("/add-camera")
        page.fill("#address", f"127.0.0.1:{camera.port}")
        page.click("#test")
        expect(page.locator(".found.good")).to_contain_text("H.265")
        expect(page.locator("#name")).to_have_value("Acme X1")
        page.fill("#username", "somebody")
        expect(page.locator(".found")).to_have_count(0)


def test_the_network_is_searched_by_a_button(open_visit: Open) -> None:
    """Whatever is found, the search ends, says so, and the form is still there."""
    page = open_visit().go("/add-camera")
    page.fill("#address", "typed before")
    page.click("text=Search the network")
    expect(page.locator("#results h2")).to_contain_text("answered")
    assert page.input_value("#address") == "typed before"


def test_without_a_script(open_visit: Open, house: Product, farm: CameraFarm) -> None:
    """The same steps by plain forms."""
    seen = open_visit()
    context = seen.page.context.browser.new_context(java_script_enabled=False)  # type: ignore[union-attr]
    context.add_cookies(seen.page.context.cookies())  # type: ignore[arg-type]
    seen.page.close()
    page = context.new_page()
    page.goto(f"{seen.address}/add-camera")
    page.fill("#address", farm.url("h264Preview_01_main"))
    page.fill("#username", "admin")
    page.fill("#password", GUARD.password)
    page.press("#password", "Enter")
    expect(page.locator(".found.good")).to_be_visible()
    assert page.input_value("#password") == ""
    page.fill("#name", "Plain")
    page.click("text=Add the camera")
    expect(page.locator("h1")).to_have_text("Plain")
    house.wait_streaming("plain")
    page.goto(f"{seen.address}/cameras/plain/recording")
    page.check("input[value=motion]")
    page.click("form.settings button")
    expect(page.locator(".note.success")).to_contain_text("Saved")
    assert house.camera("plain")["recording_mode"] == "motion"
    house.client.delete("/api/v1/cameras/plain")


def test_a_zone_is_drawn_with_the_mouse(open_visit: Open, house: Product, yard: str) -> None:
    """Clicks set points, a drag moves one, a drag of an edge adds one; saving is confirmed by the worker."""
    seen = open_visit()
    page = seen.go(f"/cameras/{yard}/zones")
    expect(page.locator("#still")).to_be_visible()
    page.click("#draw")
    corners = [(0.2, 0.3), (0.8, 0.3), (0.8, 0.9), (0.2, 0.9)]
    for corner in corners:
        page.mouse.click(*on_picture(page, *corner))
    page.mouse.click(*on_picture(page, *corners[0]))
    assert near(zones_of(page)[0]["polygon"], corners)
    drag(page, corners[1], (0.9, 0.2))
    drag(page, (0.5, 0.9), (0.5, 0.7))
    wanted = [corners[0], (0.9, 0.2), corners[2], (0.5, 0.7), corners[3]]
    assert near(zones_of(page)[0]["polygon"], wanted)
    page.fill("#zone-name", "Drive")
    page.check("#labels input[value=person]")
    page.fill("#dwell", "1.5")
    expect(page.locator("#dirty")).to_have_text("Not saved yet.")
    page.click("#save")
    expect(applied(page)).to_be_visible()
    expect(page.locator("#dirty")).to_have_text("")
    stored = house.get(f"cameras/{yard}/zones")[0]
    assert (stored["name"], stored["labels"], stored["min_dwell_s"]) == ("Drive", ["person"], 1.5)
    assert house.camera(yard)["applied"]
    page.click(".undo button")
    wait_until(lambda: house.get(f"cameras/{yard}/zones") == [], what="the zone is gone")
    expect(page.locator("#zone-list li")).to_have_count(0)
    assert barriers(page) == []


def drag(page: Page, start: tuple[float, float], end: tuple[float, float]) -> None:
    """Press, move in steps, release."""
    page.mouse.move(*on_picture(page, *start))
    page.mouse.down()
    page.mouse.move(*on_picture(page, *end), steps=5)
    page.mouse.up()


def test_a_zone_is_drawn_with_a_finger(open_visit: Open, yard: str) -> None:
    """Taps set points on a phone; the first point closes it."""
    page = open_visit(PHONE, has_touch=True).go(f"/cameras/{yard}/zones")
    expect(page.locator("#still")).to_be_visible()
    page.tap("#draw")
    corners = [(0.2, 0.2), (0.8, 0.2), (0.5, 0.8)]
    for corner in [*corners, corners[0]]:
        page.touchscreen.tap(*on_picture(page, *corner))
    assert near(zones_of(page)[0]["polygon"], corners)
    page.once("dialog", lambda dialog: dialog.accept())


def test_a_zone_is_drawn_by_keyboard(open_visit: Open, house: Product, yard: str) -> None:
    """Arrow keys move the cross and the points; nothing needs a pointer."""
    page = open_visit().go(f"/cameras/{yard}/zones")
    page.focus("#draw")
    press = page.keyboard.press
    press("Enter")
    press("Space")
    for key in ("Shift+ArrowRight", "Shift+ArrowDown"):
        press(key)
        press("Space")
    press("Backspace")
    press("Shift+ArrowDown")
    press("Space")
    press("Enter")
    assert near(zones_of(page)[0]["polygon"], [(0.5, 0.5), (0.6, 0.5), (0.6, 0.7)])
    assert "Point 1 of 3" in page.evaluate("document.activeElement.getAttribute('aria-label')")
    press("Shift+ArrowLeft")
    press("ArrowUp")
    assert near(zones_of(page)[0]["polygon"], [(0.45, 0.495), (0.6, 0.5), (0.6, 0.7)])
    press("Control+z")
    press("Control+z")
    assert near(zones_of(page)[0]["polygon"][:1], [(0.5, 0.5)])
    page.locator("[data-after='0']").focus()
    press("Enter")
    assert len(zones_of(page)[0]["polygon"]) == 4
    press("Delete")
    assert len(zones_of(page)[0]["polygon"]) == 3
    page.locator(".shape.chosen").focus()
    press("Shift+ArrowUp")
    assert near(zones_of(page)[0]["polygon"][:1], [(0.5, 0.45)])
    page.click("text=Points as numbers")
    page.fill("#points li:nth-child(2) input:nth-of-type(1)", "75")
    press("Tab")
    assert zones_of(page)[0]["polygon"][1][0] == 0.75
    page.focus("#save")
    press("Enter")
    expect(applied(page)).to_be_visible()
    assert len(house.get(f"cameras/{yard}/zones")) == 1


def test_zones_that_cannot_be_are_told(open_visit: Open, house: Product, yard: str) -> None:
    """A crossed outline, a second zone of the same name: words at once, and nothing is sent."""
    page = open_visit().go(f"/cameras/{yard}/zones")
    page.click("#rectangle")
    page.click("text=Points as numbers")
    page.fill("#points li:nth-child(1) input:nth-of-type(1)", "90")
    page.keyboard.press("Tab")
    expect(page.locator("#wrong")).to_contain_text("crosses itself")
    page.click("#save")
    assert page.evaluate("document.activeElement.id") == "wrong"
    page.click("#undo")
    expect(page.locator("#wrong")).to_have_text("")
    page.click("#rectangle")
    page.fill("#zone-name", "Zone 1")
    expect(page.locator("#wrong")).to_contain_text("Two zones are called")
    assert house.get(f"cameras/{yard}/zones") == []
    page.click("#remove")
    page.click("#remove")
    expect(page.locator("#no-zones")).to_be_visible()


def test_zones_are_tried_at_once(open_visit: Open, house: Product, yard: str) -> None:
    """The detector looks at the picture that is shown; events that were are judged as the zones change."""
    page = open_visit().go(f"/cameras/{yard}/zones")
    expect(page.locator("#past")).to_contain_text(re.compile("event"))
    page.click("#look")
    expect(page.locator("#now")).to_contain_text("seen")
    expect(page.locator("#still-words")).to_contain_text("Picture of")


def test_settings_apply_without_a_reload(open_visit: Open, house: Product, yard: str) -> None:
    """A switch reaches the worker, which says so; the page stays; a refused form keeps what was typed."""
    seen = open_visit()
    page = seen.go(f"/cameras/{yard}")
    page.evaluate("window.stayed = true")
    page.select_option("#recording_mode", "off")
    expect(applied(page)).to_be_visible()
    expect(page.locator(".standing .badge", has_text="Recording")).to_be_hidden()
    assert house.camera(yard)["recording_mode"] == "off"
    page.click(".undo button")
    expect(page.locator(".standing .badge", has_text="Recording")).to_be_visible()
    expect(page.locator("#recording_mode")).to_have_value("always")
    assert page.evaluate("window.stayed")
    page = seen.go(f"/cameras/{yard}/recording")
    page.fill("#pre_roll_s", "soon")
    page.click("form[data-save] button[type=submit]")
    expect(page.locator("#problem")).to_contain_text("enter a number")
    assert page.input_value("#pre_roll_s") == "soon"
    page.fill("#pre_roll_s", "2")
    page.click("form[data-save] button[type=submit]")
    expect(applied(page)).to_be_visible()
    expect(page.locator("#problem")).to_be_empty()


def test_a_profile_for_this_camera_only(open_visit: Open, house: Product, yard: str) -> None:
    """Saving a copy gives the camera a profile of its own, and the page shows it."""
    page = open_visit().go(f"/cameras/{yard}/detection")
    page.fill("#min_score", "0.77")
    page.click("text=Save for this camera only")
    expect(page.locator("#profile-title")).to_have_text("Profile Yard")
    expect(page.locator("#profile")).to_have_value("Yard")
    assert house.camera(yard)["profile"] == "Yard"
    assert house.get("profiles/Yard")["min_score"] == 0.77
    assert house.get("profiles/default")["min_score"] != 0.77


def test_the_connection_is_tested_again(open_visit: Open, yard: str) -> None:
    """The stored camera is tried out as the form stands, without saving."""
    page = open_visit().go(f"/cameras/{yard}/connection")
    page.click("text=Test the connection")
    expect(page.locator("#found")).to_contain_text("It works")
    page.fill("#main_url", f"rtsp://127.0.0.1:{free_port()}/x")
    page.click("text=Test the connection")
    expect(page.locator("#found")).to_contain_text("nothing listens")


def test_a_worker_that_does_not_answer_is_told(open_visit: Open, house: Product, yard: str) -> None:
    """Without a confirmation there is no "applied": after 15 s the page says what to do."""
    seen = open_visit()
    hold_back_reports(seen.page, yard, house.camera(yard)["revision"])
    seen.page.clock.install()
    page = seen.go(f"/cameras/{yard}/recording")
    page.check("input[value=motion]")
    page.click("form[data-save] button[type=submit]")
    expect(page.locator(".applied-words")).to_contain_text("is taking it over")
    page.clock.fast_forward(16_000)
    expect(page.locator(".applied-words")).to_contain_text("Not confirmed after 15 s")


def hold_back_reports(page: Page, camera: str, revision: int) -> None:
    """Pages opened from now on hear of no later revision than this: neither as news nor in their parts."""
    page.route("**/api/v1/live*", lambda route: route.fulfill(content_type="text/event-stream", body=""))

    def older(route: Any) -> None:
        answer = route.fetch()
        text = re.sub(r'data-running="\d+"', f'data-running="{revision}"', answer.text())
        route.fulfill(response=answer, body=text)

    page.route(f"**/cameras/{camera}/recording*", older)


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("size", [WIDE, PHONE], ids=["wide", "phone"])
def test_pages_fit(open_visit: Open, yard: str, tmp_path: Path, size: tuple[int, int], scheme: str) -> None:
    """Nothing scrolls sideways, nothing is a barrier; screenshots are kept."""
    seen = open_visit(size, scheme)
    for path in (*(f"/cameras/{yard}{section}" for section in SECTIONS), "/profiles", "/add-camera"):
        page = seen.go(path)
        page.screenshot(path=tmp_path / f"{path.strip('/').replace('/', '-')}.png", full_page=True)
        assert page.evaluate("document.documentElement.scrollWidth") <= size[0], path
        assert barriers(page) == [], path
