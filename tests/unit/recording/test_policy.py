"""What is recorded when: modes, pre-roll, post-roll, switching."""

from collections.abc import Callable, Sequence
from fractions import Fraction

import av
import pytest
from hypothesis import given
from hypothesis import strategies as st

from vedette.domain.camera import RecordingMode, RecordingSpec
from vedette.media.packets import AudioInfo, MediaPacket, VideoInfo
from vedette.media.ring import PacketRing
from vedette.recording.policy import EVENT_STALE_S, RecordingPolicy

VIDEO = VideoInfo("h264", 320, 180, b"", Fraction(1, 90_000), 4.0)
AUDIO = AudioInfo("aac", 16_000, 1, b"", Fraction(1, 16_000))
GOP_S = 2


def packet(at_s: float, *, keyframe: bool, sound: bool = False) -> MediaPacket:
    return MediaPacket(av.Packet(b"x" * 10), AUDIO if sound else VIDEO, at_s, keyframe)


class Bench:
    """A policy with its ring: 4 pictures and a sound packet a second, keyframes every 2 s."""

    def __init__(self, mode: str, pre_roll_s: float = 3.0, post_roll_s: float = 2.0) -> None:
        self.spec = RecordingSpec(mode=RecordingMode(mode), pre_roll_s=pre_roll_s, post_roll_s=post_roll_s)
        self.policy = RecordingPolicy(self.spec)
        self.ring = PacketRing(2**20, keep_s=pre_roll_s + 3)
        self.sent: list[MediaPacket] = []
        self.given: list[MediaPacket] = []
        self.starts: list[MediaPacket] = []

    def run(self, start_s: float, stop_s: float, also: Callable[[float], None] = lambda _: None) -> None:
        """Let time pass."""
        for tick in range(int(start_s * 4), int(stop_s * 4)):
            at_s = tick / 4
            also(at_s)
            self.feed(packet(at_s, keyframe=tick % (4 * GOP_S) == 0))
            if tick % 4 == 1:
                self.feed(packet(at_s, keyframe=True, sound=True))

    def feed(self, p: MediaPacket) -> None:
        before = self.policy.recording
        self.sent.append(p)
        self.ring.append(p)
        given = self.policy.feed(p, self.ring)
        if given and not before:
            self.starts.append(given[0])
        self.given += given

    @property
    def spans(self) -> list[tuple[float, float]]:
        """First and last time of every uninterrupted stretch that was given."""
        return stretches(self.sent, self.given)


def stretches(sent: Sequence[MediaPacket], given: Sequence[MediaPacket]) -> list[tuple[float, float]]:
    places = {id(p): i for i, p in enumerate(sent)}
    spans: list[tuple[float, float]] = []
    last = -2
    for p in given:
        place = places[id(p)]
        if place == last + 1:
            spans[-1] = (spans[-1][0], p.utc_s)
        else:
            spans.append((p.utc_s, p.utc_s))
        last = place
    return spans


def test_always_gives_everything() -> None:
    """Mode always: every packet once, as it comes."""
    bench = Bench("always")
    bench.run(0, 10)
    assert bench.given == bench.sent


def test_off_gives_nothing() -> None:
    """Mode off: nothing, whatever happens."""
    bench = Bench("off")
    bench.policy.notice_motion(1.0)
    bench.policy.notice_event(1.0, None)
    bench.run(0, 10)
    assert bench.given == []


@pytest.mark.parametrize("mode", ["motion", "events"])
def test_on_demand_gives_nothing_while_quiet(mode: str) -> None:
    """Modes motion and events wait."""
    bench = Bench(mode)
    bench.run(0, 20)
    assert bench.given == []


def test_motion_is_recorded_with_its_surroundings() -> None:
    """From the keyframe before the pre-roll to the end of the group after the post-roll."""
    bench = Bench("motion")
    bench.run(0, 11)
    bench.policy.notice_motion(11.0)
    bench.run(11, 30)
    # pre-roll reaches to 8.0, a keyframe; post-roll to 13.0, the group lasts until 14.0
    assert bench.spans == [(8.0, 13.75)]


def test_motion_that_goes_on_keeps_recording() -> None:
    """Every notice moves the end."""
    bench = Bench("motion")
    bench.run(0, 11)
    bench.run(11, 20, bench.policy.notice_motion)
    bench.run(20, 40)
    assert bench.spans == [(8.0, 21.75)]


def test_motion_does_not_count_in_mode_events() -> None:
    """Leaves in the wind are not an event."""
    bench = Bench("events")
    bench.run(0, 11, bench.policy.notice_motion)
    assert bench.given == []


