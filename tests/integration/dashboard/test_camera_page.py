"""The page of one camera: its sections, what they save, and taking it back."""

import json
import re
from typing import Any

import pytest
from django.test import Client
from pytest_django import DjangoAssertNumQueries

from tests.integration.dashboard.conftest import Login, add_events
from vedette.domain.messages import CameraReport, CameraState
from vedette.server.accounts.models import AuditEntry, Role
from vedette.server.cameras.models import Camera, Profile, Zone
from vedette.server.cameras.service import add_camera
from vedette.server.cameras.specs import vault
from vedette.server.dashboard.camera import sentence
from vedette.server.dashboard.standing import standing

SECTIONS = ("", "/zones", "/detection", "/recording", "/connection")
RECORDING = {
    "recording_mode": "events", "pre_roll_s": "2,5", "post_roll_s": "9",
    "max_age_days": "14", "max_size_gb": "0.5",
}  # fmt: skip
SQUARE = {"name": "Drive", "polygon": [[0.1, 0.1], [0.9, 0.1], [0.9, 0.9]], "colour": "#17a05c"}
MOST_QUERIES = 14


def undo_of(page: str) -> str:
    """The token behind the button that takes the change back."""
    found = re.search(r'name="token" value="([^"]+)"', page)
    assert found
    return found[1]


def saved(client: Client, path: str, form: dict[str, Any]) -> str:
    """The part that a script gets for what it sent."""
    answer = client.post(f"{path}?part=1", form)
    assert answer.status_code == 200
    return answer.content.decode()


@pytest.mark.parametrize("section", SECTIONS)
def test_sections_are_for_administrators(login: Login, door: Camera, section: str) -> None:
    """Everybody sees how a camera stands; what can be set is shown to those who may set it."""
    path = f"/cameras/door{section}"
    assert login().get(path).status_code == 200
    for role in (Role.VIEWER, Role.OPERATOR):
        answer = login(role).get(path)
        assert answer.status_code == (403 if section else 200)
        assert "camera-connection" not in answer.content.decode()
        assert 'class="tabs"' not in answer.content.decode()


def test_saving_says_what_is_wanted_and_what_runs(login: Login, door: Camera) -> None:
    """The answer to a script holds the new revision, the running one, and no form."""
    page = saved(login(), "/cameras/door/recording", RECORDING)
    camera = Camera.objects.get()
    assert f'data-wanted="{camera.revision}"' in page
    assert 'data-running="0"' in page
    assert "data-saved" in page
    assert "<fieldset" not in page
    assert (camera.recording_mode, camera.pre_roll_s, camera.post_roll_s) == ("events", 2.5, 9.0)
    assert (camera.max_age_days, camera.max_size_bytes) == (14.0, 500_000_000)


def test_without_a_script_the_section_comes_back(login: Login, door: Camera) -> None:
    """A form that is sent by the browser leads back to its section, with a word."""
    answer = login().post("/cameras/door/recording", RECORDING, follow=True)
    assert answer.redirect_chain == [("/cameras/door/recording", 302)]
    page = answer.content.decode()
    assert "Saved." in page
    assert 'value="0.5"' in page


def test_empty_limits_are_none(login: Login, door: Camera) -> None:
    """A limit that is emptied holds no more."""
    client = login()
    saved(client, "/cameras/door/recording", RECORDING)
    saved(client, "/cameras/door/recording", RECORDING | {"max_age_days": "", "max_size_gb": " "})
    camera = Camera.objects.get()
    assert (camera.max_age_days, camera.max_size_bytes) == (None, None)


@pytest.mark.parametrize(
    ("section", "form", "words"),
    [
        ("recording", {"pre_roll_s": "soon"}, "Before: enter a number."),
        ("recording", {"pre_roll_s": "9999"}, "Before: "),
        ("recording", {"max_size_gb": "0"}, "Size: "),
        ("connection", {"main_url": "gopher://x"}, "Known: "),
        ("connection", {"main_url": "rtsp://169.254.169.254/x"}, "link-local"),
        ("connection", {"name": ""}, "Name: "),
        ("detection", {"profile": "nobody"}, "There is no profile"),
        ("zones", {"zones": "nonsense"}, "cannot be read"),
        ("zones", {"zones": json.dumps([SQUARE, SQUARE])}, "Two zones are called"),
        (
            "zones",
            {"zones": json.dumps([SQUARE | {"polygon": [[0, 0], [1, 1], [1, 0], [0, 1]]}])},
            "crosses itself",
        ),
        (
            "zones",
            {"zones": json.dumps([SQUARE | {"polygon": [[0, 0], [0.01, 0], [0.01, 0.01]]}])},
            "too small",
        ),
        ("profile", {"min_score": "2"}, "Certainty: "),
        ("profile", {"min_hits": "few"}, "Looks before it counts: enter a whole number."),
    ],
)
def test_what_cannot_be_used_is_told(
    login: Login, door: Camera, section: str, form: dict[str, str], words: str
) -> None:
    """The form says what is wrong in its own words, and nothing changes."""
    answer = login().post(f"/cameras/door/{section}", form)
    assert answer.status_code == 422
    assert words in answer.content.decode().replace("&#x27;", "'")
    assert Camera.objects.get().revision == door.revision


