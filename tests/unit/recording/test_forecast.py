"""The arithmetic of how long recordings will be kept."""

import math

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from vedette.recording.disk import DiskSpace
from vedette.recording.forecast import CameraUsage, Forecast, fill_days, forecast
from vedette.recording.retention import DAY_S, Limits, RetentionLimits

GB = 10**9
NOW = 1_800_000_000.0


def usage(size_gb: float, day_gb: float, days_old: float) -> CameraUsage:
    """A camera that has stored this and adds that."""
    return CameraUsage(int(size_gb * GB), NOW - days_old * DAY_S, day_gb * GB)


def look(limits: RetentionLimits, free_gb: int = 1000, **cameras: CameraUsage) -> Forecast:
    """The forecast on a disk of 2000 GB."""
    return forecast(cameras, DiskSpace(2000 * GB, free_gb * GB), limits, NOW)


def days_from_now(utc_s: float | None) -> float:
    """In days."""
    assert utc_s is not None
    return (utc_s - NOW) / DAY_S


def test_the_disk_holds_so_many_days() -> None:
    """Room divided by today's rate; it is full when the rest is written, and then the oldest goes."""
    found = look(RetentionLimits(max_disk_share=0.5), door=usage(100, 30, 5), yard=usage(100, 10, 2))
    assert found.room_bytes == 1000 * GB
    assert found.holds_days == pytest.approx(25)
    assert days_from_now(found.full_utc_s) == pytest.approx(20)
    door, yard = found.cameras["door"], found.cameras["yard"]
    assert (door.limit, door.kept_days) == ("disk", pytest.approx(25))
    assert days_from_now(door.next_utc_s) == pytest.approx(20)
    assert days_from_now(yard.next_utc_s) == pytest.approx(23)


def test_what_others_have_filled_is_no_room() -> None:
    """Where less is free than allowed, what is free counts; without limits too."""
    for limits in (RetentionLimits(), RetentionLimits(max_disk_share=0.9)):
        found = look(limits, free_gb=50, door=usage(100, 10, 5))
        assert found.room_bytes == 150 * GB
        assert found.holds_days == pytest.approx(15)


def test_age_comes_first() -> None:
    """A camera with an age limit is kept so long, and its oldest goes when it is so old."""
    limits = RetentionLimits(cameras={"door": Limits(max_age_days=7)}, overall=Limits(max_age_days=30))
    found = look(limits, door=usage(50, 10, 5), yard=usage(50, 10, 5))
    assert (found.cameras["door"].limit, found.cameras["door"].kept_days) == ("age", 7)
    assert days_from_now(found.cameras["door"].next_utc_s) == pytest.approx(2)
    assert (found.cameras["yard"].limit, found.cameras["yard"].kept_days) == ("age", 30)
    assert found.full_utc_s is None


def test_a_cameras_own_space_comes_first() -> None:
    """A camera with its own size loses its oldest when that is reached; at once when it is above."""
    limits = RetentionLimits(
        cameras={"door": Limits(max_size_bytes=100 * GB), "yard": Limits(max_size_bytes=GB)}
    )
    found = look(limits, door=usage(60, 20, 3), yard=usage(2, 1, 3))
    assert (found.cameras["door"].limit, found.cameras["door"].kept_days) == ("size", 5)
    assert days_from_now(found.cameras["door"].next_utc_s) == pytest.approx(2)
    assert days_from_now(found.cameras["yard"].next_utc_s) == 0


def test_cameras_with_limits_leave_room_for_the_others() -> None:
    """Once one camera stays within its own limit, only the others fill the rest."""
    limits = RetentionLimits(cameras={"door": Limits(max_age_days=10)}, max_disk_share=0.1)
    found = look(limits, door=usage(0, 10, 0), yard=usage(0, 10, 0))
    assert found.cameras["door"].kept_days == 10
    assert found.cameras["yard"].kept_days == pytest.approx(10)
    limits = RetentionLimits(cameras={"door": Limits(max_age_days=5)}, max_disk_share=0.1)
    assert look(limits, door=usage(0, 10, 0), yard=usage(0, 10, 0)).cameras[
        "yard"
    ].kept_days == pytest.approx(15)


def test_a_camera_that_does_not_record_stays() -> None:
    """Without a rate nothing ends, except by age."""
    found = look(RetentionLimits(), door=usage(50, 0, 5))
    door = found.cameras["door"]
    assert (door.limit, door.kept_days, door.next_utc_s, found.holds_days) == ("", None, None, None)
    aged = look(RetentionLimits(overall=Limits(max_age_days=6)), door=usage(50, 0, 5)).cameras["door"]
    assert days_from_now(aged.next_utc_s) == pytest.approx(1)


def test_nothing_at_all() -> None:
    """An empty house has no forecast, and no error."""
    found = look(RetentionLimits(max_disk_share=0.9))
    assert (found.size_bytes, found.holds_days, found.full_utc_s, found.cameras) == (0, None, None, {})


RATES = st.one_of(st.just(0.0), st.floats(1e-6, 1e6))


@example([(65536.0, 0.0), (1e-6, math.inf)], 1.0)
@given(
    st.lists(st.tuples(RATES, st.one_of(st.floats(0, 1e4), st.just(math.inf))), max_size=6),
    st.floats(-10, 1e9),
)
def test_streams_fill_exactly(streams: list[tuple[float, float]], volume: float) -> None:
    """At the time that is found, the streams have brought the volume; never means that they cannot."""
    found = fill_days(streams, volume)
    assert found >= 0
    whole = sum(rate * days for rate, days in streams if rate)
    if math.isinf(found):
        assert whole <= volume * (1 + 1e-9) + 1e-6
    elif volume > 0:
        assert sum(rate * min(days, found) for rate, days in streams) == pytest.approx(volume, rel=1e-6)
