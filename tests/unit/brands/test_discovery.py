"""What is read from answers of strangers in the network."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vedette.brands.discovery import chosen, read_answer
from vedette.domain.errors import ConfigurationError

ANSWER = """<s:Envelope xmlns:s="http://www.w3.org/2003/05/soap-envelope"
 xmlns:a="http://schemas.xmlsoap.org/ws/2004/08/addressing"
 xmlns:d="http://schemas.xmlsoap.org/ws/2005/04/discovery"><s:Body><d:ProbeMatches><d:ProbeMatch>
<a:EndpointReference><a:Address>urn:uuid:1</a:Address></a:EndpointReference>
<d:Scopes>onvif://www.onvif.org/hardware/X onvif://www.onvif.org/name/Back%20Yard%07</d:Scopes>
<d:XAddrs>{addresses}</d:XAddrs></d:ProbeMatch></d:ProbeMatches></s:Body></s:Envelope>"""


def test_a_camera_is_looked_for_where_it_answered_from() -> None:
    """Whatever host it announces, only the one that answered is asked later."""
    text = ANSWER.format(addresses="http://10.0.0.1:8000/onvif/x http://[fe80::1]/y")
    found = read_answer(text.encode(), "192.168.1.7")[0]
    assert (found.endpoint, found.name, found.hardware) == ("urn:uuid:1", "Back Yard", "X")
    assert found.service == "http://192.168.1.7:8000/onvif/x"


@pytest.mark.parametrize("addresses", ["", "nonsense", "http://x:99999999/y", "file:///etc/passwd"])
def test_without_a_usable_address_the_standard_one_is_taken(addresses: str) -> None:
    """ONVIF says where the device service is when nobody tells."""
    found = read_answer(ANSWER.format(addresses=addresses).encode(), "192.168.1.7")[0]
    assert found.service == "http://192.168.1.7/onvif/device_service"


def test_link_local_answers_are_no_cameras() -> None:
    """Nobody is asked at 169.254.169.254, whoever says that a camera is there."""
    assert read_answer(ANSWER.format(addresses="http://a/").encode(), "169.254.169.254") == []


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"<",
        b"<a/>",
        b'<!DOCTYPE a [<!ENTITY b "c">]><a>&b;</a>',
        b'<?xml version="1.0" encoding="nonsense"?><a/>',
    ],
)
def test_what_is_no_answer_is_ignored(data: bytes) -> None:
    """Neither broken XML nor document types stop anything."""
    assert read_answer(data, "192.168.1.7") == []


@given(st.binary(max_size=200), st.text(max_size=80))
def test_no_answer_raises(data: bytes, addresses: str) -> None:
    """Nothing that arrives is an error."""
    read_answer(data, "192.168.1.7")
    read_answer(ANSWER.replace("{addresses}", addresses).encode("utf-8", "replace"), "192.168.1.7")


def test_only_interfaces_that_there_are() -> None:
    """A name that is none says which there are."""
    with pytest.raises(ConfigurationError, match="no network interface"):
        chosen(["no-such-0"])
