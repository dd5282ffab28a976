"""Searching the network for cameras, for somebody who asked for it: one search at a time."""

import threading
from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import urlsplit

from django.db.models import QuerySet

from vedette.brands import discovery
from vedette.domain.errors import ConfigurationError
from vedette.server.cameras.models import Camera

_searching = threading.Lock()


@dataclass(frozen=True, slots=True)
class Discovered:
    """A camera that answered.

    Attributes:
        address: what `finding.find_streams` takes.
        added: whether a camera that may be seen is at this host already.
    """

    endpoint: str
    host: str
    address: str
    name: str
    hardware: str
    added: bool


def discover(
    known: QuerySet[Camera], interfaces: Sequence[str] = (), seconds: float = 3.0
) -> list[Discovered]:
    """Ask the networks of these interfaces (all that are up, when none is named) for ONVIF cameras.

    Raises:
        ConfigurationError: there is no such interface, or a search runs already.
    """
    addresses = discovery.chosen(interfaces)
    if not _searching.acquire(blocking=False):
        raise ConfigurationError("The network is being searched already.", hint="Try again in a few seconds.")
    try:
        found = discovery.search(addresses, seconds)
    finally:
        _searching.release()
    hosts = {urlsplit(url).hostname for url in known.values_list("main_url", flat=True)}
    return [_discovered(device, device.host in hosts) for device in found]


def _discovered(device: discovery.Found, added: bool) -> Discovered:
    address = device.service.replace("http", "onvif", 1)
    return Discovered(device.endpoint, device.host, address, device.name, device.hardware, added)
