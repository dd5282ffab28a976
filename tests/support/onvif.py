"""An ONVIF camera for the tests: WS-Discovery over UDP multicast, SOAP over HTTP, with real WS-Security."""

import base64
import hashlib
import re
import socket
import struct
import threading
from collections import Counter
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Self
from xml.etree import ElementTree as ET

GROUP = "239.255.255.250"
_WSSE = "{http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-secext-1.0.xsd}"
_WSU = "{http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-utility-1.0.xsd}"
_BODY = "{http://www.w3.org/2003/05/soap-envelope}Body"
_ENVELOPE = (
    '<?xml version="1.0"?><s:Envelope xmlns:s="http://www.w3.org/2003/05/soap-envelope" '
    'xmlns:tds="http://www.onvif.org/ver10/device/wsdl" xmlns:trt="http://www.onvif.org/ver10/media/wsdl" '
    'xmlns:tt="http://www.onvif.org/ver10/schema" xmlns:ter="http://www.onvif.org/ver10/error">'
    "<s:Body>{body}</s:Body></s:Envelope>"
)
_FAULT = (
    "<s:Fault><s:Code><s:Value>s:Sender</s:Value><s:Subcode><s:Value>{code}</s:Value></s:Subcode></s:Code>"
    "<s:Reason><s:Text>no</s:Text></s:Reason></s:Fault>"
)
_MATCH = """<?xml version="1.0"?><s:Envelope xmlns:s="http://www.w3.org/2003/05/soap-envelope"
 xmlns:a="http://schemas.xmlsoap.org/ws/2004/08/addressing"
 xmlns:d="http://schemas.xmlsoap.org/ws/2005/04/discovery" xmlns:dn="http://www.onvif.org/ver10/network/wsdl">
<s:Header><a:RelatesTo>{relates}</a:RelatesTo></s:Header><s:Body><d:ProbeMatches><d:ProbeMatch>
<a:EndpointReference><a:Address>{endpoint}</a:Address></a:EndpointReference>
<d:Types>dn:NetworkVideoTransmitter</d:Types>
<d:Scopes>onvif://www.onvif.org/type/video_encoder onvif://www.onvif.org/name/{name}
 onvif://www.onvif.org/hardware/X1</d:Scopes><d:XAddrs>{service}</d:XAddrs>
<d:MetadataVersion>1</d:MetadataVersion></d:ProbeMatch></d:ProbeMatches></s:Body></s:Envelope>"""


@dataclass
class Profile:
    """A stream that the camera announces."""

    token: str
    url: str
    width: int
    height: int
    encoding: str = "H264"


@dataclass
class Device:
    """What the camera is and does wrong.

    Attributes:
        password: of the user `admin`; without one everybody is let in.
        announced: host that it announces for its media service, as one behind a router would.
        answer: sent in place of every SOAP answer.
        location: it redirects there.
    """

    profiles: list[Profile] = field(default_factory=list)
    password: str = ""
    name: str = "Front%20Door"
    announced: str = ""
    answer: bytes = b""
    location: str = ""
    asked: Counter[str] = field(default_factory=Counter)


class OnvifDevice:
    """A running camera: `with OnvifDevice(device) as camera: camera.service`."""

    def __init__(self, device: Device) -> None:
        self.device = device
        handler = type("Handler", (_Handler,), {"device": device})
        self._http = ThreadingHTTPServer(("127.0.0.1", 0), handler)
        self._http.daemon_threads = True
        self.port = self._http.server_port
        self._udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._udp.bind((GROUP, 0))
        self._join("127.0.0.1")
        self.udp_port: int = self._udp.getsockname()[1]
        self._threads = [
            threading.Thread(target=self._http.serve_forever, args=(0.02,), daemon=True),
            threading.Thread(target=self._answer_probes, daemon=True),
        ]

    @property
    def service(self) -> str:
        """Its device service."""
        return f"http://127.0.0.1:{self.port}/onvif/device_service"

    def __enter__(self) -> Self:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._http.shutdown()
        self._http.server_close()
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as knock:
            knock.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_IF, socket.inet_aton("127.0.0.1"))
            knock.sendto(b"end", (GROUP, self.udp_port))
        for thread in self._threads:
            thread.join(5)
        self._udp.close()

    def _join(self, address: str) -> None:
        member = struct.pack("4s4s", socket.inet_aton(GROUP), socket.inet_aton(address))
        self._udp.setsockopt(socket.IPPROTO_IP, socket.IP_ADD_MEMBERSHIP, member)

    def _answer_probes(self) -> None:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as out:
            out.bind(("127.0.0.1", 0))
            while (asked := self._udp.recvfrom(65535))[0] != b"end":
                data, sender = asked
                self.device.asked["Probe"] += 1
                message = re.search(rb"MessageID>([^<]+)<", data)
                assert message
                assert b"NetworkVideoTransmitter" in data
                answer = _MATCH.format(
                    relates=message[1].decode(),
                    endpoint="urn:uuid:5f5a69c2-e0ae-504f-829b-00afd538169e",
                    name=self.device.name,
                    service=self.service,
                )
                out.sendto(b"this is no SOAP", sender)
                out.sendto(answer.encode(), sender)


