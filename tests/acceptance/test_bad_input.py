"""What is broken outside costs a clear message and a counter, and no other camera anything (P7)."""

import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.acceptance import records
from tests.acceptance.product import Product, done, vedette
from tests.support.http import HttpServer, Resource
from tests.support.processes import wait_until
from tests.support.rtsp import CameraFarm, Fault, Guard
from tests.support.video import Video
from vedette.testing.ports import free_port

BAD = {
    "webpage": ("open_failures", "invalid_data"),
    "silent": ("connect_timeouts",),
    "locked": ("open_failures",),
    "garbage": ("open_failures", "stalls", "connect_timeouts", "reconnects"),
    "nobody": ("open_failures",),
    "nowhere": ("open_failures",),
    "text": ("open_failures", "invalid_data"),
}
"""Cameras that cannot work, and the counters of which at least one tells so."""


@pytest.fixture(scope="module")
def troubled(tmp_path_factory: pytest.TempPathFactory, visit: Video, farm: CameraFarm) -> Iterator[Product]:
    """A product with one good camera and one of each bad kind."""
    folder = tmp_path_factory.mktemp("troubled")
    home = folder / "home"
    (folder / "notes.mp4").write_text("Dear diary,\n" * 1000)
    farm.add("good", visit.path)
    farm.add("silent", visit.path, fault=Fault.SILENT)
    farm.add("garbage", visit.path, fault=Fault.GARBAGE)
    farm.add("locked", visit.path, guard=Guard("joe", "right"))
    with HttpServer() as web:
        page = b"<html><body>Please log in to your camera</body></html>" * 50
        web.add("index.html", Resource(body=page, content_type="text/html"))
        urls = {name: farm.url(name) for name in ("good", "silent", "garbage", "locked", "nowhere")}
        urls["locked"] = urls["locked"].replace("rtsp://", "rtsp://joe:wrong@")
        urls |= {"webpage": web.url("index.html"), "nobody": f"rtsp://127.0.0.1:{free_port()}/x"}
        urls["text"] = str(folder / "notes.mp4")
        lines = [f"  {name}: {{main_url: '{url}'}}" for name, url in urls.items()]
        text = "\n".join(["cameras:", *lines])
        assert vedette("config", "apply", "-", home=home, text=text).returncode == 0
        with Product(home) as product:
            product.wait_ready()
            product.wait_streaming("good")
            yield product


@pytest.mark.parametrize("camera", BAD)
def test_a_bad_camera_says_what_is_wrong(troubled: Product, camera: str) -> None:
    """Its status and the health page say so in words, and a counter counts."""
    message = wait_until(lambda: (troubled.camera(camera)["status"] or {}).get("message"))
    print(f"{camera}: {message}")
    assert len(message) > 20
    assert "Error(" not in message
    assert "wrong@" not in message
    wait_until(lambda: any(troubled.metric(name, camera=camera) for name in BAD[camera]))
    if troubled.camera(camera)["status"]["state"] == "retrying":
        assert wait_until(lambda: [r for r in troubled.reasons() if r["camera"] == camera])


def test_the_good_camera_is_recorded_all_the_while(troubled: Product) -> None:
    """It never lost its connection, is recorded, and its event is there."""
    wait_until(lambda: [e for e in troubled.events(camera="good") if e["phase"] == "end"])
    assert troubled.metric("reconnects", camera="good") == 0
    assert troubled.camera("good")["status"]["recording"]
    assert troubled.segments("good")


def test_a_camera_that_is_mended_comes_back(troubled: Product, visit: Video, farm: CameraFarm) -> None:
    """What was not there is tried again, without anybody's help."""
    farm.add("nowhere", visit.path)
    troubled.wait_streaming("nowhere")
    wait_until(lambda: troubled.segments("nowhere"))


@pytest.fixture
def small_disk(home: Path) -> Iterator[Path]:
    """A recordings folder on a disk of its own of 64 MB."""
    recordings = home / "recordings"
    recordings.mkdir(parents=True)
    mount = ["mount", "-t", "tmpfs", "-o", "size=64m,mode=700", "tmpfs", str(recordings)]
    if os.geteuid() != 0 or subprocess.run(mount, capture_output=True, check=False).returncode != 0:
        pytest.skip("only root may mount a small disk")
    yield recordings
    subprocess.run(["umount", "-l", str(recordings)], check=True)


def test_a_full_disk_is_said_and_recovered_from(
    home: Path, small_disk: Path, visit: Video, farm: CameraFarm
) -> None:
    """Health names it, a counter counts, analysis goes on; when there is room again so does recording; the
    file that filled the disk is not touched (P4)."""
    farm.add("full", visit.path)
    done("camera", "add", "Door", farm.url("full"), home=home)
    stranger = small_disk / "holiday.bin"
    with Product(home) as product:
        product.wait_ready()
        product.wait_streaming("door")
        wait_until(lambda: product.camera("door")["status"]["recording"])
        _fill(stranger)
        wait_until(lambda: any(r["code"] == "disk" for r in product.reasons()), what="health says so")
        assert product.metric("disk_stopped") == 1
        assert product.metric("disk_failures") >= 1
        events = len(product.events())
        wait_until(lambda: len(product.events()) > events, what="an event while the disk is full")
        assert stranger.exists()
        stranger.unlink()
        wait_until(lambda: all(r["code"] != "disk" for r in product.reasons()), what="well again")
        before = len(product.segments("door"))
        wait_until(lambda: len(product.segments("door")) > before or _grows(product))
        assert product.end() == 0
    assert records.pictures_recorded(home, "door") > 0
    vedette("check", home=home)
    assert "All is well" in vedette("check", home=home).stderr


def _fill(path: Path) -> None:
    try:
        with path.open("wb") as file:
            while True:
                file.write(bytes(2**20))
                file.flush()
    except OSError:
        return


def _grows(product: Product) -> bool:
    return any(segment["state"] == "open" for segment in product.segments("door"))


def test_a_damaged_model_file_leaves_the_fallback(home: Path, visit: Video, tmp_path: Path) -> None:
    """The file is named on start and in health's words; the clip is watched and recorded all the same."""
    (tmp_path / "yolox_nano.onnx").write_bytes(b"not a network" * 100)
    with Product(home, visit.path, "--until-end", env={"VEDETTE_MODELS": str(tmp_path)}) as product:
        assert product.wait() == 0
        assert "Without the model yolox_nano" in product.output
        assert "Traceback" not in product.output
    assert records.pictures_recorded(home, visit.path.stem) == visit.spec.pictures
    assert records.events(home)


def test_footage_that_breaks_off_is_watched_as_far_as_it_goes(
    home: Path, visit: Video, tmp_path: Path
) -> None:
    """A truncated file and one that is missing end, are counted, and do not hold up --until-end."""
    (tmp_path / "cut.mp4").write_bytes(visit.path.read_bytes()[:20_000])
    with Product(home, tmp_path / "cut.mp4", visit.path, "--until-end") as product:
        wait_until(lambda: not product.running or "cut" in product.output)
        product.wait_ready()
        message = wait_until(lambda: product.camera("cut")["status"]["message"])
        assert len(message) > 20
        wait_until(lambda: product.camera(visit.path.stem)["status"]["state"] == "ended")
