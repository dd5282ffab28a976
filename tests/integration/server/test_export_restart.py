"""Exports and a server process that dies."""

import signal
from datetime import UTC, datetime

from tests.integration.server.conftest import ServerProcess
from tests.integration.server.worker import Worker
from tests.support.processes import wait_until
from tests.support.video import VideoMaker
from tests.unit.recording.packets import START_UTC_S, packets, record

ABANDONED = """
from datetime import timedelta
from django.utils import timezone
from vedette.server.recordings.models import Export, Segment
first, last = Segment.objects.order_by("start").first(), Segment.objects.order_by("start").last()
span = {"camera": "door", "start": first.start, "end": last.end}
silent = timezone.now() - timedelta(minutes=1)
Export.objects.create(**span, state="running", progress=0.5, touched=silent)
Export.objects.create(**span, state="waiting")
"""


def iso(utc_s: float) -> str:
    """ISO 8601."""
    return datetime.fromtimestamp(utc_s, UTC).isoformat()


def test_unfinished_exports_are_made_after_a_restart(server: ServerProcess, make_video: VideoMaker) -> None:
    """What waited and what was half made when the server was killed is whole soon after it is back."""
    worker = Worker(server.home)
    video = make_video(seconds=2, width=320, height=180, gop=10)
    for message in record(server.home / "recordings", packets(video.path, times=3), segment_s=2).messages:
        worker.outbox.append(message)
    with server.client() as api:
        api.post("/api/v1/cameras", json={"id": "door", "name": "Door", "main_url": "rtsp://cam/1"})
        wait_until(lambda: len(api.get("/api/v1/recordings").json()["items"]) == 3)
        body = {"camera": "door", "start": iso(START_UTC_S), "end": iso(START_UTC_S + 6)}
        ordered = api.post("/api/v1/exports", json=body)
        assert ordered.status_code == 201, ordered.text
    assert server.stop(signal.SIGKILL) == -signal.SIGKILL
    server.python(ABANDONED)
    server.start()
    with server.client() as api:
        rows = wait_until(lambda: [r for r in api.get("/api/v1/exports").json() if r["state"] == "done"][2:])
        assert rows
        for row in api.get("/api/v1/exports").json():
            whole = api.get(f"/api/v1/exports/{row['id']}/file.mp4")
            assert len(whole.content) == row["size_bytes"]
    worker.close()
