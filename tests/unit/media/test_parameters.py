"""ParameterWatch: a stream that changes its parameters says so on a keyframe."""

from dataclasses import replace
from pathlib import Path

import av
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.support.video import VideoMaker
from tests.unit.media.packets import VIDEO, packets_of
from vedette.media.packets import MediaPacket, VideoInfo
from vedette.media.parameters import ParameterWatch, annex_b, parameter_sets

SMALL = {"seconds": 0.5, "fps": 10, "gop": 5, "width": 160, "height": 96}
LARGE = {**SMALL, "width": 192, "height": 112}


def raw(path: Path, codec: str) -> list[MediaPacket]:
    """The video as an Annex B stream, as RTSP carries it."""
    target = path.with_suffix(f".{codec}")
    with av.open(str(path)) as source, av.open(str(target), "w", format=codec) as out:
        stream = out.add_stream_from_template(source.streams.video[0])
        for media in source.demux(video=0):
            if media.size:
                media.stream = stream
                out.mux(media)
    return packets_of(target)


def info_of(packet: MediaPacket) -> VideoInfo:
    assert isinstance(packet.info, VideoInfo)
    return packet.info


def damaged(packet: MediaPacket) -> av.Packet:
    """The packet with bits of its parameter sets turned over."""
    data = bytearray(bytes(packet.packet))
    data[6:16] = bytes(byte ^ 0x5A for byte in data[6:16])
    return av.Packet(bytes(data))


@pytest.mark.parametrize("codec", ["h264", "hevc"])
def test_the_same_parameters_are_no_change(make_video: VideoMaker, codec: str) -> None:
    """Sets that come with every keyframe, as known, leave the very same info."""
    packets = raw(make_video(**SMALL, codec=codec).path, codec)
    watch = ParameterWatch(info_of(packets[0]))
    assert all(watch.look(packet.packet) is packets[0].info for packet in packets if packet.keyframe)


@pytest.mark.parametrize("codec", ["h264", "hevc"])
def test_a_new_size_is_found(make_video: VideoMaker, codec: str) -> None:
    """New sets in band give an info with their size, once, and back again."""
    small = raw(make_video(**SMALL, codec=codec).path, codec)[0]
    large = raw(make_video(**LARGE, codec=codec).path, codec)[0]
    watch = ParameterWatch(info_of(small))
    changed = watch.look(large.packet)
    assert (changed.width, changed.height) == (192, 112)
    assert parameter_sets(changed.extradata, codec) == parameter_sets(info_of(large).extradata, codec)
    assert watch.look(large.packet) is changed
    assert watch.look(small.packet).width == 160


def test_damage_is_no_change(make_video: VideoMaker) -> None:
    """Sets that were damaged on the way are not taken over, and the true ones are still known."""
    packets = raw(make_video(**SMALL).path, "h264")
    info = info_of(packets[0])
    watch = ParameterWatch(info)
    assert watch.look(damaged(packets[0])) is info
    assert watch.look(packets[0].packet) is info


def test_sets_are_learnt_when_none_were_known(make_video: VideoMaker) -> None:
    """A stream that was described without sets gets them from its first keyframe."""
    key = raw(make_video(**SMALL).path, "h264")[0]
    learnt = ParameterWatch(replace(info_of(key), extradata=b"")).look(key.packet)
    assert set(parameter_sets(learnt.extradata, "h264")) == {7, 8}


def test_motion_jpeg_sizes_are_found(make_video: VideoMaker) -> None:
    """Each JPEG carries its size; another one is a change."""
    small = packets_of(make_video(**SMALL, codec="mjpeg", suffix=".avi").path)
    large = packets_of(make_video(**LARGE, codec="mjpeg", suffix=".avi").path)
    watch = ParameterWatch(info_of(small[0]))
    assert watch.look(small[1].packet) is small[0].info
    assert watch.look(large[0].packet).width == 192
    assert watch.look(av.Packet(b"no picture at all")).width == 192


@given(data=st.binary(max_size=300), codec=st.sampled_from(["h264", "hevc", "mjpeg", "vp9"]))
def test_random_bytes_are_no_parameters(data: bytes, codec: str) -> None:
    """Whatever comes, the watch answers with an info; what it finds can be written and read again."""
    info = replace(VIDEO, codec=codec)
    watch = ParameterWatch(info)
    assert watch.look(av.Packet(data)).codec == codec
    sets = parameter_sets(data, codec)
    assert parameter_sets(annex_b(sets), codec) == sets
