"""Adding a camera: searched, tested, chosen, added; without a script, against real servers."""

import functools
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.test import Client

from tests.integration.dashboard.conftest import Login
from tests.support.onvif import Device, OnvifDevice, Profile
from tests.support.rtsp import CameraFarm, Guard
from tests.support.video import VideoMaker
from vedette.brands import discovery
from vedette.server.accounts.models import AuditEntry, Role, Site
from vedette.server.cameras.models import Camera
from vedette.server.cameras.service import add_camera
from vedette.server.cameras.specs import vault
from vedette.testing.ports import free_port

pytestmark = pytest.mark.servers

GUARD = Guard("admin", "p@ss&word")


@pytest.fixture(scope="module")
def large(make_video: VideoMaker) -> Path:
    """What a main stream plays."""
    return make_video(seconds=1.0, fps=10, gop=5, width=640, height=360).path


@pytest.fixture(scope="module")
def small(make_video: VideoMaker) -> Path:
    """What a sub stream plays."""
    return make_video(seconds=1.0, fps=10, gop=5, width=320, height=180).path


@pytest.fixture(scope="module")
def farm(large: Path, small: Path) -> Iterator[CameraFarm]:
    """A Reolink with a password, and a plain camera."""
    with CameraFarm() as running:
        running.add("h264Preview_01_main", large, guard=GUARD)
        running.add("h264Preview_01_sub", small, guard=GUARD)
        running.add("plain", large)
        yield running


def try_out(client: Client, **form: str) -> str:
    """The page after a test."""
    answer = client.post("/add-camera", {"do": "test", **form})
    assert answer.status_code == 200
    return answer.content.decode()


def hidden(page: str) -> dict[str, str]:
    """The hidden fields that lead to the next step."""
    found = re.findall(r'<input type="hidden" name="(main_url|sub_url|kept)" value="([^"]*)">', page)
    return dict(found)


def test_both_streams_are_found_and_added(login: Login, farm: CameraFarm) -> None:
    """The sub stream is found beside the main one; the password that was tested need not be typed again."""
    client = login()
    page = try_out(client, address=farm.url("h264Preview_01_main"), username="admin", password=GUARD.password)
    assert "It works" in page
    assert "data:image/jpeg;base64," in page
    assert "320 × 180" in page
    assert GUARD.password not in page
    assert 'value="Reolink"' in page
    form = hidden(page) | {"do": "add", "name": "Yard", "use_sub": "on", "recording_mode": "motion"}
    answer = client.post("/add-camera", form | {"username": "admin"}, follow=True)
    assert answer.redirect_chain == [("/cameras/yard", 302)]
    camera = Camera.objects.get()
    assert (camera.main_url, camera.sub_url) == (
        farm.url("h264Preview_01_main"),
        farm.url("h264Preview_01_sub"),
    )
    assert vault().decrypt(camera.password_encrypted) == GUARD.password
    assert camera.recording_mode == "motion"


def test_a_kept_password_goes_nowhere_else(login: Login, farm: CameraFarm) -> None:
    """What was kept for one host is not given to another, and a made-up one is none."""
    client = login()
    page = try_out(client, address=farm.url("h264Preview_01_main"), username="admin", password=GUARD.password)
    kept = hidden(page)["kept"]
    assert kept
    client.post("/add-camera", {"do": "add", "name": "A", "main_url": "rtsp://elsewhere/1", "kept": kept})
    client.post("/add-camera", {"do": "add", "name": "B", "main_url": "rtsp://elsewhere/2", "kept": "x"})
    assert [camera.has_password for camera in Camera.objects.all()] == [False, False]


def test_an_onvif_camera_is_found_by_its_host(login: Login, farm: CameraFarm) -> None:
    """The profiles tell both streams; the name is the camera's own."""
    url = farm.url("h264Preview_01_main")
    profiles = [
        Profile("small", url.replace("main", "sub"), 320, 180),
        Profile("large", url, 640, 360),
        Profile("stills", url, 400, 300, "JPEG"),
    ]
    with OnvifDevice(Device(profiles, password=GUARD.password)) as camera:
        for address in (
            f"127.0.0.1:{camera.port}",
            f"http://127.0.0.1:{camera.port}/",
            f"onvif://127.0.0.1:{camera.port}",
        ):
            page = try_out(login(), address=address, username="admin", password=GUARD.password)
            assert "It works" in page, address
            assert 'value="Acme X1"' in page
            assert hidden(page)["sub_url"].endswith("sub")
        refused = try_out(login(), address=f"127.0.0.1:{camera.port}", username="admin", password="no")
        assert "refuses the credentials" in refused


