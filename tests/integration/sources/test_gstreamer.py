"""The RTSP source understands a server that is not ours."""

import itertools
from collections import Counter

import pytest

from tests.support.gstreamer import gstreamer_camera
from vedette.domain.camera import StreamSpec, Transport
from vedette.sources.base import open_source

pytestmark = pytest.mark.servers


@pytest.mark.parametrize(("codec", "transport"), [("h264", "tcp"), ("h264", "udp"), ("hevc", "tcp")])
def test_gstreamers_server_is_read_picture_by_picture(make_video, codec: str, transport: str) -> None:
    """Pictures come a tenth of a second apart from a keyframe on, with the size of the file."""
    video = make_video(width=320, height=180, fps=10, seconds=6, gop=20, codec=codec)
    with gstreamer_camera(video.path, codec) as url:
        spec = StreamSpec(url=url, transport=Transport(transport))
        source = open_source(spec, pace=True, counters=Counter())
        source.open()
        try:
            packets = list(itertools.islice(source.packets(), 25))
        finally:
            source.close()
    assert (source.video.codec, source.video.width, source.video.height) == (codec, 320, 180)
    assert packets[0].keyframe
    steps = [after.utc_s - before.utc_s for before, after in itertools.pairwise(packets[1:])]
    assert steps == pytest.approx([0.1] * 23, abs=0.02)