def test_the_password_is_only_written(login: Login, door: Camera) -> None:
    """An empty field keeps it, a full one replaces it, the box forgets it; no page ever shows it."""
    client = login()
    form = {"name": "Gate", "main_url": "rtsp://cam/2", "sub_url": "", "username": "ada"}
    saved(client, "/cameras/door/connection", form | {"password": ""})
    assert vault().decrypt(Camera.objects.get().password_encrypted) == "s3cret"
    page = saved(client, "/cameras/door/connection", form | {"password": "other"})
    assert vault().decrypt(Camera.objects.get().password_encrypted) == "other"
    assert "other" not in page + client.get("/cameras/door/connection").content.decode()
    saved(client, "/cameras/door/connection", form | {"forget_password": "1"})
    assert not Camera.objects.get().has_password


def test_changes_are_taken_back_and_made_again(login: Login, door: Camera) -> None:
    """Undo restores what was; its own answer offers to do it again."""
    client = login()
    page = saved(client, "/cameras/door/recording", RECORDING)
    page = saved(client, "/cameras/door/undo", {"token": undo_of(page), "section": "recording"})
    assert Camera.objects.get().recording_mode == "always"
    saved(client, "/cameras/door/undo", {"token": undo_of(page), "section": "recording"})
    assert Camera.objects.get().recording_mode == "events"


def test_zones_are_taken_back(login: Login, door: Camera) -> None:
    """All zones of before come back, colours and rules included."""
    client = login()
    saved(client, "/cameras/door/zones", {"zones": json.dumps([SQUARE])})
    page = saved(client, "/cameras/door/zones", {"zones": "[]"})
    assert not Zone.objects.exists()
    saved(client, "/cameras/door/undo", {"token": undo_of(page), "section": "zones"})
    zone = Zone.objects.get()
    assert (zone.name, zone.colour, zone.polygon[1]) == ("Drive", "#17a05c", [0.9, 0.1])


@pytest.mark.parametrize("token", ["", "made-up", "older"])
def test_undo_is_refused_when_it_is_too_late(login: Login, door: Camera, token: str) -> None:
    """Neither a made-up token nor one from before a later change does anything; that is told."""
    client = login()
    page = saved(client, "/cameras/door/recording", RECORDING)
    if token == "older":
        token = undo_of(page)
        saved(client, "/cameras/door/recording", RECORDING | {"post_roll_s": "3"})
    revision = Camera.objects.get().revision
    answer = client.post("/cameras/door/undo", {"token": token, "section": "?"}, follow=True)
    assert Camera.objects.get().revision == revision
    assert re.search("cannot be taken back|changed after it", answer.content.decode())


def test_one_camera_s_undo_is_not_another_s(login: Login, door: Camera) -> None:
    """A token holds for its own camera."""
    client = login()
    page = saved(client, "/cameras/door/recording", RECORDING)
    yard = add_camera("Yard", "rtsp://cam/2", recording_mode="motion")
    client.post("/cameras/yard/undo", {"token": undo_of(page)})
    yard.refresh_from_db()
    assert yard.recording_mode == "motion"


def test_every_change_is_noted_without_secrets(login: Login, door: Camera) -> None:
    """The audit log names the fields; the password is only named."""
    client = login()
    saved(client, "/cameras/door/connection", {"name": "Gate", "password": "hush"})
    saved(client, "/cameras/door/zones", {"zones": json.dumps([SQUARE])})
    saved(client, "/cameras/door/profile", {"min_score": "0.6", "labels": ["person"]})
    client.post("/cameras/door/remove")
    rows = list(AuditEntry.objects.exclude(action="user.logged-in").order_by("pk"))
    assert [row.action for row in rows] == [
        "camera.changed", "zones.changed", "profile.changed", "camera.removed"
    ]  # fmt: skip
    assert rows[0].detail == {"fields": ["name", "password"]}
    assert "hush" not in str([row.detail for row in rows])


