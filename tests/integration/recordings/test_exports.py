"""Exports: ordered, made, downloaded, cancelled, expired."""

import asyncio
import os
import struct
import threading
import time
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import av
import pytest
from django.test import Client
from django.utils import timezone

from tests.integration.recordings.conftest import START, Archive, at
from tests.support.processes import PATIENCE_S
from tests.unit.recording.packets import decode_complaints, probe
from vedette.server.accounts.models import AuditEntry
from vedette.server.cameras.models import Camera
from vedette.server.recordings import exporter, exports
from vedette.server.recordings.jobs import make_and_remove_exports
from vedette.server.recordings.models import Export


@pytest.fixture(autouse=True)
def own_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Exports go to a folder of the test."""
    folder = tmp_path / "exports"
    folder.mkdir()
    monkeypatch.setattr(exports, "folder", lambda: folder)
    return folder


def order(client: Client, start_s: float, end_s: float, camera: str = "door") -> Any:
    """Order an export; returns what the API says."""
    body = {"camera": camera, "start": at(start_s), "end": at(end_s)}
    answer = client.post("/api/v1/exports", body, content_type="application/json")
    return answer.json() | {"status": answer.status_code}


def made(client: Client, start_s: float, end_s: float) -> Any:
    """Order an export and make it."""
    ordered = order(client, start_s, end_s)
    assert ordered["status"] == 201, ordered
    assert exporter.make_waiting() == 1
    return client.get(f"/api/v1/exports/{ordered['id']}").json()


def packets_of(path: Path, kind: str) -> list[bytes]:
    """The packets of a file's stream."""
    with av.open(str(path)) as container:
        return [
            bytes(packet) for packet in container.demux(getattr(container.streams, kind)[0]) if packet.size
        ]


@pytest.mark.parametrize("codec", ["h264", "hevc"])
def test_an_export_is_the_original(archive: Archive, api: Client, door: Camera, codec: str) -> None:
    """Same packets, picture and sound, across segments; plain MP4, index first, `hvc1`, right duration."""
    rows = archive.record(times=3, codec=codec, tone_hz=440, gop=10, fps=10)
    assert len(rows) == 3
    export = made(api, 0, 6)
    assert (export["state"], export["progress"], export["message"]) == ("done", 1.0, "")
    path = exports.folder() / f"{export['id']}.mp4"
    for kind in ("video", "audio"):
        recorded = [packet for row in rows for packet in packets_of(archive.root / row.path, kind)]
        assert packets_of(path, kind) == recorded
    found = probe(path)
    assert found["video"]["codec_tag_string"] == ("hvc1" if codec == "hevc" else "avc1")
    assert found["audio"]["codec_name"] == "aac"
    assert float(found["video"]["duration"]) == pytest.approx(6, abs=0.1)
    assert decode_complaints(path) == ""
    assert boxes(path) == ["ftyp", "moov", "mdat"]
    assert export["size_bytes"] == path.stat().st_size
    assert export["duration_s"] == pytest.approx(6, abs=0.1)


def boxes(path: Path) -> list[str]:
    """The boxes at the top of an MP4 file."""
    data, found, place = path.read_bytes(), [], 0
    while place < len(data):
        size, kind = struct.unpack_from(">I4s", data, place)
        found.append(kind.decode())
        place += size
    return found


def test_a_part_of_a_segment_begins_at_its_moment(archive: Archive, api: Client, door: Camera) -> None:
    """What is shown is what was asked for, although the file begins with a keyframe before it."""
    archive.record(times=3, fps=10, gop=20)
    export = made(api, 1.5, 4.5)
    path = exports.folder() / f"{export['id']}.mp4"
    assert float(probe(path)["video"]["duration"]) == pytest.approx(3, abs=0.11)


