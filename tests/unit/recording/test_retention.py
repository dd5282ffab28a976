"""What is deleted, and above all what is not."""

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import structs

from vedette.recording.disk import DiskSpace
from vedette.recording.retention import (
    DAY_S,
    Limits,
    RetentionLimits,
    StoredSegment,
    deletion_order,
    plan,
)

NOW = 100 * DAY_S
ROOMY = DiskSpace(total_bytes=10**12, free_bytes=5 * 10**11)


def row(
    name: int, camera: str = "a", age_days: float = 1.0, size: int = 100, *, pending: bool = False
) -> StoredSegment:
    start = NOW - age_days * DAY_S
    return StoredSegment(
        id=f"{name:06}",
        camera=camera,
        path=f"{camera}/{name}",
        start_utc_s=start,
        end_utc_s=start + 10,
        size_bytes=size,
        pending_evidence=pending,
    )


def usage(rows: list[StoredSegment]) -> Counter[str]:
    used: Counter[str] = Counter()
    for r in rows:
        used[r.camera] += r.size_bytes
    return used


def deleted(rows: list[StoredSegment], limits: RetentionLimits, disk: DiskSpace = ROOMY) -> list[str]:
    ordered = sorted(rows, key=deletion_order)
    return [r.id for r in plan(ordered, usage(rows), disk, limits, NOW).delete]


def test_without_limits_everything_stays() -> None:
    """No limit, no deletion."""
    assert deleted([row(i, age_days=90 - i) for i in range(10)], RetentionLimits()) == []


def test_age_per_camera_and_overall() -> None:
    """A camera's own age counts before the one for all."""
    rows = [row(1, "a", 8), row(2, "a", 6), row(3, "b", 8), row(4, "b", 6), row(5, "b", 2)]
    limits = RetentionLimits(cameras={"b": Limits(max_age_days=3)}, overall=Limits(max_age_days=7))
    assert deleted(rows, limits) == ["000001", "000003", "000004"]


def test_size_per_camera_takes_its_oldest() -> None:
    """Only the camera that is too big loses recordings, the oldest first."""
    rows = [row(1, "a", 5), row(2, "b", 4), row(3, "a", 3), row(4, "a", 2)]
    limits = RetentionLimits(cameras={"a": Limits(max_size_bytes=150)})
    assert deleted(rows, limits) == ["000001", "000003"]


def test_size_overall_takes_the_oldest_of_all() -> None:
    """Together too big: the oldest goes, whoever recorded it."""
    rows = [row(1, "a", 5), row(2, "b", 4), row(3, "a", 3)]
    assert deleted(rows, RetentionLimits(overall=Limits(max_size_bytes=150))) == ["000001", "000002"]


def test_share_of_the_disk() -> None:
    """Our share counts against the whole disk, not against what is free."""
    rows = [row(i, age_days=9 - i) for i in range(5)]
    disk = DiskSpace(total_bytes=1000, free_bytes=500)
    assert deleted(rows, RetentionLimits(max_disk_share=0.3, min_free_bytes=0), disk) == ["000000", "000001"]


def test_evidence_that_was_not_uploaded_goes_last() -> None:
    """Old evidence that is still to be uploaded outlives newer recordings that are not evidence."""
    rows = [row(1, age_days=5, pending=True), row(2, age_days=4), row(3, age_days=3)]
    assert deleted(rows, RetentionLimits(overall=Limits(max_size_bytes=100))) == ["000002", "000003"]
    assert deleted(rows, RetentionLimits(overall=Limits(max_size_bytes=50))) == ["000002", "000003", "000001"]


def test_a_disk_filled_by_others_is_an_alert() -> None:
    """Somebody else's files: we keep ours and tell."""
    rows = [row(i, age_days=9 - i) for i in range(5)]
    disk = DiskSpace(total_bytes=100_000, free_bytes=10)
    found = plan(
        sorted(rows, key=deletion_order), usage(rows), disk, RetentionLimits(max_disk_share=0.5), NOW
    )
    assert found.delete == []
    assert "other files" in found.alerts[0]


