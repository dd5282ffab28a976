"""The analysis inbox: bounded, drops are counted, what follows a drop begins at a keyframe."""

from collections import Counter
from fractions import Fraction

import av

from vedette.media.packets import MediaPacket, VideoInfo
from vedette.pipeline.analysis import INBOX_BYTES_MAX, INBOX_SPAN_MAX_S, Inbox

INFO = VideoInfo("h264", 640, 360, b"", Fraction(1, 10), 10.0)


def packet(at_s: float, *, size: int = 1000, keyframe: bool = False) -> MediaPacket:
    """A packet of so many bytes."""
    return MediaPacket(av.Packet(bytes(size)), INFO, at_s, keyframe)


def drain(inbox: Inbox) -> list[MediaPacket]:
    """All that waits."""
    taken = []
    while (found := inbox.take()) != (False, None):
        assert found[1] is not None
        taken.append(found[1])
    return taken


def test_packets_come_out_as_they_went_in() -> None:
    """In order, then nothing, then the end."""
    inbox = Inbox(Counter())
    wanted = [packet(0, keyframe=True), packet(0.1)]
    for one in wanted:
        inbox.put(one)
    assert drain(inbox) == wanted
    inbox.end()
    assert inbox.take() == (True, None)
    assert inbox.take() == (False, None)


def test_too_long_a_wait_drops_all_up_to_the_next_keyframe() -> None:
    """Newest kept: what waits is dropped and counted; the stream goes on, marked as broken, at a keyframe."""
    counters: Counter[str] = Counter()
    inbox = Inbox(counters)
    inbox.put(packet(0, keyframe=True))
    inbox.put(packet(1))
    late_s = INBOX_SPAN_MAX_S + 0.1
    inbox.put(packet(late_s))
    assert drain(inbox) == []
    assert counters == {"analysis_packets_dropped": 3}
    inbox.put(packet(late_s + 1, keyframe=True))
    inbox.put(packet(late_s + 2))
    kept = drain(inbox)
    assert [(one.utc_s, one.discontinuity) for one in kept] == [(late_s + 1, True), (late_s + 2, False)]
    assert inbox.newest_utc_s == late_s + 2


def test_the_bytes_are_bounded() -> None:
    """However large the packets, no more than the bound waits."""
    counters: Counter[str] = Counter()
    inbox = Inbox(counters)
    size = INBOX_BYTES_MAX // 4
    for second in range(5):
        inbox.put(packet(second / 10, size=size, keyframe=second == 0))
    assert drain(inbox) == []
    assert counters["analysis_packets_dropped"] == 5


def test_a_keyframe_that_does_not_fit_begins_anew() -> None:
    """When the packet that breaks the bound is a keyframe, it is the first that is kept."""
    inbox = Inbox(Counter())
    inbox.put(packet(0, keyframe=True))
    inbox.put(packet(INBOX_SPAN_MAX_S + 1, keyframe=True))
    (kept,) = drain(inbox)
    assert kept.discontinuity
