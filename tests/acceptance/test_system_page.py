"""The system page in a real Chromium, of a whole product with one good and one unreachable camera."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import expect

from tests.acceptance.product import Product, done
from tests.support.browser import barriers, chromium_path
from tests.support.processes import wait_until
from tests.support.visits import PHONE, WIDE, Open, visiting
from vedette.testing.ports import free_port

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(chromium_path() is None, reason="no Chromium: install it, or set VEDETTE_CHROMIUM"),
]


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Product]:
    """A product whose barn does not answer; figures of its first minute are written."""
    home = tmp_path_factory.mktemp("system") / "home"
    done("camera", "add", "Door", "scene:garden?width=640&height=360&fps=10", home=home)
    done("camera", "add", "Barn", f"rtsp://127.0.0.1:{free_port()}/none", home=home)
    with Product(home) as product:
        product.wait_ready()
        wait_until(lambda: product.get("incidents", state="open", camera="barn"), what="an incident")
        wait_until(lambda: len(product.get("history")["series"]) > 5, what="figures")
        yield product


@pytest.fixture
def open_visit(house: Product) -> Iterator[Open]:
    """The administrator's visits."""
    with visiting(house.address, house.password) as make:
        yield make


def test_it_says_what_is_wrong_and_what_to_do(open_visit: Open, house: Product) -> None:
    """The head line leads to the page; the incident has a reason, advice, and a way to the camera's log."""
    person = open_visit()
    person.page.click("#health")
    card = person.page.locator(".incident", has_text="Barn")
    expect(card).to_contain_text("A camera gives no picture")
    expect(card).to_contain_text("refuses the connection")
    card.get_by_role("link", name="its log").click()
    expect(person.page.get_by_role("heading", name="Log of Barn")).to_be_visible()
    expect(person.page.locator("#lines li").first).to_contain_text("stream has failed")


def test_values_are_told_under_the_pointer_and_in_a_table(open_visit: Open, house: Product) -> None:
    """Hovering a plot names time and values; the table beside it does so without a pointer."""
    person = open_visit()
    page = person.go("/system")
    plot = page.locator("#plot-memory")
    box = plot.locator(".chart").bounding_box()
    assert box
    page.mouse.move(box["x"] + box["width"] - 3, box["y"] + 20)
    expect(plot.locator(".reading")).to_contain_text("server:")
    page.mouse.move(5, 5)
    expect(plot.locator(".reading")).to_have_count(0)
    plot.locator("summary").focus()
    page.keyboard.press("Enter")
    expect(plot.locator("table")).to_be_visible()
    expect(plot.locator("tbody tr")).to_have_count(12)


def test_a_job_is_run_by_a_click(open_visit: Open, house: Product) -> None:
    """The result of the run appears without a reload by hand."""
    person = open_visit()
    before = next(job["last_run"] for job in house.get("jobs") if job["name"] == "old-incidents")
    page = person.go("/system")
    page.click("#run-old-incidents")
    expect(page.locator("#messages")).to_contain_text("runs. Its result appears here.")
    wait_until(
        lambda: next(j["last_run"] for j in house.get("jobs") if j["name"] == "old-incidents") != before
    )


def test_the_log_follows(open_visit: Open, house: Product) -> None:
    """New lines come by themselves; not while the box is unticked."""
    person = open_visit()
    page = person.go("/system/logs?process=server&text=Back%20again")
    expect(page.locator("#lines")).to_contain_text("No line fits.")
    house.change("cameras/barn", enabled=False)
    expect(page.locator("#lines")).to_contain_text("Back again")
    house.change("cameras/barn", enabled=True)
    page.uncheck("#follow")


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("size", [WIDE, PHONE], ids=["wide", "phone"])
def test_it_fits_and_has_no_barriers(
    open_visit: Open, house: Product, size: tuple[int, int], scheme: str, pictures: Path
) -> None:
    """Wide and on a phone, light and dark: nothing sticks out, axe finds nothing serious."""
    person = open_visit(size, scheme)
    for path, name in (("/system", "system"), ("/system/logs", "logs")):
        page = person.go(path)
        page.screenshot(path=pictures / f"{name}-{size[0]}-{scheme}.png", full_page=True)
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), path
        assert barriers(page) == []
