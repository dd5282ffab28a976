"""Events in a real Chromium, on a real server with a real recording."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import expect

from tests.integration.dashboard.house import (
    ENTERS_S,
    SIDE,
    House,
    open_house,
    square_at,
)
from tests.integration.server.conftest import PASSWORD, ServerProcess
from tests.integration.server.worker import event
from tests.support.browser import barriers, chromium_path
from tests.support.visits import PHONE, WIDE, Open, visiting
from vedette.domain.messages import EventMessage, ZoneVisit
from vedette.testing.ports import free_port

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(chromium_path() is None, reason="no Chromium: install it, or set VEDETTE_CHROMIUM"),
]


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    """One for all tests of this file."""
    folder = tmp_path_factory.mktemp("house")
    server = ServerProcess(folder / "home", free_port())
    server.token = server.python(
        "from vedette.server.accounts.tokens import create_token\nprint(create_token('t', 'administrator'))"
    )
    server.start()
    found = open_house(server, folder)
    yield found
    found.worker.close()
    server.stop()


@pytest.fixture(scope="module")
def square(house: House) -> EventMessage:
    """The event that follows the square."""
    return house.tell_of_square()


@pytest.fixture
def open_visit(house: House) -> Iterator[Open]:
    """Ada's visits, or those of others."""
    with visiting(house.address, PASSWORD, name="ada") as make:
        yield make


def test_a_thumbnail_moves_while_the_pointer_rests_on_it(open_visit: Open, square: EventMessage) -> None:
    """The recording around the best moment plays in the thumbnail, and is gone when the pointer leaves."""
    visit = open_visit()
    page = visit.go("/events")
    tile = f"#event-{square.id}"
    page.hover(f"{tile} .thumb")
    visit.wait_for(f"document.querySelector('{tile} video')?.currentTime > 0.2")
    visit.wait_for(f"document.querySelector('{tile} .thumb').classList.contains('moving')")
    page.hover("h1")
    expect(page.locator("video")).to_have_count(0)


def test_the_focus_moves_a_thumbnail_too(open_visit: Open, square: EventMessage) -> None:
    """Whoever goes by keyboard sees the same."""
    visit = open_visit()
    page = visit.go("/events")
    page.focus(".clear, #feedback")
    for _ in range(40):
        page.keyboard.press("Tab")
        if page.evaluate(f"document.activeElement.closest('#event-{square.id}') !== null"):
            break
    visit.wait_for(f"document.querySelector('#event-{square.id} video')?.currentTime > 0.2")


def test_motion_comes_on_demand_where_it_is_not_wanted(open_visit: Open, square: EventMessage) -> None:
    """With reduced motion nothing plays by itself; the button on the thumbnail starts and stops it."""
    visit = open_visit(reduced_motion="reduce")
    page = visit.go("/events")
    tile = page.locator(f"#event-{square.id}")
    tile.locator(".thumb").hover()
    page.wait_for_load_state("networkidle")
    expect(page.locator("video")).to_have_count(0)
    button = tile.locator(".peek")
    button.click()
    visit.wait_for("document.querySelector('.tile video')?.currentTime > 0.2")
    expect(button).to_have_attribute("aria-pressed", "true")
    button.click()
    expect(page.locator("video")).to_have_count(0)


def test_a_tap_on_the_button_plays_on_a_phone(open_visit: Open, square: EventMessage) -> None:
    """Without a pointer that can hover, a button on the thumbnail plays it."""
    visit = open_visit(size=PHONE, has_touch=True, is_mobile=True)
    page = visit.go("/events")
    page.tap(f"#event-{square.id} .peek")
    visit.wait_for("document.querySelector('.tile video')?.currentTime > 0.2")
    assert page.url.endswith("/events")


def test_a_thumbnail_without_recording_stays_still(open_visit: Open, house: House) -> None:
    """Where nothing was recorded the still stays, and nothing is logged as an error."""
    event = house.tell("yard", label="cat")
    page = open_visit().go("/events?label=cat")
    with page.expect_response("**/preview.mp4*") as answer:
        page.hover(f"#event-{event.id} .thumb")
    assert answer.value.status == 204
    expect(page.locator(f"#event-{event.id}.still-only")).to_be_visible()
    expect(page.locator("video")).to_have_count(0)


