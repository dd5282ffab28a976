"""Finding cameras and trying zones by REST."""

import base64
import functools
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import av
import pytest
from django.test import Client

from tests.integration.dashboard.conftest import add_events
from tests.support.onvif import Device, OnvifDevice
from tests.support.rtsp import CameraFarm
from tests.support.video import VideoMaker
from vedette.brands import discovery
from vedette.domain.messages import SnapshotReply
from vedette.media.jpeg import encode_jpeg
from vedette.media.planes import planes_from
from vedette.server.accounts.models import Role
from vedette.server.cameras import finding
from vedette.server.cameras.service import add_camera
from vedette.server.runtime import runtime

PROBE, DISCOVER = "/api/v1/cameras/probe", "/api/v1/cameras/discover"
LEFT = {"name": "Left", "polygon": [[0, 0], [0.5, 0], [0.5, 1], [0, 1]]}


def post(client: Client, path: str, body: object) -> Any:
    """The answer to JSON."""
    return client.post(path, body, content_type="application/json")


@pytest.mark.servers
def test_an_address_is_tried_out(admin_api: Client, make_video: VideoMaker) -> None:
    """Streams come described, with a picture; trouble comes as a kind, words and a hint."""
    with CameraFarm() as farm:
        farm.add("plain", make_video(seconds=1.0, fps=10, gop=5, width=320, height=180).path)
        found = post(admin_api, PROBE, {"address": farm.url("plain")}).json()
        wrong = post(admin_api, PROBE, {"address": farm.url("locked")}).json()
    assert (found["main"]["codec"], found["main"]["width"], found["sub"]) == ("h264", 320, None)
    assert found["main"]["picture"].startswith("/9j/")
    assert (found["trouble"], wrong["trouble"], wrong["main"]) == (None, "not_found", None)
    assert wrong["hint"]
    assert runtime.counters["camera_probes_not_found"] >= 1


