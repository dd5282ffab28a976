"""Pieces of live streams, without a camera."""

from typing import Any

from vedette.domain.messages import LiveFragment, LiveInit, LiveTrack


def init(run: str = "first", *, sound: bool = False, camera: str = "door") -> LiveInit:
    """A beginning."""
    return LiveInit(
        camera=camera,
        stream="main",
        run=run,
        width=640,
        height=360,
        video=LiveTrack(codecs="avc1.42c01e", data=b"head"),
        audio=LiveTrack(codecs="mp4a.40.2", data=b"ears") if sound else None,
    )


def fragment(sequence: int, *, keyframe: bool = False, **changes: Any) -> LiveFragment:
    """A fragment whose bytes are its number."""
    fields: dict[str, Any] = {
        "camera": "door",
        "stream": "main",
        "run": "first",
        "track": "video",
        "utc_s": 1000.0 + sequence / 10,
        "media_s": sequence / 10,
        "duration_s": 0.1,
        "data": str(sequence).encode(),
    }
    return LiveFragment(sequence=sequence, keyframe=keyframe, **(fields | changes))
