"""The page of alerts in a real Chromium: arming, a rule from its form, a browser that is told."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest
from playwright.sync_api import Page, expect

from tests.integration.dashboard.house import House, open_house
from tests.integration.server.conftest import PASSWORD, ServerProcess
from tests.support.browser import barriers, chromium_path
from tests.support.processes import wait_until
from tests.support.receivers import Browser, Receiver
from tests.support.visits import PHONE, WIDE, Open, Visit, visiting
from vedette.testing.ports import free_port

pytestmark = [
    pytest.mark.browser,
    pytest.mark.servers,
    pytest.mark.skipif(chromium_path() is None, reason="no Chromium: install it, or set VEDETTE_CHROMIUM"),
]


@pytest.fixture(scope="module")
def hook() -> Iterator[Receiver]:
    """A push service and a webhook's receiver in one."""
    with Receiver() as receiver:
        receiver.answers = lambda _: (201, {}, b"taken")
        yield receiver


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory, hook: Receiver) -> Iterator[House]:
    """One for all tests of this file."""
    folder = tmp_path_factory.mktemp("house")
    server = ServerProcess(folder / "home", free_port())
    server.token = server.python(
        "from vedette.server.accounts.tokens import create_token\nprint(create_token('t', 'administrator'))"
    )
    server.start(VEDETTE_PUSH_SERVICES=hook.origin)
    found = open_house(server, folder)
    yield found
    found.worker.close()
    server.stop()


@pytest.fixture
def open_visit(house: House) -> Iterator[Open]:
    """Ada's visits, or those of others."""
    with visiting(house.address, PASSWORD, name="ada", timezone_id="Europe/Berlin") as make:
        yield make


def add_rule(page: Page) -> None:
    """Fill in the form of a rule."""
    page.get_by_role("link", name="Add a rule").click()
    page.get_by_text("Front door", exact=True).click()
    page.get_by_label("While").select_option("armed or not")
    page.get_by_label("Then silence for").fill("0")
    page.get_by_label("Events within").fill("0")
    page.get_by_label("Name").fill("Visitors")


def test_a_rule_from_its_form(open_visit: Open, house: House) -> None:
    """It can be tried before it is stored, and then stands on the page as a sentence."""
    house.tell()
    visit = open_visit()
    add_rule(visit.go("/alerts"))
    visit.page.get_by_role("button", name="Try it on the last day").click()
    expect(visit.page.get_by_role("heading", name="would have made")).to_contain_text(
        "1 event of the last day"
    )
    assert visit.page.get_by_label("Name").input_value() == "Visitors"
    visit.page.get_by_role("button", name="Add the rule").click()
    sentence = "When a person is seen at Front door, push to every connected browser."
    expect(visit.page.locator("#rules")).to_contain_text(sentence)
    visit.page.get_by_role("switch", name="Rule is on").click()
    expect(visit.page.locator("#rules")).to_contain_text("Switched off")
    visit.page.get_by_role("switch", name="Rule is on").click()


def test_arming_by_the_switches(open_visit: Open) -> None:
    """One camera, then all; the words say by whom, and another window follows by itself."""
    visit, other = open_visit(), open_visit(size=PHONE)
    other.go("/alerts")
    page = visit.go("/alerts")
    page.get_by_role("switch", name="Yard armed").click()
    expect(page.get_by_role("heading", name="Partly armed")).to_be_visible()
    expect(page.locator("#armed-cameras")).to_contain_text("Armed by ada at")
    expect(other.page.get_by_role("switch", name="Yard armed")).to_have_attribute("aria-checked", "true")
    page.get_by_role("switch", name="All cameras armed").click()
    expect(page.get_by_role("heading", name="Disarmed")).to_be_visible()
    page.get_by_role("switch", name="All cameras armed").press("Space")
    expect(page.get_by_role("heading", name="Armed", exact=True)).to_be_visible()


def test_an_off_waits_for_the_event(open_visit: Open, house: House) -> None:
    """While somebody is there the camera stays armed and says so; the end disarms it, and so does force."""
    visit = open_visit()
    going_on = house.tell("yard", phase="start")
    page = visit.go("/alerts")
    page.get_by_role("switch", name="Yard armed").click()
    expect(page.locator("#armed-cameras")).to_contain_text("Disarms as soon as the event")
    house.worker.outbox.append(_ended(going_on))
    expect(page.get_by_role("switch", name="Yard armed")).to_have_attribute("aria-checked", "false")
    house.tell("door", phase="start")
    page.get_by_role("switch", name="Front door armed").click()
    page.get_by_role("button", name="Disarm Front door now").click()
    expect(page.get_by_role("heading", name="Disarmed")).to_be_visible()


def _ended(message: Any) -> Any:
    return msgspec.structs.replace(message, phase="end", revision=message.revision + 1)


def test_a_schedule_from_its_form(open_visit: Open) -> None:
    """Days by buttons, across midnight, in the time zone of whoever plans first."""
    visit = open_visit()
    page = visit.go("/alerts")
    page.get_by_text("Add a schedule").click()
    plan = page.locator("section.plan")
    for day in ("Sat", "Sun"):
        plan.get_by_text(day, exact=True).click()
    plan.get_by_role("button", name="Add the schedule").click()
    expect(page.locator("section.plan")).to_contain_text("Monday to Friday from 22:00 to 07:00, all cameras")
    expect(page.locator("section.plan")).to_contain_text("Europe/Berlin")


