"""Names under which the server answers."""

import socket

from vedette.server.hosts import allowed_hosts


def test_loopback_and_what_is_configured() -> None:
    """On one address only that one is added."""
    assert allowed_hosts("10.0.0.5", ("cam.example",)) == [
        "localhost",
        "127.0.0.1",
        "[::1]",
        "cam.example",
        "10.0.0.5",
    ]
    assert allowed_hosts("fe80::1", ())[-1] == "[fe80::1]"


def test_on_all_addresses_every_own_one_is_known() -> None:
    """People use the machine's address or name; nobody else's."""
    hosts = allowed_hosts("0.0.0.0", ())
    assert socket.gethostname() in hosts
    assert "127.0.0.1" in hosts[3:]
    assert "*" not in hosts
