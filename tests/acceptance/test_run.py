"""`vedette run`, from the first start to the end."""

import itertools
import os
import re
import signal
import time
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

import httpx
import pytest

from tests.acceptance import records
from tests.acceptance.product import Product, done, vedette
from tests.support.processes import PATIENCE_S, wait_until
from tests.support.rtsp import CameraFarm
from tests.support.video import Video

STOP_S = 10.0


@pytest.fixture(scope="module")
def watched(tmp_path_factory: pytest.TempPathFactory, visit: Video, farm: CameraFarm) -> Iterator[Product]:
    """A product that watches a camera for all tests of this module that only look."""
    farm.add("watched", visit.path)
    home = tmp_path_factory.mktemp("watched") / "home"
    done("camera", "add", "Door", farm.url("watched"), home=home)
    with Product(home) as product:
        product.wait_ready()
        product.wait_streaming("door")
        yield product


def test_a_clip_is_watched_to_its_end(home: Path, visit: Video) -> None:
    """--until-end: status 0, the event in the database, all segments closed, nothing left to repair."""
    with Product(home, visit.path, "--until-end") as product:
        assert product.wait() == 0
        assert re.search(r"user admin +password \S{12,}", product.output)
    found = records.segments(home, visit.path.stem)
    assert found
    assert {row["state"] for row in found} == {"closed"}
    assert records.pictures_recorded(home, visit.path.stem) == visit.spec.pictures
    events = records.events(home)
    assert events
    assert {row["phase"] for row in events} == {"end"}
    for row in events:
        assert (home / "snapshots" / row["snapshot"]).read_bytes()[:2] == b"\xff\xd8"
    assert "All is well" in vedette("check", home=home).stderr


def test_the_password_is_shown_once_and_works(watched: Product) -> None:
    """The first login that the terminal shows leads to a password of one's own, and that to the pages."""
    match = re.search(r"user admin +password (\S+)", watched.output)
    assert match
    with httpx.Client(
        base_url=f"http://127.0.0.1:{watched.port}",
        follow_redirects=True,
        trust_env=False,
        timeout=PATIENCE_S,
    ) as me:
        page = me.get("/accounts/login/") if me.get("/").status_code == 404 else me.get("/")
        token = re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', page.text)
        assert token
        form = {"username": "admin", "password": match[1], "csrfmiddlewaretoken": token[1]}
        inside = me.post(str(page.url), data=form, headers={"Referer": str(page.url)})
        assert inside.url.path == "/profile/password"
        assert me.get("/api/v1/cameras").status_code == 403
        chosen = {"oldpassword": match[1], "password1": "correct horse", "password2": "correct horse"}
        token = re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', inside.text)
        assert token
        form = chosen | {"csrfmiddlewaretoken": token[1]}
        inside = me.post(str(inside.url), data=form, headers={"Referer": str(inside.url)})
        assert (inside.status_code, inside.url.path) == (200, "/")
        assert me.get("/api/v1/cameras").status_code == 200


@pytest.mark.parametrize(
    "path", ["/api/v1/events", "/api/v1/cameras", "/api/v1/recordings", "/api/v1/health", "/metrics"]
)
def test_nothing_answers_without_a_token(watched: Product, path: str) -> None:
    """401 without and with a wrong one, on localhost too; 200 with the right one (P6)."""
    address = f"http://127.0.0.1:{watched.port}{path}"
    assert httpx.get(address, trust_env=False, timeout=PATIENCE_S).status_code == 401
    wrong = {"Authorization": "Bearer nothing"}
    assert httpx.get(address, headers=wrong, trust_env=False, timeout=PATIENCE_S).status_code == 401
    assert watched.client.get(path).status_code == 200


def test_cameras_recordings_and_pictures_are_there(watched: Product) -> None:
    """What the camera does, a growing recording, and a live picture."""
    camera = watched.camera("door")
    assert camera["status"]["codec"] == "h264"
    assert (camera["status"]["width"], camera["status"]["height"]) == (640, 360)
    wait_until(lambda: watched.camera("door")["status"]["recording"])
    assert wait_until(lambda: watched.segments("door"))[0]["codec"] == "h264"
    assert watched.client.get("/api/v1/cameras/door/snapshot.jpg").content[:2] == b"\xff\xd8"
    assert watched.metric("packets", camera="door") >= 0
    assert watched.metric("camera_streaming", camera="door") == 1


