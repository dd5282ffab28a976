"""`vedette analyze`, as a script calls it."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import cv2
import pytest

from tests.acceptance.conftest import VISIT
from tests.acceptance.product import vedette
from tests.support.video import Video, VideoMaker
from vedette.testing.video import scene_pictures

FIELDS = {"camera", "kind", "label", "score", "start_s", "end_s", "box", "zones"}


def analyze(*arguments: object) -> tuple[int, list[dict[str, Any]], str]:
    """Exit status, events, standard error."""
    result = vedette("analyze", *arguments, "--json")
    return result.returncode, [json.loads(line) for line in result.stdout.splitlines()], result.stderr


def test_every_event_is_a_line_of_json(visit: Video) -> None:
    """Fields, ranges, and times in seconds of the file; the summary stands on standard error."""
    status, events, said = analyze(visit.path)
    assert status == 0
    (presence,) = visit.presences
    assert events
    for event in events:
        assert event.keys() >= FIELDS
        assert 0 <= event["score"] <= 1
        assert 0 <= event["start_s"] <= event["end_s"] <= 9.0
        x, y, width, height = event["box"]
        assert 0 <= x <= x + width <= 640.5
        assert 0 <= y <= y + height <= 360.5
    assert any(event["start_s"] < presence.end_s and event["end_s"] > presence.start_s for event in events)
    assert "frames decoded" in said
    assert "CPU seconds" in said


def test_a_person_is_named_and_timed(visit: Video, models_dir: Path) -> None:
    """With the default model there is one event: a person, from appearance to disappearance."""
    status, events, _ = analyze(visit.path)
    (presence,) = visit.presences
    assert status == 0
    (event,) = events
    assert (event["kind"], event["label"]) == ("object", "person")
    assert event["start_s"] == pytest.approx(presence.start_s, abs=1.0)
    assert event["end_s"] == pytest.approx(presence.end_s, abs=1.0)


def test_gate_on_and_off_find_the_same(visit: Video, models_dir: Path) -> None:
    """The gate saves work and costs no event."""
    watched, _ = analyze(visit.path, "--gate", "on")[1:]
    decoded, _ = analyze(visit.path, "--gate", "off")[1:]
    assert [event["label"] for event in watched] == [event["label"] for event in decoded]
    for one, other in zip(watched, decoded, strict=True):
        assert one["start_s"] == pytest.approx(other["start_s"], abs=0.5)


def test_a_quiet_video_gives_nothing(quiet: Video) -> None:
    """Nobody there: no line, status 0."""
    assert analyze(quiet.path)[:2] == (0, [])


def test_a_folder_of_pictures_is_footage(visit: Video, tmp_path: Path) -> None:
    """Pictures in a folder are looked at in the order of their names."""
    for number, picture in enumerate(scene_pictures(visit.spec)):
        if number % 2 == 0:
            cv2.imwrite(str(tmp_path / f"{number:04}.jpg"), picture)
    status, events, said = analyze(tmp_path)
    assert status == 0, said
    assert events


def test_several_files_are_told_apart(visit: Video, quiet: Video) -> None:
    """Each line names its file."""
    status, events, _ = analyze(quiet.path, visit.path)
    assert status == 0
    assert {event["file"] for event in events} == {str(visit.path)}


def _truncated(video: Video, folder: Path) -> Path:
    path = folder / "half.mp4"
    data = video.path.read_bytes()
    path.write_bytes(data[: len(data) * 2 // 3])
    return path


def _file(content: bytes, name: str = "file.mp4") -> Callable[[Video, Path], Path]:
    def make(_video: Video, folder: Path) -> Path:
        (folder / name).write_bytes(content)
        return folder / name

    return make


def _folder_of(name: str | None) -> Callable[[Video, Path], Path]:
    def make(_video: Video, folder: Path) -> Path:
        (folder / "pictures").mkdir()
        if name:
            (folder / "pictures" / name).write_text("not a picture")
        return folder / "pictures"

    return make


@pytest.mark.parametrize(
    "broken",
    [
        pytest.param(_truncated, id="index cut off"),
        pytest.param(_file(b""), id="empty"),
        pytest.param(_file(b"Dear diary,\n" * 500, "notes.txt"), id="text"),
        pytest.param(_file(b"<html><body>Log in</body></html>" * 20), id="web page"),
        pytest.param(_file(b"\x00" * 5000), id="zeros"),
        pytest.param(lambda _video, folder: folder / "missing.mp4", id="missing"),
        pytest.param(_folder_of(None), id="empty folder"),
        pytest.param(_folder_of("a.jpg"), id="folder of no pictures"),
    ],
)
def test_what_is_no_video_ends_with_status_2(
    visit: Video, tmp_path: Path, broken: Callable[[Video, Path], Path]
) -> None:
    """One clear line with the file's name, no traceback, no event."""
    path = broken(visit, tmp_path)
    status, events, said = analyze(path)
    assert (status, events) == (2, [])
    assert str(path) in said
    assert "Traceback" not in said


def test_a_bad_file_does_not_spoil_the_good_one(visit: Video, tmp_path: Path) -> None:
    """The good file's events are there; the status says that not all went well."""
    (tmp_path / "bad.mp4").write_text("nothing")
    status, events, _ = analyze(tmp_path / "bad.mp4", visit.path)
    assert status == 2
    assert events


def test_what_a_cut_transport_stream_holds_is_found(make_video: VideoMaker, tmp_path: Path) -> None:
    """A stream cut off in mid-packet gives the events of what is there."""
    video = make_video(suffix=".ts", background="room", walks=(VISIT,), seconds=9.0, fps=10, gop=20)
    data = video.path.read_bytes()
    (tmp_path / "cut.ts").write_bytes(data[: len(data) * 3 // 4 + 77])
    status, events, said = analyze(tmp_path / "cut.ts")
    assert events
    assert status in {0, 2}
    assert "Traceback" not in said


def test_an_unknown_model_is_named(visit: Video) -> None:
    """Status 2 and the models that are known."""
    status, events, said = analyze(visit.path, "--model", "yolox_gigantic")
    assert (status, events) == (2, [])
    assert "yolox_gigantic" in said
    assert "yolox_nano" in said


def test_a_model_file_that_is_not_one_is_named(visit: Video, tmp_path: Path) -> None:
    """Status 2 and a sentence, not a traceback of the runtime."""
    (tmp_path / "model.onnx").write_bytes(b"\x08\x07garbage" * 100)
    status, events, said = analyze(visit.path, "--model", tmp_path / "model.onnx")
    assert (status, events) == (2, [])
    assert "model.onnx" in said
    assert "Traceback" not in said
