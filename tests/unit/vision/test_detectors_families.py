"""Every family's outputs, written by hand into tiny ONNX files, give the boxes that were meant."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from tests.support.onnx_models import write_model
from vedette.domain.geometry import Box
from vedette.domain.messages import Detection
from vedette.media.planes import BgrPicture
from vedette.vision.detectors.base import DetectorSettings, ModelFile
from vedette.vision.detectors.registry import load_detector

SIZE = (64, 64)
CELLS = 64 + 16 + 4  # 64x64 at strides 8, 16, 32
LABELS = ("person", "car", "dog")
PICTURE = BgrPicture(np.zeros((128, 128, 3), np.uint8))
WHOLE = Box(0, 0, 128, 128)
MEANT = Box(32, 48, 32, 64)
"""In the picture; half of that in the input."""


def zeros(*shape: int) -> NDArray[np.float32]:
    return np.zeros(shape, np.float32)


def detect(
    path: Path, labels: tuple[str, ...] | None = LABELS, **settings: Any
) -> tuple[list[Detection], Any]:
    detector = load_detector(
        ModelFile(path=path, name="tiny", labels=labels), DetectorSettings(min_score=0.3, **settings)
    )
    return detector.detect(PICTURE, [WHOLE])[0], detector


def assert_meant(found: list[Detection], label: str, score: float) -> None:
    assert [one.label for one in found] == [label]
    assert found[0].score == pytest.approx(score, abs=1e-3)
    box = found[0].box
    assert (box.x, box.y, box.width, box.height) == pytest.approx((32, 48, 32, 64), abs=0.01)


def test_yolox_places_offsets_on_the_grid(tmp_path: Path) -> None:
    """Centre (24, 40) is cell (3, 5) of stride 8 plus nothing; size is exp(raw) times the stride."""
    output = zeros(CELLS, 8)
    output[5 * 8 + 3] = [0, 0, np.log(16 / 8), np.log(32 / 8), 0.9, 0, 0.8, 0]
    found, detector = detect(write_model(tmp_path / "m.onnx", {"output": output}, size=SIZE))
    assert_meant(found, "car", 0.72)
    assert type(detector._head).__name__ == "YoloxHead"


def test_yolox_uses_every_stride(tmp_path: Path) -> None:
    """A cell of the coarsest grid is measured in its own stride."""
    output = zeros(CELLS, 8)
    output[64 + 16 + 2] = [0.75, 0.25, np.log(0.5), np.log(1.0), 1, 0.5, 0, 0]  # cell (0, 1): centre 24, 40
    assert_meant(detect(write_model(tmp_path / "m.onnx", {"output": output}))[0], "person", 0.5)


def bins(*sides: float) -> NDArray[np.float32]:
    """Logits of 8 bins for each side whose mean is the wanted number of strides."""
    logits = np.full((4, 8), -50.0, np.float32)
    for row, side in enumerate(sides):
        low = int(side)
        share = side - low
        logits[row, low] = np.log(max(1 - share, 1e-9))
        if share:
            logits[row, low + 1] = np.log(share)
    return logits.reshape(-1)


def paired(counts: tuple[int, ...], cell: int, sides: tuple[float, ...], score: float) -> dict[str, Any]:
    maps = {f"cls{number}": zeros(count, 3) for number, count in enumerate(counts)}
    maps |= {f"box{number}": zeros(count, 32) for number, count in enumerate(counts)}
    maps["cls0"][cell, 2] = score
    maps["box0"][cell] = bins(*sides)
    return maps


def test_picodet_averages_bins_around_the_middle_of_a_cell(tmp_path: Path) -> None:
    """Cell (2, 4) of stride 8 has its middle at (20, 36); sides are means of bins times 8."""
    maps = paired((64, 16, 4, 1), 4 * 8 + 2, (0.5, 1.5, 1.5, 2.5), 0.7)
    found, detector = detect(write_model(tmp_path / "m.onnx", maps))
    assert_meant(found, "dog", 0.7)
    assert detector._preprocessing.fit == "stretch"


def test_nanodet_has_three_grids_and_another_centre(tmp_path: Path) -> None:
    """Three grids make it NanoDet: cell (2, 4) has its centre at 2 * 8 + 3.5."""
    maps = paired((64, 16, 4), 4 * 8 + 2, (3.5 / 8, 11.5 / 8, 12.5 / 8, 20.5 / 8), 0.7)
    found, detector = detect(write_model(tmp_path / "m.onnx", maps, image="input.1"))
    assert_meant(found, "dog", 0.7)
    assert detector._preprocessing.fit == "centre"


def test_nanodet_outputs_without_batch_axis(tmp_path: Path) -> None:
    """Old exports leave the batch axis away."""
    maps = paired((64, 16, 4), 4 * 8 + 2, (3.5 / 8, 11.5 / 8, 12.5 / 8, 20.5 / 8), 0.7)
    path = write_model(tmp_path / "m.onnx", {f"{name}!": value for name, value in maps.items()})
    assert_meant(detect(path)[0], "dog", 0.7)


def test_nanodet_plus_joins_everything_in_one_output(tmp_path: Path) -> None:
    """Classes and sides of four grids in one output; the centre is the cell's corner."""
    output = zeros(64 + 16 + 4 + 1, 3 + 32)
    output[5 * 8 + 3, 1] = 0.6
    output[5 * 8 + 3, 3:] = bins(1, 2, 1, 2)
    found, detector = detect(write_model(tmp_path / "m.onnx", {"output": output}))
    assert_meant(found, "car", 0.6)
    assert type(detector._head).__name__ == "BinHead"


