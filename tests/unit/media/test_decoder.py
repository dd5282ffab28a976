"""Decoders: there only while needed, and never harmed by what is fed to them."""

from collections import Counter
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import av
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.support.video import VideoMaker
from tests.unit.media.packets import AUDIO, VIDEO, packet, packets_of
from vedette.domain.errors import SourceError, UnsupportedCodecError
from vedette.media.decoder import GroupDecoder, check_picture_size, decode_keyframe, open_decoder
from vedette.media.packets import MediaPacket

CLIP = {"seconds": 1.2, "fps": 10, "gop": 6, "width": 160, "height": 96}


def annex_b(path: Path, suffix: str, codec: str) -> Path:
    """The same packets as a raw stream, parameter sets in band, as RTSP carries them."""
    raw = path.with_suffix(suffix)
    with av.open(str(path)) as source, av.open(str(raw), "w", format=codec) as target:
        stream = target.add_stream_from_template(source.streams.video[0])
        for media in source.demux(video=0):
            if media.size:
                media.stream = stream
                target.mux(media)
    return raw


def first_picture(path: Path) -> np.ndarray:
    """The luma of the first picture as libav's own pipeline gives it."""
    with av.open(str(path)) as container:
        frame = next(container.decode(video=0))
        return frame.to_ndarray()[: frame.height]


@pytest.mark.parametrize(("codec", "suffix"), [("h264", ".mp4"), ("hevc", ".mp4"), ("mjpeg", ".avi")])
def test_a_keyframe_alone_is_decoded(make_video: VideoMaker, codec: str, suffix: str) -> None:
    """An ephemeral decoder gives the very picture, for parameters that lie beside the stream."""
    path = make_video(**CLIP, codec=codec, suffix=suffix).path
    packets = packets_of(path)
    planes = decode_keyframe(packets[0])
    assert (planes.width, planes.height) == (160, 96)
    assert (planes.y == first_picture(path)).all()


@pytest.mark.parametrize("codec", ["h264", "hevc"])
def test_parameters_in_band_do_too(make_video: VideoMaker, codec: str) -> None:
    """Raw streams (Annex B, as over RTSP) decode to the same picture as the MP4."""
    path = make_video(**CLIP, codec=codec).path
    raw = packets_of(annex_b(path, f".{codec}", codec))
    assert raw[0].info.extradata[:4] != b"\1"
    assert (decode_keyframe(raw[0]).y == decode_keyframe(packets_of(path)[0]).y).all()


def test_the_loop_filter_may_be_skipped(make_video: VideoMaker) -> None:
    """For motion alone a rougher picture does."""
    key = packets_of(make_video(**CLIP).path)[0]
    rough, fine = decode_keyframe(key, skip_loop_filter=True), decode_keyframe(key)
    assert np.abs(rough.y.astype(int) - fine.y).mean() < 4


def test_a_picture_outlives_its_decoder(make_video: VideoMaker) -> None:
    """Planes stay valid when decoder and packets are gone."""
    path = make_video(**CLIP).path
    decoder = GroupDecoder(packets_of(path)[0].info)
    pictures = [picture for media in packets_of(path) for _, picture in decoder.decode(media)]
    before = pictures[0].y.copy()
    decoder.close()
    assert (pictures[0].y == before).all()


@pytest.mark.parametrize("b_frames", [0, 2])
def test_groups_come_in_presentation_order(make_video: VideoMaker, b_frames: int) -> None:
    """Every picture comes out once, with its own time, sorted, whatever the order in the stream."""
    path = make_video(**CLIP, b_frames=b_frames).path
    packets = packets_of(path)
    decoder = GroupDecoder(packets[0].info)
    pictures = [pair for media in packets for pair in decoder.decode(media)] + decoder.flush()
    times = [time for time, _ in pictures]
    assert times == sorted(media.utc_s for media in packets)
    assert len(times) == 12