class _Handler(BaseHTTPRequestHandler):
    device: Device
    protocol_version = "HTTP/1.1"

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 (the base class says so)
        """Say nothing."""

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        device = self.device
        if device.location:
            self._send(302, b"", location=device.location)
            return
        root = ET.fromstring(body)
        request = root.find(_BODY)
        assert request is not None
        name = request[0].tag.partition("}")[2]
        device.asked[name] += 1
        if device.answer:
            self._send(200, device.answer)
        elif name != "GetSystemDateAndTime" and device.password and not self._signed(root):
            self._send(400, _ENVELOPE.format(body=_FAULT.format(code="ter:NotAuthorized")).encode())
        else:
            self._send(200, _ENVELOPE.format(body=self._answer(name, request[0])).encode())

    def _signed(self, root: ET.Element) -> bool:
        token = root.find(f".//{_WSSE}UsernameToken")
        if token is None or token.findtext(f"{_WSSE}Username") != "admin":
            return False
        nonce = base64.b64decode(token.findtext(f"{_WSSE}Nonce") or "")
        created = token.findtext(f"{_WSU}Created") or ""
        if not created.startswith("2031-05-06"):
            return False
        digest = hashlib.sha1(nonce + created.encode() + self.device.password.encode()).digest()
        return base64.b64encode(digest).decode() == token.findtext(f"{_WSSE}Password")

    def _answer(self, name: str, request: ET.Element) -> str:
        port = self.server.server_address[1]
        host = self.device.announced or f"127.0.0.1:{port}"
        if name == "GetSystemDateAndTime":  # a clock that is years ahead, as cameras without NTP have
            return (
                "<tds:GetSystemDateAndTimeResponse><tds:SystemDateAndTime><tt:UTCDateTime><tt:Time>"
                "<tt:Hour>10</tt:Hour><tt:Minute>11</tt:Minute><tt:Second>12</tt:Second></tt:Time><tt:Date>"
                "<tt:Year>2031</tt:Year><tt:Month>5</tt:Month><tt:Day>6</tt:Day></tt:Date></tt:UTCDateTime>"
                "</tds:SystemDateAndTime></tds:GetSystemDateAndTimeResponse>"
            )
        if name == "GetDeviceInformation":
            return (
                "<tds:GetDeviceInformationResponse><tds:Manufacturer>Acme</tds:Manufacturer>"
                "<tds:Model>X1</tds:Model></tds:GetDeviceInformationResponse>"
            )
        if name == "GetCapabilities":
            return (
                "<tds:GetCapabilitiesResponse><tds:Capabilities><tt:Media>"
                f"<tt:XAddr>http://{host}/onvif/media</tt:XAddr></tt:Media></tds:Capabilities>"
                "</tds:GetCapabilitiesResponse>"
            )
        if name == "GetProfiles":
            rows = "".join(map(_profile, self.device.profiles))
            return f"<trt:GetProfilesResponse>{rows}</trt:GetProfilesResponse>"
        token = request.findtext("{http://www.onvif.org/ver10/media/wsdl}ProfileToken")
        url = next(profile.url for profile in self.device.profiles if profile.token == token)
        uri = f"<trt:MediaUri><tt:Uri>{url}</tt:Uri></trt:MediaUri>"
        return f"<trt:GetStreamUriResponse>{uri}</trt:GetStreamUriResponse>"

    def _send(self, status: int, body: bytes, location: str = "") -> None:
        self.send_response(status)
        self.send_header("Content-Type", "application/soap+xml")
        self.send_header("Content-Length", str(len(body)))
        if location:
            self.send_header("Location", location)
        self.end_headers()
        self.wfile.write(body)


def _profile(profile: Profile) -> str:
    return (
        f'<trt:Profiles token="{profile.token}"><tt:Name>{profile.token}</tt:Name>'
        f"<tt:VideoEncoderConfiguration><tt:Encoding>{profile.encoding}</tt:Encoding><tt:Resolution>"
        f"<tt:Width>{profile.width}</tt:Width><tt:Height>{profile.height}</tt:Height></tt:Resolution>"
        "</tt:VideoEncoderConfiguration></trt:Profiles>"
    )