def test_fastestdet_mixes_objectness_and_class(tmp_path: Path) -> None:
    """One map of stride 16; sizes are sigmoids of the input, scores obj^0.6 * class^0.4."""
    output = zeros(8, 4, 4)
    logit = lambda p: np.log(p / (1 - p))  # noqa: E731
    output[:, 2, 1] = [0.8, np.arctanh(0.5), np.arctanh(0.5), logit(0.25), logit(0.5), 0, 0.9, 0]
    found, detector = detect(write_model(tmp_path / "m.onnx", {"758": output}))
    assert_meant(found, "car", 0.8**0.6 * 0.9**0.4)
    assert detector._preprocessing.color == "bgr"


def test_yolov5_rows_with_objectness(tmp_path: Path) -> None:
    """Three anchors for each cell: rows of centre, size, objectness, classes in input pixels."""
    output = zeros(3 * CELLS, 8)
    output[100] = [24, 40, 16, 32, 0.9, 0, 0.8, 0]
    assert_meant(detect(write_model(tmp_path / "m.onnx", {"output0": output}))[0], "car", 0.72)


def test_yolov8_columns(tmp_path: Path) -> None:
    """Columns of centre, size and classes, without objectness."""
    output = zeros(7, CELLS)
    output[:, 30] = [24, 40, 16, 32, 0, 0, 0.8]
    assert_meant(detect(write_model(tmp_path / "m.onnx", {"output0": output}))[0], "dog", 0.8)


def test_yolov8_rows(tmp_path: Path) -> None:
    """The same transposed: told from YOLOX by centres in pixels."""
    output = np.tile(np.array([32, 32, 8, 8, 0, 0, 0], np.float32), (CELLS, 1))
    output[30] = [24, 40, 16, 32, 0, 0, 0.8]
    assert_meant(detect(write_model(tmp_path / "m.onnx", {"output0": output}))[0], "dog", 0.8)


def test_yolov6_rows_with_objectness_of_one(tmp_path: Path) -> None:
    """As many rows as cells, centres in pixels, objectness always one."""
    output = np.tile(np.array([32, 32, 8, 8, 1, 0, 0, 0], np.float32), (CELLS, 1))
    output[30, :6] = [24, 40, 16, 32, 1, 0.8]
    assert_meant(detect(write_model(tmp_path / "m.onnx", {"outputs": output}))[0], "person", 0.8)


def test_finished_boxes_of_yolov10(tmp_path: Path) -> None:
    """Corners, score, class; nothing is suppressed any more."""
    output = zeros(300, 6)
    output[0] = [16, 24, 32, 56, 0.8, 1]
    output[1] = [16, 24, 32, 56, 0.2, 1]
    assert_meant(detect(write_model(tmp_path / "m.onnx", {"output0": output}))[0], "car", 0.8)


def test_finished_boxes_of_yolov7(tmp_path: Path) -> None:
    """Picture, corners, class, score, without a batch axis."""
    output = np.array([[0, 16, 24, 32, 56, 2, 0.8]], np.float32)
    assert_meant(detect(write_model(tmp_path / "m.onnx", {"output!": output}))[0], "dog", 0.8)


