"""The system page in a real Chromium, of a whole product with one good and one unreachable camera."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect

from tests.acceptance.product import Product, done
from tests.support.browser import barriers, chromium_path, open_browser
from tests.support.processes import free_port, wait_until
from tests.support.visits import Visit

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
        wait_until(lambda: product.get("incidents", state="open", camera="barn"), 60, what="an incident")
        wait_until(lambda: len(product.get("history")["series"]) > 5, 100, what="figures")
        yield product


@pytest.fixture
def browser() -> Iterator[Browser]:
    """A browser that ends with the test."""
    with open_browser() as running:
        yield running


def visit(browser: Browser, house: Product, width: int = 1400, scheme: str = "light") -> Visit:
    """A logged-in administrator."""
    context = browser.new_context(viewport={"width": width, "height": 900}, color_scheme=scheme)
    person = Visit(context, f"http://127.0.0.1:{house.port}")
    person.log_in(house.password)
    return person


def test_it_says_what_is_wrong_and_what_to_do(browser: Browser, house: Product) -> None:
    """The head line leads to the page; the incident has a reason, advice, and a way to the camera's log."""
    person = visit(browser, house)
    person.page.click("#health")
    card = person.page.locator(".incident", has_text="Barn")
    expect(card).to_contain_text("A camera gives no picture")
    expect(card).to_contain_text("refuses the connection")
    card.get_by_role("link", name="its log").click()
    expect(person.page.get_by_role("heading", name="Log of Barn")).to_be_visible()
    expect(person.page.locator("#lines li").first).to_contain_text("stream has failed")
    assert person.faults == []


def test_values_are_told_under_the_pointer_and_in_a_table(browser: Browser, house: Product) -> None:
    """Hovering a plot names time and values; the table beside it does so without a pointer."""
    person = visit(browser, house)
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
    assert person.faults == []


def test_a_job_is_run_by_a_click(browser: Browser, house: Product) -> None:
    """The result of the run appears without a reload by hand."""
    person = visit(browser, house)
    before = next(job["last_run"] for job in house.get("jobs") if job["name"] == "old-incidents")
    page = person.go("/system")
    page.click("#run-old-incidents")
    expect(page.locator("#messages")).to_contain_text("runs. Its result appears here.")
    wait_until(
        lambda: next(j["last_run"] for j in house.get("jobs") if j["name"] == "old-incidents") != before, 10
    )
    assert person.faults == []


def test_the_log_follows(browser: Browser, house: Product) -> None:
    """New lines come by themselves; not while the box is unticked."""
    person = visit(browser, house)
    page = person.go("/system/logs?process=server&text=Back%20again")
    expect(page.locator("#lines")).to_contain_text("No line fits.")
    house.change("cameras/barn", enabled=False)
    expect(page.locator("#lines")).to_contain_text("Back again", timeout=30_000)
    house.change("cameras/barn", enabled=True)
    page.uncheck("#follow")
    assert person.faults == []


@pytest.mark.parametrize(
    ("width", "scheme"), [(1400, "light"), (1400, "dark"), (390, "light"), (390, "dark")]
)
def test_it_fits_and_has_no_barriers(
    browser: Browser, house: Product, width: int, scheme: str, tmp_path: Path
) -> None:
    """Wide and on a phone, light and dark: nothing sticks out, axe finds nothing serious."""
    person = visit(browser, house, width, scheme)
    for path, name in (("/system", "system"), ("/system/logs", "logs")):
        page = person.go(path)
        page.screenshot(path=tmp_path / f"{name}-{width}-{scheme}.png", full_page=True)
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), path
        assert barriers(page) == []
    assert person.faults == []
