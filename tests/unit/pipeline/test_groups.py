"""Groups: whole groups of pictures, within the bound."""

from fractions import Fraction

import av
from hypothesis import given
from hypothesis import strategies as st

from vedette.media.packets import MediaPacket, VideoInfo
from vedette.pipeline.groups import Groups

INFO = VideoInfo("h264", 640, 360, b"", Fraction(1, 10), 10.0)
BOUND = 1000


def packet(number: int, size: int, *, keyframe: bool) -> MediaPacket:
    """The packet of this number."""
    return MediaPacket(av.Packet(bytes(size)), INFO, number / 10, keyframe)


@given(st.lists(st.tuples(st.booleans(), st.integers(1, 400)), max_size=60))
def test_what_is_kept_is_whole_and_bounded(stream: list[tuple[bool, int]]) -> None:
    """Bytes never pass the bound; both groups begin at the keyframes they belong to, without holes."""
    groups = Groups(BOUND)
    fed: list[MediaPacket] = []
    for number, (keyframe, size) in enumerate(stream):
        fed.append(packet(number, size, keyframe=keyframe or number == 0))
        groups.add(fed[-1])
        kept = [*groups.previous, *groups.current]
        assert sum(one.size_bytes for one in kept) <= BOUND
        start = max(index for index, one in enumerate(fed) if one.keyframe)
        assert groups.current == fed[start : start + len(groups.current)]
        assert groups.truncated or len(groups.current) == len(fed) - start
        if groups.previous:
            assert groups.previous[0].keyframe


def test_a_new_keyframe_moves_the_group_on() -> None:
    """Current becomes previous; the one before is forgotten."""
    groups = Groups()
    packets = [packet(number, 10, keyframe=number % 2 == 0) for number in range(6)]
    for one in packets:
        groups.add(one)
    assert (groups.previous, groups.current) == (packets[2:4], packets[4:6])
