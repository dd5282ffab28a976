"""Looking for ONVIF cameras in the local network: WS-Discovery (OASIS 2005/04) over UDP multicast.

One question on each chosen interface, answers for a bounded time, each device once. Nothing is asked of a
device itself here, and nothing that it says is believed but its name: it is asked later at the address that
its answer came from.
"""

import selectors
import socket
import time
import uuid
from collections.abc import Iterable, Sequence
from typing import Final
from urllib.parse import unquote, urlsplit
from xml.etree.ElementTree import Element

import msgspec
import psutil

from vedette.brands.xml import read_xml
from vedette.domain.errors import ConfigurationError
from vedette.net.guard import is_forbidden

GROUP: Final = "239.255.255.250"
PORT: Final = 3702
MOST_DEVICES: Final = 256
_DATAGRAM_MAX: Final = 65_535
_REPEAT_S: Final = 0.4
"""SOAP-over-UDP 1.1 repeats a question once: datagrams get lost."""
_SCOPE: Final = "onvif://www.onvif.org/"
_WSA: Final = "{http://schemas.xmlsoap.org/ws/2004/08/addressing}"
_WSD: Final = "{http://schemas.xmlsoap.org/ws/2005/04/discovery}"
_PROBE: Final = """<?xml version="1.0" encoding="UTF-8"?>
<e:Envelope xmlns:e="http://www.w3.org/2003/05/soap-envelope"
 xmlns:w="http://schemas.xmlsoap.org/ws/2004/08/addressing"
 xmlns:d="http://schemas.xmlsoap.org/ws/2005/04/discovery" xmlns:dn="http://www.onvif.org/ver10/network/wsdl">
<e:Header><w:MessageID>urn:uuid:{id}</w:MessageID>
<w:To e:mustUnderstand="true">urn:schemas-xmlsoap-org:ws:2005:04:discovery</w:To>
<w:Action e:mustUnderstand="true">http://schemas.xmlsoap.org/ws/2005/04/discovery/Probe</w:Action></e:Header>
<e:Body><d:Probe><d:Types>dn:NetworkVideoTransmitter</d:Types></d:Probe></e:Body></e:Envelope>"""


class Found(msgspec.Struct, frozen=True):
    """A camera that answered.

    Attributes:
        endpoint: its own id; the same from every interface.
        host: where the answer came from.
        service: address of its ONVIF device service, on that host.
    """

    endpoint: str
    host: str
    service: str
    name: str = ""
    hardware: str = ""


def interfaces() -> dict[str, str]:
    """The networks that may be searched: name and IPv4 address of each that is up, loopback left out."""
    stats = psutil.net_if_stats()
    up = {name for name, state in stats.items() if state.isup and "loopback" not in state.flags}
    found = {}
    for name, addresses in psutil.net_if_addrs().items():
        ipv4 = [address.address for address in addresses if address.family == socket.AF_INET]
        if name in up and ipv4:
            found[name] = ipv4[0]
    return found


def chosen(names: Sequence[str]) -> list[str]:
    """The IPv4 addresses of these interfaces; of all when none is named.

    Raises:
        ConfigurationError: there is no such interface.
    """
    known = interfaces()
    if unknown := [name for name in names if name not in known]:
        raise ConfigurationError(
            f"There is no network interface {unknown[0]!r} to search.",
            hint=f"There are: {', '.join(known) or 'none that is up'}.",
        )
    return [known[name] for name in names or known]


def search(
    addresses: Iterable[str], seconds: float = 3.0, *, group: str = GROUP, port: int = PORT
) -> list[Found]:
    """Ask on the interfaces with these IPv4 addresses, and wait for answers; sorted by host."""
    found: dict[str, Found] = {}
    with selectors.DefaultSelector() as selector:
        sockets = [_opened(address) for address in addresses]
        try:
            for opened in filter(None, sockets):
                selector.register(opened, selectors.EVENT_READ)
            _ask_and_listen(selector, found, seconds, (group, port))
        finally:
            for opened in filter(None, sockets):
                opened.close()
    return sorted(found.values(), key=lambda device: tuple(f"{part:>3}" for part in device.host.split(".")))


def _opened(address: str) -> socket.socket | None:
    """A socket that sends on this interface only, and not beyond the local network."""
    opened = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    try:
        opened.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_IF, socket.inet_aton(address))
        opened.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_TTL, 1)
        opened.bind((address, 0))
        opened.setblocking(False)
    except OSError:
        opened.close()  # it went away meanwhile
        return None
    return opened


def _ask_and_listen(
    selector: selectors.BaseSelector, found: dict[str, Found], seconds: float, place: tuple[str, int]
) -> None:
    question = _PROBE.replace("{id}", str(uuid.uuid4())).encode()
    started_s = time.monotonic()
    asked = 0
    while (passed_s := time.monotonic() - started_s) < seconds and len(found) < MOST_DEVICES:
        if asked < 2 and passed_s >= asked * _REPEAT_S:
            _ask(selector, question, place)
            asked += 1
        until_s = min(seconds, asked * _REPEAT_S if asked < 2 else seconds)
        for key, _ in selector.select(max(until_s - passed_s, 0.01)):
            _take(key.fileobj, found)


def _ask(selector: selectors.BaseSelector, question: bytes, place: tuple[str, int]) -> None:
    for key in selector.get_map().values():
        assert isinstance(key.fileobj, socket.socket)
        try:
            key.fileobj.sendto(question, place)
        except OSError:
            continue  # this interface carries no multicast


def _take(opened: object, found: dict[str, Found]) -> None:
    assert isinstance(opened, socket.socket)
    try:
        data, (host, _) = opened.recvfrom(_DATAGRAM_MAX)
    except OSError:
        return
    for device in read_answer(data, host):
        found.setdefault(device.endpoint or device.host, device)


def read_answer(data: bytes, host: str) -> list[Found]:
    """The devices in a ProbeMatches message that came from this host; none when it is not one."""
    if is_forbidden(host):
        return []
    root = read_xml(data)
    if root is None:
        return []
    return [_device(match, host) for match in root.iter(f"{_WSD}ProbeMatch")][:16]


def _device(match: Element, host: str) -> Found:
    scopes = (match.findtext(f"{_WSD}Scopes") or "").split()[:64]
    return Found(
        endpoint=(match.findtext(f"{_WSA}EndpointReference/{_WSA}Address") or "").strip()[:200],
        host=host,
        service=_service((match.findtext(f"{_WSD}XAddrs") or "").split(), host),
        name=_scope(scopes, "name/"),
        hardware=_scope(scopes, "hardware/"),
    )


def _service(addresses: list[str], host: str) -> str:
    """The device service as it says, but at the host that answered."""
    for address in addresses[:16]:
        try:
            parts = urlsplit(address)
            port = f":{parts.port}" if parts.port else ""
        except ValueError:
            continue
        if parts.scheme in {"http", "https"} and parts.path.isprintable():
            return f"{parts.scheme}://{host}{port}{parts.path or '/onvif/device_service'}"[:500]
    return f"http://{host}/onvif/device_service"


def _scope(scopes: list[str], kind: str) -> str:
    start = _SCOPE + kind
    texts = (unquote(scope[len(start) :]) for scope in scopes if scope.startswith(start))
    clean = ("".join(char for char in text if char.isprintable()).strip()[:80] for text in texts)
    return next(filter(None, clean), "")
