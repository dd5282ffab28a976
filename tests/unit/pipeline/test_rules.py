"""When an object matters: activity, parked cars, false alarms, zones."""

import pytest

from tests.unit.pipeline.stage_scenes import HEIGHT, WIDTH, Actor, Played, drive, spec, stand, walk
from vedette.domain.camera import Zone
from vedette.domain.geometry import Box

PARKED = Box(300, 200, 120, 60)
LEFT_HALF = ((0.0, 0.0), (0.5, 0.0), (0.5, 1.0), (0.0, 1.0))
RIGHT_HALF = ((0.5, 0.0), (1.0, 0.0), (1.0, 1.0), (0.5, 1.0))


def parked_car(box: Box = PARKED, **more) -> Actor:
    return Actor(stand(box), label="car", **more)


def jitter(box: Box, t: float, pixels: float) -> Box:
    """A box as a detector sees it: each edge a little off, differently in every frame."""
    n = round(t * 10)
    off = [pixels * (((n * k) % 7) / 3 - 1) for k in (3, 5, 11, 13)]
    return Box(box.x + off[0], box.y + off[1], box.width + off[2], box.height + off[3])


def test_a_parked_car_makes_no_event():
    """What was there from the start and stands still is part of the scene, however its box jitters."""
    car = Actor(lambda t: jitter(PARKED, t, 6), label="car", moves=False)

    assert Played().play([car], 60).end().said == []


def test_a_passer_by_does_not_wake_the_parked_car():
    """A person who walks past a parked car makes one event; the car, half hidden meanwhile, makes none."""

    def half_hidden(t: float) -> Box:
        if 4 < t < 5:
            return Box(PARKED.x + 60, PARKED.y, 60, 60)
        return Box(PARKED.x, PARKED.y, 60, 60) if 5 <= t < 6 else PARKED

    scene = [Actor(half_hidden, label="car", moves=False), Actor(walk(0, 9, y=160))]

    assert [event.label for event in Played().play(scene, 14).end().events] == ["person"]


def test_a_car_found_only_because_somebody_walks_past_makes_no_event():
    """The gate opened for a person, and the detector sees the parked car for the first time."""
    car = parked_car(found=lambda t: 3 < t < 6)

    assert [e.label for e in Played().play([car, Actor(walk(0, 9))], 14).end().events] == ["person"]


def test_a_change_of_light_makes_no_event():
    """Motion all over the picture with the light says nothing about parked cars or standing figures."""
    scene = [parked_car(found=lambda t: t > 5), Actor(stand(Box(100, 100, 40, 100)), moves=False)]

    def lights(t: float) -> tuple[Box, ...]:
        return (Box(0, 0, WIDTH, HEIGHT), Box(90, 90, 60, 110)) if 5 <= t < 6 else ()

    played = Played().play(scene, 20, motion=lights, scene_changed=lambda t: 5 <= t < 5.5)

    assert played.end().said == []


def test_a_car_that_arrives_and_parks_is_one_event_that_ends():
    """The event lasts from the arrival until the car has stood still for half a minute, and stays ended."""
    car = Actor(drive(PARKED, arrives_s=1, stops_s=5), label="car")
    played = Played().play([car, Actor(walk(60, 68))], 90)

    arrival = played.events[0]
    assert (arrival.label, arrival.phase) == ("car", "end")
    assert arrival.start_utc_s == pytest.approx(1.0)
    assert 30 < arrival.end_utc_s < 37
    assert [event.label for event in played.events] == ["car", "person"]


def test_a_car_that_parked_before_a_gap_ended_when_last_seen():
    """When the gate closes soon after the car has stopped, the event does not last until the next look."""
    car = Actor(drive(PARKED, arrives_s=1, stops_s=5), label="car")

    played = Played().play([car], 9).play([car], 605, since_s=600)

    (event,) = played.events
    assert event.phase == "end"
    assert event.end_utc_s == pytest.approx(9.0)


