"""The API as a whole."""

from ninja import NinjaAPI

from vedette import __version__
from vedette.server.api import (
    alerts,
    arming,
    audit,
    cameras,
    channels,
    errors,
    event_clips,
    event_shares,
    events,
    exports,
    feedback,
    finding,
    live,
    nodes,
    recordings,
    retention,
    sessions,
    shares,
    system,
    timelines,
    tokens,
    users,
    zone_tests,
)
from vedette.server.api.access import Undeclared

api = NinjaAPI(
    title="Vedette",
    version=__version__,
    description="Cameras, recordings and events. Times are ISO 8601 in UTC; boxes are x, y, width, height.",
    urls_namespace="api-v1",
    auth=Undeclared(),
    openapi_extra={"info": {"license": {"name": "Apache-2.0"}}},
)
errors.install(api)
api.add_router("/cameras", finding.router)  # before the paths with a camera's id
api.add_router("/cameras", zone_tests.router)
api.add_router("/cameras", cameras.router)
api.add_router("/cameras", recordings.clips)
api.add_router("/cameras", timelines.router)
api.add_router("/cameras", retention.cameras)
api.add_router("/profiles", cameras.profiles)
api.add_router("/events", feedback.router)
api.add_router("/events", event_shares.router)
api.add_router("/events", event_clips.router)
api.add_router("/events", events.router)
api.add_router("/exports", exports.router)
api.add_router("/arming", arming.router)
api.add_router("/alerts/channels", channels.router)
api.add_router("/alerts", alerts.router)
api.add_router("/recordings", retention.router)
api.add_router("/recordings", recordings.router)
api.add_router("", nodes.router)
api.add_router("", system.router)
api.add_router("", live.router)
api.add_router("/users", users.router)
api.add_router("/tokens", tokens.router)
api.add_router("/sessions", sessions.router)
api.add_router("/shares", shares.router)
api.add_router("/audit", audit.router)
