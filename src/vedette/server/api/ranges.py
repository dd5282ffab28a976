"""Byte ranges (RFC 9110 sections 13 and 14) of things that are read in pieces."""

import asyncio
import re
from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import dataclass

from django.http import HttpRequest, HttpResponse, HttpResponseBase, StreamingHttpResponse

_RANGE = re.compile(r"bytes=(\d{0,19})-(\d{0,19})")


@dataclass(frozen=True, slots=True)
class Content:
    """Something of known size.

    Attributes:
        etag: a strong validator, without quotes.
        read: offset and length to the bytes, in pieces.
    """

    size_bytes: int
    etag: str
    content_type: str
    read: Callable[[int, int], Iterator[bytes]]


class UnsatisfiableError(ValueError):
    """A range that begins behind the end."""


def parse_range(header: str, size_bytes: int) -> tuple[int, int] | None:
    """Offset and length of the one range asked for; None when all is to be sent.

    What is no single byte range is ignored, as RFC 9110 section 14.2 allows.

    Raises:
        UnsatisfiableError: nothing of the range exists.
    """
    match = _RANGE.fullmatch(header.strip())
    if match is None or match[1] == match[2] == "":
        return None
    if match[1] == "":
        length = min(int(match[2]), size_bytes)
        if length == 0:
            raise UnsatisfiableError
        return size_bytes - length, length
    first, last = int(match[1]), int(match[2]) if match[2] else size_bytes - 1
    if last < first and match[2]:
        return None
    if first >= size_bytes:
        raise UnsatisfiableError
    return first, min(last, size_bytes - 1) - first + 1


def respond(request: HttpRequest, content: Content) -> HttpResponseBase:
    """The answer to GET or HEAD: 200, 206, 304 or 416; the body is read off the event loop."""
    etag = f'"{content.etag}"'
    headers = {"ETag": etag, "Accept-Ranges": "bytes", "Cache-Control": "private, no-cache"}
    if etag in request.headers.get("If-None-Match", ""):
        return HttpResponse(status=304, headers=headers)
    try:
        span = parse_range(_range_header(request, etag), content.size_bytes)
    except UnsatisfiableError:
        headers["Content-Range"] = f"bytes */{content.size_bytes}"
        return HttpResponse(status=416, headers=headers)
    offset, length = span or (0, content.size_bytes)
    headers["Content-Length"] = str(length)
    if span is not None:
        headers["Content-Range"] = f"bytes {offset}-{offset + length - 1}/{content.size_bytes}"
    status = 200 if span is None else 206
    if request.method == "HEAD":
        return HttpResponse(status=status, headers=headers, content_type=content.content_type)
    pieces = off_the_loop(content.read(offset, length))
    return StreamingHttpResponse(pieces, status=status, headers=headers, content_type=content.content_type)


def _range_header(request: HttpRequest, etag: str) -> str:
    """The range, unless it was meant for another version of the content."""
    condition = request.headers.get("If-Range", "")
    return "" if condition and condition != etag else request.headers.get("Range", "")


async def off_the_loop(pieces: Iterator[bytes]) -> AsyncIterator[bytes]:
    """The pieces, each read on a thread."""
    while (piece := await asyncio.to_thread(next, pieces, b"")) != b"":
        yield piece
