"""Overlapping regions tell each object once and whole."""

from hypothesis import given
from hypothesis import strategies as st

from vedette.domain.geometry import Box
from vedette.domain.messages import Detection
from vedette.vision.merge import merge_regions

SIZE = (1920, 1080)
LEFT, RIGHT = Box(0, 200, 600, 600), Box(400, 200, 600, 600)


def person(x: float, y: float, width: float, height: float, score: float = 0.8) -> Detection:
    return Detection("person", score, Box(x, y, width, height))


def test_the_same_object_in_two_regions_is_one() -> None:
    """Seen whole twice: the better one stays."""
    first, second = person(450, 300, 60, 150, 0.7), person(452, 302, 60, 150, 0.8)
    assert merge_regions([[first], [second]], [LEFT, RIGHT], SIZE) == [second]


def test_a_cut_box_gives_way_to_the_whole_one() -> None:
    """Half a person at the edge of the left region, the whole one in the right."""
    cut, whole = person(540, 300, 60, 200, 0.9), person(545, 300, 120, 200, 0.6)
    assert merge_regions([[cut], [whole]], [LEFT, RIGHT], SIZE) == [whole]


def test_a_whole_box_beats_a_slightly_stronger_cut_one() -> None:
    """With much overlap the cut box's score counts for less."""
    cut, whole = person(540, 300, 60, 200, 0.8), person(541, 300, 75, 200, 0.7)
    assert merge_regions([[cut], [whole]], [LEFT, RIGHT], SIZE) == [whole]


def test_a_cut_box_stays_when_nothing_better_was_seen() -> None:
    """Half an object is better than none."""
    cut = person(540, 300, 60, 200)
    assert merge_regions([[cut], []], [LEFT, RIGHT], SIZE) == [cut]


def test_a_very_weak_larger_box_does_not_swallow_a_strong_one() -> None:
    """A ghost of a tenth of the score explains nothing."""
    cut, ghost = person(540, 300, 60, 200, 0.9), person(420, 200, 500, 500, 0.12)
    assert merge_regions([[cut], [ghost]], [LEFT, RIGHT], SIZE) == [cut, ghost]


def test_the_edge_of_the_picture_cuts_nothing() -> None:
    """A person half outside the camera's view is as whole as can be."""
    region = Box(0, 0, 600, 600)
    at_edge, inner = person(0, 100, 50, 200, 0.9), person(-5, 95, 58, 210, 0.5)
    assert merge_regions([[at_edge], [inner]], [region, Box(0, 0, 800, 800)], SIZE) == [at_edge]


def test_boxes_of_one_region_never_rival() -> None:
    """The model has told two people in a crowd apart: so do we."""
    couple = [person(100, 300, 100, 200, 0.9), person(120, 300, 100, 200, 0.8)]
    assert merge_regions([couple], [Box(0, 0, *SIZE)], SIZE) == couple
    assert merge_regions([couple, []], [LEFT, RIGHT], SIZE) == couple


def test_other_labels_stay() -> None:
    """A dog in front of a person is not the person."""
    dog = Detection("dog", 0.7, Box(450, 300, 60, 150))
    found = merge_regions([[person(450, 300, 60, 150)], [dog]], [LEFT, RIGHT], SIZE)
    assert {one.label for one in found} == {"person", "dog"}


def test_boxes_are_clipped_to_the_picture() -> None:
    """What lies outside is cut off; what lies wholly outside is gone."""
    found = merge_regions([[person(-10, 1000, 50, 200), person(2000, 0, 10, 10)]], [Box(0, 0, *SIZE)], SIZE)
    assert [one.box for one in found] == [Box(0, 1000, 40, 80)]


def test_no_regions_no_objects() -> None:
    """A frame that nobody looked at has nothing in it."""
    assert merge_regions([], [], SIZE) == []
    assert merge_regions([[], []], [LEFT, RIGHT], SIZE) == []


coordinates = st.floats(-50, 2000)
boxes = st.builds(
    Detection,
    st.sampled_from(["person", "car"]),
    st.floats(0.01, 1),
    st.builds(Box, coordinates, coordinates, st.floats(0, 800), st.floats(0, 800)),
)


@given(st.lists(boxes, max_size=8), st.lists(boxes, max_size=8))
def test_merging_only_ever_removes(first: list[Detection], second: list[Detection]) -> None:
    """All results lie in the picture, were seen, come best first, and a second merge changes nothing."""
    found = merge_regions([first, second], [LEFT, RIGHT], SIZE)
    seen = {(one.label, one.score, one.box.clipped(*SIZE)) for one in first + second}
    assert all((one.label, one.score, one.box) in seen for one in found)
    assert [one.score for one in found] == sorted((one.score for one in found), reverse=True)
    assert merge_regions([found], [Box(0, 0, *SIZE)], SIZE) == found
    visible = [one for one in first + second if one.box.clipped(*SIZE).area > 0]
    assert bool(found) == bool(visible)
