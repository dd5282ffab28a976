"""Motion events: what travels makes one, what flickers, sways or is an object makes none."""

import math
import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.unit.pipeline.stage_scenes import HEIGHT, WIDTH, Actor, Played, spec, walk
from vedette.domain.camera import Zone
from vedette.domain.geometry import Box
from vedette.pipeline.motion_blobs import gather


def crossing(start_s: float, end_s: float, *, speed: float = 80, size: float = 60):
    """A moving area that no detector knows, from the top to the bottom."""

    def motion(t: float) -> tuple[Box, ...]:
        if not start_s <= t <= end_s:
            return ()
        return (Box(200, speed * (t - start_s), size, size).clipped(WIDTH, HEIGHT),)

    return motion


def test_what_crosses_the_picture_makes_a_motion_event():
    """A car seen from straight above has no label a detector knows, and is an event all the same."""
    (event,) = Played().play([], 10, motion=crossing(1, 5)).events

    assert (event.kind, event.label, event.phase) == ("motion", "motion", "end")
    assert event.start_utc_s == pytest.approx(1.0)
    assert event.end_utc_s == pytest.approx(5.0)
    assert 0 < event.score < 1


def test_a_short_crossing_is_told_when_it_is_over():
    """What is gone before the announcement was due is not lost."""
    said = Played().play([], 8, motion=crossing(1, 2, speed=250)).said

    assert [m.phase for m in said] == ["start", "end"]
    assert said[0].end_utc_s == pytest.approx(2.0)


def test_motion_that_an_object_explains_makes_no_event():
    """A detected person's motion is the person's event."""
    assert [e.kind for e in Played().play([Actor(walk(0, 8))], 12).events] == ["object"]


def test_motion_that_turns_out_to_be_an_object_is_taken_over():
    """When the detector recognises late what moves, the motion event ends and the object's goes on."""
    person = Actor(walk(0, 8), found=lambda t: t > 4)

    motion, thing = Played().play([person], 12).events

    assert (motion.kind, motion.phase) == ("motion", "end")
    assert motion.end_utc_s < 5.5
    assert thing.kind == "object"


def test_swaying_makes_no_event():
    """A branch comes back to where it was."""

    def branch(t: float) -> tuple[Box, ...]:
        return (Box(300 + 25 * math.sin(5 * t), 100 + 10 * math.cos(7 * t), 80, 80),)

    assert Played().play([], 60, motion=branch).end().said == []


def test_flicker_makes_no_event():
    """A lamp that goes on and off stays where it is."""

    def lamp(t: float) -> tuple[Box, ...]:
        return (Box(300, 100, 80, 80),) if int(t * 5) % 2 else (Box(310, 105, 60, 70),)

    assert Played().play([], 60, motion=lamp).end().said == []


@pytest.mark.parametrize("seed", range(5))
def test_a_rain_of_noise_makes_no_event(seed: int):
    """Moving areas at random places do not last or do not travel."""
    chance = random.Random(seed)

    def rain(_t: float) -> list[Box]:
        count = chance.randrange(12)
        return [
            Box(chance.uniform(0, 600), chance.uniform(0, 320), chance.uniform(8, 45), chance.uniform(8, 45))
            for _ in range(count)
        ]

    assert Played().play([], 60, motion=rain).end().said == []


def test_light_switches_make_no_event():
    """Changes of the scene, and what the camera does for a second after them, are not motion."""

    def light(t: float) -> tuple[Box, ...]:
        return (Box(0, 0, 600 - 400 * (t % 5), 300),) if t % 5 < 1 else ()

    played = Played().play([], 40, motion=light, scene_changed=lambda t: t % 5 < 0.5)

    assert played.end().said == []


def test_small_motion_makes_no_event():
    """A fly is smaller than the profile's smallest area."""
    assert Played().play([], 10, motion=crossing(1, 5, size=12)).end().said == []
    assert Played(spec(motion_min_area=0.0001)).play([], 10, motion=crossing(1, 5, size=12)).end().said


def test_motion_events_can_be_switched_off():
    """The profile decides, also while one is open."""
    assert Played(spec(motion_events=False)).play([], 10, motion=crossing(1, 5)).end().said == []

    played = Played().play([], 4, motion=crossing(1, 9, speed=40))
    played.stage.configure(spec(motion_events=False))
    played.play([], 6, since_s=4.2, motion=crossing(1, 9, speed=40))
    assert [m.phase for m in played.said][-1] == "end"


def test_zones_hold_for_motion():
    """Motion in an exclude zone does not count, and an include zone for people is none for motion."""
    whole = ((0.0, 0.0), (1.0, 0.0), (1.0, 1.0), (0.0, 1.0))
    excluded = Zone(name="street", polygon=whole, kind="exclude")
    people = Zone(name="garden", polygon=whole, labels=("person",))

    for zone in (excluded, people):
        assert Played(spec(zones=[zone])).play([], 10, motion=crossing(1, 5)).end().said == []


def test_motion_after_a_gap_is_another_event():
    """What moves does not stand still while nobody looks."""
    played = Played().play([], 4, motion=crossing(1, 9, speed=60))

    played.play([], 104, since_s=100, motion=crossing(100, 109, speed=60))

    first, second = played.end().events
    assert first.end_utc_s == pytest.approx(4.0)
    assert second.start_utc_s == pytest.approx(100.0)


def test_two_things_make_two_events():
    """Far apart, they are followed apart."""
    left, right = crossing(1, 5), crossing(1.2, 5)

    def both(t: float) -> tuple[Box, ...]:
        return (*left(t), *(Box(b.x + 300, b.y, b.width, b.height) for b in right(t)))

    assert len(Played().play([], 10, motion=both).events) == 2


boxes = st.lists(
    st.builds(Box, *[st.floats(0, 600)] * 2, *[st.floats(1, 100)] * 2),
    max_size=12,
)


@given(boxes, st.floats(0, 20))
def test_gathering_covers_and_separates(parts: list[Box], distance: float):
    """Every box lies in one blob, and blobs are further apart than the distance."""
    blobs = gather(parts, distance)

    assert all(any(part.covered_by(blob) > 0.999 for blob in blobs) for part in parts)
    assert len(gather(blobs, distance)) == len(blobs)
    assert gather([], distance) == []


def test_an_object_that_is_recognised_late_began_when_it_began_to_move():
    """Detectors hesitate where a person comes in; it begins when motion did, if just before."""
    hesitant, late = (Actor(walk(1, 9), found=lambda t, s=s: t > s) for s in (2.5, 5.5))

    (event,) = Played().play([hesitant], 14).events
    assert event.start_utc_s == pytest.approx(1.2)
    last = Played().play([late], 14).events[-1]
    assert (last.kind, last.start_utc_s) == ("object", pytest.approx(5.6))
