"""Where brands keep their streams: paths of the main stream, and of the smaller one beside it.

Each pattern names the source that it was taken from. They are tried on the camera that the user named, never
taken for granted.
"""

import re
from typing import NamedTuple


class Brand(NamedTuple):
    """A brand's way to name streams.

    Attributes:
        main: path and query of the main stream of the first channel.
        pattern: recognises the path of a main stream.
        sub: its replacement (as in `re.sub`) for the sub stream.
        source: where this was found.
    """

    name: str
    main: str
    pattern: str
    sub: str
    source: str


BRANDS = (
    Brand(
        "Reolink",
        "/h264Preview_01_main",
        r"(/(?:h26[45])?Preview_\d+_)main\b",
        r"\1sub",
        "support.reolink.com, Introduction to RTSP",
    ),
    Brand(
        "Hikvision",
        "/Streaming/Channels/101",
        r"(/Streaming/[Cc]hannels/\d*)01\b",
        r"\g<1>02",
        "Hikvision ISAPI RTSP user guide: channel, then 01 main and 02 sub",
    ),
    Brand(
        "Dahua, Amcrest",
        "/cam/realmonitor?channel=1&subtype=0",
        r"(/cam/realmonitor\?(?:.*&)?subtype=)0\b",
        r"\g<1>1",
        "Dahua HTTP API, RTSP: subtype 0 main, 1 extra",
    ),
    Brand(
        "TP-Link", "/stream1", r"(/stream)1$", r"\g<1>2", "tp-link.com, How to use RTSP with Tapo and VIGI"
    ),
    Brand("Foscam", "/videoMain", r"/videoMain\b", "/videoSub", "Foscam IPCamera SDK, RTSP"),
    Brand(
        "Axis",
        "/axis-media/media.amp",
        r"(/axis-media/media\.amp)$",
        r"\1?resolution=640x360",
        "VAPIX, Video streaming over RTSP: parameter resolution",
    ),
    Brand(
        "Unifi, Uniview",
        "/media/video1",
        r"(/media/video)1\b",
        r"\g<1>2",
        "Uniview RTSP: video1 main, video2 sub",
    ),
    Brand("others", "/live/ch0", r"(/live/ch(?:an)?0?)0\b", r"\g<1>1", "generic firmware: ch0 main, ch1 sub"),
)


def sub_urls(url: str) -> list[str]:
    """Addresses where the smaller stream of the same camera may be; none when the path says nothing."""
    found = [re.sub(brand.pattern, brand.sub, url, count=1) for brand in BRANDS]
    return [other for other in dict.fromkeys(found) if other != url]


def brand_of(url: str) -> str:
    """The brand that names its streams like this; empty when none is known for it."""
    found = next((brand.name for brand in BRANDS if re.search(brand.pattern, url)), "")
    return "" if found in {"others", "TP-Link"} else found.partition(",")[0]


def main_urls(place: str) -> list[str]:
    """Addresses where the main stream of an RTSP camera at `host[:port]` may be."""
    return [f"rtsp://{place}{brand.main}" for brand in BRANDS]
