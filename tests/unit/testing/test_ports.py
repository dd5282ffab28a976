"""Ports that are free and stay so."""

import socket
from pathlib import Path

from vedette.testing.ports import LOWEST, free_port


def test_a_free_port_can_be_listened_on_and_is_not_taken_meanwhile() -> None:
    """Nobody has it, and the kernel gives it to no connection before a server has started."""
    lowest_of_kernel = int(Path("/proc/sys/net/ipv4/ip_local_port_range").read_text().split()[0])
    with socket.create_server(("127.0.0.1", free_port())) as server:
        assert server.getsockname()[1] < lowest_of_kernel or lowest_of_kernel <= LOWEST