def test_a_decoder_goes_on_after_a_flush(make_video: VideoMaker) -> None:
    """The next group may follow a flush."""
    packets = packets_of(make_video(**CLIP).path)
    decoder = GroupDecoder(packets[0].info)
    for group in (packets[:6], packets[6:]):
        assert sum(len(decoder.decode(p)) for p in group) + len(decoder.flush()) == 6


def test_a_closed_decoder_says_so(make_video: VideoMaker) -> None:
    """Feeding it is a mistake with a message."""
    key = packets_of(make_video(**CLIP).path)[0]
    decoder = GroupDecoder(key.info)
    decoder.close()
    with pytest.raises(SourceError, match="closed"):
        decoder.decode(key)


@pytest.mark.parametrize(("width", "height"), [(0, 0), (0, 720), (-1, 5), (16384, 8192)])
def test_sizes_that_no_camera_has_are_refused(width: int, height: int) -> None:
    """0x0 and 16k pictures are refused before memory is taken."""
    with pytest.raises(SourceError, match=f"{width}x{height}"):
        check_picture_size(width, height)
    with pytest.raises(SourceError):
        GroupDecoder(replace(VIDEO, width=width, height=height))


@pytest.mark.parametrize("codec", ["nobody-has-this", "aac"])
def test_an_unknown_codec_is_named(codec: str) -> None:
    """The message names the codec."""
    with pytest.raises(UnsupportedCodecError, match=codec):
        open_decoder(replace(VIDEO, codec=codec))


def test_sound_is_no_picture() -> None:
    """Decoding an audio packet is refused."""
    with pytest.raises(SourceError):
        decode_keyframe(packet(0.0, info=AUDIO))


def test_a_strict_decoder_conceals_nothing(make_video: VideoMaker) -> None:
    """Damage in the slices is an error for strict decoding, a patched picture otherwise."""
    key = packets_of(make_video(**CLIP, bit_rate=400_000).path)[0]
    data = bytearray(bytes(key.packet))
    data[len(data) // 2 : len(data) // 2 + 60] = b"\xff" * 60
    media = av.Packet(bytes(data))
    media.is_keyframe = True
    damaged = MediaPacket(media, key.info, 0.0, keyframe=True)
    with pytest.raises(SourceError):
        decode_keyframe(damaged, strict=True)


@settings(max_examples=60)
@given(
    data=st.binary(max_size=600),
    codec=st.sampled_from(["h264", "hevc", "mjpeg"]),
    extradata=st.binary(max_size=80),
)
def test_random_bytes_never_crash(data: bytes, codec: str, extradata: bytes) -> None:
    """Random packets and parameters give pictures or errors for people, nothing else."""
    info = replace(VIDEO, codec=codec, extradata=extradata)
    media = av.Packet(data)
    media.pts = 0
    fed = MediaPacket(media, info, 0.0, keyframe=True)
    counters: Counter[str] = Counter()
    with suppress(SourceError):
        decoder = GroupDecoder(info, counters=counters)
        decoder.decode(fed)
        decoder.flush()
        decode_keyframe(fed)
    assert set(counters) <= {"corrupt_packets"}


@settings(max_examples=60)
@given(place=st.floats(0, 1), junk=st.binary(min_size=1, max_size=50))
def test_damaged_packets_are_counted_not_raised(make_video: VideoMaker, place: float, junk: bytes) -> None:
    """Bytes overwritten anywhere in a group cost pictures at most."""
    packets = packets_of(make_video(**CLIP).path)
    decoder = GroupDecoder(packets[0].info, counters=Counter())
    for media in packets:
        data = bytearray(bytes(media.packet))
        at = int(place * len(data))
        data[at : at + len(junk)] = junk
        changed = av.Packet(bytes(data))
        changed.pts, changed.dts = media.packet.pts, media.packet.dts
        decoder.decode(MediaPacket(changed, media.info, media.utc_s, media.keyframe))
    decoder.flush()
