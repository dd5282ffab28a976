"""Cameras, zones and profiles over REST."""

import json
from typing import Any

import pytest
from django.test import Client
from openapi_spec_validator import validate

from vedette.server.cameras.models import Camera, ConfigRevision, Profile
from vedette.server.cameras.revision import current
from vedette.server.cameras.service import add_camera, ensure_sources, remove_camera
from vedette.server.cameras.specs import camera_specs

pytestmark = pytest.mark.django_db
ZONE = {"name": "drive", "polygon": [[0, 0], [1, 0], [0.5, 1]]}


def post(api: Client, path: str, body: Any) -> Any:
    """POST JSON."""
    return api.post(path, json.dumps(body), content_type="application/json")


def patch(api: Client, path: str, body: Any) -> Any:
    """PATCH JSON."""
    return api.patch(path, json.dumps(body), content_type="application/json")


def put(api: Client, path: str, body: Any) -> Any:
    """PUT JSON."""
    return api.put(path, json.dumps(body), content_type="application/json")


def test_a_camera_lives_from_post_to_delete(admin_api: Client) -> None:
    """Create, read, change, list and remove; the number of the configuration moves each time."""
    numbers = [current()]
    made = post(admin_api, "/api/v1/cameras", {"name": "Front Door", "main_url": "rtsp://u:p@cam/1"})
    assert (made.status_code, made.json()["id"]) == (201, "front-door")
    numbers.append(current())
    changed = patch(admin_api, "/api/v1/cameras/front-door", {"recording_mode": "events", "pre_roll_s": 9})
    assert (changed.json()["recording_mode"], changed.json()["pre_roll_s"]) == ("events", 9)
    numbers.append(current())
    assert [camera["id"] for camera in admin_api.get("/api/v1/cameras").json()] == ["front-door"]
    assert admin_api.delete("/api/v1/cameras/front-door").status_code == 204
    numbers.append(current())
    assert admin_api.get("/api/v1/cameras/front-door").status_code == 404
    assert numbers == sorted(set(numbers))


def test_passwords_go_in_and_never_out(admin_api: Client) -> None:
    """No answer holds the password; the row holds it encrypted; null keeps it, empty removes it."""
    body = {"id": "door", "name": "Door", "main_url": "rtsp://cam/1", "username": "u", "password": "s3cret!"}
    answers = [post(admin_api, "/api/v1/cameras", body).content]
    row = Camera.objects.get()
    assert "s3cret!" not in str(vars(row))
    answers.append(patch(admin_api, "/api/v1/cameras/door", {"name": "New", "password": None}).content)
    assert camera_specs()[0].main.password.value == "s3cret!"
    answers += [admin_api.get(path).content for path in ("/api/v1/cameras", "/api/v1/cameras/door")]
    assert all(b"s3cret!" not in answer for answer in answers)
    assert patch(admin_api, "/api/v1/cameras/door", {"password": ""}).json()["has_password"] is False
    assert "s3cret!" not in repr(camera_specs())


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("id", "../x"),
        ("id", "Door"),
        ("name", ""),
        ("name", "x" * 121),
        ("main_url", "ftp://cam"),
        ("main_url", "rtsp://"),
        ("pre_roll_s", 1e9),
        ("pre_roll_s", -1),
        ("max_age_days", 0),
        ("max_size_bytes", 1),
        ("recording_mode", "sometimes"),
        ("transport", "pigeon"),
        ("profile", "nobody"),
        ("colour", "red"),
        ("password", "x" * 1025),
    ],
)
def test_values_out_of_bounds_are_refused(admin_api: Client, field: str, value: Any) -> None:
    """A value that cannot be used answers 422 in the one shape, names the field, and stores nothing."""
    body = {"name": "Door", "main_url": "rtsp://cam/1"} | {field: value}
    answer = post(admin_api, "/api/v1/cameras", body)
    assert answer.status_code == 422
    assert set(answer.json()) == {"error", "hint"}
    assert field in answer.json()["error"]
    assert not Camera.objects.exists()


def test_an_error_never_repeats_credentials(admin_api: Client) -> None:
    """A refused address is not shown back."""
    answer = post(admin_api, "/api/v1/cameras", {"name": "Door", "main_url": "rtsp://u:s3cret@:99/1"})
    assert answer.status_code == 422
    assert b"s3cret" not in answer.content


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b"\xff\xfe", b'{"name": 1}', b"x" * 3_000_000])
def test_malformed_bodies_are_refused(admin_api: Client, body: bytes) -> None:
    """Anything that is no such JSON object is a client's error with words."""
    answer = admin_api.post("/api/v1/cameras", body, content_type="application/json")
    assert answer.status_code in {400, 413, 422}
    assert answer.json()["error"]


