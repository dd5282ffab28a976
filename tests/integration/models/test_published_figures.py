"""The fixtures of others, reproduced: the metrics themselves, and the models as published."""

import json
from pathlib import Path

import msgspec
import pytest

from vedette.domain.errors import ModelError
from vedette.models.evaluation.boxes import true_boxes
from vedette.models.evaluation.coco_ap import coco_ap
from vedette.models.evaluation.events import read_clip_truths
from vedette.models.evaluation.formats import (
    read_coco_results,
    read_coco_truth,
    read_label_folder,
    read_mot,
)
from vedette.models.evaluation.mot import mot_score
from vedette.models.evaluation.report import BENCHMARK, detect_pictures
from vedette.models.evaluation.voc_ap import voc_ap
from vedette.models.store import ModelStore
from vedette.vision.detectors.registry import load_detector

FIGURES = {
    "AP": "ap", "AP50": "ap50", "AP75": "ap75", "APs": "ap_small", "APm": "ap_medium", "APl": "ap_large",
    "AR1": "ar1", "AR10": "ar10", "AR100": "ar100", "ARs": "ar_small", "ARm": "ar_medium", "ARl": "ar_large",
}  # fmt: skip
MODELS = ("yolox_nano", "picodet_s_416")


@pytest.mark.parametrize("model", MODELS)
def test_coco_figures_from_stored_detections(data_dir: Path, model: str) -> None:
    """All twelve figures, and those of person, as pycocotools computed them."""
    folder = data_dir / "metrics/coco_map"
    expected = json.loads((folder / "expected.json").read_text())[model]
    truth = read_coco_truth(data_dir / "coco/instances_val2017.json")
    result = coco_ap(read_coco_results(folder / f"dt_{model}.json"), truth.boxes)
    for name, field in FIGURES.items():
        assert getattr(result, field) == pytest.approx(expected["stats"][name], abs=1e-4), name
    assert result.per_category[1] == pytest.approx(tuple(expected["person"].values()), abs=1e-4)


def test_voc_figures(data_dir: Path) -> None:
    """Every point and 11 points of the well-known example."""
    folder = data_dir / "metrics/objdet_ap"
    expected = json.loads((folder / "expected.json").read_text())
    names: dict[str, int] = {}
    truth = read_label_folder(folder / "groundtruths", names)
    found = read_label_folder(folder / "detections", names)
    boxes = true_boxes(truth.image, truth.category, truth.boxes)
    result = voc_ap(found, boxes, iou=expected["iou"], inclusive=True)[0]
    assert result.every_point == pytest.approx(expected["AP_every_point"], abs=1e-4)
    assert result.eleven_point == pytest.approx(expected["AP_11_point"], abs=1e-4)
    assert (result.objects, result.detections) == (expected["n_gt"], expected["n_det"])


def test_mot_figures(data_dir: Path) -> None:
    """TUD-Campus as py-motmetrics scores it."""
    folder = data_dir / "metrics/mot/TUD-Campus"
    expected = json.loads((folder / "expected.json").read_text())
    score = mot_score(read_mot(folder / "test.txt"), read_mot(folder / "gt.txt"))
    shares = {
        "MOTA": score.mota, "MOTP": score.motp, "IDF1": score.idf1, "IDP": score.id_precision,
        "IDR": score.id_recall, "Rcll": score.recall, "Prcn": score.precision,
    }  # fmt: skip
    counts = {
        "GT": score.objects, "MT": score.mostly_tracked, "PT": score.partially_tracked,
        "ML": score.mostly_lost,
        "FP": score.false_positives, "FN": score.misses,
        "IDs": score.switches, "FM": score.fragmentations,
    }  # fmt: skip
    assert shares == pytest.approx({name: expected[name] for name in shares}, abs=1e-5)
    assert counts == {name: expected[name] for name in counts}


@pytest.mark.parametrize("model", MODELS)
def test_models_reach_their_published_precision(
    data_dir: Path, models_dir: Path, tmp_path: Path, model: str
) -> None:
    """Our preparation, decoding and suppression cost less than half a point of average precision."""
    expected = json.loads((data_dir / "metrics/coco_map/expected.json").read_text())[model]["stats"]
    truth = read_coco_truth(data_dir / "coco/instances_val2017.json")
    detector = load_detector(ModelStore(tmp_path, [models_dir]).locate(model), BENCHMARK)
    result = coco_ap(detect_pictures(detector, data_dir / "coco/val2017", truth), truth.boxes)
    assert result.ap == pytest.approx(expected["AP"], abs=0.005)
    assert result.ap50 == pytest.approx(expected["AP50"], abs=0.01)


def test_small_models_agree_with_the_large_ones(data_dir: Path, models_dir: Path, tmp_path: Path) -> None:
    """Every model of the catalogue that is here finds the bear that fills the picture."""
    truth = read_coco_truth(data_dir / "coco/instances_val2017.json")
    bear = msgspec.structs.replace(truth, images={285: "000000000285.jpg"})
    store = ModelStore(tmp_path, [models_dir])
    present = [status.entry.name for status in store.list() if status.path]
    assert present
    for name in present:
        found = detect_pictures(load_detector(store.locate(name)), data_dir / "coco/val2017", bear)
        assert bear.categories[int(found.category[found.score.argmax()])] == "bear", name


def test_models_that_are_no_detectors_are_refused(models_dir: Path) -> None:
    """Face and re-identification networks have other outputs."""
    for name in ("ultraface_rfb_320", "person_reid_0248", "yunet_2023mar"):
        path = models_dir / f"{name}.onnx"
        if path.exists():
            with pytest.raises(ModelError, match="not those of"):
                load_detector(path)


def test_truth_of_the_clips(data_dir: Path) -> None:
    """Six visits, four cars, two passes; light switches expect nothing; broken files are marked."""
    truths = read_clip_truths(data_dir / "gt/events.json")
    certain = {name: sum(one.certain for one in truth.presences) for name, truth in truths.items()}
    assert certain["one-by-one-person-detection.mp4"] == 6
    assert certain["car-detection.mp4"] == 4
    assert certain["bw_walking-by.mp4"] == 2
    assert truths["bw_dark-light.mp4"].nothing_expected
    assert truths["derived/static_room_10s.mp4"].nothing_expected
    assert not truths["derived/empty.mp4"].readable


def test_loading_prints_nothing(models_dir: Path, capfd: pytest.CaptureFixture[str]) -> None:
    """Some exports make ONNX Runtime print hundreds of warnings; the terminal stays clean."""
    for path in sorted(models_dir.glob("picodet_s_416*.onnx")):
        load_detector(path)
    assert capfd.readouterr() == ("", "")
