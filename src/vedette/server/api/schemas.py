"""What REST takes and gives. Bounds are those of `cameras.limits`."""

from datetime import UTC, datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from ninja import Schema
from pydantic import AfterValidator, ConfigDict, Field, PlainSerializer

from vedette.domain.camera import RecordingMode, Transport
from vedette.domain.messages import CameraReport
from vedette.server.cameras import limits
from vedette.server.times import iso

Time = Annotated[datetime, PlainSerializer(iso, return_type=str)]
"""UTC, ISO 8601 with milliseconds and Z."""


def _utc(moment: datetime) -> datetime:
    moment = moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment
    return moment.astimezone(UTC)


InTime = Annotated[datetime, AfterValidator(_utc)]
"""ISO 8601 (without offset: UTC) or seconds since the epoch."""

Name = Annotated[str, Field(min_length=1, max_length=limits.NAME_LENGTH)]
Url = Annotated[str, Field(min_length=1, max_length=limits.URL_LENGTH)]
Labels = Annotated[
    list[Annotated[str, Field(max_length=limits.LABEL_LENGTH)]], Field(max_length=limits.MAX_LABELS)
]
Point = tuple[Annotated[float, Field(ge=0, le=1)], Annotated[float, Field(ge=0, le=1)]]
Polygon = Annotated[
    list[Point], Field(min_length=limits.POLYGON_POINTS[0], max_length=limits.POLYGON_POINTS[1])
]
Share = Annotated[float, Field(ge=0, le=1)]


class Closed(Schema):
    """Input: unknown fields are an error, so that a typing mistake is not taken for success."""

    model_config = ConfigDict(extra="forbid")


class Error(Schema):
    """Every error: what was wrong, and what to do."""

    error: str
    hint: str = ""


class ZoneIn(Closed):
    """A polygon with rules, in shares of the picture."""

    name: Name
    polygon: Polygon
    labels: Labels = Field(default_factory=list)
    min_dwell_s: Annotated[float, Field(ge=0, le=3600)] = 0.0
    kind: Literal["include", "exclude"] = "include"
    colour: Annotated[str, Field(pattern=limits.COLOUR)] = ""


class ZoneOut(Schema):
    """A zone."""

    name: str
    polygon: list[tuple[float, float]]
    labels: list[str]
    min_dwell_s: float
    kind: str
    colour: str


class ProfileIn(Closed):
    """What to look for and how hard; fields left out keep their value."""

    name: Name | None = None
    model: Name | None = None
    labels: Labels | None = None
    min_score: Share | None = None
    label_scores: dict[str, Share] | None = None
    min_hits: Annotated[int, Field(ge=1, le=100)] | None = None
    rate_fps: Annotated[float, Field(ge=limits.RATE_FPS[0], le=limits.RATE_FPS[1])] | None = None
    skip_min: Annotated[int, Field(ge=limits.SKIP[0], le=limits.SKIP[1])] | None = None
    skip_max: Annotated[int, Field(ge=limits.SKIP[0], le=limits.SKIP[1])] | None = None
    quiet_after_s: float | None = None
    lost_after_s: float | None = None
    recheck_s: float | None = None
    motion_events: bool | None = None
    motion_min_area: Share | None = None


class ProfileOut(Schema):
    """A profile."""

    name: str
    model: str
    labels: list[str]
    min_score: float
    label_scores: dict[str, float]
    min_hits: int
    rate_fps: float
    skip_min: int
    skip_max: int
    quiet_after_s: float
    lost_after_s: float
    recheck_s: float
    motion_events: bool
    motion_min_area: float


class CameraChange(Closed):
    """Fields of a camera; those left out keep their value. `password` is written, never read."""

    name: Name | None = None
    enabled: bool | None = None
    analyse: bool | None = None
    main_url: Url | None = None
    sub_url: Annotated[str, Field(max_length=limits.URL_LENGTH)] | None = None
    username: Annotated[str, Field(max_length=255)] | None = None
    password: Annotated[str, Field(max_length=1024, json_schema_extra={"writeOnly": True})] | None = None
    transport: Transport | None = None
    loop: bool | None = None
    profile: Name | None = None
    recording_mode: RecordingMode | None = None
    pre_roll_s: Annotated[float, Field(ge=limits.ROLL_S[0], le=limits.ROLL_S[1])] | None = None
    post_roll_s: Annotated[float, Field(ge=limits.ROLL_S[0], le=limits.ROLL_S[1])] | None = None
    max_age_days: Annotated[float, Field(ge=limits.AGE_DAYS[0], le=limits.AGE_DAYS[1])] | None = None
    max_size_bytes: Annotated[int, Field(ge=limits.MIN_SIZE_BYTES, lt=2**63)] | None = None


