"""Scripted scenes for the tracking stage: who is where when, and what a detector would have said."""

import itertools
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field

from vedette.domain.camera import CameraSpec, Profile, StreamSpec, Zone
from vedette.domain.geometry import Box
from vedette.domain.messages import Detection, Detections, EventMessage
from vedette.pipeline.tracking import TrackingStage

WIDTH, HEIGHT = 640, 360
EVERYWHERE = (Box(0, 0, WIDTH, HEIGHT),)

Where = Callable[[float], Box | None]


@dataclass
class Actor:
    """An object: where it is at a time (None: not there), and how it is detected."""

    where: Where
    label: str = "person"
    score: float = 0.8
    moves: bool = True
    found: Callable[[float], bool] = lambda _t: True


def walk(start_s: float, end_s: float, *, speed: float = 60, y: float = 150, size=(40, 100)) -> Where:
    """Enter at the left and go right at `speed` pixels per second."""
    return lambda t: Box(20 + speed * (t - start_s), y, *size) if start_s <= t <= end_s else None


def stand(box: Box, start_s: float = 0, end_s: float = 1e9) -> Where:
    """Stay in one place."""
    return lambda t: box if start_s <= t <= end_s else None


def drive(box: Box, *, arrives_s: float, stops_s: float, leaves_s: float = 1e9, speed: float = 80) -> Where:
    """Come from the left to `box`, stop there, drive off to the right later."""

    def where(t: float) -> Box | None:
        if t < arrives_s:
            return None
        ahead = min(t - stops_s, 0) * speed + max(t - leaves_s, 0) * speed
        moved = Box(box.x + ahead, box.y, box.width, box.height)
        return moved if -box.width < moved.x < WIDTH else None

    return where


def spec(*, zones: Sequence[Zone] = (), **profile: object) -> CameraSpec:
    """A camera with this profile."""
    return CameraSpec(
        id="yard",
        name="Yard",
        main=StreamSpec(url="scene:yard"),
        profile=Profile(**profile),  # type: ignore[arg-type]
        zones=tuple(zones),
    )


@dataclass
class Played:
    """A tracking stage, what it said, and the events as a reader keeps them."""

    spec: CameraSpec = field(default_factory=spec)
    counters: Counter[str] = field(default_factory=Counter)
    said: list[EventMessage] = field(default_factory=list)

    def __post_init__(self) -> None:
        ids = itertools.count(1)
        self.stage = TrackingStage(self.spec, self.counters, lambda: f"event-{next(ids)}")

    @property
    def events(self) -> list[EventMessage]:
        """The newest state of every event, by start."""
        newest = {message.id: message for message in self.said}
        return sorted(newest.values(), key=lambda event: (event.start_utc_s, event.id))

    def give(self, found: Detections) -> list[EventMessage]:
        """Feed one message."""
        messages = self.stage.process(found)
        self.said += messages
        return messages

    def play(
        self,
        actors: Iterable[Actor],
        until_s: float,
        *,
        since_s: float = 0.0,
        fps: float = 5.0,
        motion: Callable[[float], Sequence[Box]] = lambda _t: (),
        scene_changed: Callable[[float], bool] = lambda _t: False,
        looked_at: Sequence[Box] = EVERYWHERE,
    ) -> "Played":
        """Play a scene frame by frame."""
        actors = list(actors)
        for n in itertools.count():
            t = since_s + n / fps
            if t > until_s + 1e-9:
                return self
            self.give(frame_of(actors, t, motion(t), scene_changed(t), looked_at))
        return self

    def end(self) -> "Played":
        """End the stream."""
        self.give(Detections(camera="yard", utc_s=0, sequence=0, width=0, height=0, end=True))
        return self


def frame_of(
    actors: Iterable[Actor],
    t: float,
    motion: Sequence[Box] = (),
    scene_changed: bool = False,
    looked_at: Sequence[Box] = EVERYWHERE,
) -> Detections:
    """What detector and motion say about the scene at one time."""
    objects, moving = [], list(motion)
    for actor in actors:
        box = actor.where(t)
        if box is None:
            continue
        before = actor.where(t - 0.2)
        if actor.moves and before is not None and before != box:
            moving.append(box.grown(0.05).clipped(WIDTH, HEIGHT))
        if actor.found(t) and any(box.covered_by(region) > 0.6 for region in looked_at):
            objects.append(Detection(actor.label, actor.score, box))
    return Detections(
        camera="yard",
        utc_s=t,
        sequence=round(t * 10),
        width=WIDTH,
        height=HEIGHT,
        objects=tuple(objects),
        looked_at=tuple(looked_at),
        motion=tuple(moving),
        scene_changed=scene_changed,
        model="scripted",
        model_version="1",
    )
