"""Changes while it runs take effect within a second, without a lost picture (P5)."""

import time
from pathlib import Path
from typing import Any

from tests.acceptance import records
from tests.acceptance.product import Product, done, vedette
from tests.support.http import Guard
from tests.support.processes import wait_until
from tests.support.rtsp import CameraFarm, send_no_more
from tests.support.video import Video

PASSWORD = "p@ss:w/ö?rd#%20 &="


def wait_applied(product: Product, since_s: float, what: str) -> None:
    """Wait until the worker confirms the newest configuration."""

    def confirmed() -> bool:
        (node,) = product.get("nodes")
        return bool(node["revision"] == node["wanted_revision"]) and bool(product.camera("door")["applied"])

    wait_until(confirmed, what=f"{what} confirmed")
    print(f"{what}: confirmed after {time.monotonic() - since_s:.2f} s")


def changes() -> list[tuple[str, str, Any]]:
    """Method, path and fields of every kind of change."""
    zone = {"name": "porch", "polygon": [[0, 0], [1, 0], [1, 1], [0, 1]]}
    return [
        ("PATCH", "profiles/default", {"rate_fps": 8.0, "min_score": 0.4}),
        ("PUT", "cameras/door/zones", [zone]),
        ("PATCH", "cameras/door", {"recording_mode": "events", "pre_roll_s": 2.0}),
        ("PATCH", "cameras/door", {"recording_mode": "always"}),
        ("PATCH", "cameras/door", {"name": "Front door"}),
        ("PATCH", "profiles/default", {"model": "people"}),
    ]


def test_changes_need_no_reconnect(home: Path, visit: Video, farm: CameraFarm) -> None:
    """Rate, zone, recording mode, name and model: each is confirmed in time, by the same process, on the
    same connection, and an event knows the new zone."""
    camera = farm.add("changes", visit.path)
    done("camera", "add", "Door", farm.url("changes"), home=home)
    with Product(home) as product:
        product.wait_ready()
        product.wait_streaming("door")
        pids = product.pids()
        for method, path, fields in changes():
            begun_s = time.monotonic()
            answer = product.client.request(method, f"/api/v1/{path}", json=fields)
            assert answer.status_code == 200, answer.text
            wait_applied(product, begun_s, f"{path} {fields}")
        wait_until(lambda: any(event["zones"] for event in product.events()), what="event in the zone")
        assert product.pids() == pids
        assert product.metric("reconnects", camera="door") == 0
        assert product.end() == 0
    assert camera.counters["connections"] == 1


def test_no_picture_is_lost_by_a_change(home: Path, visit: Video, farm: CameraFarm) -> None:
    """While the profile changes again and again, every picture that the camera sends is recorded."""
    camera = farm.add("lossless", visit.path)
    done("camera", "add", "Door", farm.url("lossless"), home=home)
    with Product(home) as product:
        product.wait_ready()
        product.wait_streaming("door")
        for rate in range(2, 8):
            begun_s = time.monotonic()
            product.change("profiles/default", rate_fps=rate)
            wait_applied(product, begun_s, f"rate {rate}")
        sent = send_no_more(camera, lambda: product.metric("packets", camera="door"))
        assert product.end() == 0
        recorded = records.pictures_recorded(home, "door")
    assert recorded == sent


def test_the_command_line_changes_a_running_vedette(home: Path, visit: Video, farm: CameraFarm) -> None:
    """`vedette camera add` and `remove`, and `config apply`, are taken over by the running worker."""
    farm.add("first", visit.path)
    farm.add("second", visit.path)
    with Product(home) as product:
        product.wait_ready()
        done("camera", "add", "First", farm.url("first"), home=home)
        product.wait_streaming("first")
        text = f"cameras:\n  second:\n    main_url: {farm.url('second')}\n"
        assert vedette("config", "apply", "-", home=home, text=text).returncode == 0
        product.wait_streaming("second")
        done("camera", "remove", "first", home=home)
        wait_until(lambda: product.get("nodes")[0]["cameras"] == ["second"])
        assert product.end() == 0
    assert {row["state"] for row in records.segments(home, "first")} == {"closed"}


def test_a_disabled_camera_is_left_alone(home: Path, visit: Video, farm: CameraFarm) -> None:
    """Off means disconnected; on means streaming again."""
    farm.add("off", visit.path)
    done("camera", "add", "Door", farm.url("off"), home=home)
    before = farm.clients
    with Product(home) as product:
        product.wait_ready()
        product.wait_streaming("door")
        product.change("cameras/door", enabled=False)
        wait_until(lambda: product.camera("door")["status"]["state"] == "disabled")
        wait_until(lambda: farm.clients == before)
        product.change("cameras/door", enabled=True)
        product.wait_streaming("door")
        assert product.end() == 0


def test_a_password_is_in_no_log_answer_export_or_command_line(
    home: Path, visit: Video, farm: CameraFarm
) -> None:
    """The camera lets us in, and nobody else learns the secret (P6)."""
    farm.add("secret", visit.path, guard=Guard("joe", PASSWORD, "digest"))
    url = farm.url("secret")
    added = vedette(
        "camera",
        "add",
        "Door",
        url,
        "--username",
        "joe",
        home=home,
        env={"VEDETTE_CAMERA_PASSWORD": PASSWORD},
    )
    assert added.returncode == 0, added.stderr
    with Product(home, env={"VEDETTE_LOG_LEVEL": "debug"}) as product:
        product.wait_ready()
        product.wait_streaming("door")
        shown = [
            product.client.get(f"/api/v1/{path}").text
            for path in ("cameras", "cameras/door", "health", "nodes")
        ]
        shown += [product.client.get("/metrics").text, done("config", "export", home=home)]
        shown += [done("camera", "list", home=home), added.stdout, added.stderr]
        shown += [Path(f"/proc/{pid}/cmdline").read_text() for pid in (product.pid, *product.pids().values())]
        product.change("cameras/door", password="wrong")
        wait_until(lambda: product.camera("door")["status"]["state"] == "retrying")
        shown += [product.client.get("/api/v1/cameras").text, product.client.get("/api/v1/health").text]
        assert product.end() == 0
        shown.append(product.output)
    for text in shown:
        for form in (PASSWORD, "p%40ss", "rd%23", "w/ö"):
            assert form not in text


def test_the_home_is_for_this_user_only(home: Path) -> None:
    """Nobody else on the machine may read keys, database and recordings."""
    done("camera", "add", "Door", "rtsp://camera.example/door", home=home)
    assert home.stat().st_mode & 0o077 == 0
    assert (home / "secrets").stat().st_mode & 0o077 == 0
