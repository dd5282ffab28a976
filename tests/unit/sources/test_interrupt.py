"""Reads that end when they shall, without a time-out of PyAV's."""

import io
import threading

import av
import pytest

from tests.support.processes import wait_until
from vedette.sources import interrupt


def test_this_pyav_keeps_its_time_out_where_we_look_for_it() -> None:
    """Another PyAV may not: then streams are read the slow way, and this tells."""
    assert interrupt.CAN_INTERRUPT


def test_a_container_still_works_after_the_search_for_it() -> None:
    """The clock that the search put into PyAV is gone."""
    with av.open(io.BytesIO(bytes(64)), format="u8", timeout=(5.0, None)) as container:
        assert sum(packet.size for packet in container.demux()) == 64


def test_a_section_that_was_ended_cannot_be_entered() -> None:
    """What was closed before it began does not begin."""
    section = interrupt.Interrupt()
    assert section.end()
    with pytest.raises(interrupt.SourceError), section:
        pass


def test_the_watchman_goes_when_there_is_nothing_to_watch() -> None:
    """No thread is left behind when the last stream has ended."""
    with av.open(io.BytesIO(bytes(64)), format="u8", timeout=(5.0, None)) as container:
        with interrupt.Watch(container, interrupt.Interrupt(), 1.0):
            assert "stream watch" in {thread.name for thread in threading.enumerate()}
        wait_until(lambda: "stream watch" not in {thread.name for thread in threading.enumerate()})