@pytest.mark.parametrize("mode", ["motion", "events"])
def test_an_event_is_recorded_until_it_ends(mode: str) -> None:
    """An event goes on until somebody says that it has ended, then comes the post-roll."""
    bench = Bench(mode)
    bench.run(0, 11)
    bench.policy.notice_event(10.0, None)
    bench.run(11, 41)
    bench.policy.notice_event(10.0, 39.0)
    bench.run(41, 60)
    assert bench.spans == [(6.0, 41.75)]


def test_two_events_overlap() -> None:
    """The end of one does not end the other."""
    bench = Bench("events")
    bench.run(0, 11)
    bench.policy.notice_event(10.0, None)
    bench.policy.notice_event(10.5, None)
    bench.run(11, 20)
    bench.policy.notice_event(10.0, 15.0)
    bench.run(20, 31)
    bench.policy.notice_event(10.5, 30.0)
    bench.run(31, 60)
    assert bench.spans == [(6.0, 31.75)]


def test_an_event_that_never_ends_is_forgotten() -> None:
    """Its tracker died without a word: recording does not go on for ever."""
    bench = Bench("events")
    bench.run(0, 4)
    bench.policy.notice_event(3.0, None)
    bench.run(4, 8)
    bench.run(8 + EVENT_STALE_S, 20 + EVENT_STALE_S)
    assert not bench.policy.recording


def test_late_notices_still_get_what_is_in_memory() -> None:
    """Analysis lags by more than the post-roll: what can be saved is saved."""
    bench = Bench("motion", post_roll_s=1.0)
    bench.run(0, 15)
    bench.policy.notice_motion(11.0)
    bench.run(15, 30)
    assert bench.spans == [(8.0, 15.75)]


def test_a_start_in_the_middle_of_a_group_begins_at_its_keyframe() -> None:
    """From motion to always: the current group is recorded from its keyframe on."""
    bench = Bench("motion")
    bench.run(0, 5)
    bench.policy.configure(RecordingSpec(mode=RecordingMode.ALWAYS))
    bench.run(5, 9)
    assert bench.spans == [(4.0, 8.75)]


def test_switching_off_stops_at_once() -> None:
    """Off means off, also in the middle of a group."""
    bench = Bench("always")
    bench.run(0, 5)
    bench.policy.configure(RecordingSpec(mode=RecordingMode.OFF))
    bench.run(5, 9)
    assert bench.spans[-1][1] < 5.0


@pytest.mark.parametrize("mode", ["always", "motion", "events"])
def test_what_was_seen_while_off_stays_unrecorded(mode: str) -> None:
    """Switched on again, recording begins with the next keyframe, whatever the pre-roll is."""
    bench = Bench("off")
    bench.run(0, 9)
    bench.policy.configure(RecordingSpec(mode=RecordingMode(mode), pre_roll_s=5.0))
    bench.policy.notice_motion(9.0)
    bench.policy.notice_event(9.0, None)
    bench.run(9, 15)
    assert bench.spans == [(10.0, 14.75)]


def test_from_always_to_motion_ends_with_the_group() -> None:
    """Nothing moves: the group that has begun is finished, then nothing more."""
    bench = Bench("always")
    bench.run(0, 5)
    bench.policy.configure(RecordingSpec(mode=RecordingMode.MOTION))
    bench.run(5, 20)
    assert bench.spans == [(0.0, 5.75)]


ACTIONS = st.one_of(
    st.tuples(st.just("motion"), st.floats(0, 6)),
    st.tuples(st.just("start"), st.floats(0, 6)),
    st.tuples(st.just("end"), st.floats(0, 6)),
    st.tuples(st.just("mode"), st.sampled_from(["always", "motion", "events", "off"])),
    st.tuples(st.just("pass"), st.integers(1, 12)),
)


@given(st.sampled_from(["always", "motion", "events", "off"]), st.lists(ACTIONS, max_size=25))
def test_whatever_happens_no_packet_comes_twice_or_out_of_order(
    mode: str, actions: list[tuple[str, float | str | int]]
) -> None:
    """Any history of notices and switches: in order, once, every stretch from a keyframe, no holes in it."""
    bench = Bench(mode)
    now = 0.0
    for name, value in actions:
        if name == "motion":
            bench.policy.notice_motion(now - float(value))
        elif name == "start":
            bench.policy.notice_event(now - float(value), None)
        elif name == "end":
            bench.policy.notice_event(now - float(value), now)
        elif name == "mode":
            bench.policy.configure(RecordingSpec(mode=RecordingMode(value), pre_roll_s=3.0, post_roll_s=2.0))
        else:
            bench.run(now, now + int(value) / 2)
            now += int(value) / 2
    places = {id(p): i for i, p in enumerate(bench.sent)}
    order = [places[id(p)] for p in bench.given]
    assert order == sorted(set(order))
    begins = [bench.given[i] for i in range(len(order)) if i == 0 or order[i] != order[i - 1] + 1]
    assert all(p.is_video and p.keyframe for p in begins)
    assert all(p.is_video and p.keyframe for p in bench.starts)
