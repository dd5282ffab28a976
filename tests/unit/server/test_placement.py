"""Placing cameras on workers."""

from hypothesis import given
from hypothesis import strategies as st

from vedette.server.cameras.placement import place

WORKERS = ("worker-1", "worker-2", "worker-3")
names = st.text("abcdef", min_size=1, max_size=4)
had = st.dictionaries(names, st.sampled_from(["", *WORKERS, "worker-9"]), max_size=40)


@given(had, st.integers(1, 3))
def test_balanced_and_sticky(cameras: dict[str, str], count: int) -> None:
    """Loads differ by one at most; a second placement moves nobody; only as many move as must."""
    workers = WORKERS[:count]
    placed = place(cameras, workers)
    assert placed.keys() == cameras.keys()
    loads = [list(placed.values()).count(worker) for worker in workers]
    assert max(loads) - min(loads) <= 1
    assert place(placed, workers) == placed


@given(had)
def test_a_new_camera_moves_no_other(cameras: dict[str, str]) -> None:
    """Cameras that are placed evenly stay where they are when one is added."""
    placed = place(cameras, WORKERS)
    again = place(placed | {"zzzzz": ""}, WORKERS)
    assert {camera: again[camera] for camera in placed} == placed


def test_cameras_of_a_removed_worker_move() -> None:
    """The others stay."""
    placed = place({"a": "worker-1", "b": "worker-2", "c": "worker-2"}, WORKERS[:1])
    assert set(placed.values()) == {"worker-1"}