def test_a_profile_is_chosen_changed_and_copied(login: Login, door: Camera) -> None:
    """Changing it is for all its cameras; `copy` makes one for this camera only."""
    client = login()
    add_camera("Yard", "rtsp://cam/2")
    assert "2 cameras use this profile" in client.get("/cameras/door/detection").content.decode()
    form = {"min_score": "0.7", "labels": ["person", "dog"], "more_labels": "backpack", "score:person": "0.4"}
    saved(client, "/cameras/door/profile", form | {"motion_min_percent": "1.5"})
    common = Profile.objects.get()
    assert (common.min_score, common.labels) == (0.7, ["person", "dog", "backpack"])
    assert (common.label_scores, common.motion_events, common.motion_min_area) == (
        {"person": 0.4},
        False,
        0.015,
    )
    saved(client, "/cameras/door/profile", form | {"min_score": "0.9", "do": "copy"})
    door.refresh_from_db()
    assert (door.profile.name, door.profile.min_score) == ("Front door", 0.9)
    assert Camera.objects.get(pk="yard").profile.min_score == 0.7
    saved(client, "/cameras/door/detection", {"profile": "default", "analyse": "off"})
    door.refresh_from_db()
    assert (door.profile.name, door.analyse) == ("default", False)


def test_profiles_are_made_renamed_and_removed(login: Login, door: Camera) -> None:
    """A new one begins as the default's copy; a used one is not removed."""
    client = login()
    made = client.post("/profiles", {"name": "Night"}, follow=True)
    assert "Profile Night" in made.content.decode()
    night = Profile.objects.get(name="Night")
    client.post(f"/profiles/{night.pk}", {"name": "Dusk", "labels": ["person"]})
    assert Profile.objects.get(pk=night.pk).labels == ["person"]
    assert "Dusk" in client.get("/profiles").content.decode()
    assert client.post(f"/profiles/{door.profile_id}", {"do": "remove"}).status_code == 422
    client.post(f"/profiles/{night.pk}", {"do": "remove"})
    assert not Profile.objects.filter(pk=night.pk).exists()
    assert client.get(f"/profiles/{night.pk}").status_code == 404
    assert client.post("/profiles", {"name": ""}).status_code == 422


def test_profiles_of_other_sites_cameras_stay(login: Login, door: Camera, elsewhere: Camera) -> None:
    """A profile that a hidden camera uses is not changed, and the camera is not named; a copy is."""
    client = login()
    assert "Vault" not in client.get("/profiles").content.decode()
    assert "Vault" not in client.get("/cameras/door/detection").content.decode()
    answer = client.post("/cameras/door/profile", {"min_score": "0.9", "labels": ["person"]})
    assert answer.status_code == 422
    assert "not yours to change" in answer.content.decode()
    assert client.post(f"/profiles/{door.profile_id}", {"do": "remove"}).status_code == 422
    saved(client, "/cameras/door/profile", {"min_score": "0.9", "labels": ["person"], "do": "copy"})
    assert Profile.objects.get(name="default").min_score == 0.5
    elsewhere.refresh_from_db()
    assert elsewhere.profile.name == "default"


def test_other_days_are_recordings_matter(login: Login, door: Camera) -> None:
    """Links to a moment of a camera lead to its recordings."""
    answer = login().get("/cameras/door?at=2026-11-21T12:00:00Z")
    assert answer.status_code == 302
    assert answer["Location"].startswith("/recordings/door?at=2026")


def test_a_broken_camera_says_why(login: Login, door: Camera) -> None:
    """What nobody can run is shown as broken with the reason, and can still be repaired."""
    Camera.objects.filter(pk="door").update(transport="pigeon")
    client = login()
    page = client.get("/cameras/door").content.decode()
    assert "Broken" in page
    assert "pigeon" in page
    assert (
        "Broken" in client.get("/").content.decode() or "cannot be used" in client.get("/").content.decode()
    )
    saved(client, "/cameras/door/connection", {"transport": "tcp"})
    assert "Broken" not in client.get("/cameras/door").content.decode()


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"state": CameraState.STREAMING, "width": 1920, "height": 1080, "fps": 25.0, "codec": "h264"},
         "Streaming 1920 × 1080 at 25 pictures a second, H.264. No interruption"),
        ({"state": CameraState.STREAMING, "counters": {"reconnects": 1}}, "1 interruption since"),
        ({"state": CameraState.STREAMING, "counters": {"reconnects": 3}}, "3 interruptions since"),
        ({"state": CameraState.RETRYING}, "goes on trying"),
        ({"state": CameraState.CONNECTING}, "Connecting"),
        ({"state": CameraState.ENDED}, "come to its end"),
    ],
)  # fmt: skip
def test_states_are_sentences(door: Camera, fields: dict[str, Any], words: str) -> None:
    """How a camera is, as somebody would say it."""
    report = CameraReport(camera="door", revision=1, **fields)
    assert words in sentence(standing(door, report), report)


def test_no_report_is_a_sentence_too(door: Camera) -> None:
    """A camera that no worker runs yet, and one that is off."""
    assert "No worker" in sentence(standing(door, None), None)
    door.enabled = False
    assert "Switched off" in sentence(standing(door, None), None)


def test_a_page_asks_little(
    login: Login, door: Camera, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    """However much happened today."""
    add_events("door", 60)
    client = login()
    with django_assert_max_num_queries(MOST_QUERIES):
        client.get("/cameras/door")