def test_a_parked_car_that_drives_off_makes_a_new_event():
    """The second event begins when the car sets off, not when it was first seen."""
    car = Actor(drive(PARKED, arrives_s=1, stops_s=5, leaves_s=80), label="car")

    played = Played().play([car], 100)

    assert [event.label for event in played.events] == ["car", "car"]
    assert played.events[1].start_utc_s == pytest.approx(80, abs=1)
    assert played.events[1].end_utc_s == pytest.approx(83.4, abs=0.5)


def test_a_car_that_was_always_there_makes_its_first_event_when_it_leaves():
    """A car parked since before the start makes one event, from the moment it sets off."""
    car = Actor(drive(PARKED, arrives_s=-100, stops_s=-90, leaves_s=50), label="car")

    (event,) = Played().play([car], 70).events

    assert event.start_utc_s == pytest.approx(50, abs=1)


def test_a_car_that_leaves_after_a_quiet_hour_makes_its_event_then():
    """Nobody looked while the gate was closed; the car set off when it opened."""
    car = Actor(drive(PARKED, arrives_s=-100, stops_s=-90, leaves_s=3600), label="car")

    (event,) = Played().play([car], 3).play([car], 3610, since_s=3600).events

    assert event.start_utc_s == pytest.approx(3600, abs=1)


def test_a_hidden_parked_car_makes_no_event_when_it_is_seen_again():
    """A van that stops in front of the car for ten seconds makes an event, the car behind it none."""
    car = parked_car(found=lambda t: not 20 < t < 30)

    assert Played().play([car], 60).end().said == []


def test_a_tracker_that_jumps_between_parked_cars_makes_no_event():
    """One leap, however far, is no movement."""
    near = Box(PARKED.x + 70, PARKED.y, PARKED.width, PARKED.height)
    cars = [parked_car(found=lambda t: t < 5), parked_car(near, found=lambda t: t >= 5)]

    assert Played().play(cars, 30).end().said == []


def test_a_person_who_stirs_in_place_makes_an_event():
    """Somebody who was there from the start and moves the arms is present."""
    seated = Actor(stand(Box(200, 150, 60, 80)), moves=False)

    def arms(t: float) -> tuple[Box, ...]:
        return (Box(210, 160, 30, 30),) if t > 2 else ()

    (event,) = Played().play([seated], 10, motion=arms).end().events
    assert event.start_utc_s == 0.0


def test_a_coat_on_a_stand_makes_no_event():
    """What looks like a person and never stirs is none, even when somebody larger moves in front of it."""
    coat = Actor(stand(Box(200, 150, 30, 70)), moves=False)

    def passing(t: float) -> tuple[Box, ...]:
        return (Box(100 + 40 * t, 40, 200, 300),) if t < 6 else ()

    assert Played(spec(motion_events=False)).play([coat], 20, motion=passing).end().said == []


def test_a_certain_person_who_sits_still_makes_an_event():
    """Who is there from the start and does not stir is told when the detector has no doubt."""
    sitting = Actor(stand(Box(200, 100, 90, 120)), score=0.94, moves=False)

    (event,) = Played(spec(motion_events=False)).play([sitting], 8).end().events

    assert event.label == "person"


@pytest.mark.parametrize(("hits", "expected"), [(2, 0), (3, 1)])
def test_an_object_must_be_seen_often_enough(hits: int, expected: int):
    """A flicker of fewer frames than `min_hits` is a false alarm."""
    played = Played(spec(motion_events=False)).play([Actor(walk(1, 1 + 0.2 * (hits - 1), speed=160))], 6)

    assert len(played.end().events) == expected


@pytest.mark.parametrize(("score", "expected"), [(0.45, 0), (0.5, 1)])
def test_an_object_must_score_well(score: float, expected: int):
    """Typical scores below the profile's make no event."""
    played = Played(spec(motion_events=False)).play([Actor(walk(1, 6), score=score)], 10)

    assert len(played.end().events) == expected


def test_hesitation_in_part_of_a_visit_does_not_hide_it():
    """A visit whose median score is just below the threshold counts when its better half is above."""
    person = Actor(walk(0, 8))
    played = Played(spec(motion_events=False))
    for n in range(41):
        person.score = 0.35 if n % 20 < 11 else 0.6
        played.play([person], n / 5, since_s=n / 5)

    assert len(played.end().events) == 1


