"""Clips in a real Chromium: duration, seeking by byte ranges, several parameter sets."""

import re
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from tests.support.browser import open_browser
from tests.support.video import VideoMaker
from tests.unit.recording.packets import START_UTC_S, Recording, packets
from vedette.media.packets import AudioInfo
from vedette.recording.clips import ClipFile, ClipPart

pytestmark = pytest.mark.browser

PLAY = """async (seek) => {
  const video = document.querySelector('video');
  const on = (name) => new Promise((done, fail) => {
    video.addEventListener(name, done, {once: true});
    video.addEventListener('error', () => fail(video.error.message), {once: true});
  });
  if (video.readyState < 1) await on('loadedmetadata');
  const duration = video.duration, width = video.videoWidth;
  const seeked = on('seeked');
  video.currentTime = seek;
  await seeked;
  video.muted = true; video.playbackRate = 4;
  const ended = on('ended');
  await video.play();
  await ended;
  return {duration, width, now: video.currentTime, error: video.error && video.error.message};
}"""


SUPPORTED = "document.createElement('video').canPlayType('video/mp4; codecs=avc1.42c00b')"


class _ClipServer(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self, clip: ClipFile) -> None:
        self.clip = clip
        self.ranges: list[str] = []
        super().__init__(("127.0.0.1", 0), _Handler)


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: _ClipServer

    def do_GET(self) -> None:
        clip = self.server.clip
        if self.path != "/clip.mp4":
            return self._send(200, "text/html", [b"<video src=/clip.mp4 preload=metadata></video>"], {})
        wanted = self.headers.get("Range", "")
        match = re.fullmatch(r"bytes=(\d+)-(\d*)", wanted)
        if match is None:
            return self._send(200, "video/mp4", clip.read(), {"Content-Length": str(clip.size_bytes)})
        self.server.ranges.append(wanted)
        start = int(match[1])
        stop = int(match[2]) + 1 if match[2] else clip.size_bytes
        headers = {
            "Content-Length": str(stop - start),
            "Content-Range": f"bytes {start}-{stop - 1}/{clip.size_bytes}",
        }
        return self._send(206, "video/mp4", clip.read(start, stop - start), headers)

    def _send(self, status: int, kind: str, blocks: Any, headers: dict[str, str]) -> None:
        if "Content-Length" not in headers:
            headers["Content-Length"] = str(sum(map(len, blocks)))
        self.send_response(status)
        for name, value in {"Content-Type": kind, "Accept-Ranges": "bytes", **headers}.items():
            self.send_header(name, value)
        self.end_headers()
        try:
            for block in blocks:
                self.wfile.write(block)
        except (BrokenPipeError, ConnectionResetError):
            self.close_connection = True

    def log_message(self, *_: object) -> None:
        """Quiet."""


def _play(clip: ClipFile, seek_s: float) -> dict[str, Any]:
    """Open the clip, seek, and play to the end."""
    server = _ClipServer(clip)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        with open_browser() as browser:
            page = browser.new_page()
            page.goto(f"http://127.0.0.1:{server.server_port}/")
            if not page.evaluate(SUPPORTED):
                pytest.skip("this Chromium was built without H.264")
            return dict(page.evaluate(PLAY, seek_s))
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def _recorded(root: Path, *streams: Any) -> list[ClipPart]:
    recording = Recording(root, segment_s=2)
    for stream in streams:
        known = list(stream)
        sound = next((p.info for p in known if isinstance(p.info, AudioInfo)), None)
        recording.recorder.expect_audio(sound)
        recording.feed(known)
    recording.close()
    return [ClipPart(recording.root / m.path, m.start_utc_s) for m in recording.closed]


@pytest.mark.parametrize("b_frames", [0, 2])
def test_chromium_plays_and_seeks(tmp_path: Path, make_video: VideoMaker, b_frames: int) -> None:
    """Segments with sound, begun inside a group: right duration, seeks by range, plays to the end."""
    video = make_video(
        seconds=4, gop=10, b_frames=b_frames, tone_hz=440.0, noise_sigma=4.0, width=320, height=180
    )
    clip = ClipFile(_recorded(tmp_path, packets(video.path, times=2)), START_UTC_S + 0.5, START_UTC_S + 7.5)
    played = _play(clip, 5.0)
    assert played["error"] is None
    assert played["duration"] == pytest.approx(7.0, abs=0.05)
    assert played["now"] == pytest.approx(7.0, abs=0.1)


def test_chromium_plays_over_a_change_of_parameters(tmp_path: Path, make_video: VideoMaker) -> None:
    """The camera changed its resolution in the middle."""
    first = make_video(seconds=2, gop=10, width=320, height=180)
    second = make_video(seconds=2, gop=10, width=640, height=360)
    parts = _recorded(tmp_path, packets(first.path), packets(second.path, START_UTC_S + 2))
    played = _play(ClipFile(parts, START_UTC_S, START_UTC_S + 4), 1.0)
    assert played["error"] is None
    assert played["now"] == pytest.approx(4.0, abs=0.1)
