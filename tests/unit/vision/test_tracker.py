"""The tracker: identities over rates, gaps, noise and looks elsewhere."""

import random
from collections.abc import Iterable, Sequence
from pathlib import Path

import lap
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from vedette.domain.geometry import Box, as_array, iou_matrix
from vedette.domain.messages import Detection
from vedette.vision.association import likeness, overlap, was_looked_for
from vedette.vision.tracker import Track, Tracker

EVERYWHERE = (Box(0, 0, 4000, 4000),)


def person(
    x: float, y: float = 100, *, width: float = 40, height: float = 100, score: float = 0.8
) -> Detection:
    return Detection("person", score, Box(x, y, width, height))


def run(tracker: Tracker, frames: Iterable[Sequence[Detection]], *, fps: float = 5.0) -> list[Track]:
    tracks: list[Track] = []
    for n, detections in enumerate(frames):
        tracks = tracker.update(detections, EVERYWHERE, n / fps)
    return tracks


@pytest.mark.parametrize("fps", [2, 5, 10])
def test_a_walker_is_one_track(fps: int):
    """The id stays and the hits grow at every rate."""
    (track,) = run(Tracker(), [[person(100 + 70 * n / fps)] for n in range(30)], fps=fps)

    assert (track.id, track.hits, track.first_utc_s) == (1, 30, 0.0)


def test_a_small_fast_object_is_found_again_where_boxes_do_not_touch():
    """A cyclist far away moves by twice the box width between two looks."""
    (track,) = run(Tracker(), [[person(50 + 30 * n, width=16, height=24)] for n in range(12)])

    assert track.hits == 12


def test_crossing_people_keep_their_ids():
    """Two people who pass each other at different heights of the picture stay who they are."""
    frames = [[person(100 + 15 * n), person(400 - 15 * n, 130)] for n in range(22)]
    first, second = run(Tracker(), frames)

    assert first.box.x == 100 + 15 * 21
    assert second.box.x == 400 - 15 * 21


def test_a_doubtful_box_continues_a_track_and_starts_none():
    """The second stage of the association."""
    frames = [[person(100 + 5 * n, score=0.8 if n < 3 else 0.15)] for n in range(6)]

    assert run(Tracker(), [[person(100, score=0.2)]] * 3) == []
    assert [track.hits for track in run(Tracker(), frames)] == [6]


def test_a_track_lives_through_misses_up_to_the_limit():
    """Gone for less than `lost_after_s` it comes back, for longer it is another."""
    seen = [[person(100)]] * 5

    assert [t.id for t in run(Tracker(), [*seen, *[[]] * 9, *seen])] == [1]
    assert [t.id for t in run(Tracker(), [*seen, *[[]] * 14, *seen])] == [2]


def test_a_tentative_track_ends_at_its_second_miss():
    """A flicker leaves nothing behind."""
    assert run(Tracker(), [[person(100)], [], []]) == []


def test_only_looking_makes_missing():
    """A box that no region covers is not missed, until it is forgotten."""
    tracker = Tracker()
    run(tracker, [[person(100)]] * 5)
    elsewhere = [Box(500, 0, 300, 300)]

    assert [t.missed_utc_s for t in tracker.update([], elsewhere, 30.0)] == [None]
    assert tracker.update([], elsewhere, 61.0) == []


def test_leaving_the_picture_is_missing_without_a_look():
    """Nobody can look outside the picture."""
    tracker = Tracker()
    for n in range(8):
        tracker.update([person(500 + 20 * n)], EVERYWHERE, n / 5, frame=(660, 400))
    for n in range(8, 30):
        tracks = tracker.update([], [Box(0, 0, 100, 100)], n / 5, frame=(660, 400))

    assert tracks == []


def test_what_stood_still_is_found_again_after_a_long_gap():
    """No looks for five minutes: the gate was closed."""
    tracker = Tracker()
    run(tracker, [[person(100 + n % 2)] for n in range(10)])

    (track,) = tracker.update([person(103)], EVERYWHERE, 300.0)

    assert (track.id, track.first_utc_s) == (1, 0.0)


def test_another_place_after_a_gap_is_another_object():
    """A gap does not make the tracker reach further."""
    tracker = Tracker()
    run(tracker, [[person(100)]] * 10)

    assert 2 in [t.id for t in tracker.update([person(220)], EVERYWHERE, 300.0)]


def test_similar_labels_are_voted_on():
    """Truck and car take turns in one track."""
    box = Box(100, 100, 120, 60)
    frames = [[Detection("truck" if n in (0, 4) else "car", 0.7, box)] for n in range(8)]

    assert [(t.id, t.label) for t in run(Tracker(), frames)] == [(1, "car")]


