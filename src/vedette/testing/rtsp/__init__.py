"""RTSP cameras on loopback, made of video files: for our tests and benchmarks, and for those of users."""

from vedette.testing.auth import Guard
from vedette.testing.rtsp.camera import Camera, Fault
from vedette.testing.rtsp.farm import CameraFarm
from vedette.testing.rtsp.media import Media, load_media

__all__ = ["Camera", "CameraFarm", "Fault", "Guard", "Media", "load_media"]
