"""Open events: what a crashed worker left open, the next one ends."""

from collections import Counter
from pathlib import Path

import msgspec
import pytest

from vedette.domain.geometry import Box
from vedette.domain.ids import new_id
from vedette.domain.messages import EventMessage
from vedette.pipeline.open_events import OpenEvents


def event(**changes: object) -> EventMessage:
    """A person at the door."""
    fields = {"phase": "start", "revision": 1, "kind": "object", "label": "person", "score": 0.8}
    times = {"start_utc_s": 10.0, "end_utc_s": 12.0, "best_utc_s": 11.0}
    size = {"box": Box(1, 2, 3, 4), "width": 640, "height": 360}
    return msgspec.convert(
        {"type": "event", "v": 1, "id": new_id(), "camera": "door"} | fields | times | size | changes,
        EventMessage,
    )


def left(folder: Path) -> list[EventMessage]:
    """What a new worker on this folder ends."""
    return list(OpenEvents(folder, Counter()).left())


def test_nothing_is_left_of_a_quiet_night(tmp_path: Path) -> None:
    """No folder, no events."""
    assert left(tmp_path / "open") == []


def test_an_event_that_began_is_ended_by_the_next_worker(tmp_path: Path) -> None:
    """As it was known last, with the next revision, so that readers take it."""
    first = event()
    newest = msgspec.structs.replace(first, phase="update", revision=2, end_utc_s=15.0)
    open_events = OpenEvents(tmp_path, Counter())
    open_events.note(first)
    open_events.note(newest)
    assert left(tmp_path) == [msgspec.structs.replace(newest, phase="end", revision=3)]


def test_an_event_that_ended_is_forgotten(tmp_path: Path) -> None:
    """Its end was told; there is nothing to do."""
    first, other = event(), event()
    open_events = OpenEvents(tmp_path, Counter())
    open_events.note(first)
    open_events.note(other)
    open_events.note(msgspec.structs.replace(first, phase="end", revision=2))
    assert [message.id for message in left(tmp_path)] == [other.id]


def test_until_the_end_was_told_the_event_stays(tmp_path: Path) -> None:
    """A crash between reading what was left and telling it loses nothing."""
    OpenEvents(tmp_path, Counter()).note(event())
    assert left(tmp_path) == left(tmp_path) != []


def test_an_end_without_a_start_is_no_trouble(tmp_path: Path) -> None:
    """The start may have failed to be noted."""
    OpenEvents(tmp_path / "open", Counter()).note(event(phase="end", revision=2))
    assert left(tmp_path / "open") == []


def test_a_damaged_file_is_counted_and_removed(tmp_path: Path) -> None:
    """It costs one counter, and the others are ended."""
    good = event()
    OpenEvents(tmp_path, Counter()).note(good)
    (tmp_path / "damaged.event").write_bytes(b"\xc1garbage")
    counters: Counter[str] = Counter()
    assert [message.id for message in OpenEvents(tmp_path, counters).left()] == [good.id]
    assert counters == {"open_events_unreadable": 1, "events_ended_late": 1}
    assert not (tmp_path / "damaged.event").exists()


def test_a_folder_that_cannot_be_made_is_an_error(tmp_path: Path) -> None:
    """The worker counts it and goes on."""
    (tmp_path / "open").write_text("a file")
    with pytest.raises(OSError, match="open"):
        OpenEvents(tmp_path / "open", Counter()).note(event())
