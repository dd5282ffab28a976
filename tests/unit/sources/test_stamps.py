"""Stamps: whatever timestamps a stream has or lacks, a muxer and a decoder can live with what comes out."""

from collections.abc import Sequence
from fractions import Fraction
from itertools import pairwise

import av
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.unit.media.packets import AUDIO, VIDEO
from vedette.media.clock import StreamClock
from vedette.media.packets import MediaPacket
from vedette.sources.stamps import Stamps

NOON = 1_800_000_000.0


def media(pts: int | None, dts: int | None = None) -> av.Packet:
    packet = av.Packet(10)
    packet.pts, packet.dts, packet.time_base = pts, dts, VIDEO.time_base
    return packet


def stamped(stamps: Sequence[tuple[int | None, int | None]]) -> list[MediaPacket]:
    """Pictures with these pts and dts, 40 ms apart on the wall."""
    made = Stamps(VIDEO, None, StreamClock())
    return [
        made.video(media(pts, dts), VIDEO, NOON + i * 0.04, keyframe=i == 0)
        for i, (pts, dts) in enumerate(stamps)
    ]


def pairs(packets: list[MediaPacket]) -> list[tuple[int | None, int | None]]:
    return [(packet.packet.pts, packet.packet.dts) for packet in packets]


def test_good_timestamps_stay() -> None:
    """What the camera sent is not touched, B-frames included."""
    good = [(80, 0), (200, 40), (120, 80), (160, 120), (320, 160)]
    assert pairs(stamped(good)) == good


def test_nothing_at_all_becomes_a_steady_stream() -> None:
    """Packets without any timestamps come at the nominal rate."""
    assert pairs(stamped([(None, None)] * 4)) == [(0, 0), (40, 40), (80, 80), (120, 120)]


def test_one_stands_for_the_other() -> None:
    """A missing pts is the dts and the other way round."""
    assert pairs(stamped([(None, 0), (40, None), (None, 80)])) == [(0, 0), (40, 40), (80, 80)]


def test_after_a_jump_stamps_are_as_they_came() -> None:
    """A segment begins there; what was before does not bind it."""
    made = stamped([(90_000, 90_000), (90_040, 90_040), (0, 0), (40, 40)])
    assert pairs(made)[2:] == [(0, 0), (40, 40)]
    assert [packet.discontinuity for packet in made] == [False, False, True, False]


def test_arrival_is_the_time_where_there_is_none() -> None:
    """Pictures of HTTP cameras are stamped with the wall."""
    made = Stamps(VIDEO, None, StreamClock(), arrival=True)
    packets = [made.video(media(None), VIDEO, NOON + at_s, keyframe=True) for at_s in (0.0, 0.13, 0.21)]
    assert [packet.utc_s - NOON for packet in packets] == pytest.approx([0.0, 0.13, 0.21], abs=2e-3)
    assert packets[0].packet.time_base == Fraction(1, 90000)


def test_sound_follows_and_is_put_in_order() -> None:
    """Audio gets the pictures' clock; what goes back, has no time or is far away is left out."""
    made = Stamps(VIDEO, AUDIO, StreamClock())
    made.video(media(1000, 1000), VIDEO, NOON, keyframe=True)
    sounds = [made.audio(media(pts, pts)) for pts in (1020, 1010, None, 60_000, 1060)]
    assert [sound is not None for sound in sounds] == [True, False, False, False, True]
    assert sounds[0] is not None
    assert sounds[0].utc_s == pytest.approx(NOON + 0.02, abs=1e-6)


def test_packets_are_due_at_their_decoding_time() -> None:
    """A camera sends a picture before those that are shown earlier but need it."""
    made = Stamps(VIDEO, None, StreamClock())
    packet = made.video(media(120, 0), VIDEO, NOON, keyframe=True)
    assert made.due_utc_s(packet) == pytest.approx(packet.utc_s - 0.12, abs=1e-6)


stamp = st.none() | st.integers(-(2**40), 2**40) | st.integers(0, 400)


@given(stamps=st.lists(st.tuples(stamp, stamp), max_size=40))
def test_a_muxer_can_always_live_with_it(stamps: list[tuple[int | None, int | None]]) -> None:
    """Both stamps are there, dts grow between breaks, and no picture is shown before it is decoded."""
    made = stamped(stamps)
    assert all(packet.packet.pts >= packet.packet.dts for packet in made)
    for earlier, later in pairwise(made):
        assert later.discontinuity or later.packet.dts > earlier.packet.dts
