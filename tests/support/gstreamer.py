"""GStreamer's RTSP server, an implementation that is not ours, from the Debian packages."""

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path

import pytest

from tests.support.processes import PATIENCE_S, Child

_PYTHON = "/usr/bin/python3"  # the one that Debian's python3-gi belongs to
_PAYLOADERS = {"h264": "h264parse ! rtph264pay", "hevc": "h265parse ! rtph265pay"}
_IMPORTS = """
import sys
import gi
gi.require_version("Gst", "1.0")
gi.require_version("GstRtspServer", "1.0")
from gi.repository import GLib, Gst, GstRtspServer
Gst.init(None)
"""
_SERVER = """
factory = GstRtspServer.RTSPMediaFactory()
factory.set_launch(sys.argv[1])
server = GstRtspServer.RTSPServer()
server.set_address("127.0.0.1")
server.set_service("0")
server.get_mount_points().add_factory("/front", factory)
server.attach(None)
print("port", server.get_bound_port(), flush=True)
GLib.MainLoop().run()
"""


@cache
def _available() -> bool:
    command = [_PYTHON, "-c", f'{_IMPORTS}assert Gst.ElementFactory.find("rtph264pay")']
    try:
        return subprocess.run(command, capture_output=True, check=False, timeout=PATIENCE_S).returncode == 0
    except OSError:
        return False


@contextmanager
def gstreamer_camera(path: Path, codec: str = "h264") -> Iterator[str]:
    """The address of a camera that plays an MP4 file once; skips the test where there is no GStreamer."""
    if not _available():
        pytest.skip(
            "no GStreamer RTSP server: install gir1.2-gst-rtsp-server-1.0 and gstreamer1.0-plugins-good"
        )
    launch = (
        f"( filesrc location={path} ! qtdemux ! {_PAYLOADERS[codec]} name=pay0 pt=96 config-interval=-1 )"
    )
    with Child([_PYTHON, "-c", _IMPORTS + _SERVER, launch]) as server:
        port = server.wait_for_line("port").split()[1]
        yield f"rtsp://127.0.0.1:{port}/front"
