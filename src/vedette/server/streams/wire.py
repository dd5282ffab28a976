"""What travels on the live socket: JSON texts for control, binary frames for media.

A binary frame is a header of 32 bytes, big-endian, and a piece of MP4:

| bytes | what |
|---|---|
| 1 | version, 1 |
| 1 | track: 0 video, 1 audio |
| 1 | flags: 1 the initialization segment, 2 playing can begin here |
| 1 | 0 |
| 4 | number of the subscription |
| 8 | `utc_s` of the first frame (IEEE 754) |
| 8 | `media_s`, when it is shown on the stream's time line |
| 8 | `duration_s` |
"""

import struct
from typing import Literal

import msgspec

from vedette.domain.messages import LiveBoxes, LiveEnd, LiveFragment, LiveInit

HEADER = struct.Struct(">BBBBIddd")
VERSION, INIT, KEYFRAME = 1, 1, 2
MESSAGE_BYTES_MAX = 16 * 1024
"""Of what a viewer may send."""


class Subscribe(msgspec.Struct, frozen=True, tag="subscribe", forbid_unknown_fields=True):
    """Watch a stream of a camera; `subscription` is a number of the viewer's own choice."""

    subscription: int
    camera: str
    stream: Literal["main", "sub", "boxes"] = "main"
    sound: bool = False


class Unsubscribe(msgspec.Struct, frozen=True, tag="unsubscribe", forbid_unknown_fields=True):
    """Watch it no more."""

    subscription: int


class Received(msgspec.Struct, frozen=True, tag="received", forbid_unknown_fields=True):
    """So many binary frames have arrived so far: what is on its way longer than a moment is a slow line."""

    frames: int


Asked = Subscribe | Unsubscribe | Received

_decoder: msgspec.json.Decoder[Asked] = msgspec.json.Decoder(Asked)


def read_asked(text: str) -> Asked:
    """Read what a viewer asks.

    Raises:
        msgspec.DecodeError: it is none of the known messages.
    """
    asked = _decoder.decode(text)
    if isinstance(asked, Subscribe) and not (0 <= asked.subscription < 2**32 and len(asked.camera) <= 64):
        raise msgspec.ValidationError("the number or the camera is out of bounds")
    return asked


def said(kind: str, subscription: int | None = None, **fields: object) -> str:
    """A control message."""
    numbered = {} if subscription is None else {"subscription": subscription}
    return msgspec.json.encode({"type": kind, **numbered, **fields}).decode()


def init_text(subscription: int, init: LiveInit, *, sound: bool) -> str:
    """What is about to come: codecs to be judged before anything is appended."""
    audio = init.audio.codecs if init.audio is not None else ""
    return said(
        "init",
        subscription,
        run=init.run,
        stream=init.stream,
        width=init.width,
        height=init.height,
        video=init.video.codecs,
        audio=audio if sound else "",
        has_sound=bool(audio),
    )


def init_frames(subscription: int, init: LiveInit, *, sound: bool) -> list[bytes]:
    """The initialization segments."""
    tracks = [(0, init.video), *([(1, init.audio)] if sound and init.audio is not None else [])]
    return [
        HEADER.pack(VERSION, number, INIT, 0, subscription, 0.0, 0.0, 0.0) + track.data
        for number, track in tracks
    ]


def fragment_frame(subscription: int, fragment: LiveFragment) -> bytes:
    """A fragment."""
    track, flags = int(fragment.track == "audio"), KEYFRAME if fragment.keyframe else 0
    times = (fragment.utc_s, fragment.media_s, fragment.duration_s)
    return HEADER.pack(VERSION, track, flags, 0, subscription, *times) + fragment.data


def boxes_text(subscription: int, found: LiveBoxes) -> str:
    """What is seen in one picture."""
    return said(
        "boxes",
        subscription,
        utc_s=found.utc_s,
        width=found.width,
        height=found.height,
        boxes=found.boxes,
        motion=found.motion,
    )


def end_text(subscription: int, end: LiveEnd) -> str:
    """The stream cannot be had."""
    return said("end", subscription, reason=end.reason, message=end.message)
