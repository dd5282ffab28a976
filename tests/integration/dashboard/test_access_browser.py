"""Access and profile in a real Chromium, on a real server with a real login provider."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import expect

from tests.integration.server.access.test_login import code_of
from tests.integration.server.conftest import PASSWORD, ServerProcess
from tests.support.browser import barriers, chromium_path
from tests.support.oidc import CLIENT_ID, CLIENT_SECRET, Provider, open_provider
from tests.support.visits import PHONE, WIDE, Open, visiting
from vedette.testing.ports import free_port

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(chromium_path() is None, reason="no Chromium: install it, or set VEDETTE_CHROMIUM"),
]

PAGES = ("/access", "/access/tokens", "/access/shares", "/access/audit", "/access/users/1", "/profile")
DOORS = ("/login", "/profile/password", "/login/again")

PEOPLE = f"""
from datetime import timedelta
from vedette.server.accounts.middleware import user_principal
from vedette.server.accounts.models import User
from vedette.server.accounts.audit import audit_system
from vedette.server.accounts.service import create_user
from vedette.server.accounts.shares import share
from vedette.server.accounts.tokens import create_token
from vedette.server.cameras.service import add_camera
ada = User.objects.create_user('ada', '{PASSWORD}', 'administrator')
door = add_camera('Front door', 'rtsp://cam/1', camera_id='door')
add_camera('Yard', 'rtsp://cam/2', camera_id='yard')
for name in ('bea', 'cem', 'dan', 'eli'):
    User.objects.create_user(name, '{PASSWORD}', 'viewer')
create_user('grandma', 'viewer', cameras=[door])
create_user('neighbour', 'operator')
create_token('Home Assistant', 'operator', user=ada, scopes=['view'])
share('event', '019a0000-0000-7000-8000-000000000000', user_principal(ada), timedelta(days=7))
for number in range(30):
    audit_system('camera.changed', camera='door', detail={{'fields': ['name', 'zones']}}, who='command line')
audit_system('backup.made', detail={{'megabytes': 12}})
"""


@pytest.fixture(scope="module")
def provider() -> Iterator[Provider]:
    """A login provider that knows Eve."""
    with open_provider() as found:
        found.person = {"sub": "u-17", "preferred_username": "eve"}
        yield found


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory, provider: Provider) -> Iterator[ServerProcess]:
    """A server with people, tokens, links, a log, and the login by the provider."""
    home = tmp_path_factory.mktemp("access") / "home"
    home.mkdir()
    (home / "vedette.yaml").write_text(
        f"oidc:\n  issuer: {provider.issuer}\n  client_id: {CLIENT_ID}\n  client_secret: {CLIENT_SECRET}\n"
        "  name: House ID\n  admit_unknown: true\n  default_role: viewer\n"
    )
    server = ServerProcess(home, free_port())
    server.python(PEOPLE)
    server.start()
    yield server
    server.stop()


@pytest.fixture
def open_visit(house: ServerProcess) -> Iterator[Open]:
    """Ada's visits, or those of others."""
    with visiting(house.address, PASSWORD, name="ada") as make:
        yield make


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("size", [WIDE, PHONE], ids=["wide", "phone"])
def test_pages_fit_and_have_no_barriers(
    open_visit: Open, pictures: Path, size: tuple[int, int], scheme: str
) -> None:
    """No page scrolls sideways, and axe finds nothing serious; screenshots are kept."""
    visit = open_visit(size=size, scheme=scheme, timezone_id="Europe/Berlin")
    for path in (*PAGES, *DOORS[1:]):
        page = visit.go(path)
        name = path.strip("/").replace("/", "-")
        page.screenshot(path=pictures / f"{name}-{scheme}-{size[0]}.png", full_page=True)
        assert page.evaluate("document.documentElement.scrollWidth") <= size[0], path
        assert barriers(page) == [], path
    outside = open_visit(name="", size=size, scheme=scheme).go("/login")
    outside.screenshot(path=pictures / f"login-{scheme}-{size[0]}.png")
    assert barriers(outside) == []