def test_other_labels_continue_a_track_only_in_nearly_the_same_box():
    """In the dark a dog is called a person now and then; a person beside the dog is somebody else."""
    dog = [[Detection("dog", 0.7, Box(100, 100, 90, 60))]] * 4
    same, beside = (
        Detection("person", 0.6, Box(103, 99, 88, 62)),
        Detection("person", 0.6, Box(120, 60, 40, 100)),
    )

    assert [(t.id, t.label) for t in run(Tracker(), [*dog, [same]])] == [(1, "dog")]
    assert [(t.id, t.label) for t in run(Tracker(), [*dog, [beside]])] == [(1, "dog"), (2, "person")]


def test_one_object_under_two_labels_is_one_track():
    """Models keep a box per class; the weaker of two similar ones is dropped."""
    box = Box(100, 100, 120, 60)

    tracks = run(Tracker(), [[Detection("car", 0.6, box), Detection("truck", 0.5, box)]] * 4)

    assert [(t.id, t.label) for t in tracks] == [(1, "car")]


def test_a_second_box_around_a_part_starts_no_track():
    """Half an object found besides the whole is the same object."""
    tracker = Tracker()
    run(tracker, [[person(100)]] * 4)

    assert len(tracker.update([person(100), person(100, 100, height=55)], EVERYWHERE, 0.8)) == 1


def test_time_must_not_go_back():
    """The caller sorts frames."""
    tracker = Tracker()
    tracker.update([], (), 5.0)

    with pytest.raises(ValueError, match="went back"):
        tracker.update([], (), 4.0)


def test_rescaling_keeps_tracks():
    """A camera that changes its resolution shows the same objects."""
    tracker = Tracker()
    run(tracker, [[person(100 + 10 * n)] for n in range(6)])
    tracker.rescale(2, 2)

    moved = Detection("person", 0.8, Box(320, 200, 80, 200))
    assert [t.id for t in tracker.update([moved], EVERYWHERE, 1.2)] == [1]


def test_dropping_ends_tracks():
    """The stage may end tracks for reasons of its own."""
    tracker = Tracker()
    run(tracker, [[person(100), person(300)]])
    tracker.drop({1})

    assert [t.id for t in tracker.tracks] == [2]
    assert [box.center[0] for box in tracker.predicted] == [pytest.approx(320)]


numbers = st.floats(-50, 700)
boxes = st.builds(Box, numbers, numbers, st.floats(0, 300), st.floats(0, 300))
detections = st.builds(Detection, st.sampled_from(["person", "car", "truck"]), st.floats(0, 1), boxes)


@given(st.lists(st.tuples(st.lists(detections, max_size=8), st.floats(0.001, 400)), max_size=12))
def test_invariants_hold_for_any_input(frames: list[tuple[list[Detection], float]]):
    """Ids are unique and never reused, no detection serves two tracks, all numbers stay finite."""
    tracker, now_s, ended, before = Tracker(), 0.0, set(), set()
    for found, step_s in frames:
        now_s += step_s
        tracks = tracker.update(found, [Box(0, 0, 640, 360)], now_s, frame=(640, 360))
        ids = [t.id for t in tracks]
        seen = [t for t in tracks if t.seen_utc_s == now_s]
        assert len(set(ids)) == len(ids)
        assert not ended & set(ids)
        assert len(seen) <= len(found)
        assert all(any(t.box == d.box for d in found) for t in seen)
        assert np.isfinite(as_array(tracker.predicted)).all()
        assert all(box.width > 0 and box.height > 0 for box in tracker.predicted)
        ended |= before - set(ids)
        before = set(ids)


@given(st.lists(boxes, min_size=1, max_size=5), st.lists(boxes, min_size=1, max_size=5))
def test_overlap_without_growth_is_intersection_over_union(first: list[Box], second: list[Box]):
    """And with growth it stays between 0 and 1."""
    ours = as_array([Box(b.x, b.y, b.width + 1, b.height + 1) for b in first])
    theirs = as_array([Box(b.x, b.y, b.width + 1, b.height + 1) for b in second])

    assert overlap(ours, theirs, np.zeros(len(ours))) == pytest.approx(iou_matrix(ours, theirs))
    grown = overlap(ours, theirs, np.full(len(ours), 20.0))
    assert ((grown >= 0) & (grown <= 1 + 1e-9)).all()
    assert ((likeness(ours, theirs) > 0) & (likeness(ours, theirs) <= 1)).all()


