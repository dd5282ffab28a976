"""`vedette evaluate`: detections or a clip, and ground truth, to a table of figures.

| detections | ground truth | table |
|---|---|---|
| COCO results (.json) or a folder of pictures | COCO instances (.json) | average precision and recall |
| MOT tracks (.txt) | MOT tracks (.txt) | CLEAR MOT and IDF1 |
| a clip | MOT tracks (.txt) | average precision of the detector at IoU 0.5, per label |
| a folder of label files | a folder of label files | average precision (VOC) |
| events (.json, .jsonl) or a clip | truth of clips (.json) | found, missed, false |
"""

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import av
import cv2
import msgspec
import numpy as np

from vedette.domain.geometry import Box
from vedette.domain.messages import Detection
from vedette.media.planes import BgrPicture, Picture, planes_from
from vedette.models.evaluation import events as clip_events
from vedette.models.evaluation import formats
from vedette.models.evaluation.boxes import FoundBoxes, TrueBoxes, found_boxes, true_boxes
from vedette.models.evaluation.coco_ap import coco_ap
from vedette.models.evaluation.events import ClipTruth, EventInterval, EventScore, score_events
from vedette.models.evaluation.formats import EvaluationError
from vedette.models.evaluation.mot import Trajectories, mot_score
from vedette.models.evaluation.voc_ap import VocAp, voc_ap
from vedette.vision.detectors.base import Detector, DetectorSettings
from vedette.vision.detectors.labels import COCO

BENCHMARK = DetectorSettings(min_score=0.005, every_label=True, max_boxes=100)
"""How detectors are loaded for average precision: weak boxes count, once for each label."""
VOC_IOU = 0.5
Analyse = Callable[[Path], Sequence[EventInterval]]


class Table(msgspec.Struct, frozen=True):
    """Figures for people: one row per model, label or clip; every row has as many cells as columns."""

    title: str
    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


def evaluate(
    subject: Path,
    truth: Path,
    *,
    detector: Detector | None = None,
    analyse: Analyse | None = None,
    min_iou: float = VOC_IOU,
) -> Table:
    """Compare detections, or what is found in a clip or pictures, with ground truth; see the module.

    Args:
        subject: detections, tracks, events, a clip, or a folder of pictures.
        truth: the ground truth.
        detector: for clips and pictures; loaded with `BENCHMARK`.
        analyse: gives the events of a clip.
        min_iou: what counts as the same object (not for COCO).

    Raises:
        EvaluationError: a file cannot be read, or the two do not belong together.
    """
    for path in (subject, truth):
        if not path.exists():
            raise EvaluationError(f"{path} does not exist.")
    if truth.is_dir():
        return _label_folders(subject, truth, min_iou)
    if truth.suffix == ".txt":
        return _mot(subject, truth, detector, min_iou)
    if clip_events.is_clip_truth(truth):
        return _events(subject, truth, analyse)
    return _coco(subject, truth, detector)


# -- average precision ---------------------------------------------------------------------------------


def _coco(subject: Path, truth: Path, detector: Detector | None) -> Table:
    known = formats.read_coco_truth(truth)
    if subject.is_dir():
        found = detect_pictures(_needed(detector, subject), subject, known)
    else:
        found = formats.read_coco_results(subject)
    result = coco_ap(_of_images(found, known.images), known.boxes)
    names = ("AP", "AP50", "AP75", "small", "medium", "large", "AR1", "AR10", "AR100", "ARs", "ARm", "ARl")
    values = [getattr(result, field) for field in result.__struct_fields__[: len(names)]]
    rows = [("all", *map(_percent, values))]
    blank = ("",) * (len(names) - 2)
    for category, (ap, ap50) in result.per_category.items():
        rows.append((known.categories.get(category, str(category)), _percent(ap), _percent(ap50), *blank))
    return Table(f"COCO boxes, {len(known.images)} pictures (%)", ("label", *names), tuple(rows))


def _of_images(found: FoundBoxes, images: dict[int, str]) -> FoundBoxes:
    return found.pick(np.flatnonzero(np.isin(found.image, list(images))))


def detect_pictures(detector: Detector, folder: Path, truth: formats.CocoTruth) -> FoundBoxes:
    """Run a detector on the pictures of a COCO file; labels unknown to the file are left out.

    Raises:
        EvaluationError: a picture is missing or damaged.
    """
    numbers = {name: number for number, name in truth.categories.items()}
    rows = [
        (image, numbers[one.label], one)
        for image, name in truth.images.items()
        for one in _detect_all(detector, _picture(folder / name))
        if one.label in numbers
    ]
    return _columns(rows)


def _picture(path: Path) -> Picture:
    pixels = cv2.imread(str(path), cv2.IMREAD_COLOR)
    if pixels is None:
        raise EvaluationError(f"{path} is missing or not a picture.")
    return BgrPicture(pixels.astype(np.uint8, copy=False))


def _detect_all(detector: Detector, picture: Picture) -> list[Detection]:
    return detector.detect(picture, [Box(0, 0, picture.width, picture.height)])[0]


def _columns(rows: Sequence[tuple[int, int, Detection]]) -> FoundBoxes:
    boxes = [(one.box.x, one.box.y, one.box.width, one.box.height) for _, _, one in rows]
    return found_boxes(
        [image for image, _, _ in rows],
        [number for _, number, _ in rows],
        boxes,
        [one.score for _, _, one in rows],
    )