def test_detr_with_finished_boxes_takes_the_size(tmp_path: Path) -> None:
    """RT-DETR and D-FINE take the size as a second input and give labels, boxes and scores."""
    labels, boxes, scores = np.zeros(300, np.int64), zeros(300, 4), zeros(300)
    labels[7], boxes[7], scores[7] = 2, (16, 24, 32, 56), 0.9
    outputs = {"labels": labels, "boxes": boxes, "scores": scores}
    path = write_model(tmp_path / "m.onnx", outputs, size_input="orig_target_sizes")
    assert_meant(detect(path)[0], "dog", 0.9)


def test_detr_with_logits_and_relative_boxes(tmp_path: Path) -> None:
    """Hugging Face exports: logits and boxes as centre and size from 0 to 1, in either order."""
    logits, boxes = np.full((300, 3), -9, np.float32), np.full((300, 4), 0.5, np.float32)
    logits[3], boxes[3] = (-9, 2, -9), (24 / 64, 40 / 64, 16 / 64, 32 / 64)
    for outputs in ({"logits": logits, "pred_boxes": boxes}, {"pred_boxes": boxes, "logits": logits}):
        found, detector = detect(write_model(tmp_path / "m.onnx", outputs))
        assert_meant(found, "car", 1 / (1 + np.exp(-2)))
        assert detector._preprocessing.mean == (0, 0, 0)


def test_rf_detr_is_normalised_like_imagenet(tmp_path: Path) -> None:
    """RF-DETR is known by the names of its outputs and has its own normalisation."""
    logits, boxes = np.full((300, 91), -9, np.float32), np.full((300, 4), 0.5, np.float32)
    logits[3, 3], boxes[3] = 2, (24 / 64, 40 / 64, 16 / 64, 32 / 64)
    found, detector = detect(write_model(tmp_path / "m.onnx", {"dets": boxes, "labels": logits}), labels=None)
    assert_meant(found, "car", 1 / (1 + np.exp(-2)))  # category 3 of the dataset, not the third class
    assert detector._preprocessing.mean == (123.675, 116.28, 103.53)


def test_rt_detr_of_ultralytics(tmp_path: Path) -> None:
    """One output of 300 queries: relative box, then scores."""
    output = np.tile(np.array([0.5, 0.5, 0.1, 0.1, 0, 0, 0, 0], np.float32), (300, 1))
    output[9] = [24 / 64, 40 / 64, 16 / 64, 32 / 64, 0, 0.8, 0, 0]
    found, _ = detect(write_model(tmp_path / "m.onnx", {"output0": output}), labels=(*LABELS, "cat"))
    assert_meant(found, "car", 0.8)


def test_overlapping_boxes_of_a_label_become_one(tmp_path: Path) -> None:
    """Suppression works per label: the weaker of two cars goes, a dog in the same place stays."""
    output = zeros(7, CELLS)
    output[:, 30] = [24, 40, 16, 32, 0, 0.8, 0]
    output[:, 31] = [25, 40, 16, 32, 0, 0.7, 0]
    output[:, 32] = [24, 40, 16, 32, 0, 0, 0.6]
    found, _ = detect(write_model(tmp_path / "m.onnx", {"output0": output}))
    assert [(one.label, round(one.score, 1)) for one in found] == [("car", 0.8), ("dog", 0.6)]


def test_every_label_of_a_box_only_for_benchmarks(tmp_path: Path) -> None:
    """A box that could be two things is reported as its best label, or as both when asked."""
    output = zeros(7, CELLS)
    output[:, 30] = [24, 40, 16, 32, 0, 0.8, 0.5]
    path = write_model(tmp_path / "m.onnx", {"output0": output})
    assert [one.label for one in detect(path)[0]] == ["car"]
    assert [one.label for one in detect(path, every_label=True)[0]] == ["car", "dog"]


def test_only_the_best_boxes_are_kept(tmp_path: Path) -> None:
    """`max_boxes` bounds what one region can give, the best first."""
    output = zeros(7, CELLS)
    for at in range(20):
        output[:, at] = [3 * at, 20, 2, 8, 0.4 + at / 100, 0, 0]
    found, _ = detect(write_model(tmp_path / "m.onnx", {"output0": output}), max_boxes=5)
    assert [round(one.score, 2) for one in found] == [0.59, 0.58, 0.57, 0.56, 0.55]


def test_labels_without_a_name_are_not_reported(tmp_path: Path) -> None:
    """An empty label silences a class; a class beyond the labels of finished boxes is dropped."""
    output = zeros(300, 6)
    output[:2] = [[16, 24, 32, 56, 0.8, 1], [16, 24, 32, 56, 0.8, 99]]
    assert detect(write_model(tmp_path / "m.onnx", {"output0": output}), labels=("a", "", "c"))[0] == []
