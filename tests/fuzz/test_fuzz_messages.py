"""Messages from other processes: read back equal, or refused with the errors that every reader knows."""

from collections import Counter

import msgspec
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.fuzz.inputs import damaged, fuzz, values
from tests.unit.pipeline.test_open_events import event
from vedette.domain.camera import CameraSpec, StreamSpec
from vedette.domain.errors import SourceError
from vedette.domain.messages import Assignment, FrameMessage, UnknownVersionError, decode, encode
from vedette.pipeline.chain import from_message
from vedette.pipeline.open_events import OpenEvents

ASSIGNMENT = Assignment(
    revision=3, cameras=(CameraSpec(id="door", name="Door", main=StreamSpec(url="rtsp://x/y")),)
)


@fuzz(4)
@given(data=damaged(encode(ASSIGNMENT)) | damaged(encode(event())) | st.binary(max_size=100))
def test_bytes_are_a_message_or_none(data: bytes) -> None:
    """What is accepted can be sent on."""
    try:
        message = decode(data)
    except (msgspec.DecodeError, UnknownVersionError):
        return
    assert decode(encode(message)) == message or "nan" in repr(message)


@fuzz(2)
@given(
    content=st.dictionaries(
        st.sampled_from(["type", "v", "camera", "revision", "id"]), values | st.just("event")
    )
)
def test_maps_of_anything_are_refused(content: object) -> None:
    """Wrong types in the right places."""
    try:
        data = msgspec.msgpack.encode(content)
    except OverflowError:
        return
    with pytest.raises((msgspec.DecodeError, UnknownVersionError)):
        decode(data)


@fuzz(2)
@given(
    width=st.integers(-(2**40), 2**40) | st.sampled_from([0, 2, 64]),
    height=st.integers(-(2**40), 2**40) | st.sampled_from([0, 2, 36]),
    data=st.binary(max_size=64) | st.just(bytes(64 * 36 * 3 // 2)),
    encoding=st.sampled_from(["jpeg", "i420"]),
)
def test_a_frame_is_a_picture_or_an_error(width: int, height: int, data: bytes, encoding: str) -> None:
    """Sizes that lie, and half a picture, are refused before memory is taken."""
    message = FrameMessage(
        camera="door",
        utc_s=1.0,
        sequence=1,
        width=width,
        height=height,
        encoding=encoding,  # type: ignore[arg-type]
        data=data,
    )
    try:
        frame = from_message(message)
    except SourceError:
        return
    assert frame.luma.dtype == np.uint8


@fuzz()
@given(data=damaged(encode(event())) | damaged(encode(ASSIGNMENT)))
def test_open_events_survive_any_file(tmp_path_factory: pytest.TempPathFactory, data: bytes) -> None:
    """A damaged file costs a counter; the worker starts."""
    folder = tmp_path_factory.mktemp("open")
    (folder / "a.event").write_bytes(data)
    for message in OpenEvents(folder, Counter()).left():
        assert message.phase == "end"