@pytest.mark.servers
def test_the_network_is_searched(admin_api: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    """Devices come with the address that a probe takes."""
    monkeypatch.setattr(discovery, "interfaces", lambda: {"lo": "127.0.0.1"})
    with OnvifDevice(Device([])) as camera:
        monkeypatch.setattr(discovery, "search", functools.partial(discovery.search, port=camera.udp_port))
        rows = post(admin_api, DISCOVER, {"interfaces": ["lo"], "seconds": 0.6}).json()
    assert [(row["host"], row["name"], row["added"]) for row in rows] == [("127.0.0.1", "Front Door", False)]
    assert rows[0]["address"].startswith("onvif://127.0.0.1:")


@pytest.mark.parametrize(
    "path", [PROBE, DISCOVER, "/api/v1/cameras/door/look", "/api/v1/cameras/door/zones/test"]
)
@pytest.mark.parametrize("role", [Role.VIEWER, Role.OPERATOR])
def test_only_administrators_may(bearer: Callable[[str], Client], path: str, role: str) -> None:
    """Nobody else makes the server ask around or work."""
    add_camera("Door", "rtsp://cam/1")
    assert post(bearer(role), path, {"address": "rtsp://cam/1", "zones": []}).status_code == 403


@pytest.mark.parametrize(
    ("path", "body"),
    [
        (PROBE, {}),
        (PROBE, {"address": ""}),
        (PROBE, {"address": "x" * 3000}),
        (PROBE, {"address": "rtsp://cam/1", "more": 1}),
        (PROBE, {"address": "file:///etc/passwd"}),
        (PROBE, {"address": "rtsp://169.254.169.254/"}),
        (DISCOVER, {"seconds": 600}),
        (DISCOVER, {"interfaces": ["no-such-0"]}),
    ],
)
def test_what_is_asked_is_bounded(admin_api: Client, path: str, body: object) -> None:
    """Wrong, endless and forbidden requests are a client's error with words."""
    answer = post(admin_api, path, body)
    assert answer.status_code == 422
    assert answer.json()["error"]


@pytest.mark.django_db
def test_few_tests_run_at_once(admin_api: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    """With all slots taken, the next one is told to come again."""
    monkeypatch.setattr(finding, "_WAIT_S", 0.05)
    held = [finding._slots.acquire(timeout=1) for _ in range(finding.SLOTS)]
    try:
        answer = post(admin_api, PROBE, {"address": "rtsp://127.0.0.1:9/x"})
    finally:
        for _ in held:
            finding._slots.release()
    assert answer.status_code == 422
    assert "Try again" in answer.json()["hint"]


def test_zones_are_tried_on_objects_and_events(admin_api: Client) -> None:
    """What stands left counts, what stands right does not; the newest events are judged by their paths."""
    add_camera("Door", "rtsp://cam/1")
    walk = [[1000.0, [0, 0, 40, 100]], [1002.0, [500, 0, 40, 100]]]
    add_events("door", path=walk, box=[500, 0, 40, 100], width=640, height=360)
    add_events("door", path=[walk[1]], box=walk[1][1], width=640, height=360, label="dog")
    things = [
        {"label": "person", "score": 0.9, "box": [10, 10, 40, 100], "width": 640, "height": 360},
        {"label": "person", "score": 0.9, "box": [500, 10, 40, 100], "width": 640, "height": 360},
        {"label": "person", "score": 0.3, "box": [10, 10, 40, 100], "width": 640, "height": 360},
    ]
    told = post(admin_api, "/api/v1/cameras/door/zones/test", {"zones": [LEFT], "objects": things}).json()
    assert [one["counts"] for one in told["objects"]] == [True, False, False]
    assert told["objects"][0]["zones"] == ["Left"]
    assert told["objects"][0]["foot"] == pytest.approx([30 / 640, 110 / 360])
    assert "certain" in told["objects"][2]["why"]
    assert [(one["label"], one["counts"], one["zones"]) for one in told["events"]] == [
        ("dog", False, []),
        ("person", True, ["Left"]),
    ]
    masked = [LEFT | {"kind": "exclude"}]
    told = post(admin_api, "/api/v1/cameras/door/zones/test", {"zones": masked, "objects": things}).json()
    assert [one["counts"] for one in told["objects"]] == [False, True, False]
    assert "nothing counts" in told["objects"][0]["why"]


def test_dwell_is_judged_over_the_path(admin_api: Client) -> None:
    """An object that was inside for a second does not count where ten are asked for."""
    add_camera("Door", "rtsp://cam/1")
    inside = [[1000.0 + second, [0, 0, 40, 100]] for second in range(2)]
    add_events("door", path=inside, box=[0, 0, 40, 100], width=640, height=360)
    for dwell, counts in ((0.5, True), (10, False)):
        body = {"zones": [LEFT | {"min_dwell_s": dwell}]}
        told = post(admin_api, "/api/v1/cameras/door/zones/test", body).json()
        assert told["events"][0]["counts"] is counts


@pytest.mark.parametrize(
    "body",
    [
        {"zones": [LEFT] * 65},
        {"zones": [], "objects": [{"label": "x", "box": [0, 0, 1, 1], "width": 0, "height": 1}]},
        {"zones": [], "objects": [{"label": "x", "box": [0, 0, 1], "width": 1, "height": 1}]},
    ],
)
def test_trying_is_bounded(admin_api: Client, body: object) -> None:
    """Neither more zones than a camera may have, nor boxes that are none."""
    add_camera("Door", "rtsp://cam/1")
    assert post(admin_api, "/api/v1/cameras/door/zones/test", body).status_code == 422


@pytest.fixture
def picture(monkeypatch: pytest.MonkeyPatch, clip: Callable[[str], Path], models_dir: Path) -> bytes:
    """A worker whose newest picture shows people on a square."""
    with av.open(str(clip("plaza_people_8s.mp4"))) as container:
        frame = next(container.decode(video=0))
        jpeg = encode_jpeg(planes_from(frame), max_width=1280)

    def snapshot(camera: str, _max_width: int) -> SnapshotReply:
        return SnapshotReply(request="1", camera=camera, utc_s=7.0, jpeg=jpeg)

    monkeypatch.setattr(runtime, "hub", SimpleNamespace(request_snapshot=snapshot, cameras=dict))
    return jpeg


def test_the_detector_looks_once(admin_api: Client, picture: bytes) -> None:
    """The real detection stage looks at the newest picture, which comes along."""
    add_camera("Door", "rtsp://cam/1")
    seen = post(admin_api, "/api/v1/cameras/door/look", {}).json()
    assert "person" in {one["label"] for one in seen["objects"]}
    assert base64.b64decode(seen["picture"]) == picture
    assert (seen["utc_s"], seen["width"] > 0) == (7.0, True)
    assert seen["model"]


def test_without_a_picture_nobody_looks(admin_api: Client) -> None:
    """A camera that has given none says so."""
    add_camera("Door", "rtsp://cam/1")
    answer = post(admin_api, "/api/v1/cameras/door/look", {})
    assert answer.status_code == 422
    assert "streaming" in answer.json()["hint"]
