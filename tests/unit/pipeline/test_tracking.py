"""The tracking stage as a whole: messages, time, gaps, configuration."""

import itertools

import msgspec
import pytest

from tests.unit.pipeline.stage_scenes import (
    HEIGHT,
    WIDTH,
    Actor,
    Played,
    frame_of,
    spec,
    stand,
    walk,
)
from vedette.domain.geometry import Box
from vedette.domain.messages import Detections


def test_a_visit_is_one_event_from_first_to_last_sighting():
    """A person who crosses the picture makes one event that spans the visit."""
    played = Played().play([Actor(walk(1, 7))], 12)

    (event,) = played.events
    assert (event.kind, event.label, event.phase, event.camera) == ("object", "person", "end", "yard")
    assert event.start_utc_s == pytest.approx(1.0)
    assert event.end_utc_s == pytest.approx(7.0)
    assert (event.model, event.model_version) == ("scripted", "1")


def test_messages_of_an_event_come_in_order():
    """Phases run start, update, end; revisions grow by one; the id and the start stay."""
    said = Played().play([Actor(walk(0, 9))], 14).said

    assert [m.phase for m in said] == ["start", *["update"] * (len(said) - 2), "end"]
    assert [m.revision for m in said] == list(range(1, len(said) + 1))
    assert len({(m.id, m.start_utc_s) for m in said}) == 1


def test_updates_are_rare():
    """A steady object is told about at most every 2 s, a long one less often."""
    said = Played().play([Actor(stand(Box(300, 100, 50, 120)), moves=False)], 120, motion=fidget).said

    ends = [m.end_utc_s for m in said]
    assert all(b - a >= 1.9 for a, b in itertools.pairwise(ends[:-1]))
    assert len(said) <= 45


def fidget(_t: float) -> tuple[Box, ...]:
    return (Box(310, 110, 20, 30),)


def test_a_clearly_better_score_is_told_at_once():
    """When the detector becomes sure, readers learn it before the next regular update."""
    actor = Actor(walk(0, 9), score=0.6)
    played = Played().play([actor], 1.0)
    actor.score = 0.9

    (update,) = played.give(frame_of([actor], 1.2))

    assert update.phase == "update"
    assert update.score == 0.9


def test_the_best_moment_is_the_large_sure_and_whole_one():
    """Best is score times area, and a box cut by the border counts half."""

    def where(t: float) -> Box:
        return (
            Box(100 + 40 * t, 60, 60, 140)
            if t < 3
            else Box(0, 60, 90, 160)
            if t > 4
            else Box(240, 40, 90, 200)
        )

    played = Played().play([Actor(where)], 5).end()

    (event,) = played.events
    assert event.best_utc_s == pytest.approx(3.0)
    assert event.box == Box(240, 40, 90, 200)


def test_the_path_is_thinned_and_keeps_its_ends():
    """However long the visit, the path has at most 200 points from the first sighting to the last."""
    pacing = Actor(lambda t: Box(200 + 40 * abs(t % 10 - 5), 100, 40, 100))

    (event,) = Played().play([pacing], 150).end().events

    assert 50 <= len(event.path) <= 200
    assert event.path[0].utc_s == 0.0
    assert event.path[-1].utc_s == pytest.approx(event.end_utc_s)
    assert [p.utc_s for p in event.path] == sorted({p.utc_s for p in event.path})


def test_the_end_of_the_stream_ends_everything():
    """Open events are told to have ended when the stream has."""
    played = Played().play([Actor(walk(0, 20, speed=20)), Actor(walk(0, 20, speed=20, y=20))], 4).end()

    assert [event.phase for event in played.events] == ["end", "end"]
    assert played.stage.open_events == []


def test_a_stream_after_the_end_has_its_own_time():
    """The clock may start again, and nothing of the stream before is left."""
    played = Played().play([Actor(walk(0, 9))], 5).end().play([Actor(walk(0, 9))], 14)

    assert [(e.start_utc_s, e.end_utc_s) for e in played.events] == [(0, 5), (0, pytest.approx(9))]
    assert played.counters == {}


def test_open_events_and_candidates_show_the_state_between_messages():
    """A candidate has the id and the best moment of the event it becomes."""
    played = Played().play([Actor(walk(0, 20, speed=40))], 0.2)
    (candidate,) = [c for c in played.stage.candidates if c.kind == "object"]
    assert played.stage.open_events == []

    played.play([Actor(walk(0, 20, speed=40))], 3.0, since_s=0.4)

    assert [event.id for event in played.stage.open_events] == [candidate.id]
    assert played.stage.open_events[0].end_utc_s == pytest.approx(3.0)


def test_time_that_goes_back_is_ignored_and_counted():
    """A late frame changes nothing but a counter."""
    played = Played().play([Actor(walk(0, 20, speed=30))], 3)

    assert played.give(frame_of([Actor(walk(0, 20))], 2.0)) == []
    assert played.counters["frames_late"] == 1
    assert played.play([Actor(walk(0, 20, speed=30))], 5, since_s=3.2).end().events[0].end_utc_s == 5.0


def test_a_frame_without_a_size_is_ignored_and_counted():
    """Half a message does not stop the stage."""
    played = Played()

    assert played.give(Detections(camera="yard", utc_s=1, sequence=1, width=0, height=0)) == []
    assert played.counters["frames_without_size"] == 1


