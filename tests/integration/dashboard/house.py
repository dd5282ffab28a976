"""A real server with people, a recording of a moving square, and an event that follows the square."""

import time
from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import cv2
import numpy as np
from numpy.typing import NDArray

from tests.integration.server.conftest import PASSWORD, ServerProcess
from tests.integration.server.worker import Worker, event
from tests.support.processes import wait_until
from tests.unit.recording.packets import packets, record
from vedette.domain.geometry import Box
from vedette.domain.messages import EventMessage, PathPoint, ZoneVisit

WIDTH, HEIGHT, FPS, SECONDS = 640, 360, 10, 12.0
SIDE = 60
ENTERS_S, LEAVES_S = 3.0, 9.0
"""When the square comes and goes, in seconds of the video."""
STEP = 6
"""Pixels from one picture to the next."""


def square_at(second: float) -> Box:
    """Where the square is in the picture that is shown at this second."""
    return Box(40.0 + STEP * round((second - ENTERS_S) * FPS), 150.0, float(SIDE), float(SIDE))


def picture(second: float) -> NDArray[np.uint8]:
    """A grey room with a white square in it, RGB."""
    found = np.full((HEIGHT, WIDTH, 3), 90, np.uint8)
    if ENTERS_S <= second < LEAVES_S:
        box = square_at(second)
        found[int(box.y) : int(box.y) + SIDE, int(box.x) : int(box.x) + SIDE] = 255
    return found


def make_film(path: Path) -> Path:
    """Twelve seconds of it."""
    with av.open(str(path), "w") as container:
        stream = container.add_stream("libx264", FPS, options={"preset": "ultrafast", "crf": "12"})
        stream.width, stream.height, stream.pix_fmt = WIDTH, HEIGHT, "yuv420p"
        stream.codec_context.gop_size = FPS
        stream.time_base = Fraction(1, FPS)
        for number in range(round(SECONDS * FPS)):
            frame = av.VideoFrame.from_ndarray(picture(number / FPS), format="rgb24")
            frame.pts = number
            container.mux(stream.encode(frame))
        container.mux(stream.encode())
    return path


@dataclass
class House:
    """The server, a worker that the test speaks for, and what happened so far."""

    server: ServerProcess
    worker: Worker
    begin_utc_s: float
    told: list[EventMessage] = field(default_factory=list)

    @property
    def address(self) -> str:
        """Where browsers go."""
        return self.server.address

    def tell(self, camera: str = "door", **changes: Any) -> EventMessage:
        """Let the worker tell of an ended event, and wait until it is stored."""
        message = event(camera, **({"phase": "end"} | changes))
        self.worker.outbox.append(message)
        self.told.append(message)
        with self.server.client() as api:
            wait_until(lambda: api.get(f"/api/v1/events/{message.id}").status_code == 200)
        return message

    def tell_of_square(self) -> EventMessage:
        """The event that follows the square, through the zone Path from second 5 to 7."""
        begin = self.begin_utc_s
        moments = [ENTERS_S + step / 2 for step in range(round(2 * (LEAVES_S - ENTERS_S)))]
        path = tuple(PathPoint(begin + moment, square_at(moment)) for moment in moments)
        key = f"door/{time.time_ns()}.jpg"
        snapshot = self.server.home / "snapshots" / key
        snapshot.parent.mkdir(parents=True, exist_ok=True)
        snapshot.write_bytes(cv2.imencode(".jpg", picture(6.0))[1].tobytes())
        return self.tell(
            start_utc_s=begin + ENTERS_S,
            end_utc_s=begin + moments[-1],
            best_utc_s=begin + 6.0,
            box=square_at(6.0),
            width=WIDTH,
            height=HEIGHT,
            score=0.87,
            path=path,
            zones=(ZoneVisit(zone="Path", enter_utc_s=begin + 5.0, exit_utc_s=begin + 7.0),),
            snapshot=key,
            crop=key,
            model="yolox_nano",
            model_version="c0ffee",
        )


def open_house(server: ServerProcess, folder: Path) -> House:
    """Start everything: two cameras, two people, a recording of the front door."""
    begin = float(round(time.time() - 600))
    server.python(
        "from vedette.server.accounts.models import User\n"
        "from vedette.server.cameras.service import add_camera\n"
        f"User.objects.create_user('ada', '{PASSWORD}', 'administrator')\n"
        f"User.objects.create_user('vic', '{PASSWORD}', 'viewer')\n"
        "add_camera('Front door', 'rtsp://cam/1', camera_id='door')\n"
        "add_camera('Yard', 'rtsp://cam/2', camera_id='yard')\n"
    )
    recording = record(
        server.home / "recordings", packets(make_film(folder / "film.mp4"), begin), segment_s=4
    )
    worker = Worker(server.home)
    for message in recording.messages:
        worker.outbox.append(message)
    with server.client() as api:
        wait_until(lambda: len(api.get("/api/v1/recordings").json()["items"]) == 3)
    return House(server, worker, begin)
