"""Scenes that the program renders itself: a camera for whoever has none, and for machines without a network.

`scene:garden`, or with settings: `scene:garden?width=640&height=360&fps=10&seconds=30`. Paced, a scene goes
on for ever; as recorded footage it ends after `seconds`, or when everything has happened once.
"""

import threading
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from urllib.parse import parse_qsl

import av
from av.codec.context import Flags
from av.video.codeccontext import VideoCodecContext

from vedette.domain.camera import StreamSpec
from vedette.domain.errors import SourceError
from vedette.media.packets import AudioInfo, MediaPacket, VideoInfo
from vedette.sources.base import Setting, Source
from vedette.testing.scenes import SCENES, Renderer, Scene
from vedette.testing.video import VideoSpec, encoder_options

TIME_BASE = Fraction(1, 90000)
GROUP_S = 2
_LIMITS = {"width": (160, 3840), "height": (96, 2160), "fps": (1, 60), "seconds": (0, 86400)}
_DEFAULTS = {"width": 1280, "height": 720, "fps": 12, "seconds": 0}


def source(spec: StreamSpec, setting: Setting) -> Source:
    """A source for a `scene:` address.

    Raises:
        SourceError: there is no such scene, or a setting makes no sense.
    """
    return SceneSource(read_address(spec.url), setting)


@dataclass(frozen=True, slots=True)
class SceneAddress:
    """What a `scene:` address asks for; `seconds` is 0 when nothing is said."""

    name: str
    width: int
    height: int
    fps: int
    seconds: int

    @property
    def scene(self) -> Scene:
        """What happens."""
        return SCENES[self.name]


def read_address(url: str) -> SceneAddress:
    """Take a `scene:` address apart.

    Raises:
        SourceError: there is no such scene, or a setting makes no sense.
    """
    name, _, query = url.removeprefix("scene:").strip("/").partition("?")
    if name not in SCENES:
        raise SourceError(f"there is no scene {name!r}.", hint=f"There are {', '.join(sorted(SCENES))}.")
    return SceneAddress(name, **(_DEFAULTS | dict(_setting(*pair) for pair in parse_qsl(query))))


def _setting(name: str, text: str) -> tuple[str, int]:
    low, high = _LIMITS.get(name, (0, -1))
    if not (text.isascii() and text.isdigit() and low <= int(text) <= high):
        known = ", ".join(f"{known} {low} to {high}" for known, (low, high) in _LIMITS.items())
        raise SourceError(f"a scene cannot have {name}={text}.", hint=f"Known are {known}.")
    return name, int(text) // 2 * 2 if name in {"width", "height"} else int(text)


class SceneSource:
    """Renders and encodes one scene as a camera would send it."""

    video: VideoInfo

    def __init__(self, address: SceneAddress, setting: Setting) -> None:
        self._address, self._setting = address, setting
        self._ended = threading.Event()
        self._renderer = Renderer(address.scene, address.width, address.height)
        seconds = address.seconds or (0 if setting.pace else address.scene.period_s)
        self._pictures = round(seconds * address.fps) or None
        self.live = self._pictures is None
        self.audio: AudioInfo | None = None

    def open(self) -> None:
        """See `Source`."""
        self._encoder = _encoder(self._address)
        self.video = VideoInfo(
            codec="h264",
            width=self._address.width,
            height=self._address.height,
            extradata=bytes(self._encoder.extradata or b""),
            time_base=TIME_BASE,
            fps=float(self._address.fps),
        )

    def packets(self) -> Iterator[MediaPacket]:
        """See `Source`."""
        self._setting.clock.restart()
        index = 0
        while index != self._pictures and not self._ended.is_set():
            for packet in self._encoder.encode(self._frame(index)):
                made = self._made(packet)
                if not self._waited(made):
                    return
                yield made
            index += 1

    def close(self) -> None:
        """See `Source`."""
        self._ended.set()

    def _frame(self, index: int) -> av.VideoFrame:
        picture = self._renderer.picture(index / self._address.fps)
        frame = av.VideoFrame.from_ndarray(picture, format="bgr24").reformat(format="yuv420p")
        frame.pts, frame.time_base = index * 90000 // self._address.fps, TIME_BASE
        return frame

    def _made(self, packet: "av.Packet[av.VideoStream]") -> MediaPacket:
        at_s = float((packet.pts or 0) * TIME_BASE)
        packet.duration = 90000 // self._address.fps
        moment = self._setting.clock.map(at_s, self._setting.wall(), paced=True)
        return MediaPacket(packet, self.video, moment.utc_s, bool(packet.is_keyframe), moment.jumped)

    def _waited(self, packet: MediaPacket) -> bool:
        if not self._setting.pace:
            return not self._ended.is_set()
        return not self._ended.wait(max(packet.utc_s - self._setting.wall(), 0.0))


def _encoder(address: SceneAddress) -> VideoCodecContext:
    """x264, one packet out for each picture in."""
    spec = VideoSpec(fps=address.fps, gop=GROUP_S * address.fps)
    encoder = av.CodecContext.create("libx264", "w")
    assert isinstance(encoder, VideoCodecContext)
    encoder.width, encoder.height, encoder.pix_fmt = address.width, address.height, "yuv420p"
    encoder.framerate, encoder.time_base = Fraction(address.fps), TIME_BASE
    encoder.flags |= Flags.global_header
    encoder.options = {**encoder_options(spec), "tune": "zerolatency"}
    encoder.open()
    return encoder
