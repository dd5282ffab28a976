"""Makes real video files of rendered scenes with the encoders that come with PyAV."""

import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path
from typing import Literal

import av
import av.container
import numpy as np
from av.audio.stream import AudioStream
from av.video.stream import VideoStream
from numpy.typing import NDArray

from vedette.testing.backgrounds import Bgr
from vedette.testing.scenes import Presence, Renderer, Scene, Walk

Codec = Literal["h264", "hevc", "mjpeg"]

_AUDIO_RATE = 16_000
_ENCODERS = {"h264": "libx264", "hevc": "libx265", "mjpeg": "mjpeg"}


@dataclass(frozen=True)
class VideoSpec:
    """What video to make.

    Attributes:
        seconds: how long; the number of pictures is `seconds * fps`, rounded.
        gop: pictures from one keyframe to the next.
        bit_rate: bits per second; 0 means constant quality.
        constant_rate: whether every second takes the bit rate, padded where needed, as many cameras do.
        b_frames: bidirectional pictures in a row.
        tone_hz: of an AAC sound track; 0 means silent, without a track.
        preset: of x264 and x265.
        faststart: whether an MP4 file has its index at the front.
    """

    scene: Scene = field(default_factory=lambda: Scene(walks=(Walk(),)))
    width: int = 640
    height: int = 360
    fps: int = 10
    seconds: float = 8.0
    codec: Codec = "h264"
    gop: int = 20
    bit_rate: int = 0
    constant_rate: bool = False
    b_frames: int = 0
    tone_hz: float = 0.0
    preset: str = "ultrafast"
    faststart: bool = False

    @property
    def pictures(self) -> int:
        """How many there are."""
        return round(self.seconds * self.fps)

    @property
    def presences(self) -> tuple[Presence, ...]:
        """The truth: who is in view, and when."""
        return self.scene.presences(self.seconds, 1 / self.fps)


def encoder_options(spec: VideoSpec) -> dict[str, str]:
    """The options for the encoder; one thread, so that the same specification gives the same bytes."""
    if spec.codec == "mjpeg":
        return {"qmin": "3", "qmax": "3", "threads": "1"}
    common = {"preset": spec.preset, "g": str(spec.gop), "bf": str(spec.b_frames), "threads": "1"}
    return common | (_x264_options(spec) if spec.codec == "h264" else _x265_options(spec))


def _x264_options(spec: VideoSpec) -> dict[str, str]:
    options = {"keyint_min": str(spec.gop), "sc_threshold": "0"}
    if not spec.bit_rate:
        return options | {"crf": "26"}
    bits = str(spec.bit_rate)
    options |= {"b": bits, "maxrate": bits, "bufsize": bits}
    return options | ({"nal-hrd": "cbr", "minrate": bits} if spec.constant_rate else {})


def _x265_options(spec: VideoSpec) -> dict[str, str]:
    params = f"log-level=none:keyint={spec.gop}:min-keyint={spec.gop}:scenecut=0:bframes={spec.b_frames}"
    params += ":pools=none:frame-threads=1"
    if not spec.bit_rate:
        return {"crf": "28", "x265-params": params}
    kilobits = spec.bit_rate // 1000
    params += f":vbv-maxrate={kilobits}:vbv-bufsize={kilobits}"
    return {"b": str(spec.bit_rate), "x265-params": params}


def scene_pictures(spec: VideoSpec) -> Iterator[Bgr]:
    """The pictures of the video, in order."""
    renderer = Renderer(spec.scene, spec.width, spec.height)
    for index in range(spec.pictures):
        yield renderer.picture(index / spec.fps)


def write_video(path: Path, spec: VideoSpec, pictures: Iterable[Bgr] | None = None) -> Path:
    """Encode pictures (those of the specification's scene by default) into a file.

    The container follows from the name: `.mp4`, `.mkv`, `.ts`, `.avi`, `.h264`, `.hevc`, `.mjpeg`.
    """
    options = {"movflags": "+faststart"} if spec.faststart else {}
    with av.open(str(path), "w", options=options) as container:
        video = add_video_stream(container, spec)
        audio = _add_audio(container, spec)
        for index, picture in enumerate(scene_pictures(spec) if pictures is None else pictures):
            frame = av.VideoFrame.from_ndarray(picture, format="bgr24")
            frame.pts = index
            container.mux(video.encode(frame.reformat(format=video.pix_fmt)))
            if audio:
                _encode_tone(container, audio, spec, index)
        container.mux(video.encode(None))
        if audio:
            container.mux(audio.encode(None))
    return path


def add_video_stream(container: av.container.OutputContainer, spec: VideoSpec) -> VideoStream:
    """Add the stream of this specification to a file that is being written."""
    stream = container.add_stream(_ENCODERS[spec.codec], rate=spec.fps, options=encoder_options(spec))
    assert isinstance(stream, VideoStream)
    stream.width, stream.height = spec.width, spec.height
    stream.pix_fmt = "yuvj420p" if spec.codec == "mjpeg" else "yuv420p"
    stream.codec_context.time_base = Fraction(1, spec.fps)
    return stream


def _add_audio(container: av.container.OutputContainer, spec: VideoSpec) -> AudioStream | None:
    if not spec.tone_hz:
        return None
    stream = container.add_stream("aac", rate=_AUDIO_RATE)
    assert isinstance(stream, AudioStream)
    stream.layout = "mono"
    return stream


def _encode_tone(
    container: av.container.OutputContainer, stream: AudioStream, spec: VideoSpec, index: int
) -> None:
    """The sound that belongs to one picture."""
    first, last = (round(i * _AUDIO_RATE / spec.fps) for i in (index, index + 1))
    frame = av.AudioFrame.from_ndarray(tone(spec.tone_hz, first, last), format="fltp", layout="mono")
    frame.sample_rate, frame.pts, frame.time_base = _AUDIO_RATE, first, Fraction(1, _AUDIO_RATE)
    container.mux(stream.encode(frame))


def tone(hertz: float, first: int, last: int) -> NDArray[np.float32]:
    """Samples `first` to `last` of a sine at 16 kHz, shape (1, last - first), -1 to 1."""
    times = np.arange(first, last, dtype=np.float64) / _AUDIO_RATE
    return (0.3 * np.sin(math.tau * hertz * times)).astype(np.float32)[None, :]