def test_a_new_user_comes_in(open_visit: Open) -> None:
    """An administrator adds somebody for one camera; they choose a password, and see that camera alone."""
    page = open_visit().go("/access")
    page.fill("#username", "gus")
    page.get_by_label("Operator").check()
    expect(page.get_by_label("Front door")).to_be_hidden()
    page.get_by_label("Only these").check()
    page.get_by_label("Front door").check()
    page.click("text=Add the user")
    password = page.inner_text("#secret")
    theirs = open_visit(name="")
    page = theirs.go("/login")
    page.fill("#id_username", "gus")
    page.fill("#id_password", password)
    page.press("#id_password", "Enter")
    expect(page.locator("h1")).to_have_text("Choose your password")
    page.fill("#id_oldpassword", password)
    page.fill("#id_password1", "a boat on a hill")
    page.fill("#id_password2", "a boat on a hill")
    page.click("text=Save")
    page.wait_for_url(f"{theirs.address}/")
    expect(page.locator("main")).to_contain_text("Front door")
    expect(page.locator("main")).not_to_contain_text("Yard")


def test_a_second_factor_from_end_to_end(open_visit: Open, pictures: Path) -> None:
    """Scan, enter a code, keep the recovery codes; the next login asks for a code."""
    mine = open_visit(name="bea")
    page = mine.go("/profile")
    page.click("text=Add a second factor")
    page.fill("#id_password", PASSWORD)
    page.click("text=Go on")
    expect(page.locator(".qr")).to_be_visible()
    assert page.evaluate("document.querySelector('.qr').naturalWidth") > 100
    page.screenshot(path=pictures / "second-factor.png")
    assert barriers(page) == []
    page.click("text=No camera at hand?")
    secret = page.inner_text(".key").replace(" ", "")
    page.fill("#id_code", code_of(secret))
    page.click("text=Switch on")
    expect(page.locator(".codes li")).to_have_count(10)
    page.screenshot(path=pictures / "recovery-codes.png")
    recovery = page.locator(".codes li").first.inner_text()
    page.click("text=I have kept them")
    expect(page.locator("main")).to_contain_text("10 recovery codes left")
    again = open_visit(name="").go("/login")
    again.fill("#id_username", "bea")
    again.fill("#id_password", PASSWORD)
    again.press("#id_password", "Enter")
    expect(again.locator("h1")).to_have_text("Second step")
    again.screenshot(path=pictures / "second-step.png")
    assert barriers(again) == []
    again.fill("#id_code", recovery)
    again.press("#id_code", "Enter")
    again.wait_for_url(f"{mine.address}/")


def test_a_login_by_the_provider(open_visit: Open, provider: Provider) -> None:
    """One click leads through the provider and back inside; the profile says how one came in."""
    visit = open_visit(name="")
    page = visit.go("/login?next=/events")
    page.click("text=Log in with House ID")
    page.wait_for_url(f"{visit.address}/events")
    expect(page.locator(".menu summary")).to_have_text("eve")
    page = visit.go("/profile")
    expect(page.locator("main")).to_contain_text("You log in with House ID and have no password here.")
    assert "/authorize" in provider.asked


def test_tokens_are_made_by_keyboard(open_visit: Open) -> None:
    """The form on the profile is reached, filled and sent without a mouse; the token is shown once."""
    page = open_visit(name="cem").go("/profile")
    page.locator(".more summary").focus()
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    page.keyboard.type("phone")
    page.keyboard.press("Enter")
    assert re.fullmatch(r"vdt_\S{40,}", page.inner_text("#secret"))
    page.reload()
    expect(page.locator("main")).to_contain_text("phone")


def test_the_log_is_filtered(open_visit: Open) -> None:
    """What somebody did is found by who and what."""
    page = open_visit().go("/access/audit")
    page.click(".filters summary")
    page.select_option("#action", "backup.made")
    page.click(".filter button")
    expect(page.locator("tbody tr")).to_have_count(1)
    expect(page.locator("tbody")).to_contain_text("megabytes: 12")


def test_sessions_end_elsewhere(open_visit: Open) -> None:
    """Two browsers of one person: one logs the other out."""
    here, there = open_visit(name="dan"), open_visit(name="dan")
    page = here.go("/profile")
    page.click("text=Log out everywhere else")
    expect(page.locator("#messages")).to_contain_text("logged out everywhere else")
    there.page.goto(f"{there.address}/events")
    assert there.page.url.endswith("/login?next=/events")


def test_too_many_tries_are_said(open_visit: Open, house: ServerProcess) -> None:
    """After five wrong passwords the page says how long to wait."""
    visit = open_visit(name="")
    page = visit.go("/login")
    for _ in range(6):
        page.fill("#id_username", "eli")
        page.fill("#id_password", "wrong")
        page.press("#id_password", "Enter")
        page.wait_for_load_state()
    expect(page.get_by_role("alert")).to_contain_text("Too many tries")
    assert all("429" in fault for fault in visit.faults)
    visit.faults.clear()