class CameraIn(CameraChange):
    """A new camera."""

    id: Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9_-]{0,63}$")] | None = None
    name: Name
    main_url: Url


class CameraStatus(Schema):
    """What a camera is really doing, as its worker reports it."""

    camera: str
    node: str
    state: str
    message: str
    revision: int
    gate_open: bool
    recording: bool
    width: int
    height: int
    codec: str
    fps: float

    @classmethod
    def of(cls, report: CameraReport, node: str = "") -> "CameraStatus":
        """From a worker's report."""
        shown = {name: getattr(report, name) for name in cls.model_fields if name not in {"node", "state"}}
        return cls(**shown, node=node, state=report.state.value)


class CameraOut(Schema):
    """A camera as it should be (`status` tells what it does); `applied` once its worker runs this."""

    id: str
    name: str
    enabled: bool
    analyse: bool
    main_url: str
    sub_url: str
    username: str
    has_password: bool
    transport: str
    loop: bool
    profile: str
    recording_mode: str
    pre_roll_s: float
    post_roll_s: float
    max_age_days: float | None
    max_size_bytes: int | None
    worker: str
    revision: int
    zones: list[ZoneOut]
    status: CameraStatus | None = None
    applied: bool = False


class ZoneVisitOut(Schema):
    """A stay in a zone."""

    zone: str
    enter: Time
    exit: Time | None


class EventOut(Schema):
    """An event as known so far."""

    id: UUID
    revision: int
    sequence: int
    camera: str
    kind: str
    label: str
    score: float
    phase: str
    start: Time
    end: Time
    best: Time
    box: list[float]
    width: int
    height: int
    zones: list[ZoneVisitOut]
    model: str
    model_version: str
    has_snapshot: bool
    has_crop: bool

    @staticmethod
    def resolve_has_snapshot(row: Any) -> bool:
        """Whether /events/ID/snapshot.jpg answers."""
        return bool(row.snapshot)

    @staticmethod
    def resolve_has_crop(row: Any) -> bool:
        """Likewise crop.jpg."""
        return bool(row.crop)


class FeedbackOut(Schema):
    """What a person says of an event: the model was `right`, `wrong`, or it is something else (`label`)."""

    verdict: Literal["right", "wrong", "other"]
    label: str
    by: str
    at: Time


class EventItem(EventOut):
    """An event with what a person says of it."""

    feedback: FeedbackOut | None


class FacetOut(Schema):
    """That there are events of such a camera, kind and label, in a zone or (`zone` empty) at all."""

    camera: str
    kind: str
    label: str
    zone: str


class EventDetail(EventItem):
    """An event with the path of its object: [seconds since the epoch, [x, y, width, height]]."""

    path: list[tuple[float, list[float]]]


class EventPage(Schema):
    """Events, newest first; pass `next` as `cursor` for those before."""

    items: list[EventItem]
    next: str | None


class SegmentOut(Schema):
    """A stretch of recording."""

    id: UUID
    camera: str
    state: str
    start: Time
    end: Time
    size_bytes: int
    codec: str
    width: int
    height: int
    audio_codec: str
    has_motion: bool
    has_event: bool


class SegmentPage(Schema):
    """Segments, newest first; pass `next` as `cursor` for those before."""

    items: list[SegmentOut]
    next: str | None


class SpanOut(Schema):
    """An unbroken stretch of recording, of one or more segments."""

    start: Time
    end: Time
    has_motion: bool
    has_event: bool
    size_bytes: int


class NodeOut(Schema):
    """A worker."""

    node: str
    alive: bool
    seen: Time
    pid: int
    revision: int
    wanted_revision: int
    detector: str
    detector_message: str
    cameras: list[str]
    counters: dict[str, float] = Field(default_factory=dict)
    gauges: dict[str, float] = Field(default_factory=dict)
