"""Episodes, paths and the messages told about them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vedette.domain.geometry import Box
from vedette.domain.messages import PathPoint
from vedette.pipeline.drafts import Draft
from vedette.pipeline.episodes import PATH_POINTS, Episode, Path, Sighting

WHOLE = Box(100, 100, 40, 80)


def sighting(t: float, *, score: float = 0.8, box: Box = WHOLE, label: str = "person") -> Sighting:
    return Sighting(utc_s=t, label=label, score=score, box=box, width=640, height=360)


@given(st.lists(st.floats(0.01, 100), min_size=1, max_size=900))
def test_paths_are_bounded_ordered_and_whole(pauses: list[float]):
    """At most 200 points, in order of time, from the first to the newest."""
    path, now_s, times = Path(), 0.0, []
    for pause_s in pauses:
        now_s += pause_s
        times.append(now_s)
        path.add(PathPoint(now_s, Box(0, 0, 1, 1)))

    told = [point.utc_s for point in path.points]
    assert len(told) <= PATH_POINTS
    assert told == sorted(set(told))
    assert (told[0], told[-1]) == (times[0], times[-1])


def test_a_short_path_is_complete():
    """Nothing is thinned before it must be."""
    path = Path()
    assert path.points == ()
    for t in range(100):
        path.add(PathPoint(t, Box(t, 0, 1, 1)))

    assert len(path.points) == 100


@pytest.mark.parametrize(
    ("scores", "typical"),
    [([0.5], 0.5), ([0.4, 0.6], 0.6), ([0.3, 0.3, 0.6, 0.7, 0.8], 0.7), ([0.4] * 30 + [0.8] * 20, 0.8)],
)
def test_the_typical_score_is_the_median_of_the_better_half(scores: list[float], typical: float):
    """Of the newest twenty."""
    episode = Episode(sighting(0, score=scores[0]), ())
    for t, score in enumerate(scores[1:], start=1):
        episode.observe(sighting(t, score=score))

    assert episode.typical_score == pytest.approx(typical)


def test_a_box_at_the_border_is_worth_half():
    """A whole object of the same size is the better picture."""
    assert sighting(0, box=Box(0, 100, 40, 80)).worth == pytest.approx(sighting(0).worth / 2)


def test_nothing_new_is_not_told():
    """No update without a new sighting, before its time, or without news."""
    draft = Draft("id", "yard", "object", Episode(sighting(0), ()))
    draft.start()
    assert draft.update() is None
    draft.episode.observe(sighting(1))
    assert draft.update() is None
    draft.episode.observe(sighting(2))
    assert draft.update() is not None


def test_a_changed_label_is_news():
    """When the vote turns, readers learn it at once."""
    draft = Draft("id", "yard", "object", Episode(sighting(0, label="car"), ()))
    draft.start()
    draft.episode.observe(sighting(0.2, label="truck"))

    update = draft.update()
    assert update is not None
    assert (update.label, update.revision) == ("truck", 2)


def test_an_ended_event_is_not_open():
    """Open is between start and end."""
    draft = Draft("id", "yard", "object", Episode(sighting(0), ()))
    states = [draft.is_open]
    draft.start()
    states.append(draft.is_open)
    draft.end()
    assert [*states, draft.is_open] == [False, True, False]