def test_filters_combine(open_visit: Open, house: House, square: EventMessage) -> None:
    """Several labels, a zone, a score and a day narrow the list together; the address says it all."""
    now_s = house.begin_utc_s
    for label, score in (("dog", 0.55), ("fox", 0.95)):
        house.tell(
            "yard",
            label=label,
            score=score,
            start_utc_s=now_s,
            zones=(ZoneVisit(zone="Lawn", enter_utc_s=now_s),),
        )
    page = open_visit().go("/events")
    page.click(".drop summary >> text=What")
    page.check("input[name=label][value=dog]")
    page.check("input[name=label][value=fox]")
    page.click(".drop[open] button")
    tiles = page.locator("#events > .tile")
    expect(tiles).to_have_count(2)
    page.select_option("#zone", "Lawn")
    expect(page).to_have_url(re.compile("zone=Lawn"))
    page.select_option("#min_score", "0.9")
    expect(tiles).to_have_count(1)
    expect(tiles.first).to_contain_text("Fox")
    page.click(".spans >> text=Yesterday")
    expect(page.locator("#empty")).to_contain_text("No event fits")
    assert set(re.findall(r"[?&](\w+)=(\w+)", page.url)) >= {("label", "dog"), ("label", "fox")}
    page.click(".spans >> text=Any time")
    expect(tiles).to_have_count(1)
    page.click(".clear")
    expect(page.locator(f"#event-{square.id}")).to_be_visible()


def test_choices_apply_when_the_list_is_closed(open_visit: Open, square: EventMessage) -> None:
    """A click beside the list of cameras applies what was chosen in it."""
    page = open_visit().go("/events")
    page.click(".drop summary >> text=Camera")
    page.check("input[name=camera][value=yard]")
    page.click("h1")
    expect(page).to_have_url(re.compile(r"\?camera=yard$"))


def test_new_events_arrive_and_wait_while_somebody_reads(open_visit: Open, house: House) -> None:
    """At the top an event appears by itself; further down it waits behind a button, and nothing moves."""
    visit = open_visit(size=(900, 500))
    for _ in range(30):
        house.worker.outbox.append(event("yard", label="bird", phase="end"))
    page = visit.go("/events?camera=door&camera=yard")
    first = house.tell("yard", label="bird")
    expect(page.locator(f"#event-{first.id}")).to_be_visible()
    page.evaluate("scrollTo(0, 700)")
    visit.wait_for("scrollY > 500")
    before = page.evaluate("scrollY")
    second = house.tell("yard", label="bird")
    expect(page.locator("#arrivals")).to_have_text("1 new event")
    assert page.locator(f"#event-{second.id}").count() == 0
    assert page.evaluate("scrollY") == before
    page.click("#arrivals")
    expect(page.locator(f"#event-{second.id}")).to_be_visible()


SEEN = """async (at) => {
    const clip = document.querySelector('#clip'), drawing = document.querySelector('#drawing');
    clip.pause();
    const sought = new Promise((done) => clip.addEventListener('seeked', done, { once: true }));
    clip.currentTime = at;
    await sought;
    await new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)));
    const find = (source, wanted) => {
        const canvas = Object.assign(document.createElement('canvas'), { width: 640, height: 360 });
        const pen = canvas.getContext('2d');
        pen.drawImage(source, 0, 0, 640, 360);
        const { data } = pen.getImageData(0, 0, 640, 360);
        const xs = [], ys = [];
        for (let at = 0; at < data.length; at += 4) {
            if (!wanted(data[at], data[at + 1], data[at + 2], data[at + 3])) continue;
            xs.push((at / 4) % 640);
            ys.push(Math.floor(at / 4 / 640));
        }
        return xs.length ? [Math.min(...xs), Math.min(...ys), Math.max(...xs), Math.max(...ys)] : null;
    };
    return {
        square: find(clip, (red, green, blue) => red > 200 && green > 200 && blue > 200),
        box: find(drawing, (red, green, blue, alpha) => alpha > 150 && red > 200 && blue < 130),
        path: find(drawing, (red, green, blue, alpha) => alpha > 150 && red < 130 && blue > 200),
    };
}"""
"""Where the picture has the square, and where box and path are drawn, in pixels of the picture."""