def test_zones_are_put_replaced_and_removed(admin_api: Client) -> None:
    """Zones are polygons of 3 to 64 points inside the picture."""
    add_camera("Door", "rtsp://cam/1")
    base = "/api/v1/cameras/door/zones"
    assert put(admin_api, f"{base}/drive", ZONE).status_code == 200
    assert put(admin_api, f"{base}/drive", ZONE | {"name": "road"}).json()["name"] == "road"
    assert put(admin_api, base, [ZONE, ZONE | {"name": "lawn", "kind": "exclude"}]).status_code == 200
    assert [zone["name"] for zone in admin_api.get(base).json()] == ["drive", "lawn"]
    for polygon in (
        [],
        [[0, 0], [1, 1]],
        [[0, 0]] * 65,
        [[0, 0], [1, 0], [2, 0]],
        [[0, 0], [1, 0], ["x", 0]],
    ):
        assert put(admin_api, base, [ZONE | {"polygon": polygon}]).status_code == 422
    assert admin_api.delete(f"{base}/lawn").status_code == 204
    assert [zone["name"] for zone in admin_api.get("/api/v1/cameras/door").json()["zones"]] == ["drive"]
    before = Camera.objects.get().revision
    assert admin_api.delete(f"{base}/drive").status_code == 204
    assert Camera.objects.get().revision > before


def test_profiles_reach_every_camera_that_uses_them(admin_api: Client) -> None:
    """Changing a profile numbers its cameras anew; a used one is not removed."""
    assert post(admin_api, "/api/v1/profiles", {"name": "night", "rate_fps": 2}).status_code == 201
    camera = add_camera("Door", "rtsp://cam/1", profile="night")
    assert patch(admin_api, "/api/v1/profiles/night", {"min_score": 0.7}).status_code == 200
    assert Camera.objects.get().revision > camera.revision
    assert camera_specs()[0].profile.min_score == 0.7
    assert patch(admin_api, "/api/v1/profiles/night", {"skip_min": 61}).status_code == 422
    assert patch(admin_api, "/api/v1/profiles/night", {"labels": None}).status_code == 422
    assert admin_api.delete("/api/v1/profiles/night").status_code == 422
    remove_camera("door")
    assert admin_api.delete("/api/v1/profiles/night").status_code == 204
    assert Profile.objects.filter(name="night").count() == 0


def test_ids_are_made_from_names_and_numbered() -> None:
    """Two cameras of one name get different ids."""
    ids = [add_camera("Tür", "rtsp://cam/1").id for _ in range(3)]
    assert ids == ["t-r", "t-r-2", "t-r-3"]


def test_sources_are_made_once_and_reused() -> None:
    """`vedette run SOURCE...` finds the camera of a source again, also when the password changed."""
    sources = ["rtsp://u:one@cam:554/1", "/clips/street.mp4"]
    assert ensure_sources(sources) == ["cam-554", "street"]
    number = ConfigRevision.objects.get().number
    assert ensure_sources(sources) == ["cam-554", "street"]
    assert ConfigRevision.objects.get().number == number
    assert ensure_sources(["rtsp://u:two@cam:554/1"]) == ["cam-554"]
    assert camera_specs()[0].main.password.value == "two"


@pytest.mark.parametrize(
    ("source", "name"),
    [
        ("rtsp://cam:8554/front-door", "Front door"),
        ("rtsp://cam:8554/Streaming/Channels/101", "cam 8554"),
        ("rtsp://cam/live", "cam"),
        ("/clips/street.mp4", "street"),
        ("scene:garden?seed=2", "garden"),
    ],
)
def test_a_source_is_named_so_that_people_know_it(source: str, name: str) -> None:
    """A restreamer's word for the camera, else its host; the stem of a file; the kind of a scene."""
    (camera,) = ensure_sources([source])
    assert Camera.objects.get(pk=camera).name == name


def test_no_two_sources_get_the_same_name() -> None:
    """Two hosts with a stream of one name stand on the page as two cameras."""
    ensure_sources(["rtsp://one/front-door", "rtsp://two/front-door"])
    assert set(Camera.objects.values_list("name", flat=True)) == {"Front door", "Front door 2"}


def test_a_lost_key_costs_the_password_not_the_camera(settings: Any, tmp_path: Any) -> None:
    """With another key file the camera still runs, without its password."""
    add_camera("Door", "rtsp://u:p@cam/1")
    settings.HOME = type(settings.HOME)(tmp_path)
    spec = camera_specs()[0]
    assert (spec.id, spec.main.password.value) == ("door", "")


def test_the_openapi_document_is_valid(admin_api: Client) -> None:
    """Tools can read the description, and the password is write-only in it."""
    document = admin_api.get("/api/v1/openapi.json").json()
    validate(document)
    assert "password" not in document["components"]["schemas"]["CameraOut"]["properties"]
    assert admin_api.get("/api/v1/docs").status_code == 200


def test_unknown_addresses_answer_in_the_one_shape(admin_api: Client) -> None:
    """A 404 of the API is JSON as every error."""
    assert set(admin_api.get("/api/v1/nothing").json()) == {"error", "hint"}
    assert set(admin_api.get("/api/v1/events/not-an-id").json()) == {"error", "hint"}