def test_a_standing_person_is_the_same_event_after_a_gap():
    """While the gate was closed nothing moved: who stood there still stands there."""
    person = Actor(lambda t: walk(0, 100)(min(t, 4.0)))
    played = Played().play([person], 6).play([person], 306, since_s=300)

    (event,) = played.end().events
    assert event.end_utc_s == pytest.approx(306)


def test_rechecks_keep_a_standing_person_in_the_event():
    """Rare looks at nothing but the remembered box are enough, and one in vain does no harm."""
    person = Actor(lambda t: walk(0, 1000)(min(t, 4.0)), found=lambda t: t != 40)
    here = person.where(4.0)
    assert here is not None
    played = Played().play([person], 8)

    played.play([person], 100, since_s=10, fps=0.1, looked_at=[here.grown(0.4)])

    assert len(played.stage.open_events) == 1
    assert played.events[0].end_utc_s == pytest.approx(100)


def test_who_is_gone_at_two_rechecks_left_when_last_seen():
    """The end is the time of the last sighting, not the time the absence was noticed."""
    person = Actor(lambda t: walk(0, 1000)(min(t, 4.0)), found=lambda t: t <= 30)
    here = person.where(4.0)
    assert here is not None
    played = Played().play([person], 8).play([person], 60, since_s=10, fps=0.1, looked_at=[here.grown(0.4)])

    (event,) = played.events
    assert event.phase == "end"
    assert event.end_utc_s == pytest.approx(30)


def test_where_nobody_looked_nobody_was_missed():
    """Frames that look elsewhere do not end an event."""
    person = Actor(lambda t: walk(0, 1000)(min(t, 4.0)))
    elsewhere = [Box(0, 0, 150, 150)]

    played = Played().play([person], 6).play([person], 16, since_s=6.2, looked_at=elsewhere)

    assert len(played.stage.open_events) == 1


def test_a_brief_occlusion_does_not_split_the_event():
    """Behind a pillar for a second and a half the person stays the same."""
    played = Played().play([Actor(walk(0, 9), found=lambda t: not 3 < t < 4.5)], 14)

    (event,) = played.events
    assert (event.start_utc_s, event.end_utc_s) == (0.0, pytest.approx(9.0))


def test_a_new_frame_size_keeps_the_event():
    """When the camera changes its resolution, boxes go over to the new one and the visit stays one event."""
    person = Actor(walk(0, 9))
    played = Played().play([person], 4)
    for n in range(21, 46):
        frame = frame_of([person], n / 5)
        objects = tuple(msgspec.structs.replace(o, box=o.box.scaled(2, 2)) for o in frame.objects)
        looked_at = (Box(0, 0, 2 * WIDTH, 2 * HEIGHT),)
        played.give(
            msgspec.structs.replace(
                frame, width=2 * WIDTH, height=2 * HEIGHT, objects=objects, motion=(), looked_at=looked_at
            )
        )

    (event,) = played.end().events
    assert event.end_utc_s == pytest.approx(9.0)
    assert (event.width, event.height) == (2 * WIDTH, 2 * HEIGHT)
    assert event.path[0].box == person.where(0).scaled(2, 2)


def test_configuring_keeps_tracks_and_events():
    """A new threshold takes effect between two frames; what is under way goes on."""
    person = Actor(walk(0, 9), score=0.6)
    played = Played().play([person], 3)
    played.stage.configure(spec(min_score=0.9))

    played.play([person, Actor(walk(3, 9, y=20), score=0.6)], 12, since_s=3.2)

    (event,) = played.events
    assert (event.start_utc_s, event.end_utc_s) == (0.0, pytest.approx(9.0))


def test_a_label_that_is_not_wanted_any_more_ends_its_event():
    """Taking a label out of the profile ends the open events of that label."""
    played = Played().play([Actor(walk(0, 9))], 3)
    played.stage.configure(spec(labels=("car",), motion_events=False))

    played.play([Actor(walk(0, 9))], 4, since_s=3.2)

    (event,) = played.events
    assert event.phase == "end"
    assert event.end_utc_s == pytest.approx(3.0)


def test_the_same_frames_give_the_same_messages():
    """Nothing depends on the wall clock or on chance."""
    scene = [
        Actor(walk(0, 9)),
        Actor(walk(2, 6, y=30), label="dog"),
        Actor(stand(Box(400, 200, 90, 50)), "car"),
    ]

    assert Played().play(scene, 15).end().said == Played().play(scene, 15).end().said


@pytest.mark.parametrize("fps", [2, 5, 10])
def test_any_rate_gives_the_same_event(fps: float):
    """From 2 to 10 looks a second a walking person is one event of the same extent."""
    (event,) = Played().play([Actor(walk(1, 8))], 14, fps=fps).events

    assert event.start_utc_s == pytest.approx(1.0)
    assert event.end_utc_s == pytest.approx(8.0)


def test_nothing_at_all_says_nothing():
    """Empty frames give no message."""
    assert Played().play([], 20).end().said == []


def test_looked_at_nowhere_is_harmless():
    """A motion-only chain without a detector looks nowhere and finds nobody."""
    assert Played().play([Actor(walk(0, 5), moves=False)], 8, looked_at=()).end().said == []