def test_odd_segments_do_not_spoil_it(archive: Archive, api: Client, door: Camera) -> None:
    """A segment cut short is in as far as it goes, one that is garbage or gone is left out and told of."""
    rows = archive.record(times=4, fps=10, gop=10)
    files = [archive.root / row.path for row in rows]
    os.truncate(files[1], files[1].stat().st_size * 2 // 3)
    files[2].write_bytes(b"garbage" * 999)
    export = made(api, 0, 8)
    path = exports.folder() / f"{export['id']}.mp4"
    assert export["state"] == "done"
    assert "left out" in export["message"]
    assert 4.5 < export["duration_s"] < 6
    assert decode_complaints(path) == ""


def test_nothing_left_is_a_failure_in_words(archive: Archive, api: Client, door: Camera) -> None:
    """When retention was faster, the export fails and says why; it can be removed."""
    rows = archive.record(times=1)
    ordered = order(api, 0, 2)
    (archive.root / rows[0].path).unlink()
    exporter.make_waiting()
    export = api.get(f"/api/v1/exports/{ordered['id']}").json()
    assert export["state"] == "failed"
    assert "no recording" in export["message"]
    assert api.get(f"/api/v1/exports/{ordered['id']}/file.mp4").status_code == 404
    assert list(exports.folder().iterdir()) == []
    assert api.delete(f"/api/v1/exports/{ordered['id']}").status_code == 204


def test_it_is_downloaded_in_ranges_with_a_name(archive: Archive, api: Client, door: Camera) -> None:
    """The file has the camera's name and its time; ranges can be asked for."""
    Camera.objects.filter(pk="door").update(name='Front/door "ä"')
    archive.record()
    export = made(api, 0, 4)
    address = f"/api/v1/exports/{export['id']}/file.mp4"
    whole = api.get(address)
    data = body(whole)
    assert len(data) == int(whole["Content-Length"]) == export["size_bytes"]
    name = unquote(whole["Content-Disposition"])
    assert name == "attachment; filename*=utf-8''Front door  ä 2026-11-21 12.00.00 UTC.mp4"
    part = api.get(address, headers={"Range": "bytes=10-19"})
    assert (part.status_code, body(part)) == (206, data[10:20])
    assert api.head(address)["Content-Length"] == str(len(data))


def body(answer: Any) -> bytes:
    """All of an answer that is read off the event loop."""

    async def collect() -> bytes:
        return b"".join([piece async for piece in answer.streaming_content])

    return asyncio.run(collect())


@pytest.mark.parametrize(("start_s", "end_s"), [(2, 1), (0, 7 * 3600), (900, 950), (1e9, 2e9)])
def test_spans_that_make_no_sense_are_refused(
    archive: Archive, api: Client, door: Camera, start_s: float, end_s: float
) -> None:
    """Backwards, too long, without recording, in the future: 422 with words, and no row."""
    archive.record(times=1)
    found = order(api, start_s, end_s)
    assert found["status"] == 422
    assert found["error"]
    assert not Export.objects.exists()


def test_a_full_disk_is_not_filled_further(
    archive: Archive, api: Client, door: Camera, monkeypatch: pytest.MonkeyPatch
) -> None:
    """All exports together, and what must stay free, are bounded."""
    archive.record()
    made(api, 0, 6)
    monkeypatch.setattr(exports, "DISK_SHARE", 1e-12)
    assert "Exports may take" in order(api, 0, 6)["error"]
    monkeypatch.undo()
    monkeypatch.setattr(exports, "SPARE_BYTES", 10**18)
    assert "are free" in order(api, 0, 6)["error"]


def test_so_many_wait_and_no_more(
    archive: Archive, api: Client, door: Camera, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The queue is bounded."""
    archive.record()
    monkeypatch.setattr(exports, "MOST_WAITING", 2)
    assert [order(api, 0, 4)["status"] for _ in range(3)] == [201, 201, 422]


def test_cancelling_stops_it(
    archive: Archive, api: Client, door: Camera, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An export that is removed while it is made leaves nothing behind."""
    archive.record()
    ordered = order(api, 0, 6)
    monkeypatch.setattr(exporter, "TELL_S", -1.0)
    told: list[float] = []
    still_wanted = exports.still_wanted

    def cancelled(export: Export, progress: float) -> bool:
        told.append(progress)
        if len(told) == 2:
            assert api.delete(f"/api/v1/exports/{ordered['id']}").status_code == 204
        return still_wanted(export, progress)

    monkeypatch.setattr(exports, "still_wanted", cancelled)
    exporter.make_waiting()
    assert told[0] == 0
    assert len(told) == 2
    assert list(exports.folder().iterdir()) == []
    assert api.get(f"/api/v1/exports/{ordered['id']}").status_code == 404


def test_what_a_crash_left_is_begun_again(archive: Archive, api: Client, door: Camera) -> None:
    """A running export whose maker is silent waits again; one that is being made is left alone."""
    archive.record()
    ordered = order(api, 0, 6)
    assert exports.claim(60) is not None
    (exports.folder() / f"{ordered['id']}.mp4.part").write_bytes(b"half")
    assert exporter.make_waiting() == 0
    Export.objects.update(touched=timezone.now() - timedelta(seconds=61))
    assert exporter.make_waiting(60) == 1
    assert api.get(f"/api/v1/exports/{ordered['id']}").json()["state"] == "done"
    assert [path.suffix for path in exports.folder().iterdir()] == [".mp4"]


def test_they_expire(archive: Archive, api: Client, door: Camera) -> None:
    """After a week row and file go; files that no row knows go too, files of others never."""
    archive.record()
    export = made(api, 0, 6)
    stray, others = exports.folder() / f"{export['id'][:-4]}abcd.mp4", exports.folder() / "holiday.mp4"
    for path in (stray, others):
        path.write_bytes(b"x")
        os.utime(path, (time.time() - 7200,) * 2)
    assert exports.tidy() == 1
    assert not stray.exists()
    Export.objects.update(expires=timezone.now() - timedelta(seconds=1))
    assert exports.tidy() == 1
    assert list(exports.folder().iterdir()) == [others]
    assert not Export.objects.exists()


def test_the_job_removes_and_kicks(
    archive: Archive, api: Client, door: Camera, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The scheduler's job does both, and says what it did."""
    kicked = threading.Event()
    monkeypatch.setattr(exporter.exporter, "kick", kicked.set)
    assert make_and_remove_exports() == "Nothing to remove."
    assert kicked.is_set()


def test_who_may_what(archive: Archive, bearer: Callable[..., Client], api: Client, door: Camera) -> None:
    """Viewers see and download exports of their cameras, operators order and cancel; all of it is noted."""
    archive.record()
    archive.record(camera="gone")
    viewer, operator = bearer("viewer"), bearer("operator")
    assert order(viewer, 0, 4)["status"] == 403
    assert order(operator, 0, 4, camera="never")["status"] == 404
    export = made(operator, 0, 4)
    assert export["created_by"] == "test operator"
    hidden = order(api, 0, 4, camera="gone")
    assert [row["id"] for row in viewer.get("/api/v1/exports").json()] == [export["id"]]
    assert viewer.get(f"/api/v1/exports/{hidden['id']}").status_code == 404
    assert viewer.get(f"/api/v1/exports/{export['id']}/file.mp4").status_code == 200
    assert viewer.delete(f"/api/v1/exports/{export['id']}").status_code == 403
    assert operator.delete(f"/api/v1/exports/{export['id']}").status_code == 204
    actions = set(AuditEntry.objects.values_list("who", "action"))
    assert {
        ("test operator", "export.created"),
        ("test viewer", "export.downloaded"),
        ("test operator", "export.removed"),
    } <= actions


@pytest.mark.django_db(transaction=True)
def test_a_thread_makes_them_and_ends(archive: Archive, door: Camera) -> None:
    """A kick starts one thread however often it comes; it ends when nothing waits."""
    archive.record()
    for seconds in (2, 3, 4):
        exports.order("door", START, START + timedelta(seconds=seconds), "ada")
    worker = exporter.Exporter()
    for _ in range(5):
        worker.kick()
    thread = worker._thread
    if thread is not None:
        thread.join(PATIENCE_S)
    assert set(Export.objects.values_list("state", flat=True)) == {"done"}
    assert worker._thread is None
