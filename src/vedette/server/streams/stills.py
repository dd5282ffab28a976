"""Newest pictures for whoever looks, each made once however many look."""

import threading
import time
from collections import OrderedDict
from dataclasses import dataclass, field

from vedette.server.runtime import runtime

FRESH_S = 2.0
"""A picture is asked of the worker again when it is older than this."""
MOST = 256

Key = tuple[str, int]


@dataclass(frozen=True, slots=True)
class Still:
    """A picture; `error` says in words why there is none."""

    jpeg: bytes = b""
    utc_s: float = 0.0
    error: str = ""
    fetched_s: float = field(default_factory=time.monotonic)

    @property
    def tag(self) -> str:
        """An entity tag: the moment names the picture."""
        return f'"{self.utc_s:.3f}"'


class Stills:
    """The newest picture of each camera in each width that was asked for lately."""

    def __init__(self) -> None:
        self._kept: OrderedDict[Key, Still] = OrderedDict()
        self._fetching: dict[Key, threading.Lock] = {}
        self._lock = threading.Lock()

    def get(self, camera: str, width: int) -> Still:
        """The picture; asks the worker unless somebody else just has. Blocks for up to 5 s."""
        key = (camera, width)
        with self._lock:
            turn = self._fetching.setdefault(key, threading.Lock())
        with turn:
            known = self._kept.get(key)
            if known is None or time.monotonic() - known.fetched_s > FRESH_S:
                known = self._keep(key, _fetched(camera, width))
        return known

    def _keep(self, key: Key, still: Still) -> Still:
        with self._lock:
            self._kept[key] = still
            self._kept.move_to_end(key)
            while len(self._kept) > MOST:
                gone, _ = self._kept.popitem(last=False)
                self._fetching.pop(gone, None)
        return still


def _fetched(camera: str, width: int) -> Still:
    if runtime.hub is None:
        return Still(error="No workers are served here.")
    runtime.counters["live_stills_made"] += 1
    reply = runtime.hub.request_snapshot(camera, width)
    return Still(reply.jpeg, reply.utc_s, "" if reply.jpeg else reply.error or "There is no picture yet.")


stills = Stills()