def test_a_wrong_path_is_put_right(login: Login, farm: CameraFarm) -> None:
    """Where the path does not exist, those of known brands are tried on the same camera."""
    page = try_out(login(), address=farm.url("nothing"), username="admin", password=GUARD.password)
    assert "does not exist." in page
    assert "gives a picture" in page
    assert hidden(page)["main_url"] == farm.url("h264Preview_01_main")


@pytest.mark.parametrize(
    ("address", "words"),
    [
        ("{farm}/h264Preview_01_main", "It wants a user name and a password"),
        pytest.param(
            f"rtsp://127.0.0.1:{free_port()}/x", "nothing listens on this port", id="nobody listens for rtsp"
        ),
        ("rtsp://169.254.169.254/x", "link-local"),
        ("rtsp://no-such-host.invalid/x", "not known by that name"),
        ("/etc/passwd", "Only network addresses can be tried out"),
        ("", "paste the address"),
        ("gopher://x", "Known: "),
    ],
)
def test_each_failure_says_what_to_do(login: Login, farm: CameraFarm, address: str, words: str) -> None:
    """Nothing is added; it can be added all the same."""
    address = address.format(farm=f"rtsp://127.0.0.1:{farm.port}")
    page = login().post("/add-camera", {"do": "test", "address": address}).content.decode()
    assert words in page.replace("&#x27;", "'")
    assert "Add it anyway" in page
    assert not Camera.objects.exists()


def test_the_network_is_searched(login: Login, door: Camera, monkeypatch: pytest.MonkeyPatch) -> None:
    """Cameras that answer can be chosen; those that are there already are marked."""
    add_camera("Here", "rtsp://127.0.0.1:554/1")
    monkeypatch.setattr(discovery, "interfaces", lambda: {"lo": "127.0.0.1"})
    with OnvifDevice(Device([])) as camera:
        monkeypatch.setattr(discovery, "search", functools.partial(discovery.search, port=camera.udp_port))
        page = login().post("/add-camera", {"do": "search", "interface": "lo"}).content.decode()
        assert "1 camera answered" in page
        assert "Front Door" in page
        assert "Added already" in page
        assert f'value="onvif://127.0.0.1:{camera.port}/onvif/device_service"' in page
        picked = login().post(
            "/add-camera", {"pick": f"onvif://127.0.0.1:{camera.port}/onvif/device_service"}
        )
        assert "offers no video stream" in picked.content.decode()


def test_a_search_without_answers_says_so(login: Login, monkeypatch: pytest.MonkeyPatch) -> None:
    """An unknown interface is a client's mistake; silence is not."""
    monkeypatch.setattr(discovery, "interfaces", dict)
    monkeypatch.setattr(discovery, "search", lambda *_: [])
    client = login()
    assert "No camera answered" in client.post("/add-camera", {"do": "search"}).content.decode()
    assert client.post("/add-camera", {"do": "search", "interface": "wlan9"}).status_code == 422


def test_only_administrators_search_and_test(login: Login, db: None) -> None:
    """Nobody else makes the server ask around."""
    for role in (Role.VIEWER, Role.OPERATOR):
        assert login(role).post("/add-camera", {"do": "search"}).status_code == 403
        assert login(role).get("/add-camera").status_code == 403


def test_tests_are_noted_without_secrets(login: Login, farm: CameraFarm) -> None:
    """The audit log says what was asked and what came of it."""
    try_out(login(), address=farm.url("plain").replace("//", "//ada:hush@"))
    row = AuditEntry.objects.get(action="camera.probed")
    assert (row.subject, row.detail) == (farm.url("plain"), {"outcome": "found"})


def test_a_new_camera_belongs_to_the_site_of_its_maker(login: Login, db: None) -> None:
    """Whoever adds it sees it, and nobody of another site."""
    site = Site.objects.create(slug="other", name="Other")
    login(site=site).post("/add-camera", {"name": "Theirs", "address": "rtsp://cam/1"})
    assert Camera.objects.get().site == site
    assert login().get("/cameras/theirs").status_code == 404