def test_looked_for_means_mostly_covered_by_one_region():
    """A region must show most of the box, as far as it is inside the picture."""
    rows = as_array([Box(0, 0, 100, 100), Box(50, 0, 100, 100), Box(190, 0, 100, 100), Box(150, 0, 100, 100)])
    regions = as_array([Box(0, 0, 100, 100)])

    assert was_looked_for(rows, regions, None).tolist() == [True, False, False, False]
    assert was_looked_for(rows, regions, (200, 100)).tolist() == [True, False, True, False]
    assert was_looked_for(rows, as_array([]), (200, 100)).tolist() == [False, False, True, False]


CLIPS = {
    "one-by-one-person-detection": 10,
    "car-detection": 12.5,
    "syn_room_people": 10,
    "syn_trail_dog_people": 10,
    "syn_night_ir": 10,
}


@pytest.mark.parametrize("rate", [2, 5, 10])
@pytest.mark.parametrize("clip", CLIPS)
def test_perfect_detections_keep_identities(data_dir: Path, clip: str, rate: float):
    """On the ground truth of real footage hardly an id changes: slivers at the border at most."""
    idf1, switches = score(data_dir / f"gt/mot/{clip}.txt", CLIPS[clip], rate, noisy=False)

    assert idf1 > 0.95
    assert switches <= 3


@pytest.mark.parametrize("clip", CLIPS)
def test_noisy_detections_keep_identities(data_dir: Path, clip: str):
    """With a fifth of the boxes lost (at best IDF1 0.89) and the rest jittering, few ids change."""
    idf1, switches = score(data_dir / f"gt/mot/{clip}.txt", CLIPS[clip], 10, noisy=True)

    assert idf1 > 0.8
    assert switches <= 4


def score(truth: Path, fps: float, rate: float, *, noisy: bool) -> tuple[float, int]:
    """IDF1 and identity switches of the tracker fed with the truth, at `rate` frames per second."""
    frames = read_truth(truth)
    chance, tracker = random.Random(1), Tracker()
    together: dict[tuple[int, int], int] = {}
    mine: dict[int, int] = {}
    boxes, tracked, switches = 0, 0, 0
    for n in range(int(max(frames) * rate / fps)):
        frame = int(1 + n * fps / rate)
        truths = frames.get(frame, [])
        found = [d for _, d in truths] if not noisy else list(spoil(truths, chance))
        now_s = frame / fps
        seen = [t for t in tracker.update(found, EVERYWHERE, now_s) if t.seen_utc_s == now_s]
        boxes, tracked = boxes + len(truths), tracked + len(seen)
        for person_id, track_id in matches(truths, seen):
            together[person_id, track_id] = together.get((person_id, track_id), 0) + 1
            switches += mine.get(person_id, track_id) != track_id
            mine[person_id] = track_id
    return 2 * best_total(together) / (boxes + tracked), switches


def read_truth(path: Path) -> dict[int, list[tuple[int, Detection]]]:
    frames: dict[int, list[tuple[int, Detection]]] = {}
    for line in path.read_text().splitlines():
        frame, object_id, x, y, w, h, _, label, _ = (float(part) for part in line.split(","))
        detection = Detection(str(int(label)), 0.8, Box(x, y, w, h))
        frames.setdefault(int(frame), []).append((int(object_id), detection))
    return frames


def spoil(truths: list[tuple[int, Detection]], chance: random.Random) -> Iterable[Detection]:
    for _, d in truths:
        if chance.random() < 0.2:
            continue
        dx, dy = chance.gauss(0, 0.05 * d.box.width), chance.gauss(0, 0.05 * d.box.height)
        yield Detection(d.label, d.score, Box(d.box.x + dx, d.box.y + dy, d.box.width, d.box.height))


def matches(truths: list[tuple[int, Detection]], seen: list[Track]) -> Iterable[tuple[int, int]]:
    if not truths or not seen:
        return
    overlaps = iou_matrix(as_array([d.box for _, d in truths]), as_array([t.box for t in seen]))
    _, columns, _ = lap.lapjv(1 - overlaps, extend_cost=True, cost_limit=0.5)
    for row, column in enumerate(columns):
        if column >= 0:
            yield truths[row][0], seen[column].id


def best_total(together: dict[tuple[int, int], int]) -> int:
    """The largest number of frames explained by giving each true object one track."""
    people, tracks = sorted({p for p, _ in together}), sorted({t for _, t in together})
    cost = np.array([[-together.get((p, t), 0) for t in tracks] for p in people], dtype=float)
    _, columns, _ = lap.lapjv(cost, extend_cost=True)
    return int(-sum(cost[row, column] for row, column in enumerate(columns) if column >= 0))
