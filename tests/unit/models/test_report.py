"""`evaluate` chooses the right figures for what it is given."""

import json
from pathlib import Path

import cv2
import numpy as np
import pytest

from tests.support.onnx_models import write_model
from vedette.models.evaluation.events import EventInterval
from vedette.models.evaluation.formats import EvaluationError
from vedette.models.evaluation.report import BENCHMARK, Table, evaluate
from vedette.vision.detectors.base import Detector, ModelFile
from vedette.vision.detectors.registry import load_detector

MOT = "1,1,32,48,32,64,1,0,1\n2,1,32,48,32,64,1,0,1\n"


def written(path: Path, text: str) -> Path:
    path.parent.mkdir(exist_ok=True)
    path.write_text(text)
    return path


def cells(table: Table, row: int = 0) -> dict[str, str]:
    assert all(len(one) == len(table.columns) for one in table.rows)
    return dict(zip(table.columns, table.rows[row], strict=True))


@pytest.fixture
def detector(tmp_path: Path) -> Detector:
    """Sees a person at (32, 48, 32, 64) of any 128x128 picture."""
    output = np.zeros((5, 84), np.float32)
    output[:, 30] = [24, 40, 16, 32, 0.9]
    path = write_model(tmp_path / "m.onnx", {"o": output})
    return load_detector(ModelFile(path=path, name="m", labels=("person",)), BENCHMARK)


def coco(tmp_path: Path) -> Path:
    content = {
        "images": [{"id": 1, "file_name": "a.png"}],
        "categories": [{"id": 1, "name": "person"}],
        "annotations": [{"image_id": 1, "category_id": 1, "bbox": [32, 48, 32, 64]}],
    }
    return written(tmp_path / "truth.json", json.dumps(content))


def test_coco_results(tmp_path: Path) -> None:
    """Detections of pictures that are not in the ground truth do not count."""
    row = {"image_id": 1, "category_id": 1, "bbox": [32, 48, 32, 64], "score": 0.5}
    results = written(tmp_path / "found.json", json.dumps([row, row | {"image_id": 2, "score": 0.9}]))
    table = evaluate(results, coco(tmp_path))
    assert (cells(table)["AP"], cells(table)["small"]) == ("100.00", "-")
    assert cells(table, 1)["label"] == "person"


def test_coco_pictures(tmp_path: Path, detector: Detector) -> None:
    """A folder of pictures is looked at with the detector."""
    pictures = tmp_path / "pictures"
    pictures.mkdir()
    cv2.imwrite(str(pictures / "a.png"), np.zeros((128, 128, 3), np.uint8))
    assert cells(evaluate(pictures, coco(tmp_path), detector=detector))["AP"] == "100.00"
    (pictures / "a.png").write_bytes(b"no picture")
    with pytest.raises(EvaluationError, match=r"a\.png is missing or not a picture"):
        evaluate(pictures, coco(tmp_path), detector=detector)
    with pytest.raises(EvaluationError, match="needs a detector"):
        evaluate(pictures, coco(tmp_path))


def test_mot_tracks(tmp_path: Path) -> None:
    """Tracks against tracks."""
    table = evaluate(written(tmp_path / "a.txt", MOT), written(tmp_path / "b.txt", MOT))
    assert (cells(table)["MOTA"], cells(table)["IDF1"]) == ("100.00", "100.00")


def test_clip_against_boxes(tmp_path: Path, detector: Detector) -> None:
    """The frames that have ground truth are looked at, counted from 1."""
    clip = tmp_path / "clip.avi"
    writer = cv2.VideoWriter(str(clip), cv2.VideoWriter.fourcc(*"MJPG"), 10, (128, 128))
    for _ in range(4):
        writer.write(np.zeros((128, 128, 3), np.uint8))
    writer.release()
    row = cells(evaluate(clip, written(tmp_path / "truth.txt", MOT), detector=detector))
    assert (row["label"], row["AP"], row["detections"]) == ("person", "100.00", "2")
    clip.write_bytes(b"no video")
    with pytest.raises(EvaluationError, match="cannot be read as video"):
        evaluate(clip, tmp_path / "truth.txt", detector=detector)


def test_label_folders(tmp_path: Path) -> None:
    """VOC figures for folders of label files."""
    written(tmp_path / "found" / "1.txt", "dog .5 1 2 3 4\n")
    written(tmp_path / "truth" / "1.txt", "dog 1 2 3 4\n")
    assert cells(evaluate(tmp_path / "found", tmp_path / "truth"))["AP"] == "100.00"


def test_events_of_a_clip(tmp_path: Path) -> None:
    """Events from a file of the clip's name, or from an analysis of the clip itself."""
    truth = written(tmp_path / "truth.json", '{"sub/clip.mp4": {"fps": 10, "visits": [[0, 50], [80, 99]]}}')
    line = '{"kind": "object", "label": "person", "start_s": 1, "end_s": 2}'
    row = cells(evaluate(written(tmp_path / "clip.jsonl", line), truth))
    assert (row["certain"], row["found"], row["missed"]) == ("2", "1", "person 8.0-10.0")
    clip = written(tmp_path / "clip.mp4", "")
    ghost = EventInterval("motion", "", 6.5, 7)
    row = cells(evaluate(clip, truth, analyse=lambda _: [ghost]))
    assert (row["found"], row["false"]) == ("0", "motion 6.5-7.0")
    with pytest.raises(EvaluationError, match="events are needed"):
        evaluate(clip, truth)
    with pytest.raises(EvaluationError, match="says nothing of other"):
        evaluate(written(tmp_path / "other.jsonl", line), truth)


def test_missing_files(tmp_path: Path) -> None:
    """The path is named."""
    with pytest.raises(EvaluationError, match=r"none\.json does not exist"):
        evaluate(tmp_path / "none.json", tmp_path / "none.txt")
