"""`python -m benchmarks.events_asked COUNT`: fill a database, ask for events, print times."""

import json
import statistics
import sys
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlencode

REPEATS = 5
NEW_EVENTS, BATCH = 2000, 50

FILTERS: dict[str, dict[str, Any]] = {
    "all": {},
    "a camera": {"camera": "cam-03"},
    "three cameras": {"camera": ["cam-03", "cam-20", "cam-39"]},
    "a label": {"label": "person"},
    "a rare label": {"label": "bear"},
    "two labels": {"label": ["dog", "cat"]},
    "a camera and a label": {"camera": "cam-07", "label": "dog"},
    "a camera and a rare label": {"camera": "cam-39", "label": "bear"},
    "three cameras, two labels": {"camera": ["cam-01", "cam-30", "cam-38"], "label": ["bird", "bicycle"]},
    "motion": {"kind": "motion"},
    "objects": {"kind": "object"},
    "objects of a camera": {"kind": "object", "camera": "cam-11"},
    "a zone": {"zone": "Drive"},
    "a rare zone": {"zone": "Gate"},
    "a zone and a label": {"zone": "Path", "label": "bicycle"},
    "a zone and three cameras": {"zone": "Drive", "camera": ["cam-03", "cam-20", "cam-39"]},
    "a score": {"min_score": 0.7},
    "a rare score": {"min_score": 0.979},
    "no such score": {"min_score": 0.99},
    "a camera and a score": {"camera": "cam-39", "min_score": 0.95},
    "a zone and a score": {"zone": "Drive", "min_score": 0.9},
    "feedback": {"feedback": "any"},
    "wrong, of a camera": {"feedback": "wrong", "camera": "cam-00"},
    "no feedback, a label": {"feedback": "none", "label": "car"},
}

Ask = Callable[[str], Any]


def main() -> int:
    """Print the figures as JSON."""
    from vedette.server.setup import setup_django
    from vedette.settings import load_settings

    setup_django(load_settings())
    from django.conf import settings

    from benchmarks.events_made import fill, judge

    settings.ALLOWED_HOSTS.append("testserver")
    count, now = int(sys.argv[1]), datetime.now(UTC).replace(microsecond=0)
    _people()
    fill(count, now)
    judge(3000)
    rest, page, limited = _clients()
    deep = [None, now - timedelta(seconds=count * 15), now - timedelta(seconds=count * 29)]
    times = {
        "rest": _measure(lambda query: rest.get(f"/api/v1/events?{query}"), deep),
        "page": _measure(lambda query: page.get(f"/events?{query}"), deep),
        "rest of five cameras": _measure(lambda query: limited.get(f"/api/v1/events?{query}"), deep),
    }
    print(json.dumps({"stored_per_s": _store_rate(), "times": times}))
    return 0


def _people() -> None:
    from benchmarks.events_made import CAMERAS
    from vedette.server.cameras.service import add_camera

    for camera in CAMERAS:
        add_camera(camera, "rtsp://127.0.0.1:9/1", camera_id=camera)


def _clients() -> Any:
    """One with a token, one with a session, one with a token for five cameras."""
    from django.test import Client

    from vedette.server.accounts.models import User
    from vedette.server.accounts.tokens import create_token
    from vedette.server.cameras.models import Camera

    page = Client()
    page.force_login(User.objects.create_user("ada", None, "administrator"))
    few = Camera.objects.filter(pk__in=["cam-05", "cam-15", "cam-25", "cam-35", "cam-39"])
    tokens = [create_token("all", "administrator"), create_token("few", "viewer", cameras=few)]
    rest, limited = (Client(headers={"Authorization": f"Bearer {token}"}) for token in tokens)
    return rest, page, limited


def _measure(ask: Ask, deep: list[datetime | None]) -> dict[str, list[list[float]]]:
    """Milliseconds of every repeat, for every filter and place in the list."""
    from uuid import UUID

    from vedette.domain.ids import new_id
    from vedette.server.api.paging import make_cursor

    ask("")
    found: dict[str, list[list[float]]] = {}
    for name, wanted in FILTERS.items():
        for place in deep:
            cursor = {"cursor": make_cursor(place, UUID(new_id()))} if place else {}
            query = urlencode(wanted | cursor, doseq=True)
            found.setdefault(name, []).append([_taken_ms(ask, query) for _ in range(REPEATS)])
    return found


def _taken_ms(ask: Ask, query: str) -> float:
    started_s = time.perf_counter()
    answer = ask(query)
    taken_ms = (time.perf_counter() - started_s) * 1000
    assert answer.status_code == 200, answer.content
    return round(taken_ms, 2)


def _store_rate() -> float:
    """Events stored a second, in batches, on top of what there is; the median batch."""
    from collections import Counter

    from vedette.domain.geometry import Box
    from vedette.domain.ids import new_id
    from vedette.domain.messages import EventMessage, PathPoint, ZoneVisit
    from vedette.server.ingest import store_batch

    rates = []
    for _ in range(NEW_EVENTS // BATCH):
        now_s = time.time()
        path = tuple(PathPoint(now_s + step, Box(1, 2, 30, 40)) for step in range(8))
        batch = [
            EventMessage(
                id=new_id(), camera=f"cam-{number % 40:02}", phase="end", revision=1, kind="object",
                label="person", score=0.8, start_utc_s=now_s - 5, end_utc_s=now_s, best_utc_s=now_s - 2,
                box=Box(1, 2, 30, 40), width=640, height=360, path=path,
                zones=(ZoneVisit(zone="Drive", enter_utc_s=now_s),),
            )
            for number in range(BATCH)
        ]  # fmt: skip
        started_s = time.perf_counter()
        store_batch(batch, Counter())
        rates.append(BATCH / (time.perf_counter() - started_s))
    return round(statistics.median(rates), 1)


if __name__ == "__main__":
    raise SystemExit(main())
