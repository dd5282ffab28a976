"""What only the bus over sockets can get wrong."""

import socket
from collections import Counter
from pathlib import Path

import pytest
import zmq

from tests.support.processes import wait_until
from tests.unit.bus.messages import detections
from vedette.bus.ipc import endpoint
from vedette.bus.local import LocalBus
from vedette.domain.errors import ConfigurationError


def test_a_stale_socket_file_is_replaced(tmp_path: Path) -> None:
    """The socket file of a killed subscriber does not keep the next one out."""
    stale = socket.socket(socket.AF_UNIX)
    stale.bind(str(tmp_path / "bus-detections.sock"))
    stale.close()
    bus = LocalBus(tmp_path)
    reader = bus.subscribe("detections")
    bus.publish("detections", "door", detections(1))
    assert reader.receive(5.0) == detections(1)
    reader.close()
    bus.close()


def test_malformed_bytes_cost_a_counter_and_nothing_else(tmp_path: Path) -> None:
    """Garbage between two messages is skipped and counted (P7)."""
    counters: Counter[str] = Counter()
    bus = LocalBus(tmp_path, counters=counters)
    reader = bus.subscribe("detections")
    with zmq.Context() as context, context.socket(zmq.PUSH) as stranger:
        stranger.connect(endpoint(tmp_path, "bus-detections"))
        stranger.send(b"\xc1 not a message")
        stranger.send(b"")
        wait_until(lambda: reader.receive(0.05) is None and counters["bus_detections_malformed"] == 2)
    bus.publish("detections", "door", detections(2))
    assert reader.receive(5.0) == detections(2)
    reader.close()
    bus.close()


def test_a_closed_reader_receives_nothing(tmp_path: Path) -> None:
    """A loop that still asks a closed subscription gets None, not an exception."""
    bus = LocalBus(tmp_path)
    reader = bus.subscribe("detections")
    reader.close()
    assert reader.receive(0.0) is None
    bus.close()


def test_a_folder_with_too_long_a_path_is_named(tmp_path: Path) -> None:
    """Unix sockets have short paths; the message says so instead of a bare errno."""
    bus = LocalBus(tmp_path / ("x" * 120))
    with pytest.raises(ConfigurationError, match="longer than"):
        bus.publish("frames", "door", detections(1))
    bus.close()