def _label_folders(subject: Path, truth: Path, min_iou: float) -> Table:
    names: dict[str, int] = {}
    there = formats.read_label_folder(truth, names)
    found = formats.read_label_folder(subject, names)
    results = voc_ap(found, true_boxes(there.image, there.category, there.boxes), iou=min_iou, inclusive=True)
    labels = {number: name for name, number in names.items()}
    return _voc_table(f"VOC boxes at IoU {min_iou:g} (%)", results, labels)


def _voc_table(title: str, results: dict[int, VocAp], labels: dict[int, str]) -> Table:
    rows = [
        (
            labels.get(number, str(number)),
            _percent(one.every_point),
            _percent(one.eleven_point),
            _percent(one.recall),
            str(one.objects),
            str(one.detections),
        )
        for number, one in results.items()
    ]
    return Table(title, ("label", "AP", "AP 11 points", "recall", "objects", "detections"), tuple(rows))


# -- tracks --------------------------------------------------------------------------------------------


def _mot(subject: Path, truth: Path, detector: Detector | None, min_iou: float) -> Table:
    known = formats.read_mot(truth)
    if subject.suffix == ".txt":
        return _mot_table(formats.read_mot(subject), known, min_iou)
    found = detect_clip(_needed(detector, subject), subject, set(known.frame.tolist()))
    there = true_boxes(known.frame, known.category, known.boxes, crowd=known.confidence == 0)
    results = voc_ap(found, _named(there), iou=min_iou)
    return _voc_table(f"Boxes of {subject.name} at IoU {min_iou:g} (%)", results, dict(enumerate(COCO)))


def _named(truth: TrueBoxes) -> TrueBoxes:
    """MOT files without class numbers are of people."""
    return truth._replace(category=np.maximum(truth.category, 0))


def detect_clip(detector: Detector, clip: Path, frames: set[int]) -> FoundBoxes:
    """Run a detector on the frames of a clip that have ground truth (numbered from 1), labels as in COCO.

    Raises:
        EvaluationError: the clip cannot be read.
    """
    rows = [
        (number, COCO.index(one.label), one)
        for number, picture in _frames(clip)
        if number in frames
        for one in _detect_all(detector, picture)
        if one.label in COCO
    ]
    return _columns(rows)


def _frames(clip: Path) -> Iterator[tuple[int, Picture]]:
    try:
        with av.open(str(clip)) as container:
            for number, frame in enumerate(container.decode(video=0), 1):
                yield number, planes_from(frame)
    except (av.FFmpegError, IndexError) as error:
        raise EvaluationError(f"{clip} cannot be read as video: {error}.") from error


def _mot_table(found: Trajectories, truth: Trajectories, min_iou: float) -> Table:
    score = mot_score(found, truth, min_iou=min_iou)
    shares = (score.mota, score.idf1, score.id_precision, score.id_recall, score.recall, score.precision)
    counts = (
        *(score.objects, score.mostly_tracked, score.partially_tracked, score.mostly_lost),
        *(score.false_positives, score.misses, score.switches, score.fragmentations),
    )
    columns = ("MOTA", "IDF1", "IDP", "IDR", "recall", "precision", "MOTP")
    names = (*columns, "objects", "MT", "PT", "ML", "FP", "FN", "switches", "fragments")
    row = (*map(_percent, shares), f"{score.motp:.3f}", *map(str, counts))
    return Table("Tracks (%; MOTP is a distance)", names, (row,))


# -- events --------------------------------------------------------------------------------------------


def _events(subject: Path, truth: Path, analyse: Analyse | None) -> Table:
    truths = clip_events.read_clip_truths(truth)
    if subject.suffix in {".json", ".jsonl"}:
        found, name = clip_events.read_events(subject), subject.stem
    elif analyse is not None:
        found, name = list(analyse(subject)), subject.name
    else:
        raise EvaluationError(f"{subject} is a clip; its events are needed.", hint="`vedette analyze --json`")
    known = next(
        (one for key, one in truths.items() if Path(key).name == name or Path(key).stem == name), None
    )
    if known is None:
        raise EvaluationError(f"{truth} says nothing of {name}.", hint="Name the events like the clip.")
    return events_table({known.name: (score_events(found, known), known)})


def events_table(scores: dict[str, tuple[EventScore, ClipTruth]]) -> Table:
    """One row per clip, with what was missed and what was false in seconds."""
    rows = [
        (
            name,
            str(score.certain),
            str(score.found),
            str(score.named),
            "; ".join(f"{one.label} {one.start_s:.1f}-{one.end_s:.1f}" for one in score.missed),
            "; ".join(f"{one.label or one.kind} {one.start_s:.1f}-{one.end_s:.1f}" for one in score.false),
        )
        for name, (score, _) in scores.items()
    ]
    return Table("Events", ("clip", "certain", "found", "right label", "missed", "false"), tuple(rows))


def _needed(detector: Detector | None, subject: Path) -> Detector:
    if detector is None:
        raise EvaluationError(f"{subject} needs a detector to look at it.")
    return detector


def _percent(value: float) -> str:
    return "-" if value != value else f"{100 * value:.2f}"  # noqa: PLR0124 -- NaN is not equal to itself
