"""Live streams from the workers, each asked for once and shown to everybody who watches it."""

import threading
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import cast

import structlog

from vedette.bus.local import LocalBus
from vedette.bus.topics import LIVE
from vedette.domain.messages import (
    CameraReport,
    LiveBoxes,
    LiveEnd,
    LiveFragment,
    LiveInit,
    LiveRequest,
    LiveStop,
    LiveStream,
)
from vedette.server.streams.viewer import Media, Viewer, Watching
from vedette.server.streams.wire import said

LEASE_S = 12.0
RENEW_S = 2.0
"""A worker that was started again is asked again so soon."""
LINGER_S = 3.0
"""A stream that nobody watches goes on for so long, for whoever comes back."""
GROUP_BYTES_MAX = 16 * 2**20
DEPTH = 256
_TICK_S = 0.5

Key = tuple[str, LiveStream]
Send = Callable[[str, LiveRequest | LiveStop], bool]
"""Sends to the worker of a camera."""

_log = structlog.get_logger(__name__)


@dataclass(slots=True)
class Channel:
    """One stream of one camera, and who watches it.

    Attributes:
        group: the fragments since the last keyframe, so that who comes later has a picture at once.
    """

    key: Key
    viewers: list[tuple[Viewer, Watching]] = field(default_factory=list)
    init: LiveInit | None = None
    end: LiveEnd | None = None
    group: list[LiveFragment] = field(default_factory=list)
    group_bytes: int = 0
    asked_s: float = 0.0
    left_s: float = 0.0
    told: tuple[str, str] = ("", "")

    def take(self, media: Media) -> bool:
        """Take over what the worker sent; False when it means nothing (any more)."""
        if isinstance(media, LiveInit):
            self.init, self.end = media, None
            self.group, self.group_bytes = [], 0
        elif isinstance(media, LiveFragment):
            return self._keep(media)
        elif isinstance(media, LiveEnd):
            if self.end == media:
                return False
            self.end, self.init = media, None
        return True

    def _keep(self, fragment: LiveFragment) -> bool:
        if self.init is None or fragment.run != self.init.run:
            return False
        if fragment.keyframe and fragment.track == "video":
            self.group, self.group_bytes = [], 0
        self.group_bytes += len(fragment.data)
        if self.group_bytes <= GROUP_BYTES_MAX:
            self.group.append(fragment)
        else:
            self.group = []
        return True

    def welcome(self, viewer: Viewer, watching: Watching) -> None:
        """Show a new viewer what there is."""
        for media in (self.end, self.init, *self.group):
            if media is not None:
                viewer.show(watching, media)


class Relay:
    """Receives what the workers send and hands it on; a thread of its own, only while the server runs.

    Args:
        folder: of the bus's sockets.
        send: to the worker of a camera.
        reports: the newest report of every camera.
        counters: takes `live_*`.
    """

    def __init__(
        self, folder: Path, send: Send, reports: Callable[[], dict[str, CameraReport]], counters: Counter[str]
    ) -> None:
        self._bus = LocalBus(folder, depth=DEPTH, counters=counters)
        self._send, self._reports = send, reports
        self._counters = counters
        self._channels: dict[Key, Channel] = {}
        self._lock = threading.RLock()
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="live", daemon=True)

    def start(self) -> None:
        """Listen to the workers."""
        self._thread.start()

    def close(self) -> None:
        """End all streams."""
        self._stop.set()
        if self._thread.is_alive():
            self._thread.join()
        self._bus.close()

    @property
    def streams(self) -> int:
        """How many streams are watched."""
        return len(self._channels)

    @property
    def watchings(self) -> int:
        """How many subscriptions there are in all."""
        return sum(len(channel.viewers) for channel in list(self._channels.values()))

    def join(self, viewer: Viewer, watching: Watching) -> None:
        """Begin to show a stream to a viewer."""
        key = (watching.camera, cast("LiveStream", watching.stream))
        with self._lock:
            channel = self._channels.setdefault(key, Channel(key))
            channel.viewers.append((viewer, watching))
            self._tell_state(channel, self._reports().get(watching.camera), [(viewer, watching)])
            channel.welcome(viewer, watching)
            if not channel.asked_s:
                self._ask(channel)

    def leave(self, viewer: Viewer, watching: Watching) -> None:
        """Show it no more."""
        with self._lock:
            channel = self._channels.get((watching.camera, cast("LiveStream", watching.stream)))
            if channel is not None and (viewer, watching) in channel.viewers:
                channel.viewers.remove((viewer, watching))
                channel.left_s = time.monotonic()
        viewer.forget(watching.number)

    def _run(self) -> None:
        subscription = self._bus.subscribe(LIVE)
        next_s = 0.0
        try:
            while not self._stop.is_set():
                message = subscription.receive(_TICK_S)
                if isinstance(message, LiveInit | LiveFragment | LiveBoxes | LiveEnd):
                    self._hand_on(message)
                if time.monotonic() >= next_s:
                    next_s = time.monotonic() + _TICK_S
                    self._tick()
        finally:
            subscription.close()

    def _hand_on(self, media: Media) -> None:
        stream: LiveStream = "boxes" if isinstance(media, LiveBoxes) else media.stream
        with self._lock:
            channel = self._channels.get((media.camera, stream))
            if channel is None:
                self._counters["live_unwatched"] += 1
            elif channel.take(media):
                for viewer, watching in channel.viewers:
                    viewer.show(watching, media)

    def _tick(self) -> None:
        now_s = time.monotonic()
        with self._lock:
            if not self._channels:
                return
            reports = self._reports()
            for channel in list(self._channels.values()):
                self._keep_up(channel, reports.get(channel.key[0]), now_s)

    def _keep_up(self, channel: Channel, report: CameraReport | None, now_s: float) -> None:
        """Renew the lease of what is watched, and let go of the rest."""
        if not channel.viewers and now_s - channel.left_s > LINGER_S:
            del self._channels[channel.key]
            self._send(channel.key[0], LiveStop(camera=channel.key[0], stream=channel.key[1]))
            return
        if now_s - channel.asked_s >= RENEW_S:
            self._ask(channel)
        self._tell_state(channel, report, channel.viewers, again=False)

    def _ask(self, channel: Channel) -> None:
        camera, stream = channel.key
        channel.asked_s = time.monotonic()
        self._send(camera, LiveRequest(camera=camera, stream=stream, lease_s=LEASE_S))

    def _tell_state(
        self,
        channel: Channel,
        report: CameraReport | None,
        viewers: list[tuple[Viewer, Watching]],
        *,
        again: bool = True,
    ) -> None:
        """Say how the camera stands, to newcomers and when it has changed."""
        state = (report.state.value, report.message) if report is not None else ("waiting", "")
        if state == channel.told and not again:
            return
        channel.told = state
        for viewer, watching in viewers:
            viewer.say(said("state", watching.number, state=state[0], message=state[1]))
