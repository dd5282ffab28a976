"""Trying a stream out: what it is and its first picture, or what is wrong, in a process of its own.

A decoder that crashes on what a stranger sends, or never returns, takes that process and nothing else.
`probe_streams` is what server and command line call; `python -m vedette.sources.probe` is the process.
"""

import os
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Sequence

import msgspec

from vedette.domain.camera import StreamSpec
from vedette.domain.errors import SourceError, Trouble, VedetteError
from vedette.media.decoder import decode_keyframe
from vedette.media.jpeg import encode_jpeg
from vedette.media.packets import MediaPacket
from vedette.sources.address import Address
from vedette.sources.base import Source, Timeouts, open_source
from vedette.sources.reach import check_reach

LIMIT_S = 10.0
PICTURE_WIDTH = 960
_STARTING_S = 8.0
"""What the process itself may take beyond the limit."""
_MOST_PACKETS = 2000
_AT_ONCE = 3
"""Cameras serve few viewers."""


class Probed(msgspec.Struct, frozen=True, kw_only=True):
    """What a stream turned out to be.

    Attributes:
        trouble: None when a picture came.
        message: what was wrong, without credentials; `hint` says what to do.
        keyframe_s: from one keyframe to the next, 0 when only one came in time.
        jpeg: the first picture, at most 960 wide.
    """

    trouble: Trouble | None = None
    message: str = ""
    hint: str = ""
    codec: str = ""
    width: int = 0
    height: int = 0
    fps: float = 0.0
    audio: str = ""
    jpeg: bytes = b""
    took_s: float = 0.0


def probe_streams(specs: Sequence[StreamSpec], limit_s: float = LIMIT_S) -> list[Probed]:
    """Try streams out side by side; takes at most about `limit_s` seconds, whatever they do."""
    if not specs:
        return []
    command = [sys.executable, "-m", "vedette.sources.probe", str(limit_s)]
    try:
        done = subprocess.run(
            command,
            input=msgspec.msgpack.encode(list(specs)),
            capture_output=True,
            timeout=limit_s + _STARTING_S,
            check=True,
        )
        return msgspec.msgpack.decode(done.stdout, type=list[Probed])
    except subprocess.TimeoutExpired:
        return [_late(spec, limit_s) for spec in specs]
    except (subprocess.CalledProcessError, ValueError):
        return [_crashed(spec) for spec in specs]


def probe(spec: StreamSpec, limit_s: float = LIMIT_S) -> Probed:
    """Try one stream out in this process; its trouble is in the result, never raised."""
    started_s = time.monotonic()
    try:
        found = _picture(spec, started_s + limit_s)
    except VedetteError as error:
        trouble = error.trouble if isinstance(error, SourceError) else Trouble.OTHER
        found = Probed(trouble=trouble, message=str(error.args[0]), hint=error.hint)
    return msgspec.structs.replace(found, took_s=round(time.monotonic() - started_s, 3))


def _picture(spec: StreamSpec, deadline_s: float) -> Probed:
    address = Address.of(spec)
    shown = address.shown
    check_reach(address.url, shown, min(3.0, max(deadline_s - time.monotonic(), 0.1)))
    left_s = max(deadline_s - time.monotonic(), 0.5)
    timeouts = Timeouts(open_s=left_s, read_s=min(left_s, 6.0))
    source = open_source(spec, pace=False, counters=Counter(), timeouts=timeouts)
    try:
        source.open()
        return _described(source, _keyframe(source, deadline_s, shown))
    finally:
        source.close()


def _keyframe(source: Source, deadline_s: float, shown: str) -> MediaPacket:
    for number, packet in enumerate(source.packets()):
        if packet.is_video and packet.keyframe:
            return packet
        if number > _MOST_PACKETS or time.monotonic() > deadline_s:
            break
    raise SourceError(
        f"{shown} sends no picture to begin with.",
        hint="Set a keyframe (I-frame) every 1 to 2 seconds in the camera.",
        trouble=Trouble.SILENT,
    )


def _described(source: Source, keyframe: MediaPacket) -> Probed:
    return Probed(
        codec=source.video.codec,
        width=source.video.width,
        height=source.video.height,
        fps=round(source.video.fps, 2),
        audio=source.audio.codec if source.audio else "",
        jpeg=encode_jpeg(decode_keyframe(keyframe), max_width=PICTURE_WIDTH),
    )


def _late(spec: StreamSpec, limit_s: float) -> Probed:
    message = f"{Address.of(spec).shown} has given no picture within {limit_s:g} s."
    return Probed(trouble=Trouble.SILENT, message=message, hint="Check the camera, and try again.")


def _crashed(spec: StreamSpec) -> Probed:
    message = f"{Address.of(spec).shown} sends something that made the decoder fail."
    return Probed(trouble=Trouble.OTHER, message=message, hint="It is probably no video stream.")


def main(limit_s: float) -> None:
    """Read specs from standard input, write results to standard output."""
    specs = msgspec.msgpack.decode(sys.stdin.buffer.read(), type=list[StreamSpec])
    found = [_late(spec, limit_s) for spec in specs]

    turns = threading.BoundedSemaphore(_AT_ONCE)
    deadline_s = time.monotonic() + limit_s

    def work(place: int) -> None:
        with turns:
            found[place] = probe(specs[place], max(deadline_s - time.monotonic(), 0.5))

    threads = [threading.Thread(target=work, args=(place,), daemon=True) for place in range(len(specs))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(max(deadline_s - time.monotonic(), 0.0))
    sys.stdout.buffer.write(msgspec.msgpack.encode(found))
    sys.stdout.flush()
    os._exit(0)  # a thread that is stuck in a decoder must not hold up the end


if __name__ == "__main__":
    main(float(sys.argv[1]))
