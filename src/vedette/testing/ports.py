"""Free ports for servers that are about to start."""

import random
import socket
from pathlib import Path

LOWEST = 15_000
_CHOSEN_BY_KERNEL = Path("/proc/sys/net/ipv4/ip_local_port_range")
_TRIES = 100


def free_port() -> int:
    """A TCP port on 127.0.0.1 that nobody listens on now.

    It lies below those that the kernel gives to outgoing connections: one of these could become some
    connection's own end before the server binds it, which then fails.

    Raises:
        OSError: none was found.
    """
    highest = int(_CHOSEN_BY_KERNEL.read_text().split()[0]) - 1
    for _ in range(_TRIES):
        port = random.SystemRandom().randint(LOWEST, highest) if highest > LOWEST else 0
        with socket.socket() as probe:
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            return int(probe.getsockname()[1])
    raise OSError(f"no free port on 127.0.0.1 from {LOWEST} to {highest}")
