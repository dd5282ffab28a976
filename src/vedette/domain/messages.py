"""What the stages and processes say to each other.

Every message is a frozen `msgspec` struct, tagged with its type and carrying a schema version `v`. Readers
ignore unknown fields; messages of an unknown version are counted and set aside (`decode` raises
`UnknownVersionError`). Times are seconds since the epoch, UTC (`..._utc_s`); boxes are picture pixels of a
frame whose width and height travel along; scores are 0 to 1.
"""

from enum import StrEnum
from typing import Literal

import msgspec

from vedette.domain.camera import CameraSpec
from vedette.domain.geometry import Box

SCHEMA_VERSION = 1


class Message(msgspec.Struct, frozen=True, kw_only=True, tag_field="type"):
    """Base of all messages."""

    v: int = SCHEMA_VERSION


class FrameMessage(Message, frozen=True, tag="frame"):
    """One picture: topic `frames`, keyed by camera.

    Attributes:
        reason: why capture let it through: `motion` (the gate is open), `start` (first looks at a new
            stream), `recheck` (a rare look while quiet: only remembered objects are looked at), `end` (no
            picture: the stream has ended).
        encoding: of `data`. `i420` is the planes as they were decoded, lossless, for local cuts.
    """

    camera: str
    utc_s: float
    sequence: int
    width: int
    height: int
    reason: Literal["motion", "start", "recheck", "end"] = "motion"
    encoding: Literal["jpeg", "i420"] = "jpeg"
    data: bytes = b""


class Detection(msgspec.Struct, frozen=True, array_like=True):
    """One object in one frame."""

    label: str
    score: float
    box: Box


class Detections(Message, frozen=True, tag="detections"):
    """What was found in one picture: topic `detections`, keyed by camera.

    Attributes:
        looked_at: the regions that the detector saw. An object outside them was not missed, only not
            looked at.
        motion: boxes of moving areas.
        scene_changed: a light switch or exposure change: motion means nothing in this frame.
        end: the stream has ended; open tracks end with it.
    """

    camera: str
    utc_s: float
    sequence: int
    width: int
    height: int
    objects: tuple[Detection, ...] = ()
    looked_at: tuple[Box, ...] = ()
    motion: tuple[Box, ...] = ()
    scene_changed: bool = False
    end: bool = False
    model: str = ""
    model_version: str = ""
    detect_s: float = 0.0


class ZoneVisit(msgspec.Struct, frozen=True, kw_only=True):
    """An object's stay in a zone; `exit_utc_s` is None while it is inside."""

    zone: str
    enter_utc_s: float
    exit_utc_s: float | None = None


class PathPoint(msgspec.Struct, frozen=True, array_like=True):
    """Where an object's box was at one time."""

    utc_s: float
    box: Box


class EventMessage(Message, frozen=True, tag="event"):
    """Start, update or end of an event: topic `events`, keyed by camera.

    Every message carries the whole event as known so far, so the newest `revision` of an `id` replaces
    all before it; a reader that honours both sees nothing twice.

    Attributes:
        id: UUIDv7 text.
        score: best score of the object (for motion: best share of the picture that moved).
        box: box at the best moment, in pixels of a width x height frame.
        end_utc_s: last time the object was seen so far; final when phase is `end`.
        snapshot: object key of the clean JPEG, empty until there is one.
        crop: object key of the JPEG of the object alone.
    """

    id: str
    camera: str
    phase: Literal["start", "update", "end"]
    revision: int
    kind: Literal["object", "motion"]
    label: str
    score: float
    start_utc_s: float
    end_utc_s: float
    box: Box
    best_utc_s: float
    width: int
    height: int
    zones: tuple[ZoneVisit, ...] = ()
    path: tuple[PathPoint, ...] = ()
    snapshot: str = ""
    crop: str = ""
    model: str = ""
    model_version: str = ""


class SegmentMessage(Message, frozen=True, tag="segment"):
    """A stretch of recording: topic `segments`, keyed by camera.

    Sent when the file has been created (`open`) and when it is complete and durable (`closed`); a
    segment that retention or repair removed is `deleted`.

    Attributes:
        path: relative to the recordings folder.
        size_bytes: of the complete file; 0 while open.
        activity: how much moved in each second (`recording.activity`); empty where nothing did.
    """

    id: str
    camera: str
    path: str
    state: Literal["open", "closed", "deleted"]
    start_utc_s: float
    end_utc_s: float
    size_bytes: int = 0
    codec: str = ""
    width: int = 0
    height: int = 0
    audio_codec: str = ""
    has_motion: bool = False
    has_event: bool = False
    activity: bytes = b""


class CameraState(StrEnum):
    """What a camera is doing now, as reported."""

    CONNECTING = "connecting"
    STREAMING = "streaming"
    RETRYING = "retrying"
    ENDED = "ended"
    DISABLED = "disabled"


class CameraReport(msgspec.Struct, frozen=True, kw_only=True):
    """What is really happening on one camera.

    Attributes:
        revision: the configuration that runs.
        message: the last error in words for a person, empty when all is well.
        gate_open: whether all frames are being decoded.
        counters: monotonic since the worker started, named like the Prometheus metrics without prefix.
        gauges: current values, likewise.
    """

    camera: str
    state: CameraState
    revision: int
    message: str = ""
    gate_open: bool = False
    recording: bool = False
    width: int = 0
    height: int = 0
    codec: str = ""
    fps: float = 0.0
    counters: dict[str, float] = msgspec.field(default_factory=dict)
    gauges: dict[str, float] = msgspec.field(default_factory=dict)