def test_the_box_is_where_the_picture_has_the_object(open_visit: Open, square: EventMessage) -> None:
    """Wherever the clip stands, the box frames the square of that picture, and the path has led there."""
    visit = open_visit(size=(1400, 1000))
    page = visit.go(f"/events/{square.id}")
    visit.wait_for(
        "!document.querySelector('#lane').hidden && document.querySelector('#clip').readyState > 1"
    )
    for second in (4.25, 5.65, 7.05, 8.15):
        seen = page.evaluate(SEEN, second)
        assert seen["square"], second
        for drawn, shown in zip(seen["box"], seen["square"], strict=True):
            assert drawn == pytest.approx(shown, abs=4), (second, seen)
        assert seen["path"][2] == pytest.approx(seen["square"][0], abs=5)  # the rest lies under the box
        assert seen["path"][0] == pytest.approx(square_at(ENTERS_S).x + SIDE / 2, abs=5)
    nobody = page.evaluate(SEEN, 1.5)
    assert (nobody["square"], nobody["box"]) == (None, None)


def test_box_and_path_can_be_hidden(open_visit: Open, square: EventMessage) -> None:
    """Each has its switch."""
    visit = open_visit()
    page = visit.go(f"/events/{square.id}")
    visit.wait_for(
        "!document.querySelector('#lane').hidden && document.querySelector('#clip').readyState > 1"
    )
    page.uncheck("#show-box")
    seen = page.evaluate(SEEN, 6.05)
    assert seen["box"] is None
    assert seen["path"]
    page.uncheck("#show-path")
    assert page.evaluate(SEEN, 6.25)["path"] is None


def test_boxes_keep_up_while_it_plays(open_visit: Open, square: EventMessage) -> None:
    """While the clip plays the box moves on by itself, along the way of the object."""
    visit = open_visit()
    page = visit.go(f"/events/{square.id}")
    visit.wait_for(
        "!document.querySelector('#lane').hidden && document.querySelector('#clip').readyState > 1"
    )
    page.evaluate("document.querySelector('#clip').play()")
    drawn = "(document.querySelector('#drawing').dataset.box || '0').split(' ')[0]"
    visit.wait_for(f"+{drawn} > {square_at(4.0).x}")
    first = int(page.evaluate(drawn))
    visit.wait_for(f"+{drawn} > {first + 40}")


def test_a_click_on_what_happened_leads_there(open_visit: Open, square: EventMessage, house: House) -> None:
    """Every moment is a button that moves the clip to it; the zone's stay is on the bar."""
    visit = open_visit()
    page = visit.go(f"/events/{square.id}")
    visit.wait_for("!document.querySelector('#lane').hidden")
    expect(page.locator(".moment")).to_have_count(5)
    page.click(".moment >> text=Entered Path")
    visit.wait_for("Math.abs(document.querySelector('#clip').currentTime - 5.0) < 0.1")
    expect(page.locator(".moment[aria-current]")).to_contain_text("Entered Path")
    assert page.locator("#lane .stay").get_attribute("title") == "Path"
    bar = page.locator("#lane").bounding_box()
    assert bar
    page.mouse.click(bar["x"] + bar["width"] / 2, bar["y"] + 5)
    visit.wait_for(
        "(({currentTime, duration}) => Math.abs(currentTime - duration / 2) < 0.1)"
        "(document.querySelector('#clip'))"
    )


def test_feedback_is_given_by_key_and_choice(open_visit: Open, house: House) -> None:
    """Keys and the list of labels note a verdict, which is shown, listed, changed and taken back."""
    event = house.tell("yard", label="horse")
    visit = open_visit()
    page = visit.go(f"/events/{event.id}")
    page.keyboard.press("y")
    expect(page.locator(".said")).to_contain_text("Right")
    page.keyboard.press("n")
    expect(page.locator(".said")).to_contain_text("Wrong")
    page.select_option("#say-other", "dog")
    expect(page.locator(".said")).to_contain_text("Dog")
    visit.go("/events?feedback=other&label=horse")
    expect(page.locator(f"#event-{event.id} .verdict")).to_have_attribute("data-verdict", "other")
    page.click(f"#event-{event.id} a")
    page.click("text=Take back")
    expect(page.locator(".said")).to_have_count(0)


