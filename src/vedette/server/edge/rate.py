"""How many requests one address may make: a bucket of tokens for each."""

import ipaddress
import re
import time
from collections import OrderedDict
from collections.abc import Callable

BURST_S = 10.0
"""Seconds' worth of requests that may come at once."""
REMEMBERED = 10_000
"""Addresses; the one that was quiet longest is forgotten, which only makes its bucket full."""

_DEAR = re.compile(r"^/api/v1/(.*/)?(clip\.mp4|exports?|probe|discover\w*|test|search)(/|$)")
_DEAR_COST = 5.0
_FREE = ("/static/",)


def cost_of(path: str) -> float:
    """What a request takes out of the bucket; files that browsers keep are free."""
    if path.startswith(_FREE):
        return 0.0
    return _DEAR_COST if _DEAR.match(path) else 1.0


def is_bounded(client: str | None) -> bool:
    """Whether an address is bounded at all: this machine is not, and neither are sockets without address."""
    try:
        return client is not None and not ipaddress.ip_address(client).is_loopback
    except ValueError:
        return False


class Buckets:
    """One bucket for each address.

    Args:
        rate: tokens that flow into a bucket in a second.
        clock: seconds that only grow.
    """

    def __init__(self, rate: float, clock: Callable[[], float] = time.monotonic) -> None:
        self._rate, self._size, self._clock = rate, rate * BURST_S, clock
        self._left: OrderedDict[str, tuple[float, float]] = OrderedDict()

    def take(self, client: str, cost: float) -> float:
        """Take tokens out; returns how many seconds to wait when there are too few, else 0."""
        now_s = self._clock()
        left, at_s = self._left.get(client, (self._size, now_s))
        left = min(self._size, left + (now_s - at_s) * self._rate)
        enough = left >= cost
        self._left[client] = (left - cost if enough else left), now_s
        self._left.move_to_end(client)
        if len(self._left) > REMEMBERED:
            self._left.popitem(last=False)
        return 0.0 if enough else (cost - left) / self._rate