def test_an_event_comes_with_snapshot_and_clip(watched: Product) -> None:
    """The visit becomes an event whose picture and playable clip are one request each."""
    event = wait_until(
        lambda: next((e for e in watched.events() if e["phase"] == "end" and e["has_snapshot"]), None)
    )
    assert event["camera"] == "door"
    picture = watched.client.get(f"/api/v1/events/{event['id']}/snapshot.jpg")
    assert picture.content[:2] == b"\xff\xd8"
    clip = watched.client.get(
        "/api/v1/cameras/door/clip.mp4", params={"start": event["start"], "end": event["end"]}
    )
    assert clip.status_code == 200
    assert clip.content[4:8] == b"ftyp"
    part = watched.client.get(clip.url, headers={"Range": "bytes=4-7"})
    assert (part.status_code, part.content) == (206, b"ftyp")


def test_health_is_well_or_names_the_missing_model(watched: Product) -> None:
    """Without a model there is one clear reason; otherwise none."""
    reasons = watched.reasons()
    named = os.environ.get("VEDETTE_MODELS", "").split(os.pathsep)
    if any(Path(folder).is_dir() for folder in named if folder):
        assert reasons == []
    else:
        assert [reason["code"] for reason in reasons] == ["detector"]


def test_a_second_one_on_the_same_home_is_refused(watched: Product) -> None:
    """Status 2, naming the process that runs."""
    with Product(watched.home) as second:
        assert second.wait() == 2
        assert f"process {watched.pid}" in second.output


def test_a_taken_port_is_named(watched: Product, home: Path) -> None:
    """Status 2 and what to do, before anything starts."""
    result = vedette("run", "--port", watched.port, home=home)
    assert result.returncode == 2
    assert "--port" in result.stderr
    assert "Traceback" not in result.stderr


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_stops_in_order(home: Path, visit: Video, farm: CameraFarm, number: int) -> None:
    """Within 10 s everything has ended, all segments are closed and all events have an end."""
    farm.add(f"stop-{number}", visit.path)
    done("camera", "add", "Door", farm.url(f"stop-{number}"), home=home)
    with Product(home) as product:
        product.wait_ready()
        product.wait_streaming("door")
        wait_until(lambda: product.segments("door"))
        wait_until(lambda: any(event["phase"] != "end" for event in product.events()))
        asked_s = time.monotonic()
        product.signal(number)
        assert product.wait() == 0
        assert time.monotonic() - asked_s < STOP_S
        assert '"process killed"' not in product.output
    assert {row["state"] for row in records.segments(home, "door")} == {"closed"}
    assert {row["phase"] for row in records.events(home)} == {"end"}
    assert "All is well" in vedette("check", home=home).stderr


def test_damage_is_found_and_repaired(home: Path, visit: Video) -> None:
    """`vedette check` says what is wrong, repairs it, and then finds nothing (P1)."""
    with Product(home, visit.path, "--until-end") as product:
        assert product.wait() == 0
    (file,) = (home / "recordings" / visit.path.stem).rglob("*.mp4")
    whole = file.read_bytes()
    (file.parent / "not-ours.txt").write_text("mine")
    for damage in ("cut", "gone"):
        if damage == "cut":
            file.write_bytes(whole[: len(whole) * 2 // 3])
        else:
            file.unlink()
        told = vedette("check", "--no-repair", home=home)
        assert told.returncode == 1, told
        assert file.name in told.stdout
        assert vedette("check", home=home).returncode == 0
        assert "All is well" in vedette("check", home=home).stderr
    assert records.segments(home, visit.path.stem) == []
    assert (file.parent / "not-ours.txt").exists()


def test_times_are_utc_and_in_order(watched: Product) -> None:
    """Segments follow each other without overlap."""
    found = watched.segments("door")
    for one, other in itertools.pairwise(found):
        assert datetime.fromisoformat(one["end"]) <= datetime.fromisoformat(other["start"])
