"""The program's own scenes come like a camera's stream."""

import itertools
import threading
from collections import Counter

import av
import numpy as np
import pytest

from tests.support.processes import PATIENCE_S
from vedette.domain.camera import StreamSpec
from vedette.domain.errors import SourceError
from vedette.sources.base import open_source
from vedette.testing.scenes import SCENES

SMALL = "scene:garden?width=320&height=180&fps=10"


def _open(url: str, *, pace: bool = False, wall=None):
    options = {"wall": wall} if wall else {}
    source = open_source(StreamSpec(url=url), pace=pace, counters=Counter(), **options)
    source.open()
    return source


def _pictures(packets):
    decoder = av.CodecContext.create("h264", "r")
    decoder.extradata = packets[0].info.extradata
    frames = [frame for made in packets for frame in decoder.decode(made.packet)] + decoder.decode(None)
    return [frame.to_ndarray(format="gray").astype(int) for frame in frames]


def test_groups_of_two_seconds_with_even_times() -> None:
    """Every twentieth picture of ten a second is a keyframe, and times go up by a tenth."""
    packets = list(itertools.islice(_open(SMALL).packets(), 45))
    assert [i for i, p in enumerate(packets) if p.keyframe] == [0, 20, 40]
    assert [p.utc_s for p in packets] == pytest.approx([i / 10 for i in range(45)])
    assert len({id(p.info) for p in packets}) == 1


def test_the_size_is_that_of_the_address_and_the_pictures_decode() -> None:
    """Parameter sets stand in the stream's description, and every packet is a whole picture."""
    source = _open(SMALL)
    assert (source.video.codec, source.video.width, source.video.height, source.video.fps) == (
        "h264",
        320,
        180,
        10,
    )
    pictures = _pictures(list(itertools.islice(source.packets(), 25)))
    assert [picture.shape for picture in pictures] == [(180, 320)] * 25


def test_somebody_walks_through_while_the_truth_says_so() -> None:
    """Before the first presence the pictures differ by noise alone, in the middle of it by a figure."""
    presence = SCENES["room"].presences(20)[0]
    pictures = _pictures(list(_open("scene:room?width=320&height=180&fps=5&seconds=12").packets()))
    changed = [np.count_nonzero(abs(picture - pictures[0]) > 40) for picture in pictures]
    middle = round((presence.start_s + presence.end_s) / 2 * 5)
    assert max(changed[: int((presence.start_s - 1) * 5)]) < 20
    assert changed[middle] > 1000


def test_as_footage_it_ends_after_its_seconds_or_when_all_has_happened() -> None:
    """A number of seconds counts; without one the scene happens once. It never ends as a camera."""
    assert len(list(_open(f"{SMALL}&seconds=3").packets())) == 30
    once = _open("scene:street?width=160&height=96&fps=2")
    assert len(list(once.packets())) == SCENES["street"].period_s * 2
    assert not once.live
    assert _open(SMALL, pace=True).live


def test_paced_pictures_come_at_their_time_on_the_wall() -> None:
    """The source waits for the wall clock; a closed source waits no more."""
    clock = itertools.count(1000.0, 0.05)
    source = _open(SMALL, pace=True, wall=lambda: next(clock))
    packets = list(itertools.islice(source.packets(), 5))
    assert packets[0].utc_s >= 1000.0
    assert [b.utc_s - a.utc_s for a, b in itertools.pairwise(packets)] == pytest.approx([0.1] * 4, abs=0.02)


def test_closing_from_another_thread_ends_the_stream() -> None:
    """A reader that waits for the next picture returns."""
    source = _open(SMALL, pace=True)
    read = threading.Thread(target=lambda: list(source.packets()))
    read.start()
    source.close()
    read.join(PATIENCE_S)
    assert not read.is_alive()


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("scene:moon", "garden"),
        ("scene:garden?fps=0", "1 to 60"),
        ("scene:garden?width=99999", "160 to 3840"),
        ("scene:garden?colour=1", "Known are"),
        ("scene:garden?fps=²", "fps=²"),
    ],
)
def test_an_address_that_makes_no_sense_says_what_would(url: str, words: str) -> None:
    """The message names the scenes or the limits."""
    with pytest.raises(SourceError, match=words):
        open_source(StreamSpec(url=url), pace=True, counters=Counter())