def test_a_channel_from_its_form(open_visit: Open, hook: Receiver) -> None:
    """Its secret address is never shown again, and the test says what the other side answered."""
    visit = open_visit()
    page = visit.go("/alerts")
    page.get_by_role("link", name="Add a channel").click()
    page.get_by_role("link", name="Webhook").click()
    page.get_by_label("Name").fill("House")
    page.get_by_label("Address").fill(hook.url("/s3cret"))
    page.get_by_role("button", name="Save").click()
    page.get_by_role("button", name="Send a test to House").click()
    expect(page.locator("#messages")).to_contain_text("a test was sent. The answer: 201 taken")
    expect(page.locator("#channels")).to_contain_text("Works")
    page.get_by_role("link", name="Change House").click()
    assert "s3cret" not in page.content()


def test_a_browser_is_connected_and_told(open_visit: Open, house: House, hook: Receiver) -> None:
    """The page subscribes; what is then pushed is shown by the service worker, and an update replaces it.

    Only the push service of the browser's maker is a stand-in: it cannot be reached from a test.
    """
    keys = Browser(hook.url("/push/ada"))
    visit = open_visit(permissions=["notifications"])
    fake = f"""PushManager.prototype.subscribe = async function () {{
        const found = {json.dumps(keys.subscription())};
        return {{ endpoint: found.endpoint, toJSON: () => found, unsubscribe: async () => true }};
    }};"""
    visit.page.add_init_script(fake)
    page = visit.go("/alerts")
    hook.requests.clear()
    page.get_by_role("button", name="Tell me in this browser").click()
    expect(page.locator("#browser-words")).to_have_text("This browser is told.")
    expect(page.locator("#channels")).to_contain_text("Chrome on Linux of ada")
    house.tell()
    wait_until(lambda: [got for got in hook.requests if got.path == "/push/ada"], what="the push")
    said = keys.read(next(got for got in hook.requests if got.path == "/push/ada"))
    assert said["title"] == "Front door: person"
    deliver(visit, said)
    deliver(visit, said | {"body": "and another", "again": True, "revision": 2})
    visit.wait_for(
        f"{_SHOWN}.then((all) => JSON.stringify(all)).then((text) => text.includes('and another'))"
    )
    assert page.evaluate(_SHOWN) == [["Front door: person", "and another"]]


_SHOWN = """navigator.serviceWorker.ready.then((found) => found.getNotifications())
    .then((all) => all.map((each) => [each.title, each.body]))"""


def deliver(visit: Visit, said: dict[str, Any]) -> None:
    """Hand a message to the service worker as the browser's push service does."""
    tools = visit.page.context.new_cdp_session(visit.page)
    found: list[str] = []
    tools.on(
        "ServiceWorker.workerRegistrationUpdated",
        lambda seen: found.extend(each["registrationId"] for each in seen["registrations"]),
    )
    tools.send("ServiceWorker.enable")
    wait_until(lambda: (visit.page.evaluate("1"), found)[1], what="the service worker")
    message = {"origin": visit.address, "registrationId": found[-1], "data": json.dumps(said)}
    tools.send("ServiceWorker.deliverPushMessage", message)


def test_a_snooze_by_link(open_visit: Open, house: House) -> None:
    """Whoever holds the link sees what it is about and needs no login; only the button snoozes."""
    code = (
        "from vedette.server.alerts.models import Notification\n"
        "from vedette.server.alerts.links import snooze_path\n"
        "print(snooze_path(Notification.objects.filter(rule__isnull=False).first()))"
    )
    visit = open_visit(name="")
    page = visit.go(house.server.python(code))
    expect(page.get_by_role("heading", name="Snooze this alert")).to_be_visible()
    assert barriers(page) == []
    page.get_by_role("button", name="Snooze").click()
    expect(page.get_by_role("heading", name="Snoozed")).to_be_visible()
    visit.log_in(PASSWORD, "ada")
    page = visit.go("/alerts")
    expect(page.locator("#snoozes")).to_contain_text("“Visitors” on Front door is snoozed until")
    page.get_by_role("button", name="Tell me again").click()
    expect(page.locator("#snoozes")).to_be_empty()


def test_viewers_look_and_change_nothing(open_visit: Open) -> None:
    """They see what is armed and was told, without switches and forms."""
    page = open_visit(name="vic").go("/alerts")
    expect(page.locator("#armed-cameras")).to_contain_text("Front door")
    assert page.get_by_role("switch").count() == 0
    assert page.get_by_role("link", name="Add a rule").count() == 0
    expect(page.get_by_role("button", name="Tell me in this browser")).to_be_enabled()


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("size", [WIDE, PHONE])
def test_nothing_stands_in_the_way(
    open_visit: Open, pictures: Path, size: tuple[int, int], scheme: str
) -> None:
    """axe finds nothing serious, and nothing is wider than the screen."""
    visit = open_visit(size=size, scheme=scheme)
    for path in ("/alerts", "/alerts/rules/new", "/alerts/channels/new?kind=mail", "/alerts/history"):
        page = visit.go(path)
        page.wait_for_load_state("networkidle")
        name = path.partition("?")[0].strip("/").replace("/", "-")
        page.screenshot(path=pictures / f"{name}-{size[0]}-{scheme}.png", full_page=True)
        assert barriers(page) == [], path
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), path