def test_a_threshold_of_its_own_for_a_label():
    """`label_scores` overrides `min_score`."""
    scene = [Actor(walk(0, 6), score=0.6), Actor(walk(0, 6, y=20), label="cat", score=0.6)]

    played = Played(spec(label_scores={"cat": 0.65})).play(scene, 10)

    assert [event.label for event in played.events if event.kind == "object"] == ["person"]


@pytest.mark.parametrize("size", [(4, 4), (400, 5), (WIDTH, HEIGHT)])
def test_implausible_boxes_make_no_event(size: tuple[int, int]):
    """Specks, lines and boxes around everything are no objects."""
    box = Box(0, 0, *size)

    assert Played().play([Actor(stand(box), moves=False)], 6, motion=lambda _t: (box,)).end().said == []


def test_labels_that_flip_are_one_object():
    """A car that is called truck now and then is one event, of the label heard most."""
    van = Actor(drive(PARKED, arrives_s=0, stops_s=9, speed=30), label="car")
    played = Played()
    for n in range(40):
        van.label = "truck" if n % 4 == 1 else "car"
        played.play([van], n / 5, since_s=n / 5)

    assert [event.label for event in played.end().events] == ["car"]


def test_an_exclude_zone_hides_objects():
    """Whose foot is in an exclude zone does not count."""
    zone = Zone(name="street", polygon=LEFT_HALF, kind="exclude")

    assert Played(spec(zones=[zone])).play([Actor(walk(0, 4, speed=50))], 8).end().said == []


def test_walking_into_an_exclude_zone_is_leaving():
    """The event ends with the last sighting outside the zone, and begins anew behind it."""
    zone = Zone(name="hedge", polygon=((0.3, 0), (0.6, 0), (0.6, 1), (0.3, 1)), kind="exclude")

    played = Played(spec(zones=[zone], motion_events=False)).play([Actor(walk(0, 9.6, speed=60))], 14)

    assert len(played.events) == 2
    assert played.events[0].end_utc_s == pytest.approx(2.4, abs=0.3)
    assert played.events[1].start_utc_s == pytest.approx(5.8, abs=0.3)


def test_an_include_zone_is_where_events_count():
    """Without a visit to an include zone there is no event; with one, it starts at the first sighting."""
    zone = Zone(name="garden", polygon=RIGHT_HALF)

    assert Played(spec(zones=[zone])).play([Actor(walk(0, 4, speed=60))], 8).end().said == []
    (event,) = Played(spec(zones=[zone])).play([Actor(walk(0, 8, speed=60))], 12).events
    assert event.start_utc_s == 0.0
    assert [(v.zone, v.enter_utc_s) for v in event.zones] == [("garden", pytest.approx(4.8, abs=0.2))]
    assert event.zones[0].exit_utc_s == pytest.approx(8.0)


@pytest.mark.parametrize(("dwell_s", "expected"), [(2.0, 1), (20.0, 0)])
def test_the_dwell_time_of_a_zone(dwell_s: float, expected: int):
    """Who passes through faster than the dwell time was not there."""
    zone = Zone(name="gate", polygon=LEFT_HALF, min_dwell_s=dwell_s)

    assert len(Played(spec(zones=[zone])).play([Actor(walk(0, 8))], 12).events) == expected


def test_a_zone_for_people_ignores_cars():
    """A zone looks only at its labels, and an event needs a zone that looks."""
    zone = Zone(name="garden", polygon=((0, 0), (1, 0), (1, 1), (0, 1)), labels=("person",))
    scene = [Actor(walk(0, 8, y=20)), Actor(drive(PARKED, arrives_s=0, stops_s=5), label="car")]

    assert [event.label for event in Played(spec(zones=[zone])).play(scene, 12).end().events] == ["person"]


def test_a_new_zone_counts_from_now_on():
    """Zones can change while somebody is there."""
    person = Actor(walk(0, 9))
    played = Played(spec(motion_events=False)).play([person], 3)
    played.stage.configure(spec(zones=[Zone(name="new", polygon=LEFT_HALF)], motion_events=False))

    (event,) = played.play([person], 12, since_s=3.2).events
    assert event.zones[0].enter_utc_s == pytest.approx(3.2)