def test_viewers_see_verdicts_and_give_none(open_visit: Open, square: EventMessage) -> None:
    """Neither buttons nor keys, nor a way to share."""
    page = open_visit(name="vic").go(f"/events/{square.id}")
    page.keyboard.press("y")
    expect(page.locator(".said")).to_have_count(0)
    expect(page.locator(".verdicts, .share")).to_have_count(0)
    expect(page.locator("#feedback")).to_contain_text("Nobody has said yet")


def test_keys_go_through_the_list_and_back(open_visit: Open, house: House) -> None:
    """j and k walk through the list that somebody came from; Escape leads back to where they were in it."""
    others = [house.tell("yard", label="sheep", start_utc_s=house.begin_utc_s - 3600 * n) for n in range(60)]
    visit = open_visit()
    page = visit.go("/events?label=sheep")
    page.evaluate("scrollTo(0, document.body.scrollHeight)")
    visit.wait_for("document.querySelectorAll('.tile').length === 60")
    page.click(f"#event-{others[55].id} a")
    page.wait_for_url(f"**/events/{others[55].id}?label=sheep&list*")
    page.keyboard.press("j")
    page.wait_for_url(f"**/events/{others[56].id}?*")
    page.keyboard.press("k")
    page.wait_for_url(f"**/events/{others[55].id}?*")
    page.keyboard.press("Escape")
    page.wait_for_url("**/events?label=sheep")
    visit.wait_for(f"document.activeElement.closest('li')?.id === 'event-{others[55].id}'")
    expect(page.locator(f"#event-{others[55].id}")).to_be_in_viewport()


def test_a_share_link_shows_one_event_to_a_stranger(open_visit: Open, square: EventMessage) -> None:
    """Whoever has the link sees clip and picture, and no way further; withdrawn, it opens nothing."""
    ada = open_visit()
    page = ada.go(f"/events/{square.id}")
    page.click(".share summary")
    page.select_option("#lifetime", "3600")
    page.click("#share")
    expect(page.locator("#share-link")).to_have_value(re.compile("/shared/"))
    link = page.input_value("#share-link")
    stranger = open_visit(name="", size=PHONE)
    stranger.page.goto(link)
    expect(stranger.page.locator("h1")).to_contain_text("Person")
    stranger.wait_for(
        "document.querySelector('#clip').readyState > 1 && document.querySelector('img').naturalWidth > 0"
    )
    assert stranger.page.evaluate("[...document.links].length") == 0
    assert stranger.page.locator("nav, form").count() == 0
    assert barriers(stranger.page) == []
    stranger.page.goto(stranger.address + f"/events/{square.id}")
    assert "/login" in stranger.page.url
    page.click("[data-withdraw]")
    expect(page.locator("#shares li")).to_have_count(0)
    gone = stranger.page.goto(link)
    assert gone is not None
    assert gone.status == 404
    assert [fault for fault in stranger.faults if "404" not in fault] == []
    stranger.faults.clear()


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("size", [WIDE, PHONE], ids=["wide", "phone"])
def test_pages_fit_and_have_no_barriers(
    open_visit: Open, square: EventMessage, pictures: Path, size: tuple[int, int], scheme: str
) -> None:
    """Nothing scrolls sideways, and axe finds nothing serious; screenshots are kept."""
    visit = open_visit(size=size, scheme=scheme, timezone_id="Europe/Berlin")
    for name, path in (
        ("events", "/events"),
        ("event", f"/events/{square.id}"),
        ("none", "/events?label=yak"),
    ):
        page = visit.go(path)
        page.wait_for_load_state("networkidle")
        page.screenshot(path=pictures / f"{name}-{scheme}-{size[0]}.png")
        assert page.evaluate("document.documentElement.scrollWidth") <= size[0], path
        assert barriers(page) == [], path
