"""Clips over HTTP from a real server, cut from real recordings."""

import io
import re
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any, NamedTuple

import av
import httpx
import pytest

from tests.integration.server.conftest import PASSWORD, ServerProcess
from tests.integration.server.worker import Worker, event
from tests.support.processes import wait_until
from tests.support.video import VideoMaker
from tests.unit.recording.packets import START_UTC_S, packets, record


class Clip(NamedTuple):
    """A server with a recording of six seconds in three segments."""

    api: httpx.Client
    worker: Worker
    parameters: dict[str, Any]

    def get(self, method: str = "GET", **headers: str) -> httpx.Response:
        """Ask for the clip."""
        return self.api.request(
            method, "/api/v1/cameras/door/clip.mp4", params=self.parameters, headers=headers
        )


@pytest.fixture
def clip(server: ServerProcess, make_video: VideoMaker) -> Iterator[Clip]:
    """The clip of seconds 1 to 5."""
    video = make_video(seconds=2, width=320, height=180, gop=10)
    worker = Worker(server.home)
    recording = record(server.home / "recordings", packets(video.path, times=3), segment_s=2)
    for message in recording.messages:
        worker.outbox.append(message)
    with server.client() as api:
        api.post("/api/v1/cameras", json={"id": "door", "name": "Door", "main_url": "rtsp://cam/1"})
        wait_until(lambda: len(api.get("/api/v1/recordings").json()["items"]) == 3)
        yield Clip(api, worker, {"start": iso(START_UTC_S + 1), "end": iso(START_UTC_S + 5)})
    worker.close()


def iso(utc_s: float) -> str:
    """ISO 8601."""
    return datetime.fromtimestamp(utc_s, UTC).isoformat()


def test_a_clip_plays_and_takes_ranges(clip: Clip) -> None:
    """One request gives a playable MP4 of the span; ranges, validators and HEAD follow RFC 9110."""
    whole = clip.get()
    assert (whole.status_code, whole.headers["content-type"]) == (200, "video/mp4")
    data = whole.content
    assert int(whole.headers["content-length"]) == len(data)
    with av.open(io.BytesIO(data)) as container:
        assert container.duration == pytest.approx(4_000_000, abs=150_000)
        assert sum(1 for _ in container.decode(video=0)) >= 40

    head = clip.get("HEAD")
    assert (head.status_code, head.content) == (200, b"")
    assert head.headers["content-length"] == str(len(data))
    assert head.headers["accept-ranges"] == "bytes"
    etag = head.headers["etag"]
    assert re.fullmatch(r'"[0-9a-f]{32}"', etag)

    part = clip.get(Range="bytes=100-299")
    assert (part.status_code, part.content) == (206, data[100:300])
    assert part.headers["content-range"] == f"bytes 100-299/{len(data)}"
    assert clip.get(Range="bytes=-50").content == data[-50:]
    assert clip.get(Range=f"bytes={len(data) - 10}-").content == data[-10:]
    beyond = clip.get(Range=f"bytes={len(data)}-")
    assert (beyond.status_code, beyond.headers["content-range"]) == (416, f"bytes */{len(data)}")

    same = clip.get(Range="bytes=0-9", **{"If-Range": etag})
    other = clip.get(Range="bytes=0-9", **{"If-Range": '"other"'})
    assert (same.status_code, other.status_code, other.content) == (206, 200, data)
    assert clip.get(**{"If-None-Match": etag}).status_code == 304


def test_an_event_has_its_clip(clip: Clip) -> None:
    """The clip of an event holds its pre-roll and post-roll."""
    sent = event(start_utc_s=START_UTC_S + 2, end_utc_s=START_UTC_S + 3, best_utc_s=START_UTC_S + 2)
    clip.worker.outbox.append(sent)
    address = f"/api/v1/events/{sent.id}/clip.mp4"
    wait_until(lambda: clip.api.get(f"/api/v1/events/{sent.id}").status_code == 200)
    answer = clip.api.get(address, params={"pre_roll_s": 1, "post_roll_s": 0.5})
    with av.open(io.BytesIO(answer.content)) as container:
        assert container.duration == pytest.approx(2_500_000, abs=150_000)
    assert clip.api.get(address, params={"pre_roll_s": 1e9}).status_code == 422


def test_times_without_recording_say_so(clip: Clip) -> None:
    """404 where nothing was recorded, 422 for spans that make no sense."""
    address = "/api/v1/cameras/door/clip.mp4"
    empty = {"start": iso(START_UTC_S + 100), "end": iso(START_UTC_S + 101)}
    assert clip.api.get(address, params=empty).status_code == 404
    backwards = {"start": iso(START_UTC_S + 5), "end": iso(START_UTC_S + 1)}
    assert clip.api.get(address, params=backwards).status_code == 422
    assert clip.api.get("/api/v1/cameras/yard/clip.mp4", params=empty).status_code == 404


def test_people_log_in_and_out(server: ServerProcess) -> None:
    """The first password opens nothing but the form for one's own; logging out ends the session."""
    code = "from vedette.server.accounts.service import ensure_administrator\nprint(ensure_administrator())"
    password = server.python(code)
    assert len(password) >= 20
    assert server.python(code) == "None"
    with server.client(token="") as browser:
        assert browser.get("/admin/").headers["location"] == "/login?next=/admin/"
        assert log_in(browser, PASSWORD).status_code == 200
        assert browser.get("/api/v1/cameras").status_code == 401
        assert log_in(browser, password).status_code == 302
        assert browser.get("/").headers["location"] == "/profile/password"
        assert browser.get("/api/v1/cameras").status_code == 403
        token = browser.cookies["vedette_csrf"]
        assert browser.post("/logout", data={"csrfmiddlewaretoken": token}).status_code == 302
        assert browser.get("/api/v1/cameras").status_code == 401
    assert password.encode() not in (server.home / "vedette.sqlite3").read_bytes()


def log_in(browser: httpx.Client, password: str) -> httpx.Response:
    """Fill in the form."""
    browser.get("/login")
    form = {"username": "admin", "password": password, "csrfmiddlewaretoken": browser.cookies["vedette_csrf"]}
    return browser.post("/login", data=form)
