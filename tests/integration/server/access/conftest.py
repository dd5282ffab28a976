"""The two sites that everybody asks about."""

import pytest

from tests.integration.server.access.world import World
from vedette.server.accounts.models import Role, User


@pytest.fixture
def world(db: None, request: pytest.FixtureRequest) -> World:
    """Both sites; sessions, tokens and links at the door are those of whoever asks."""
    names = {"viewer of one camera": "one camera", "operator's token, view only": "operator"}
    who = (
        request.node.callspec.params.get("who", "administrator") if hasattr(request.node, "callspec") else ""
    )
    name = names.get(who, who if who in {"viewer", "operator", "administrator"} else "somebody")
    role = {"operator": Role.OPERATOR, "administrator": Role.ADMINISTRATOR}.get(name, Role.VIEWER)
    return World.make(User.objects.create_user(name, "a password", role))
