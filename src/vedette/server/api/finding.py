"""Finding cameras: searching the network, and trying an address out."""

import base64
from typing import Any

from django.http import HttpRequest
from ninja import Router

from vedette.server.accounts.audit import audit
from vedette.server.accounts.policy import visible_cameras
from vedette.server.api import finding_schemas as schemas
from vedette.server.api.access import ADMINISTER, principal
from vedette.server.api.schemas import Error
from vedette.server.cameras.addresses import without_secrets
from vedette.server.cameras.discovery import Discovered, discover
from vedette.server.cameras.finding import Finding, Stream, Wanted, find_streams
from vedette.server.runtime import runtime

router = Router(tags=["cameras"])


def search_network(
    request: HttpRequest, interfaces: list[str] | None = None, seconds: float = 3.0
) -> list[Discovered]:
    """Search for the one who asks; noted in the audit log."""
    audit(request, "network.searched", detail={"interfaces": interfaces or []})
    runtime.counters["camera_searches"] += 1
    return discover(visible_cameras(principal(request)), interfaces or [], seconds)


def try_out(request: HttpRequest, wanted: Wanted) -> Finding:
    """Try an address out for the one who asks; noted in the audit log, without credentials."""
    finding = find_streams(wanted)
    outcome = finding.trouble.value if finding.trouble else "found"
    audit(
        request,
        "camera.probed",
        subject=without_secrets(wanted.address),
        detail={"outcome": outcome},
    )
    runtime.counters[f"camera_probes_{outcome}"] += 1
    return finding


@router.post("/discover", auth=ADMINISTER, response={200: list[schemas.DiscoveredOut], 422: Error})
def discover_cameras(request: HttpRequest, payload: schemas.DiscoverIn) -> Any:
    """Ask the local networks for ONVIF cameras; takes as long as `seconds`."""
    return search_network(request, payload.interfaces, payload.seconds)


@router.post("/probe", auth=ADMINISTER, response={200: schemas.ProbeOut, 422: Error})
def probe_camera(request: HttpRequest, payload: schemas.ProbeIn) -> Any:
    """Try an address out: find main and sub stream, and a picture; takes up to about 10 s."""
    wanted = Wanted(payload.address, payload.username, payload.password, payload.transport)
    finding = try_out(request, wanted)
    return {
        "trouble": finding.trouble.value if finding.trouble else None,
        "message": finding.message,
        "hint": finding.hint,
        "name": finding.name,
        "main": _stream(finding.main),
        "sub": _stream(finding.sub),
    }


def _stream(stream: Stream | None) -> dict[str, Any] | None:
    if stream is None:
        return None
    probed = stream.probed
    shown = {name: getattr(probed, name) for name in ("codec", "width", "height", "fps", "audio")}
    return shown | {"url": stream.url, "picture": picture_text(stream)}


def picture_text(stream: Stream) -> str:
    """The picture as base64."""
    return base64.b64encode(stream.probed.jpeg).decode("ascii")
