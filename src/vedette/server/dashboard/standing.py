"""How a camera stands: what it should do, what its worker says, and its last event, in words for people."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from django.db.models import OuterRef, Subquery

from vedette.domain.messages import CameraReport, CameraState
from vedette.server.accounts.policy import Principal, visible_cameras
from vedette.server.api.cameras import camera_reports
from vedette.server.cameras.models import Camera
from vedette.server.cameras.specs import trouble
from vedette.server.dashboard import formats
from vedette.server.events.models import Event

_WORDS = {
    CameraState.STREAMING: ("Live", "good"),
    CameraState.CONNECTING: ("Connecting", "wait"),
    CameraState.RETRYING: ("No connection", "bad"),
    CameraState.ENDED: ("Ended", "idle"),
    CameraState.DISABLED: ("Off", "idle"),
}


@dataclass(frozen=True, slots=True)
class Standing:
    """One camera as the pages show it.

    Attributes:
        state: a `CameraState`, `waiting` when no worker reports the camera, or `broken` when none can run it.
        tone: good, wait, bad or idle.
        message: what is wrong, in the worker's words.
        applied: whether the worker runs the newest configuration.
        facts: resolution, codec and rate, as far as known.
    """

    camera: Camera
    state: str
    word: str
    tone: str
    message: str
    applied: bool
    recording: bool
    gate_open: bool
    facts: Sequence[str]
    last_event: Event | None = None

    @property
    def has_picture(self) -> bool:
        """Whether it makes sense to ask for a still."""
        return self.state in {CameraState.STREAMING, CameraState.ENDED}


def standings(asks: Principal) -> list[Standing]:
    """All cameras that may be seen, by name: two queries, however many there are."""
    newest = Event.objects.filter(camera=OuterRef("pk")).order_by("-start", "-id").values("pk")[:1]
    rows = visible_cameras(asks).select_related("profile").prefetch_related("zones")
    cameras = list(rows.annotate(last_event_id=Subquery(newest)).order_by("name", "id"))
    ids = [camera.last_event_id for camera in cameras if camera.last_event_id]
    events = {event.camera: event for event in Event.objects.filter(pk__in=ids).defer("path")}
    reports = camera_reports()
    return [standing(camera, reports.get(camera.id), events.get(camera.id)) for camera in cameras]


def standing(camera: Camera, report: CameraReport | None, last_event: Event | None = None) -> Standing:
    """One camera."""
    message = report.message if report and camera.enabled else ""
    if report is None and camera.enabled:
        message = trouble(camera)
    state, word, tone = _state(camera, report, broken=report is None and bool(message))
    return Standing(
        camera=camera,
        state=state,
        word=word,
        tone=tone,
        message=message,
        applied=report is not None and report.revision >= camera.revision,
        recording=report is not None and report.recording,
        gate_open=report is not None and report.gate_open,
        facts=tuple(_facts(report)) if report else (),
        last_event=last_event,
    )


def _state(camera: Camera, report: CameraReport | None, *, broken: bool) -> tuple[str, str, str]:
    if not camera.enabled:
        return (CameraState.DISABLED.value, *_WORDS[CameraState.DISABLED])
    if broken:
        return ("broken", "Broken", "bad")
    if report is None:
        return ("waiting", "Starting", "wait")
    return (report.state.value, *_WORDS[report.state])


def _facts(report: CameraReport) -> Iterable[str]:
    if report.width:
        yield f"{report.width} × {report.height}"
    if report.codec:
        yield formats.codec(report.codec)
    if report.fps:
        yield f"{report.fps:.0f} fps"
