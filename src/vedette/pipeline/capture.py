"""The capture stage: packets in, the frames worth looking at out."""

from collections import Counter
from collections.abc import Iterator

from vedette.domain.camera import Profile
from vedette.media.packets import MediaPacket, VideoInfo
from vedette.pipeline.frames import Frame
from vedette.pipeline.load import LoadControl
from vedette.pipeline.stretch import Stretch


class Capture:
    """One camera's capture stage, over any change of the stream's parameters.

    Args:
        camera: id of the camera.
        profile: what to look for and how hard.
        counters: of this camera; takes `frames_decoded`, `keyframes_decoded`, `frames_decoded_inside`,
            `frames_analysed`, `gate_looks`, `gate_opened`, `keyframes_corrupt`.
        gate: False decodes and samples everything, as a yardstick.
    """

    def __init__(self, camera: str, profile: Profile, counters: Counter[str], *, gate: bool = True) -> None:
        self.camera = camera
        self.load = LoadControl(profile, counters)
        self._profile = profile
        self._counters = counters
        self._gated = gate
        self._stretch: Stretch | None = None

    def configure(self, profile: Profile) -> None:
        """Take over another profile between two frames."""
        self._profile = profile
        if self._stretch is not None:
            self._stretch.profile = profile
            self.load.configure(profile, fps=self._stretch.info.fps)

    @property
    def is_open(self) -> bool:
        """Whether all frames are being decoded."""
        return self._stretch is not None and self._stretch.is_open

    def wants(self, packet: MediaPacket) -> bool:
        """Whether this packet alone may lead to work; cheap, and safe from another thread than `feed`."""
        return self._stretch is None or self._stretch.wants(packet)

    def feed(self, packet: MediaPacket) -> Iterator[Frame]:
        """Take one packet in decode order; yields the frames to look at, oldest first."""
        if not isinstance(packet.info, VideoInfo):
            return
        stretch = self._stretch
        if stretch is None or packet.discontinuity or packet.info is not stretch.info:
            yield from self.finish()
            stretch = self._stretch = self._begin(packet.info, stretch.sequence if stretch else 0)
        yield from stretch.feed(packet)

    def finish(self) -> Iterator[Frame]:
        """The stream has ended or breaks off: yields what is still to be looked at."""
        if self._stretch is not None:
            stretch, self._stretch = self._stretch, None
            yield from stretch.finish()

    def _begin(self, info: VideoInfo, sequence: int) -> Stretch:
        self.load.configure(self._profile, fps=info.fps)
        return Stretch(
            self.camera,
            info,
            self._profile,
            self.load,
            self._counters,
            gated=self._gated,
            sequence=sequence,
        )
