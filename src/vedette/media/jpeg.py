"""JPEG in and out."""

import cv2
import numpy as np

from vedette.domain.errors import SourceError
from vedette.domain.geometry import Box
from vedette.media.decoder import PIXELS_MAX, check_picture_size
from vedette.media.planes import BgrPicture, Bounds, Picture

_START = b"\xff\xd8"
_SIZE_MARKERS = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}
_BARE_MARKERS = frozenset({0x01, 0xFF, *range(0xD0, 0xD9)})


def encode_jpeg(
    picture: Picture, *, region: Box | None = None, max_width: int = 0, quality: int = 85
) -> bytes:
    """A region of the picture as JPEG, at most `max_width` pixels wide when that is not 0."""
    bounds = Bounds.of(region, picture.width, picture.height)
    width, height = bounds.right - bounds.left, bounds.bottom - bounds.top
    if 0 < max_width < width:
        width, height = max_width, max(1, round(height * max_width / width))
    exact = Box(bounds.left, bounds.top, bounds.right - bounds.left, bounds.bottom - bounds.top)
    bgr = picture.crop(exact, (width, height))
    _, data = cv2.imencode(".jpg", bgr, [cv2.IMWRITE_JPEG_QUALITY, quality])
    return data.tobytes()


def decode_jpeg(data: bytes, *, pixels_max: int = PIXELS_MAX) -> BgrPicture:
    """The picture in a JPEG.

    Raises:
        SourceError: it is no JPEG, damaged, or larger than allowed (its memory is not taken then).
    """
    width, height = jpeg_size(data)
    if width * height > pixels_max:
        raise SourceError(
            f"a JPEG of {width}x{height} is too large.", hint=f"At most {pixels_max} pixels are taken."
        )
    return decode_picture(data)


def decode_picture(data: bytes) -> BgrPicture:
    """The picture in a JPEG or PNG whose size has been looked at.

    Raises:
        SourceError: it cannot be decoded.
    """
    try:
        bgr = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR)
    except cv2.error:
        bgr = None
    if bgr is None:
        raise SourceError("the picture is damaged.", hint="Only whole JPEG and PNG files can be read.")
    return BgrPicture(bgr.astype(np.uint8, copy=False))


def jpeg_size(data: bytes) -> tuple[int, int]:
    """Width and height from the frame header of a JPEG (ITU-T T.81, B.2.2), without decoding it.

    Raises:
        SourceError: there is no such header, or it names a size that no camera has.
    """
    at = 2 if data.startswith(_START) else len(data)
    while at + 9 <= len(data) and data[at] == 0xFF:
        marker = data[at + 1]
        if marker in _BARE_MARKERS:
            at += 1 if marker == 0xFF else 2
        elif marker in _SIZE_MARKERS:
            height, width = (int.from_bytes(data[at + i : at + i + 2], "big") for i in (5, 7))
            check_picture_size(width, height)
            return width, height
        else:
            at += 2 + max(int.from_bytes(data[at + 2 : at + 4], "big"), 2)
    raise SourceError("this is no JPEG picture.", hint="It has no frame header.")


def png_size(data: bytes) -> tuple[int, int]:
    """Width and height of a PNG (W3C PNG, 11.2.1), without decoding it.

    Raises:
        SourceError: it is no PNG, or of a size that no camera has.
    """
    if not data.startswith(b"\x89PNG\r\n\x1a\n") or data[12:16] != b"IHDR":
        raise SourceError("this is no PNG picture.", hint="Its header is missing.")
    width, height = int.from_bytes(data[16:20], "big"), int.from_bytes(data[20:24], "big")
    check_picture_size(width, height)
    return width, height
