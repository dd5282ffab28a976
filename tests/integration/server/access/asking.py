"""Asking as everybody, and what is heard."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.db import transaction
from django.test import Client

from tests.integration.server.access import routes
from tests.integration.server.access.routes import Route
from tests.integration.server.access.world import Somebody, Things, World, a_token, a_user
from vedette.server.accounts.models import Role, Site

IN, LOGIN, NO, HIDDEN = "yes", "login", "no", "not there"
NO_METHOD, UNREAD, BROKEN = "no such method", "not understood", "broken"

QUERY = "?start=2026-11-21T12:00:00Z&end=2026-11-21T12:00:30Z&at=2026-11-21T12:00:05Z&month=2026-11-01"
QUERY += "&from=2026-11-21T12:00:00Z&to=2026-11-21T12:00:30Z"
"""What one operation or another must be asked with before it looks for its object."""

LAWN = {"name": "lawn", "polygon": [[0, 0], [1, 0], [1, 1]]}
BODIES: dict[tuple[str, str], Any] = {
    ("/api/v1/cameras/{camera_id}/zones", "PUT"): [LAWN],
    ("/api/v1/cameras/{camera_id}/zones/{name}", "PUT"): LAWN,
    ("/api/v1/cameras/{camera_id}/zones/test", "POST"): {"zones": [LAWN]},
    ("/api/v1/events/{event_id}/feedback", "PUT"): {"verdict": "right"},
    ("/api/v1/arming/schedules/{schedule_id}", "PUT"): {"days": [1], "start": "08:00", "end": "09:00"},
}
"""Likewise, what it must be sent."""


def every_route() -> list[Route]:
    """Pages and operations."""
    return [*routes.pages(), *routes.operations()]


@dataclass(frozen=True)
class Answer:
    """What somebody heard, in a word and in full."""

    word: str
    content: bytes


def ask(client: Client, route: Route, things: Things) -> Answer:
    """Send a request; what it changes is undone."""
    is_api = "/api/" in route.path
    body = json.dumps(BODIES.get((route.shown, route.method), {})) if is_api else ""
    address = route.filled(things) + (QUERY if is_api and route.method in {"GET", "HEAD"} else "")
    with transaction.atomic():
        answer: Any = client.generic(route.method, address, body, "application/json")
        content = b"".join(answer) if answer.streaming else answer.content
        transaction.set_rollback(True)
    return Answer(_word(answer, route, content), content)


def _word(answer: Any, route: Route, content: bytes) -> str:
    place = answer.headers.get("Location", "").partition("?")[0]
    if answer.status_code == 401 or place == "/login":
        return LOGIN
    words = {403: NO, 405: NO_METHOD, 400: UNREAD, 422: UNREAD, 500: BROKEN}
    if answer.status_code in words:
        return words[answer.status_code]
    missing = answer.status_code == 404 and route.parameters
    return HIDDEN if missing and (b"There is no such" in content or route.method == "HEAD") else IN


Cast = dict[str, Callable[[World], Somebody]]

CAST: Cast = {
    "nobody": lambda _: Somebody("nobody", Client, None),
    "viewer": lambda _: a_user("viewer", Role.VIEWER),
    "viewer of one camera": lambda world: a_user("one camera", Role.VIEWER, only=world.cameras["porch-7"]),
    "operator": lambda _: a_user("operator", Role.OPERATOR),
    "administrator": lambda _: a_user("administrator", Role.ADMINISTRATOR),
    "administrator of another site": lambda _: a_user(
        "elsewhere", Role.ADMINISTRATOR, Site.objects.get(slug="other")
    ),
    "operator's token, view only": lambda _: a_token("narrow", a_user("operator", Role.OPERATOR).user),
    "share link": lambda _: Somebody("share link", Client, None),
}
