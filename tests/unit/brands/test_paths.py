"""Paths of brands: from a main stream to its sub stream."""

import re

import pytest

from vedette.brands.paths import BRANDS, main_urls, sub_urls


@pytest.mark.parametrize(
    ("main", "sub"),
    [
        ("rtsp://c/h264Preview_01_main", "rtsp://c/h264Preview_01_sub"),
        ("rtsp://c/Preview_02_main", "rtsp://c/Preview_02_sub"),
        ("rtsp://c:554/Streaming/Channels/101", "rtsp://c:554/Streaming/Channels/102"),
        ("rtsp://c/Streaming/channels/1601?x=1", "rtsp://c/Streaming/channels/1602?x=1"),
        ("rtsp://c/cam/realmonitor?channel=3&subtype=0", "rtsp://c/cam/realmonitor?channel=3&subtype=1"),
        ("rtsp://c/stream1", "rtsp://c/stream2"),
        ("rtsp://c:88/videoMain", "rtsp://c:88/videoSub"),
        ("rtsp://c/axis-media/media.amp", "rtsp://c/axis-media/media.amp?resolution=640x360"),
        ("rtsp://c/media/video1", "rtsp://c/media/video2"),
        ("rtsp://c/live/ch0", "rtsp://c/live/ch1"),
        ("rtsp://c/live/ch00", "rtsp://c/live/ch01"),
    ],
)
def test_each_brand_has_its_sub_stream(main: str, sub: str) -> None:
    """The rest of the address stays as it is."""
    assert sub_urls(main) == [sub]


@pytest.mark.parametrize(
    "url", ["rtsp://c/", "rtsp://c/Streaming/Channels/102", "rtsp://c/stream10", "rtsp://stream1.example/x"]
)
def test_other_paths_say_nothing(url: str) -> None:
    """A path of no brand, or of a sub stream, gives no guess."""
    assert sub_urls(url) == []


def test_every_main_path_is_recognised_again() -> None:
    """What is guessed as main stream has a sub stream, and each brand names its source."""
    for url, brand in zip(main_urls("cam:554"), BRANDS, strict=True):
        assert sub_urls(url), brand.name
        assert re.search(brand.pattern, url)
        assert brand.source
