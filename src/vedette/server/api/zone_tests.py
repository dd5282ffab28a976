"""Trying zones out before they are stored: on a look at the camera's picture, and on events that were."""

import base64
from typing import Annotated, Any, Literal

from django.conf import settings
from django.http import HttpRequest
from ninja import Router, Schema
from pydantic import Field

from vedette.domain.camera import Zone as ZoneSpec
from vedette.domain.errors import ConfigurationError
from vedette.domain.geometry import Box
from vedette.pipeline.look import Look, look_at
from vedette.server.accounts.policy import visible
from vedette.server.api.access import ADMINISTER, principal
from vedette.server.api.cameras import find_camera
from vedette.server.api.schemas import Closed, Error, Time, ZoneIn
from vedette.server.cameras.limits import MAX_ZONES
from vedette.server.cameras.membership import Thing, Verdict, judge_event, judge_thing
from vedette.server.cameras.specs import profile_spec
from vedette.server.events.models import Event
from vedette.server.runtime import runtime

router = Router(tags=["cameras"])

MOST_THINGS = 200
EVENTS_TRIED = 25
PICTURE_WIDTH = 1280
Number = Annotated[float, Field(ge=-100_000, le=100_000)]


class ThingIn(Closed):
    """An object in a picture: pixels of a picture of this size."""

    label: Annotated[str, Field(max_length=64)]
    score: Annotated[float, Field(ge=0, le=1)] = 1.0
    box: tuple[Number, Number, Number, Number]
    width: Annotated[int, Field(ge=1, le=32768)]
    height: Annotated[int, Field(ge=1, le=32768)]


class ZoneTestIn(Closed):
    """Zones as drawn, and objects to judge by them (as /look or the live view gave them)."""

    zones: Annotated[list[ZoneIn], Field(max_length=MAX_ZONES)]
    objects: Annotated[list[ThingIn], Field(max_length=MOST_THINGS)] = Field(default_factory=list)


class VerdictOut(Schema):
    """What the zones make of an object: where its foot is (shares of the picture), in which zones, why."""

    label: str
    foot: tuple[float, float]
    zones: list[str]
    counts: bool
    why: str


class EventVerdictOut(VerdictOut):
    """The same of an event, over the path that its object took."""

    id: str
    start: Time
    feet: list[tuple[float, float]]


class ZoneTestOut(Schema):
    """The verdicts, in the order of the objects; events newest first."""

    objects: list[VerdictOut]
    events: list[EventVerdictOut]


class SeenObject(Schema):
    """An object that the detector sees; `box` is in pixels of the picture."""

    label: str
    score: float
    box: tuple[float, float, float, float]


class LookOut(Schema):
    """The newest picture (JPEG as base64), and what the camera's profile sees on it now."""

    utc_s: float
    width: int
    height: int
    model: str
    message: str
    picture: str
    encoding: Literal["jpeg"] = "jpeg"
    objects: list[SeenObject]


@router.post("/{camera_id}/zones/test", auth=ADMINISTER, response={200: ZoneTestOut, 404: Error, 422: Error})
def try_zones(request: HttpRequest, camera_id: str, payload: ZoneTestIn) -> Any:
    """What zones that are not stored yet would make of these objects, and of the newest events."""
    camera = find_camera(request, camera_id)
    zones = [_spec(zone) for zone in payload.zones]
    profile = profile_spec(camera.profile)
    things = [Thing(t.label, t.score, Box(*t.box), t.width, t.height) for t in payload.objects]
    rows = visible(principal(request), Event.objects.filter(camera=camera.id))
    events = rows.order_by("-start", "-id")[:EVENTS_TRIED]
    return {
        "objects": [_shown(thing.label, judge_thing(zones, thing, profile)) for thing in things],
        "events": [_event(zones, event) for event in events],
    }


@router.post("/{camera_id}/look", auth=ADMINISTER, response={200: LookOut, 404: Error, 422: Error})
def look(request: HttpRequest, camera_id: str) -> Any:
    """Have the detector of the camera's profile look at its newest picture, once; takes a second or two."""
    camera = find_camera(request, camera_id)
    reply = runtime.hub.request_snapshot(camera.id, PICTURE_WIDTH) if runtime.hub else None
    if reply is None or not reply.jpeg:
        said = reply.error if reply else ""
        raise ConfigurationError(said or "There is no picture yet.", hint="Is the camera streaming?")
    seen = look_at(Look(str(settings.VEDETTE.home), profile_spec(camera.profile), reply.jpeg))
    runtime.counters["camera_looks"] += 1
    found = seen.detections
    return {
        "utc_s": reply.utc_s,
        "width": found.width,
        "height": found.height,
        "model": found.model,
        "message": seen.message,
        "picture": base64.b64encode(reply.jpeg).decode("ascii"),
        "objects": [
            {
                "label": one.label,
                "score": one.score,
                "box": (one.box.x, one.box.y, one.box.width, one.box.height),
            }
            for one in found.objects
        ],
    }


def _spec(zone: ZoneIn) -> ZoneSpec:
    return ZoneSpec(
        name=zone.name,
        polygon=tuple(zone.polygon),
        labels=tuple(zone.labels),
        min_dwell_s=zone.min_dwell_s,
        kind=zone.kind,
    )


def _shown(label: str, verdict: Verdict) -> dict[str, Any]:
    return {
        "label": label,
        "foot": verdict.foot,
        "zones": list(verdict.zones),
        "counts": verdict.counts,
        "why": verdict.why,
    }


def _event(zones: list[ZoneSpec], event: Event) -> dict[str, Any]:
    verdict, feet = judge_event(zones, event)
    return _shown(event.label, verdict) | {"id": str(event.id), "start": event.start, "feet": feet}
