"""Events as messages store them, and the filters that find them."""

from collections import Counter
from collections.abc import Callable
from typing import Any

import pytest

from tests.integration.recordings.conftest import archive  # noqa: F401  a fixture
from tests.integration.server.conftest import bearer  # noqa: F401  a fixture
from tests.integration.server.worker import event
from vedette.domain.messages import EventMessage, ZoneVisit
from vedette.server.accounts.models import Role, Site
from vedette.server.accounts.policy import Principal
from vedette.server.cameras.service import add_camera
from vedette.server.ingest import store_batch

BEGIN_S = 1_700_000_000.0

Tell = Callable[..., EventMessage]


@pytest.fixture
def admin(db: None) -> Principal:
    """Somebody who sees everything of the default site."""
    return Principal("ada", Role.ADMINISTRATOR, Site.default().pk, by_session=False)


def happened(camera: str = "door", at_s: float = 0.0, zone: str = "", **changes: Any) -> EventMessage:
    """An ended event; `at_s` counts from `BEGIN_S`."""
    start = BEGIN_S + at_s
    zones = (ZoneVisit(zone=zone, enter_utc_s=start),) if zone else ()
    fields = {"phase": "end", "start_utc_s": start, "end_utc_s": start + 5, "best_utc_s": start + 2}
    return event(camera, **(fields | {"zones": zones} | changes))


@pytest.fixture
def tell(db: None) -> Tell:
    """Stores an event: `tell("door", 3.0, label="car", zone="Path")`."""

    def store(*arguments: Any, **changes: Any) -> EventMessage:
        message = happened(*arguments, **changes)
        store_batch([message], Counter())
        return message

    return store


@pytest.fixture
def cameras(db: None) -> None:
    """Two of them."""
    add_camera("Front door", "rtsp://cam/1", camera_id="door")
    add_camera("Yard", "rtsp://cam/2", camera_id="yard")