def test_a_disk_filled_by_us_is_no_alert_but_work() -> None:
    """When deleting helps there is nothing to tell."""
    rows = [row(i, age_days=9 - i) for i in range(5)]
    disk = DiskSpace(total_bytes=1000, free_bytes=1)
    found = plan(
        sorted(rows, key=deletion_order), usage(rows), disk, RetentionLimits(max_disk_share=0.3), NOW
    )
    assert (len(found.delete), found.alerts, found.freed_bytes) == (2, [], 200)


def test_reads_only_as_many_rows_as_needed() -> None:
    """Millions of newer rows are not looked at."""

    def rows():  # type: ignore[no-untyped-def]
        yield row(1, age_days=20)
        yield row(2, age_days=1, pending=True)
        pytest.fail("read on")

    limits = RetentionLimits(overall=Limits(max_age_days=10))
    assert [r.id for r in plan(rows(), {"a": 200}, ROOMY, limits, NOW).delete] == ["000001"]


def _named(rows: list[StoredSegment]) -> list[StoredSegment]:
    return [structs.replace(r, id=f"{i:06}", path=f"{r.camera}/{i}") for i, r in enumerate(rows)]


ROWS = st.lists(
    st.builds(
        row,
        st.just(0),
        st.sampled_from("abc"),
        st.floats(0, 90),
        st.integers(0, 1000),
        pending=st.booleans(),
    ),
    max_size=40,
).map(_named)
OPTIONAL_AGE = st.one_of(st.none(), st.floats(0.1, 90))
OPTIONAL_SIZE = st.one_of(st.none(), st.integers(0, 20_000))
LIMITS = st.builds(
    RetentionLimits,
    cameras=st.dictionaries(
        st.sampled_from("abc"), st.builds(Limits, max_age_days=OPTIONAL_AGE, max_size_bytes=OPTIONAL_SIZE)
    ),
    overall=st.builds(Limits, max_age_days=OPTIONAL_AGE, max_size_bytes=OPTIONAL_SIZE),
    max_disk_share=st.one_of(st.none(), st.floats(0, 1)),
)


@given(ROWS, LIMITS, st.integers(0, 50_000))
def test_never_more_than_needed_and_never_less(
    rows: list[StoredSegment], limits: RetentionLimits, free: int
) -> None:
    """After the plan all limits hold; each deletion was needed; nothing depends on what others use."""
    disk = DiskSpace(total_bytes=50_000, free_bytes=free)
    ordered = sorted(rows, key=deletion_order)
    found = plan(ordered, usage(rows), disk, limits, NOW)
    gone = {r.id for r in found.delete}
    left = [r for r in rows if r.id not in gone]
    assert len(gone) == len(found.delete)
    assert found.delete == [r for r in ordered if r.id in gone]

    shares = [] if limits.max_disk_share is None else [int(50_000 * limits.max_disk_share)]
    shares += [] if limits.overall.max_size_bytes is None else [limits.overall.max_size_bytes]
    total = min(shares, default=None)
    assert total is None or sum(usage(left).values()) <= total
    for camera, own in limits.cameras.items():
        assert own.max_size_bytes is None or usage(left)[camera] <= own.max_size_bytes

    for index, victim in enumerate(found.delete):
        before = [r for r in rows if r.id not in {d.id for d in found.delete[:index]}]
        own = limits.cameras.get(victim.camera, Limits())
        days = limits.overall.max_age_days if own.max_age_days is None else own.max_age_days
        too_old = days is not None and victim.end_utc_s < NOW - days * DAY_S
        camera_full = own.max_size_bytes is not None and usage(before)[victim.camera] > own.max_size_bytes
        disk_full = total is not None and sum(usage(before).values()) > total
        assert too_old or camera_full or disk_full


@given(ROWS, LIMITS)
def test_others_on_the_disk_change_nothing(rows: list[StoredSegment], limits: RetentionLimits) -> None:
    """The same recordings are deleted on an empty and on a full disk."""
    ordered = sorted(rows, key=deletion_order)
    plans = [
        plan(ordered, usage(rows), DiskSpace(total_bytes=50_000, free_bytes=free), limits, NOW).delete
        for free in (0, 50_000)
    ]
    assert plans[0] == plans[1]
