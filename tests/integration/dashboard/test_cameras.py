"""Cameras on the pages: adding them without a script, changing them, and how they stand."""

import pytest
from pytest_django import DjangoAssertNumQueries

from tests.integration.dashboard.conftest import Login, add_events
from vedette.domain.camera import RecordingMode
from vedette.domain.messages import CameraReport, CameraState
from vedette.server.accounts.models import Role, Site
from vedette.server.accounts.policy import Principal
from vedette.server.cameras.models import Camera
from vedette.server.cameras.service import add_camera
from vedette.server.cameras.specs import vault
from vedette.server.dashboard.standing import standing, standings

MOST_QUERIES = 3


def test_without_a_camera_the_first_page_helps(login: Login) -> None:
    """An administrator is led to adding one; a viewer is told whom to ask."""
    page = login().get("/").content.decode()
    assert "Your first camera" in page
    assert 'href="/add-camera"' in page
    assert "Your first camera" in login().get("/add-camera").content.decode()
    assert "An administrator can add one" in login(Role.VIEWER).get("/").content.decode()


def test_a_camera_is_added_with_its_credentials(login: Login) -> None:
    """The password of the address is stored encrypted, the rest as given; the camera's page follows."""
    form = {"name": "Yard", "address": " rtsp://ada:p@ss:w!rd@cam:554/1 ", "sub_address": "rtsp://cam:554/2"}
    answer = login().post("/add-camera", form | {"transport": "udp"}, follow=True)
    assert answer.redirect_chain == [("/cameras/yard", 302)]
    assert "Yard was added" in answer.content.decode()
    camera = Camera.objects.get()
    assert (camera.main_url, camera.sub_url) == ("rtsp://cam:554/1", "rtsp://cam:554/2")
    assert (camera.username, vault().decrypt(camera.password_encrypted)) == ("ada", "p@ss:w!rd")
    assert camera.transport == "udp"


@pytest.mark.parametrize(
    ("form", "said"),
    [
        ({"name": "Yard", "address": ""}, "paste the address"),
        ({"name": "Yard", "address": "gopher://x"}, "Known: "),
        ({"name": "Yard", "address": "rtsp://"}, "Example: rtsp://"),
        ({"name": "", "address": "rtsp://cam/1"}, "Name: "),
        ({"name": "Yard", "address": "rtsp://cam/1", "sub_address": "rtsp://:99999"}, "Second stream: "),
    ],
)
def test_a_wrong_address_says_what_to_do(login: Login, form: dict[str, str], said: str) -> None:
    """The form comes back with what was typed and with what is wrong; nothing is stored."""
    answer = login().post("/add-camera", form)
    assert answer.status_code == 422
    page = answer.content.decode()
    assert said in page
    assert f'value="{form["name"]}"' in page
    assert "Add it anyway" in page
    assert not Camera.objects.exists()


def test_only_what_is_sent_changes(login: Login, door: Camera) -> None:
    """Each switch stands for itself; a mode that there is not is ignored."""
    client = login(Role.OPERATOR)
    client.post("/cameras/door/change", {"recording_mode": "motion"})
    client.post("/cameras/door/change", {"analyse": "off", "recording_mode": "sometimes"})
    camera = Camera.objects.get()
    assert (camera.recording_mode, camera.analyse, camera.enabled) == ("motion", False, True)
    assert camera.revision > door.revision
    client.post("/cameras/door/change", {"enabled": "off"})
    assert Camera.objects.get().enabled is False
    assert "Switched off" in client.get("/cameras/door").content.decode()


def test_a_name_is_text(login: Login, db: None) -> None:
    """Markup in a name is shown, not run."""
    add_camera("<script>alert(1)</script>", "rtsp://cam/1", camera_id="door")
    add_events("door", label="<b>")
    for path in ("/", "/events", "/cameras/door"):
        page = login().get(path).content.decode()
        assert "<script>alert" not in page
        assert "<b>" not in page


def test_twenty_cameras_ask_as_little_as_one(
    db: None, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    """Twenty cameras with their last events and zones take as many queries as one."""
    for number in range(20):
        add_camera(f"Camera {number}", f"rtsp://cam/{number}", camera_id=f"c{number}")
        add_events(f"c{number}", 3, label=f"thing{number}")
    asks = Principal("ada", Role.ADMINISTRATOR, Site.default().pk, by_session=True)
    with django_assert_max_num_queries(MOST_QUERIES):
        found = standings(asks)
    assert {row.last_event.label for row in found if row.last_event} == {f"thing{n}" for n in range(20)}


@pytest.mark.parametrize(
    ("state", "word", "tone", "picture"),
    [
        (CameraState.STREAMING, "Live", "good", True),
        (CameraState.CONNECTING, "Connecting", "wait", False),
        (CameraState.RETRYING, "No connection", "bad", False),
        (CameraState.ENDED, "Ended", "idle", True),
    ],
)
def test_states_in_words(door: Camera, state: CameraState, word: str, tone: str, picture: bool) -> None:
    """Every state that a worker reports has a word, a tone, and its message where there is one."""
    report = CameraReport(
        camera="door", state=state, revision=door.revision, message="why", codec="hevc", fps=25.0
    )
    shown = standing(door, report)
    assert (shown.word, shown.tone, shown.message, shown.has_picture) == (word, tone, "why", picture)
    assert list(shown.facts) == ["H.265", "25 fps"]
    assert shown.applied


def test_what_should_be_and_what_is(door: Camera) -> None:
    """A camera that no worker reports is starting; one that runs older settings is not applied."""
    assert (standing(door, None).state, standing(door, None).applied) == ("waiting", False)
    older = CameraReport(camera="door", state=CameraState.STREAMING, revision=door.revision - 1)
    assert not standing(door, older).applied
    door.enabled = False
    assert standing(door, older).word == "Off"


def test_every_mode_can_be_chosen(login: Login, door: Camera) -> None:
    """The page offers all modes of recording."""
    page = login(Role.OPERATOR).get("/cameras/door").content.decode()
    assert all(f'<option value="{mode.value}"' in page for mode in RecordingMode)
