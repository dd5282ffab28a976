"""Packet sizes may wake a camera only where they have proved themselves."""

from collections.abc import Callable
from pathlib import Path

import av
import numpy as np

from tests.unit.vision.stage import Sensor, coded, room, with_person
from vedette.vision.packet_size import PacketSizeWake

Sizes = Callable[[bool], list[int]]


def teach(wake: PacketSizeWake, sizes: Sizes, groups: int, *, moved_every: int = 3) -> None:
    """Feed groups, every few of them with motion, and label each as the gate would."""
    for group in range(groups):
        moved = group % moved_every == 0
        feed_group(wake, sizes(moved))
        wake.feed(20_000, keyframe=True, utc_s=2.0 * group + 2)
        wake.label(moved=moved)


def feed_group(wake: PacketSizeWake, sizes: list[int]) -> bool:
    """Feed the packets after a keyframe; whether one of them wakes."""
    woken = False
    for size in sizes:
        wake.feed(size, keyframe=False, utc_s=0.0)
        woken |= wake.may_wake
    return woken


def camera(quiet: float, moving: float, spread: float, seed: int = 1) -> Sizes:
    """A camera whose packets are so large, typically, without and with motion."""
    rng = np.random.default_rng(seed)

    def sizes(moved: bool) -> list[int]:
        typical = moving if moved else quiet
        return [int(size) for size in rng.lognormal(np.log(typical), spread, 24)]

    return sizes


def test_a_camera_that_shows_it_wakes() -> None:
    """Sizes that tell the two kinds apart wake on motion, and stay silent without."""
    wake, sizes = PacketSizeWake(), camera(600, 4000, 0.3)
    teach(wake, sizes, 60)
    assert wake.separation > 0.99
    assert feed_group(wake, sizes(True))
    wake.feed(20_000, keyframe=True, utc_s=500.0)
    assert not feed_group(wake, sizes(False))


def test_nothing_is_believed_before_there_is_enough() -> None:
    """Twenty groups prove nothing, and neither do many of one kind."""
    wake, sizes = PacketSizeWake(), camera(600, 4000, 0.3)
    teach(wake, sizes, 20)
    assert not feed_group(wake, sizes(True))
    one_sided = PacketSizeWake()
    teach(one_sided, sizes, 120, moved_every=1000)
    assert not feed_group(one_sided, sizes(True))


def test_overlapping_sizes_never_wake() -> None:
    """A noisy camera whose quiet groups are often as large as those with motion stays silent."""
    wake, sizes = PacketSizeWake(), camera(2500, 3000, 0.5)
    teach(wake, sizes, 150)
    assert wake.separation < 0.95
    assert not any(feed_group(wake, sizes(True)) for _ in range(20))


def test_a_small_but_steady_difference_is_not_enough() -> None:
    """A constant bit rate may differ by a hair, always the same way: that is no proof."""
    wake, sizes = PacketSizeWake(), camera(3000, 3200, 0.001)
    teach(wake, sizes, 150)
    assert wake.separation > 0.95
    assert not feed_group(wake, sizes(True))


def test_a_camera_that_changes_loses_its_right() -> None:
    """When the scene becomes noisy, the proof fails and the camera is silent again."""
    wake = PacketSizeWake()
    teach(wake, camera(600, 4000, 0.3), 60)
    noisy = camera(4000, 4000, 0.3, seed=2)
    teach(wake, noisy, 200)
    assert not feed_group(wake, noisy(True))


def test_a_look_inside_the_group_ends_its_right() -> None:
    """After the gate has looked, the same group wakes nobody again."""
    wake, sizes = PacketSizeWake(), camera(600, 4000, 0.3)
    teach(wake, sizes, 60)
    assert feed_group(wake, sizes(True))
    wake.label(moved=False)
    assert not feed_group(wake, sizes(True))


def test_a_label_without_a_group_is_ignored() -> None:
    """The first look of a stream labels nothing."""
    wake = PacketSizeWake()
    wake.label(moved=True)
    wake.feed(9000, keyframe=True, utc_s=0.0)
    wake.label(moved=True)
    assert not wake.may_wake


def test_a_real_constant_bit_rate_never_qualifies(tmp_path: Path) -> None:
    """x264 at a constant rate: sizes with somebody in view are the same, so nothing is believed."""
    sensor, place = Sensor(4.0), room(1)
    lights = [
        with_person(place, 20 * (i % 20), 160, 26, 70) if i // 20 % 3 == 0 else place for i in range(1000)
    ]
    coded((sensor.take(light) for light in lights), tmp_path, fps=10, kbit_s=200, gop=20)
    wake = PacketSizeWake()
    with av.open(next(tmp_path.glob("*.mp4"))) as container:
        packets = [packet for packet in container.demux(video=0) if packet.size]
    groups = -1
    for packet in packets * 2:
        wake.feed(packet.size, keyframe=packet.is_keyframe, utc_s=0.0)
        if packet.is_keyframe:
            wake.label(moved=groups % 3 == 0)
            groups += 1
        assert not wake.may_wake
    assert groups >= 90
