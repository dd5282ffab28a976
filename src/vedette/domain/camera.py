"""What to watch and how: the desired state of a camera.

These values travel from the server to the workers. They hold the camera's password, so they are never
logged or stored by a worker; `Secret` keeps it out of every repr.
"""

from enum import StrEnum
from typing import Literal
from urllib.parse import quote

import msgspec

from vedette.domain.geometry import Point

VEHICLES = ("bicycle", "car", "motorcycle", "bus", "truck", "boat")
ANIMALS = ("bird", "cat", "dog", "horse", "sheep", "cow", "bear")
DEFAULT_LABELS = ("person", *VEHICLES, *ANIMALS)


class Secret(msgspec.Struct, frozen=True, array_like=True):
    """A text that no repr, log line or error message may show."""

    value: str = ""

    def __repr__(self) -> str:
        return "Secret('***')" if self.value else "Secret('')"

    def __bool__(self) -> bool:
        return bool(self.value)


class Transport(StrEnum):
    """How RTP packets travel."""

    TCP = "tcp"
    UDP = "udp"


class StreamSpec(msgspec.Struct, frozen=True, kw_only=True):
    """One stream of a camera.

    Attributes:
        url: address without credentials: rtsp(s)://, http(s)://, file path or file://, folder path,
            v4l2:///dev/video0, scene:NAME (rendered by the program itself). Cameras that want them in the
            query have the placeholders `{username}` and `{password}` there.
        username: sent to the camera when not empty.
        password: likewise.
        transport: for RTSP.
        loop: start a file again when it ends.
    """

    url: str
    username: str = ""
    password: Secret = Secret()
    transport: Transport = Transport.TCP
    loop: bool = False

    def filled_url(self) -> str:
        """The URL with the placeholders of its query filled in: for opening, never for showing."""
        head, mark, query = self.url.partition("?")
        query = query.replace("{username}", quote(self.username, safe=""))
        return head + mark + query.replace("{password}", quote(self.password.value, safe=""))


class RecordingMode(StrEnum):
    """When packets are written to disk."""

    ALWAYS = "always"
    MOTION = "motion"
    EVENTS = "events"
    OFF = "off"


class RecordingSpec(msgspec.Struct, frozen=True, kw_only=True):
    """How a camera is recorded and how long that is kept; `None` limits are not applied."""

    mode: RecordingMode = RecordingMode.ALWAYS
    pre_roll_s: float = 5.0
    post_roll_s: float = 5.0
    max_age_days: float | None = None
    max_size_bytes: int | None = None


class Zone(msgspec.Struct, frozen=True, kw_only=True):
    """A polygon in relative coordinates (0 to 1 of picture width and height) with rules.

    Attributes:
        labels: the labels it looks at; empty means all.
        min_dwell_s: how long an object must stay before it counts as inside.
        kind: `include` zones name where events count; objects whose foot is in an `exclude` zone never
            count. Without any include zone the whole picture counts.
    """

    name: str
    polygon: tuple[Point, ...]
    labels: tuple[str, ...] = ()
    min_dwell_s: float = 0.0
    kind: Literal["include", "exclude"] = "include"


class Profile(msgspec.Struct, frozen=True, kw_only=True):
    """What to look for and how hard.

    Attributes:
        model: catalogue name of the detector.
        labels: the labels that make events.
        min_score: an object's median score must reach it; `label_scores` overrides it per label.
        min_hits: analysed frames an object must be seen in before it makes an event.
        rate_fps: analysed frames per second while something moves.
        skip_min: under load, the smallest number of frames between two looks.
        skip_max: under load, the largest number of frames between two looks.
        quiet_after_s: the gate closes when nothing has moved for so long.
        lost_after_s: an object that is looked for and not seen for so long is gone.
        recheck_s: how often objects that stand still are looked at while the scene is quiet.
        motion_events: whether motion that no detected object explains makes an event.
        motion_min_area: smallest moving area that counts, as a share of the picture (0 to 1).
    """

    name: str = "default"
    model: str = "yolox_nano"
    labels: tuple[str, ...] = DEFAULT_LABELS
    min_score: float = 0.5
    label_scores: dict[str, float] = msgspec.field(default_factory=dict)
    min_hits: int = 3
    rate_fps: float = 5.0
    skip_min: int = 5
    skip_max: int = 60
    quiet_after_s: float = 4.0
    lost_after_s: float = 2.0
    recheck_s: float = 10.0
    motion_events: bool = True
    motion_min_area: float = 0.002

    def score_for(self, label: str) -> float:
        """The median score that an object of this label must reach."""
        return self.label_scores.get(label, self.min_score)


class CameraSpec(msgspec.Struct, frozen=True, kw_only=True):
    """The desired state of one camera: topic `cameras`, keyed by `id`.

    Attributes:
        id: stable, `[a-z0-9][a-z0-9_-]{0,63}`; also the folder name of its recordings.
        main: the stream that is recorded.
        sub: the stream that is analysed; the main stream when absent.
        analyse: whether pictures are looked at.
        revision: grows with every change of the configuration.
    """

    id: str
    name: str
    main: StreamSpec
    sub: StreamSpec | None = None
    enabled: bool = True
    analyse: bool = True
    profile: Profile = Profile()
    zones: tuple[Zone, ...] = ()
    recording: RecordingSpec = RecordingSpec()
    revision: int = 0
