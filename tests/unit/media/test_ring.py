"""PacketRing: no event loses its beginning, and memory is bounded."""

import threading

from hypothesis import given
from hypothesis import strategies as st

from tests.unit.media.packets import AUDIO, packet
from vedette.media.ring import PacketRing


def filled(ring: PacketRing, groups: int, *, group_s: float = 2.0, size_bytes: int = 100) -> PacketRing:
    """Append groups of four pictures."""
    for group in range(groups):
        for index in range(4):
            at_s = group * group_s + index * group_s / 4
            ring.append(packet(at_s, size_bytes, keyframe=index == 0))
    return ring


def starts(ring: PacketRing) -> list[float]:
    """When the groups begin."""
    return [group[0].utc_s for group in ring.groups()]


def test_current_and_previous_group_stay() -> None:
    """Without pre-roll, two groups are kept."""
    assert starts(filled(PacketRing(10_000), 5)) == [6.0, 8.0]


def test_pre_roll_keeps_more() -> None:
    """Groups stay as long as some of their packets lie within the pre-roll."""
    assert starts(filled(PacketRing(10_000, keep_s=5.0), 8)) == [10.0, 12.0, 14.0]
    assert starts(filled(PacketRing(10_000, keep_s=100.0), 8))[0] == 0.0


def test_bytes_bound_what_is_kept() -> None:
    """Above the bound the oldest groups go first, the previous one too."""
    ring = filled(PacketRing(500, keep_s=100.0), 5)
    assert starts(ring) == [8.0]
    assert ring.size_bytes == 400


def test_a_group_larger_than_the_bound_is_dropped() -> None:
    """It cannot be decoded in part; the next keyframe begins anew, and the loss is counted."""
    ring = PacketRing(250)
    filled(ring, 1)
    assert ring.groups() == []
    assert ring.overflows == 1
    assert ring.newest_keyframe() is not None
    ring.append(packet(9.0, keyframe=True))
    assert starts(ring) == [9.0]


def test_nothing_before_a_keyframe_is_kept() -> None:
    """Pictures and sound that nothing can be decoded from are left out."""
    ring = PacketRing(1000)
    ring.append(packet(0.0))
    ring.append(packet(0.1, info=AUDIO, keyframe=True))
    assert ring.groups() == []


def test_sound_belongs_to_the_group() -> None:
    """Audio packets, keyframes all of them, begin no group."""
    ring = filled(PacketRing(10_000), 1)
    ring.append(packet(1.9, info=AUDIO, keyframe=True))
    assert [len(group) for group in ring.groups()] == [5]


def test_since_begins_with_a_keyframe() -> None:
    """What is given begins with the last keyframe at or before the time, or with the oldest there is."""
    ring = filled(PacketRing(10_000, keep_s=100.0), 4)
    assert ring.since(5.2)[0].utc_s == 4.0
    assert ring.since(4.0)[0].utc_s == 4.0
    assert len(ring.since(5.2)) == 8
    assert ring.since(-1.0)[0].utc_s == 0.0
    assert PacketRing(10).since(0.0) == []


def test_the_newest_keyframe_is_at_hand() -> None:
    """The live picture is decoded from it."""
    ring = filled(PacketRing(10_000), 3)
    newest = ring.newest_keyframe()
    assert newest is not None
    assert newest.utc_s == 4.0


def test_clear_forgets() -> None:
    """Nothing is left."""
    ring = filled(PacketRing(10_000), 3)
    ring.clear()
    assert (ring.groups(), ring.size_bytes, ring.newest_keyframe()) == ([], 0, None)


def test_readers_may_look_while_it_is_written() -> None:
    """Copies taken by another thread are whole groups, always."""
    ring, looked, done = PacketRing(5000, keep_s=3.0), [], threading.Event()

    def look() -> None:
        while not done.is_set():
            looked.append(all(group[0].keyframe for group in ring.groups()))

    thread = threading.Thread(target=look)
    thread.start()
    filled(ring, 300)
    done.set()
    thread.join()
    assert all(looked)


@given(
    sizes=st.lists(st.tuples(st.integers(1, 3000), st.booleans()), max_size=80),
    max_bytes=st.integers(1, 5000),
    keep_s=st.floats(0, 10),
)
def test_the_bound_always_holds(sizes: list[tuple[int, bool]], max_bytes: int, keep_s: float) -> None:
    """Whatever comes, the bytes held are under the bound, and what is held are whole groups."""
    ring = PacketRing(max_bytes, keep_s=keep_s)
    for index, (size, keyframe) in enumerate(sizes):
        ring.append(packet(index * 0.1, size, keyframe=keyframe))
        held = [p for group in ring.groups() for p in group]
        assert ring.size_bytes == sum(p.size_bytes for p in held) <= max_bytes
        assert all(group[0].keyframe and not any(p.keyframe for p in group[1:]) for group in ring.groups())
        assert [p.utc_s for p in held] == sorted(p.utc_s for p in held)
