"""What the routes that find cameras take and give."""

from typing import Annotated

from ninja import Schema
from pydantic import Field

from vedette.domain.camera import Transport
from vedette.server.api.schemas import Closed, Url


class ProbeIn(Closed):
    """An address to try out: of a stream, of a camera's ONVIF service (`onvif://host`), or only a host."""

    address: Url
    username: Annotated[str, Field(max_length=255)] = ""
    password: Annotated[str, Field(max_length=1024, json_schema_extra={"writeOnly": True})] = ""
    transport: Transport = Transport.TCP


class FoundStream(Schema):
    """A stream that gave a picture (`picture`: JPEG as base64); its address holds no credentials."""

    url: str
    codec: str
    width: int
    height: int
    fps: float
    audio: str
    picture: str


class ProbeOut(Schema):
    """What was found: `main` (and perhaps `sub`), or `trouble` with what to do."""

    trouble: str | None
    message: str
    hint: str
    name: str
    main: FoundStream | None
    sub: FoundStream | None


class DiscoverIn(Closed):
    """How to search the network for ONVIF cameras; without `interfaces` on all that are up."""

    interfaces: Annotated[list[Annotated[str, Field(max_length=64)]], Field(max_length=32)] = Field(
        default_factory=list
    )
    seconds: Annotated[float, Field(ge=0.5, le=10)] = 3.0


class DiscoveredOut(Schema):
    """A camera that answered; `address` is what /cameras/probe takes, `added` whether it is known already."""

    endpoint: str
    host: str
    address: str
    name: str
    hardware: str
    added: bool
