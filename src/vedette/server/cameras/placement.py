"""Which worker runs which camera: balanced, and nobody moves without need."""

from collections.abc import Mapping, Sequence


def place(cameras: Mapping[str, str], workers: Sequence[str]) -> dict[str, str]:
    """Give every camera a worker.

    A camera stays where it is unless its worker is gone or has more than its even share.

    Args:
        cameras: camera id to the worker it has now (empty: none).
        workers: ids of the workers there are; at least one.
    """
    share, extra = divmod(len(cameras), len(workers))
    loads = dict.fromkeys(workers, 0)
    placed: dict[str, str] = {}
    for camera in sorted(cameras):
        worker = cameras[camera]
        full = share + (1 if extra > 0 else 0)
        if worker in loads and loads[worker] < full:
            placed[camera] = worker
            loads[worker] += 1
            extra -= loads[worker] > share
    for camera in sorted(set(cameras) - set(placed)):
        worker = min(workers, key=lambda name: (loads[name], workers.index(name)))
        placed[camera] = worker
        loads[worker] += 1
    return placed
