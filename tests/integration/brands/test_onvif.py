"""ONVIF: a device that answers discovery and SOAP on real sockets."""

import time

import pytest

from tests.support.onvif import GROUP, Device, OnvifDevice, Profile
from vedette.brands.discovery import search
from vedette.brands.onvif import ask_camera, on_host, services
from vedette.domain.errors import SourceError, Trouble
from vedette.testing.ports import free_port

pytestmark = pytest.mark.servers

PROFILES = [
    Profile("sub", "rtsp://127.0.0.1:5540/sub", 640, 360),
    Profile("main", "rtsp://127.0.0.1:5540/main?a=1&amp;b=2", 2560, 1440, "H265"),
]


def test_a_camera_answers_the_search() -> None:
    """It is found once, although it is asked twice and answers nonsense as well, within the time."""
    with OnvifDevice(Device(PROFILES)) as camera:
        started_s = time.monotonic()
        found = search(["127.0.0.1"], 0.8, group=GROUP, port=camera.udp_port)
        assert time.monotonic() - started_s < 5
        assert [(one.host, one.name, one.hardware) for one in found] == [("127.0.0.1", "Front Door", "X1")]
        assert found[0].service == camera.service
        assert camera.device.asked["Probe"] == 2


def test_a_search_without_answer_or_interface_ends() -> None:
    """Nobody answers, an interface went away: the list is empty."""
    assert search(["127.0.0.1", "192.0.2.77"], 0.2, group=GROUP, port=free_port()) == []
    assert search([], 0.1) == []


def test_streams_are_told_largest_first() -> None:
    """With the right password, salted with the camera's own clock, which is years ahead."""
    with OnvifDevice(Device(PROFILES, password="s3<cret&")) as camera:
        told = ask_camera(camera.service, "admin", "s3<cret&")
    assert told.name == "Acme X1"
    assert [(one.name, one.width, one.encoding) for one in told.profiles] == [
        ("main", 2560, "H265"),
        ("sub", 640, "H264"),
    ]
    assert told.profiles[0].url == "rtsp://127.0.0.1:5540/main?a=1&b=2"


def test_nobody_is_asked_but_the_camera_itself() -> None:
    """Media service and streams that it announces elsewhere are looked for on its own host."""
    profiles = [
        Profile("main", "rtsp://169.254.169.254:554/x", 640, 360),
        Profile("odd", "file:///etc", 1, 1),
    ]
    with OnvifDevice(Device(profiles)) as camera:
        camera.device.announced = f"203.0.113.9:{camera.port}"
        told = ask_camera(camera.service, "", "")
    assert [one.url for one in told.profiles] == ["rtsp://127.0.0.1:554/x"]


@pytest.mark.parametrize("password", ["", "wrong"])
def test_a_wrong_password_is_told(password: str) -> None:
    """The fault of the camera becomes the one error for refused credentials."""
    refused = pytest.raises(SourceError, match="refuses the credentials")
    with OnvifDevice(Device(PROFILES, password="right")) as camera, refused as caught:
        ask_camera(camera.service, "admin" if password else "", password)
    assert caught.value.trouble is Trouble.UNAUTHORIZED
    assert "ONVIF" in caught.value.hint


@pytest.mark.parametrize(
    ("device", "trouble"),
    [
        (Device(answer=b"<html>a web page</html"), Trouble.NOT_A_CAMERA),
        (Device(answer=b"<!DOCTYPE x><x/>"), Trouble.NOT_A_CAMERA),
        (Device(answer=b"<x>" + b"y" * 600_000 + b"</x>"), Trouble.NOT_A_CAMERA),
        (Device(location="http://203.0.113.9/"), Trouble.REDIRECTED),
        (Device(), Trouble.OTHER),
    ],
)
def test_what_is_no_camera_is_told(device: Device, trouble: Trouble) -> None:
    """Web pages, document types, endless answers, redirects, and cameras without a stream."""
    with OnvifDevice(device) as camera, pytest.raises(SourceError) as caught:
        ask_camera(camera.service, "", "")
    assert caught.value.trouble is trouble


@pytest.mark.parametrize(
    ("service", "trouble"),
    [
        pytest.param(
            f"http://127.0.0.1:{free_port()}/onvif/device_service",
            Trouble.REFUSED,
            id="nobody listens for http",
        ),
        ("http://169.254.169.254/latest/meta-data", Trouble.FORBIDDEN_ADDRESS),
        ("http://no-such-host.invalid/", Trouble.UNKNOWN_NAME),
    ],
)
def test_where_nobody_is(service: str, trouble: Trouble) -> None:
    """Refused connections, forbidden addresses and unknown names are told apart."""
    with pytest.raises(SourceError) as caught:
        ask_camera(service, "", "", limit_s=2)
    assert caught.value.trouble is trouble


def test_addresses_of_services() -> None:
    """The ports that cameras use, and IPv6 in brackets."""
    assert services("cam")[:2] == [
        "http://cam/onvif/device_service",
        "http://cam:8000/onvif/device_service",
    ]
    assert services("fd00::7")[0] == "http://[fd00::7]/onvif/device_service"
    assert on_host("rtsp://a:b@x:99/p?q", "fd00::7") == "rtsp://[fd00::7]:99/p?q"
