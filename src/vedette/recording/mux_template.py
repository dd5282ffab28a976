"""Output streams for libav's muxers from plain values.

PyAV can copy the parameters of a stream only from an open input. The camera may be gone by the time a
segment begins, so the input here is a Matroska header of a few hundred bytes, made from `VideoInfo` and
`AudioInfo`: Matroska carries a codec's extradata exactly as it is, Annex B as well as avcC/hvcC
(EBML: RFC 8794; element ids and codec ids: RFC 9559 and the codec mappings of the CELLAR group).
"""

import io
import struct
from dataclasses import replace

import av
from av.container import InputContainer, OutputContainer
from av.stream import Stream

from vedette.domain.errors import UnsupportedCodecError
from vedette.media.packets import AudioInfo, MediaPacket, VideoInfo
from vedette.media.parameters import annex_b, parameter_sets

_VIDEO_CODECS = {
    "h264": b"V_MPEG4/ISO/AVC",
    "hevc": b"V_MPEGH/ISO/HEVC",
    "mjpeg": b"V_MJPEG",
    "mpeg4": b"V_MPEG4/ISO/ASP",
    "av1": b"V_AV1",
    "vp9": b"V_VP9",
}
_AUDIO_CODECS = {
    "aac": b"A_AAC",
    "opus": b"A_OPUS",
    "mp3": b"A_MPEG/L3",
}


_AAC_RATES = (96000, 88200, 64000, 48000, 44100, 32000, 24000, 22050, 16000, 12000, 11025, 8000, 7350)
_HEAD_BYTES = 4096


def can_hold_audio(audio: AudioInfo) -> bool:
    """Whether our segments can keep this audio (G.711 and G.726, for example, have no place in MP4)."""
    return audio.codec in _AUDIO_CODECS and audio.sample_rate > 0 and audio.channels > 0


def can_hold_video(video: VideoInfo) -> bool:
    """Whether our segments can keep this video."""
    return video.codec in _VIDEO_CODECS and video.width > 0 and video.height > 0


def with_parameter_sets(video: VideoInfo, keyframe: MediaPacket) -> VideoInfo:
    """The same stream with the parameter sets found in its keyframe, where the source announced none."""
    if video.extradata or video.codec not in {"h264", "hevc"}:
        return video
    head = bytes(memoryview(keyframe.packet)[:_HEAD_BYTES])
    return replace(video, extradata=annex_b(parameter_sets(head, video.codec)))


def add_streams(
    output: OutputContainer, video: VideoInfo, audio: AudioInfo | None
) -> tuple[Stream, Stream | None]:
    """Add the streams of a segment to an open output.

    Raises:
        UnsupportedCodecError: libav cannot put this codec into this container.
    """
    try:
        with _template(video, audio) as template:
            picture = output.add_stream_from_template(template.streams.video[0], opaque=True)
            sound = None
            if audio is not None:
                sound = output.add_stream_from_template(template.streams.audio[0], opaque=True)
    except (av.FFmpegError, ValueError, IndexError, UnicodeError) as error:
        raise UnsupportedCodecError(f"Cannot record {video.codec} video: {error}.") from error
    if video.codec == "hevc":
        picture.codec_context.codec_tag = "hvc1"  # browsers refuse hev1
    return picture, sound


def _template(video: VideoInfo, audio: AudioInfo | None) -> InputContainer:
    header = io.BytesIO(_header(video, audio))
    return av.open(header, mode="r", format="matroska")


def _header(video: VideoInfo, audio: AudioInfo | None) -> bytes:
    tracks = _video_entry(video) + (_audio_entry(audio) if audio is not None else b"")
    info = _element(0x1549A966, _element(0x2AD7B1, _number(1_000_000)))
    cluster = _element(0x1F43B675, _element(0xE7, _number(0)))
    segment = _element(0x18538067, info + _element(0x1654AE6B, tracks) + cluster)
    return _element(0x1A45DFA3, _element(0x4282, b"matroska")) + segment


def _video_entry(video: VideoInfo) -> bytes:
    size = _element(0xB0, _number(video.width)) + _element(0xBA, _number(video.height))
    return _entry(1, _VIDEO_CODECS[video.codec], video.extradata, _element(0xE0, size))


def _audio_entry(audio: AudioInfo) -> bytes:
    extradata = audio.extradata or (_audio_specific_config(audio) if audio.codec == "aac" else b"")
    rate = _element(0xB5, struct.pack(">d", audio.sample_rate))
    shape = rate + _element(0x9F, _number(audio.channels))
    return _entry(2, _AUDIO_CODECS[audio.codec], extradata, _element(0xE1, shape))


def _audio_specific_config(audio: AudioInfo) -> bytes:
    """The AudioSpecificConfig (ISO/IEC 14496-3, 1.6.2.1) of plain AAC-LC; empty for an odd sample rate."""
    if audio.sample_rate not in _AAC_RATES or not 1 <= audio.channels <= 7:
        return b""
    object_type, rate_index = 2, _AAC_RATES.index(audio.sample_rate)
    return (object_type << 11 | rate_index << 7 | audio.channels << 3).to_bytes(2, "big")


def _entry(number: int, codec: bytes, extradata: bytes, kind: bytes) -> bytes:
    """One TrackEntry: number, uid, type (1 video, 2 audio), codec, extradata, kind-specific element."""
    body = b"".join(_element(element_id, _number(number)) for element_id in (0xD7, 0x73C5, 0x83))
    private = _element(0x63A2, extradata) if extradata else b""
    return _element(0xAE, body + _element(0x86, codec) + private + kind)


def _element(element_id: int, payload: bytes) -> bytes:
    id_bytes = element_id.to_bytes((element_id.bit_length() + 7) // 8, "big")
    return id_bytes + (len(payload) | 1 << 56).to_bytes(8, "big") + payload


def _number(value: int) -> bytes:
    return value.to_bytes(8, "big")