class NodeReport(Message, frozen=True, tag="report"):
    """Reported state of a worker: topic `reports`, keyed by node; at least once a second."""

    node: str
    utc_s: float
    pid: int
    revision: int
    detector: str = ""
    detector_message: str = ""
    cameras: tuple[CameraReport, ...] = ()
    counters: dict[str, float] = msgspec.field(default_factory=dict)
    gauges: dict[str, float] = msgspec.field(default_factory=dict)


class Assignment(Message, frozen=True, tag="assignment"):
    """Desired state of a worker: every camera it runs. Replaces the assignment before it."""

    revision: int
    cameras: tuple[CameraSpec, ...] = ()


class SnapshotRequest(Message, frozen=True, tag="snapshot_request"):
    """Ask a worker for the newest picture of a camera as JPEG, at most `max_width` wide."""

    request: str
    camera: str
    max_width: int = 0


class SnapshotReply(Message, frozen=True, tag="snapshot_reply"):
    """The answer; `jpeg` is empty and `error` says why when there is no picture."""

    request: str
    camera: str
    utc_s: float = 0.0
    jpeg: bytes = b""
    error: str = ""


LiveStream = Literal["main", "sub", "boxes"]
"""What can be watched of a camera: one of its streams, or the boxes of what is found."""


class LiveRequest(Message, frozen=True, tag="live_request"):
    """Ask a worker for a camera's live stream; asked again before `lease_s` is over, it goes on."""

    camera: str
    stream: LiveStream
    lease_s: float


class LiveStop(Message, frozen=True, tag="live_stop"):
    """Nobody watches this stream any more."""

    camera: str
    stream: LiveStream


class LiveTrack(msgspec.Struct, frozen=True, kw_only=True):
    """How one track of a live stream begins.

    Attributes:
        codecs: as in `MediaSource.isTypeSupported` (RFC 6381), for example `avc1.64001f`.
        data: the initialization segment (ISO/IEC 14496-12: `ftyp`, `moov` with this track alone).
    """

    codecs: str
    data: bytes


class LiveInit(Message, frozen=True, tag="live_init"):
    """A live stream begins, or begins anew: topic `live`, keyed by camera.

    Attributes:
        run: names this beginning; fragments of another run do not fit to it.
    """

    camera: str
    stream: LiveStream
    run: str
    width: int
    height: int
    video: LiveTrack
    audio: LiveTrack | None = None


class LiveFragment(Message, frozen=True, tag="live_fragment"):
    """A few frames of a live stream: topic `live`, keyed by camera; may be dropped.

    Attributes:
        sequence: grows by one within a run and track; a hole means that something was dropped.
        keyframe: whether playing can begin here.
        utc_s: when the first frame was taken.
        media_s: when it is shown, on the stream's own time line.
        data: a `moof` and an `mdat`.
    """

    camera: str
    stream: LiveStream
    run: str
    track: Literal["video", "audio"]
    sequence: int
    keyframe: bool
    utc_s: float
    media_s: float
    duration_s: float
    data: bytes


class LiveBox(msgspec.Struct, frozen=True, kw_only=True):
    """One tracked object in one picture; `id` is the same from picture to picture."""

    id: int
    label: str
    score: float
    box: Box


class LiveBoxes(Message, frozen=True, tag="live_boxes"):
    """What was seen in one picture: topic `live`, keyed by camera; may be dropped."""

    camera: str
    utc_s: float
    width: int
    height: int
    boxes: tuple[LiveBox, ...] = ()
    motion: tuple[Box, ...] = ()


class LiveEnd(Message, frozen=True, tag="live_end"):
    """A live stream cannot be had: topic `live`, keyed by camera.

    Attributes:
        reason: `codec` (no player can play it), `no_stream` (the camera has or reads no such stream) or
            `no_camera` (it does not run on this worker).
        message: the same in words.
    """

    camera: str
    stream: LiveStream
    reason: Literal["codec", "no_stream", "no_camera"]
    message: str = ""


AnyMessage = (
    FrameMessage
    | Detections
    | EventMessage
    | SegmentMessage
    | NodeReport
    | Assignment
    | SnapshotRequest
    | SnapshotReply
    | LiveRequest
    | LiveStop
    | LiveInit
    | LiveFragment
    | LiveBoxes
    | LiveEnd
)


class UnknownVersionError(ValueError):
    """A message of a schema version this program does not know."""


_encoder = msgspec.msgpack.Encoder()
_decoder = msgspec.msgpack.Decoder(AnyMessage)


class _Versioned(msgspec.Struct):
    v: int = SCHEMA_VERSION


_version_decoder = msgspec.msgpack.Decoder(_Versioned)


def encode(message: Message) -> bytes:
    """The message as msgpack bytes."""
    return _encoder.encode(message)


def decode(data: bytes | memoryview) -> AnyMessage:
    """Read any message back.

    Raises:
        UnknownVersionError: the schema version is not ours.
        msgspec.DecodeError: the bytes are not a message (`ValidationError` is a subclass).
    """
    try:
        return _checked(data)
    except (RecursionError, UnicodeDecodeError) as error:
        # msgspec lets these two through for nested and for mistaken texts.
        raise msgspec.DecodeError(str(error)) from error


def _checked(data: bytes | memoryview) -> AnyMessage:
    try:
        message: AnyMessage = _decoder.decode(data)
    except msgspec.ValidationError:
        if (found := _version_decoder.decode(data).v) != SCHEMA_VERSION:
            raise UnknownVersionError(f"message schema version {found}") from None
        raise
    if message.v != SCHEMA_VERSION:
        raise UnknownVersionError(f"message schema version {message.v}")
    return message
