"""kill -9 of any process, in the middle of an event and of a recording (P1, P2)."""

import itertools
import time
from datetime import datetime
from pathlib import Path
from typing import Any

import httpx

from tests.acceptance import records
from tests.acceptance.product import Product, done, vedette
from tests.support.processes import wait_until
from tests.support.rtsp import CameraFarm
from tests.support.video import Video

LOST_MAX_S = 1.0
LOOP_S = 9.0


def utc_s(text: str) -> float:
    """Seconds since the epoch."""
    return datetime.fromisoformat(text).timestamp()


def in_view(product: Product) -> bool:
    """Whether an event goes on now."""
    return any(event["phase"] != "end" for event in product.events())


def answers(product: Product) -> bool:
    """Whether the server serves."""
    try:
        return product.client.get("/api/v1/health").status_code == 200
    except httpx.TransportError:
        return False


def restarted(product: Product, name: str, before: int) -> int | None:
    """The new process id of a child that was killed."""
    pid = product.pids()[name]
    return pid if pid != before else None


def spans(found: list[dict[str, Any]]) -> list[tuple[float, float]]:
    """Start and end of each event."""
    return [(utc_s(event["start"]), utc_s(event["end"])) for event in found]


def kill_server(product: Product) -> None:
    """In the middle of an event; it answers again in time, and nobody else noticed."""
    wait_until(lambda: in_view(product))
    worker = product.pids()["worker-1"]
    killed = product.kill("server")
    killed_s = time.monotonic()
    wait_until(lambda: restarted(product, "server", killed))
    wait_until(lambda: answers(product))
    print(f"server answers again after {time.monotonic() - killed_s:.2f} s")
    assert product.pids()["worker-1"] == worker
    wait_until(lambda: product.metric("camera_streaming", camera="door") == 1)
    assert product.metric("reconnects", camera="door") == 0


def kill_worker(product: Product) -> tuple[float, str]:
    """In the middle of an event; returns when, and the event that was going on."""
    wait_until(lambda: not in_view(product))
    event = wait_until(lambda: next((e for e in product.events() if e["phase"] != "end"), None))
    server = product.pids()["server"]
    killed = product.kill("worker-1")
    killed_utc_s, killed_s = time.time(), time.monotonic()
    wait_until(lambda: restarted(product, "worker-1", killed))
    wait_until(lambda: product.get("nodes")[0]["pid"] == product.pids()["worker-1"])
    print(f"worker reports again after {time.monotonic() - killed_s:.2f} s")
    assert product.pids()["server"] == server
    return killed_utc_s, event["id"]


def test_nothing_is_lost_and_nothing_is_doubled(home: Path, visit: Video, farm: CameraFarm) -> None:
    """Server and worker are killed one after the other while a camera is watched and recorded.

    Both are back and the other goes on; at most 1 s of video is lost beside the time without a
    connection; every visit gives one event, and one only; the event that the killed worker left open ends.
    """
    farm.add("crash", visit.path)
    done("camera", "add", "Door", farm.url("crash"), home=home)
    with Product(home) as product:
        product.wait_ready()
        product.wait_streaming("door")
        wait_until(lambda: len([e for e in product.events() if e["phase"] == "end"]) == 1)
        kill_server(product)
        killed_utc_s, cut_id = kill_worker(product)
        after = wait_until(lambda: [s for s in product.segments("door") if utc_s(s["start"]) > killed_utc_s])
        wait_until(
            lambda: any(utc_s(e["start"]) > killed_utc_s and e["phase"] == "end" for e in product.events()),
        )
        wait_until(lambda: not in_view(product))
        found = product.events()
        stopped_utc_s = time.time()
        assert product.end() == 0

    segments = records.segments(home, "door")
    assert {row["state"] for row in segments} == {"closed"}
    before = [row for row in segments if utc_s(row["start"] + "+00:00") < killed_utc_s]
    lost_s = killed_utc_s - utc_s(before[-1]["end"] + "+00:00")
    print(f"video lost {lost_s:.2f} s, camera away {utc_s(after[0]['start']) - killed_utc_s:.2f} s")
    assert lost_s < LOST_MAX_S
    for one, other in itertools.pairwise(before):
        assert abs(utc_s(other["start"]) - utc_s(one["end"])) < 0.3  # no hole where the server was killed
    assert "All is well" in vedette("check", home=home).stderr

    assert {event["phase"] for event in found} == {"end"}
    assert cut_id in {event["id"] for event in found}
    assert len({event["id"] for event in found}) == len(found)
    (presence,) = visit.presences
    view = presence.start_s, presence.end_s
    shown = [
        *records.stays(utc_s(before[0]["start"] + "+00:00"), killed_utc_s, view, LOOP_S),
        *records.stays(utc_s(after[0]["start"]), stopped_utc_s, view, LOOP_S),
    ]
    counts = {stay: records.matches(stay, spans(found)) for stay in shown}
    assert all(count == 1 for stay, count in counts.items() if stay.whole), counts
    assert all(count <= 1 for count in counts.values()), counts
    assert len(found) == sum(counts.values())


def test_the_supervisors_death_ends_everything_and_the_next_start_goes_on(
    home: Path, visit: Video, farm: CameraFarm
) -> None:
    """kill -9 of the supervisor: its children end by themselves, in order, and the home can be used again."""
    farm.add("orphans", visit.path)
    done("camera", "add", "Door", farm.url("orphans"), home=home)
    with Product(home) as product:
        product.wait_ready()
        product.wait_streaming("door")
        wait_until(lambda: product.segments("door"))
        product.process.kill()
        product.wait()
    with Product(home) as product:
        product.wait_ready()
        product.wait_streaming("door")
        assert product.end() == 0
    assert {row["state"] for row in records.segments(home, "door")} == {"closed"}
    assert "All is well" in vedette("check", home=home).stderr
